package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var files = fstest.MapFS{"0001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE owner (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES owner DEFERRABLE INITIALLY DEFERRED) STRICT;
-- +goose Down
DROP TABLE thing;
DROP TABLE owner;
`)}}

func open(t *testing.T, path string) (*sqlite.DB, error) {
	t.Helper()
	d, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Migrations: files, Name: "the things' database", Failed: "The things could not be written. Nothing has changed: try again.",
		Damaged: func(what string) error {
			return &border.Error{Code: border.Internal, Op: "check the things", Message: "Damaged.", Err: errors.New(what)}
		}})
	if err == nil {
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return d, err
}

func fresh(t *testing.T) (*sqlite.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "things.db")
	d, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func put(id int, owner any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO thing (id, owner) VALUES (?, ?)`, id, owner)
		return err
	}
}

func count(t *testing.T, d *sqlite.DB) (n int) {
	t.Helper()
	if err := d.Look("count", func(db *sql.DB) error { return db.QueryRow(`SELECT count(*) FROM thing`).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDo(t *testing.T) {
	d, path := fresh(t)
	if err := d.Do(t.Context(), "put", put(1, nil)); err != nil {
		t.Fatal(err)
	}
	// What the caller says is passed on, and undoes the rest.
	own := &border.Error{Code: border.Conflict, Op: "put"}
	err := d.Do(t.Context(), "put", func(tx *sql.Tx) error { return errors.Join(put(2, nil)(tx), own) })
	if border.CodeOf(err) != border.Conflict || count(t, d) != 1 {
		t.Errorf("%v, %d things", err, count(t, d))
	}
	// What the database refuses is not on the disk.
	if err := d.Do(t.Context(), "put", put(1, nil)); border.CodeOf(err) != border.NotDurable || border.MessageOf(err) != "The things could not be written. Nothing has changed: try again." {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Do(ctx, "put", put(3, nil)); border.CodeOf(err) != border.Unavailable {
		t.Errorf("%v", err)
	}
	// Another program sees what is committed, and both write.
	other, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Do(t.Context(), "put", put(4, nil)), d.Do(t.Context(), "put", put(5, nil))); err != nil || count(t, other) != 3 {
		t.Errorf("%v, %d things", err, count(t, other))
	}
}

// A commit that fails closes the database and opens it anew: nothing of it is left, and the next
// one goes on.
func TestCommitFails(t *testing.T) {
	d, path := fresh(t)
	for range 3 {
		if err := d.Do(t.Context(), "put", put(1, 99)); border.CodeOf(err) != border.NotDurable || count(t, d) != 0 {
			t.Fatalf("%v, %d things", err, count(t, d))
		}
	}
	// While it cannot be opened again it says so, and later it can.
	away := path + ".away"
	if err := errors.Join(os.Rename(path, away), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), "put", put(1, 99)); err == nil {
		t.Error("a commit without its owner went through")
	}
	if err := d.Do(t.Context(), "put", put(1, nil)); border.CodeOf(err) != border.NotDurable {
		t.Errorf("without a file: %v", err)
	}
	if err := errors.Join(os.Remove(path), os.Rename(away, path)); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), "put", put(1, nil)); err != nil || count(t, d) != 1 {
		t.Errorf("with the file again: %v, %d things", err, count(t, d))
	}
}

func TestClosed(t *testing.T) {
	d, _ := fresh(t)
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if err := d.Do(t.Context(), "put", put(1, nil)); border.CodeOf(err) != border.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestDamaged(t *testing.T) {
	d, path := fresh(t)
	err := d.Do(t.Context(), "put", func(tx *sql.Tx) (err error) {
		for id := range 2000 {
			err = errors.Join(err, put(id+1, nil)(tx))
		}
		return err
	})
	if err = errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) - 4096; i < len(b)-4000; i++ { // the head of the last page
		b[i] ^= 0xff
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path); border.MessageOf(err) != "Damaged." {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("this is no database, however long it is read for"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path); border.CodeOf(err) != border.Internal {
		t.Errorf("%v", err)
	}
}
