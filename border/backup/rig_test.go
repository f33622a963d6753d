package backup_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // folders with real databases
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/backup"
	"garita/border/keystore"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testClock is set by hand.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rig is a data folder with what a station or hub has in it, and its backups.
type rig struct {
	t       testing.TB
	dir, to string
	clock   *testClock
	root    keystore.Root
	hub     *seal.HubPrivate
	prov    *seal.Provisioning
	cfg     backup.Config
}

func newRig(t testing.TB, kind string) *rig {
	t.Helper()
	r := &rig{t: t, dir: filepath.Join(t.TempDir(), "data"), to: t.TempDir(), clock: &testClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}}
	check(t, os.Mkdir(r.dir, 0o700))
	var err error
	r.root = newRoot(t, r.dir)
	r.hub, err = seal.NewHubPrivate("HUB")
	check(t, err)
	r.prov, err = r.hub.Provisioning()
	check(t, err)
	r.cfg = backup.Config{Kind: kind, Name: "PUT-1", Software: "test", Dir: r.dir, Contents: backup.StationContents(), To: r.to, Root: r.root,
		Provisioning: r.prov, Clock: r.clock, Log: slog.New(slog.DiscardHandler)}
	if kind == backup.Hub {
		r.cfg.Contents, r.cfg.Provisioning, r.cfg.Name = backup.HubContents(), nil, "demo-hub"
	}
	for _, name := range r.cfg.Contents.Databases {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(r.dir, name)), 0o700))
		r.database(name, 200)
	}
	for _, name := range r.cfg.Contents.Files {
		r.write(name, []byte("file "+name))
	}
	for _, name := range r.cfg.Contents.Folders {
		for i := range 3 {
			r.named(name, fmt.Sprintf("sealed file %d of %s", i, name))
		}
	}
	for _, name := range []string{"keys.db", "keys.db-wal", "station.key", "self.key", "identity.json", "access.db", "access.db-wal", "lock"} {
		r.write(name, []byte("NEVER IN A BACKUP "+name))
	}
	return r
}

func newRoot(t testing.TB, dir string) keystore.Root {
	t.Helper()
	root, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Software, Dir: dir, Demo: true})
	check(t, err)
	t.Cleanup(func() { check(t, root.Close()) })
	return root
}

func (r *rig) write(name string, b []byte) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	check(r.t, os.MkdirAll(filepath.Dir(path), 0o700))
	check(r.t, os.WriteFile(path, b, 0o600))
}

// named writes a file that is named by its bytes.
func (r *rig) named(folder, content string) border.Digest {
	r.t.Helper()
	d := border.Digest(sha256.Sum256([]byte(content)))
	r.write(filepath.Join(folder, d.String()), []byte(content))
	return d
}

func openDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_busy_timeout=5000")
	check(t, err)
	db.SetMaxOpenConns(1)
	return db
}

// database makes one whose last rows are in its log only, as after a kill.
func (r *rig) database(name string, rows int) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	db := openDB(r.t, path)
	_, err := db.Exec(`CREATE TABLE event (pos INTEGER PRIMARY KEY, record BLOB NOT NULL); CREATE TABLE document (blind BLOB PRIMARY KEY, pos INTEGER) WITHOUT ROWID`)
	check(r.t, err)
	tx, err := db.Begin()
	check(r.t, err)
	for i := range rows {
		_, err := tx.Exec(`INSERT INTO event (record) VALUES (?)`, fmt.Sprintf("%s record %d %0400d", name, i, i))
		check(r.t, err)
	}
	check(r.t, tx.Commit())
	// A copy of database and log while both are in use.
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		check(r.t, err)
		defer func() { check(r.t, os.WriteFile(path+end, b, 0o600)) }()
	}
	check(r.t, db.Close())
}

func rows(t testing.TB, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&immutable=1")
	check(t, err)
	defer db.Close()
	check(t, db.QueryRow(`SELECT count(*) FROM event`).Scan(&n))
	return n
}

func (r *rig) keeper() *backup.Keeper {
	r.t.Helper()
	k, err := backup.New(r.cfg)
	check(r.t, err)
	return k
}

func (r *rig) make() backup.Report {
	r.t.Helper()
	rep, err := r.keeper().Make(r.t.Context())
	check(r.t, err)
	return rep
}

// tree lists all files below a folder.
func tree(t testing.TB, dir string) (out []string) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	}))
	slices.Sort(out)
	return out
}

func (r *rig) restore(path string, open backup.Unwrap) (string, backup.Restored, error) {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), "restored")
	got, err := backup.Restore(context.Background(), path, open, dir, backup.Options{})
	if err != nil {
		if left := tree(r.t, filepath.Dir(dir)); len(left) > 0 {
			r.t.Errorf("a restoration that failed left %v", left)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			r.t.Errorf("a restoration that failed left a folder")
		}
	}
	return dir, got, err
}
