package signin_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
)

// damage stops the program and changes its database.
func (r *station) damage(statement string, args ...any) {
	r.t.Helper()
	must(r.t, r.s.Close())
	r.sql(statement, args...)
	r.open()
}

func (r *station) sql(statement string, args ...any) {
	r.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(r.cfg.Dir, "access.db"))
	must(r.t, err)
	defer db.Close()
	res, err := db.ExecContext(context.Background(), statement, args...)
	must(r.t, err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		r.t.Fatalf("%s hit %d rows", statement, n)
	}
}

func (r *station) blob(query string) []byte {
	r.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(r.cfg.Dir, "access.db"))
	must(r.t, err)
	defer db.Close()
	var b []byte
	must(r.t, db.QueryRowContext(context.Background(), query).Scan(&b))
	return b
}

// Rows that somebody has edited, moved or made up open nothing.
func TestEditedRows(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("1001", "1")
	r.damage("UPDATE session SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB)")
	if r.s.Still(here, s.Token) || r.audit.have(access.SignIn, border.ActRefused, "session_edited") != 1 {
		t.Errorf("an edited session: %+v", r.audit.all)
	}
	s = r.signIn("1001", "1")
	r.damage("UPDATE session SET token = ?", bytes.Repeat([]byte{1}, 32)) // a session of a token that the thief knows
	if r.s.Still(here, s.Token) || r.audit.have(access.SignIn, border.ActRefused, "session_edited") != 2 {
		t.Errorf("a moved session: %+v", r.audit.all)
	}

	for range 5 {
		_ = r.try(here, "1001", otherPIN)
	}
	r.damage("UPDATE attempt SET sealed = zeroblob(60)")
	r.time.pass(2 * time.Hour)
	wantCode(t, "an edited count of tries", r.try(here, "1001", goodPIN), border.TooMany)
	must(t, r.s.Unlock(here, "1001", signin.In{Badge: "2001", PIN: goodPIN}))
	must(t, r.try(here, "1001", goodPIN))
}

// A roster that was put back, at rest or on its way, does not come into force.
func TestRollback(t *testing.T) {
	r := newStation(t, staff()...)
	first := r.roster(1, staff()...)
	old := r.blob("SELECT sealed FROM roster")
	changed := staff()
	changed[0].Revoked = r.time.Now()
	must(t, r.install(2, changed...))
	err := r.s.InstallRoster(t.Context(), first)
	wantCode(t, "the roster of before", err, border.Stale)
	wantCode(t, "the revoked officer", r.try(here, "1001", goodPIN), border.Unauthenticated)
	r.damage("UPDATE roster SET sealed = ?", old)
	if r.s.RosterVersion() != 0 || r.s.Now("1001") || r.s.Now("1002") {
		t.Errorf("a roster that was put back is in force: %d", r.s.RosterVersion())
	}
	if r.audit.have(access.TakeRoster, border.ActRefused, string(border.Stale)) != 2 { // on its way, and at rest
		t.Errorf("the audit is %+v", r.audit.all)
	}
	wantCode(t, "the roster of before, now that there is none", r.s.InstallRoster(t.Context(), first), border.Stale)
	must(t, r.install(2, changed...))
	must(t, r.try(here, "1002", goodPIN))
}

// Another root key opens nothing, and says so.
func TestMovedDisk(t *testing.T) {
	r := newStation(t, staff()...)
	must(t, r.s.Close())
	cfg := r.cfg
	cfg.Root = sealed{"another root"}
	_, err := signin.Open(t.Context(), cfg)
	wantCode(t, "under another root key", err, border.Invalid)
	r.open()
	_, err = signin.Open(t.Context(), r.cfg)
	wantCode(t, "twice", err, border.Conflict)
}

// hiding is a root that hides.
type hiding struct{}

func (hiding) Seal(name string, b []byte) ([]byte, error) {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= 0xa5
	}
	return out, nil
}

func (h hiding) Open(name string, b []byte) ([]byte, error) { return h.Seal(name, b) }

// The files tell no badge that was typed, no address, no token, no name and no verifier.
func TestStolen(t *testing.T) {
	r := newStation(t)
	must(t, r.s.Close())
	r.cfg.Dir, r.cfg.Root = t.TempDir(), hiding{}
	r.open()
	must(t, r.install(1, staff()...))
	s, err := r.s.SignIn(from("192.168.77.99"), signin.In{Badge: "1001", PIN: goodPIN, Counter: "COUNTER-77"})
	must(t, err)
	_ = r.try(from("192.168.77.99"), goodPIN, "1001") // a PIN typed as badge
	search := func() {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(r.cfg.Dir, "*"))
		must(t, err)
		size := 0
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(t, err)
			size += len(b)
			for _, needle := range []string{"Utopia", "argon2id", "192.168.77", s.Token, goodPIN, "COUNTER-77", "supervisor"} {
				if bytes.Contains(b, []byte(needle)) {
					t.Errorf("%s holds %q", filepath.Base(f), needle)
				}
			}
		}
		if size < 10_000 {
			t.Error("the search searches nothing")
		}
	}
	search()
	must(t, r.s.Close())
	search()
	r.open()
}

// A session whose end cannot be written does not go on in this program.
func TestEndNotWritten(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("1001", "1")
	r.sql("CREATE TRIGGER full BEFORE DELETE ON session WHEN 1 = (SELECT count(*) FROM sqlite_schema WHERE name = 'full') BEGIN SELECT raise(ABORT, 'full'); END; UPDATE service_time SET wall = wall + 1")
	err := r.s.SignOut(here, s.Token)
	if err == nil || errors.Is(err, signin.ErrNone) {
		t.Errorf("the end was written: %v", err)
	}
	if r.s.Still(here, s.Token) {
		t.Error("the session goes on")
	}
	r.sql("DROP TRIGGER full; UPDATE service_time SET wall = wall + 1")
	must(t, r.s.Sweep(t.Context()))
	r.restart()
	if r.s.Still(here, s.Token) {
		t.Error("the session goes on after a restart")
	}
}
