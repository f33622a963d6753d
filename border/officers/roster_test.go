package officers_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/access/roster"
	"garita/border/bordertest"
	"garita/border/officers"
)

// sealTo seals for a test: it binds key and purpose, and hides nothing.
func sealTo(key []byte, purpose string, plain []byte) ([]byte, error) {
	return append(append(bytes.Clone(key), []byte("/"+purpose+"\n")...), plain...), nil
}

func posts(_ context.Context, s border.StationID) (border.PostID, []byte, error) {
	if s == "NONE-1" {
		return "", nil, &border.Error{Code: border.NotFound, Op: "find a station"}
	}
	return border.PostID(s[:3]), []byte("key of " + s), nil
}

type alarms struct {
	mu   sync.Mutex
	kind []string
}

func (a *alarms) raise(_ context.Context, kind, _ string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kind = append(a.kind, kind)
}

func (a *alarms) have(kind string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, k := range a.kind {
		if k == kind {
			n++
		}
	}
	return n
}

type audit struct {
	acts []border.Act
	fail error
}

func (a *audit) Audit(_ context.Context, act border.Act) error {
	if a.fail == nil {
		a.acts = append(a.acts, act)
	}
	return a.fail
}

// open reads a sealed roster as a station does.
func open(k *officers.Keeper, s border.StationID, b []byte) (*access.Roster, error) {
	_, key, _ := posts(context.Background(), s)
	plain, ok := bytes.CutPrefix(b, append(key, []byte("/roster\n")...))
	if !ok {
		return nil, errors.New("sealed to somebody else")
	}
	return roster.Verify(plain, k.Signer(), roster.Want{Station: s, Post: border.PostID(s[:3])})
}

func TestRosterSource(t *testing.T) {
	bordertest.RunRosterSourceSuite(t, func(t *testing.T) bordertest.RosterSourceFixture {
		k, _ := rig(t, officers.Config{Station: posts, Seal: sealTo})
		must(t, k.AddWith(t.Context(), access.Officer{Badge: "1001", Name: "Ada", Roles: []access.Role{access.Inspector}}, "294817"))
		n := 0
		return bordertest.RosterSourceFixture{Source: k, Station: "PCA-1", Other: "BOC-1",
			Change: func() {
				n++
				must(t, k.Change(context.Background(), access.Officer{Badge: "1001", Name: "Ada " + strings.Repeat("I", n), Roles: []access.Role{access.Inspector}}))
			},
			Open: func(s border.StationID, b []byte) (uint64, error) {
				r, err := open(k, s, b)
				if err != nil {
					return 0, err
				}
				return r.Version, nil
			}}
	})
}

// A station is told who works at its post, as what, and nothing more.
func TestRosterHolds(t *testing.T) {
	k, c := rig(t, officers.Config{Station: posts, Seal: sealTo})
	ctx := t.Context()
	for _, o := range []access.Officer{
		{Badge: "1001", Name: "Here", Roles: []access.Role{access.Inspector, access.Operator}, Posts: []border.PostID{"BOC", "PCA"}},
		{Badge: "1002", Name: "There", Roles: []access.Role{access.Inspector}, Posts: []border.PostID{"BOC"}},
		{Badge: "1003", Name: "Gone", Roles: []access.Role{access.Inspector}},
		{Badge: "3001", Name: "Hub", Roles: []access.Role{access.Operator}},
		{Badge: "9001", Name: "Admin", Roles: []access.Role{access.Administrator}},
	} {
		_, err := k.Add(ctx, o)
		must(t, err)
	}
	must(t, k.Revoke(ctx, "1003", "left"))
	get := func(have uint64) *access.Roster {
		t.Helper()
		b, err := k.Roster(ctx, "PCA-1", have)
		must(t, err)
		if b == nil {
			return nil
		}
		r, err := open(k, "PCA-1", b)
		must(t, err)
		return r
	}
	r := get(0)
	if len(r.Officers) != 2 || r.Officers[0].Badge != "1001" || len(r.Officers[0].Roles) != 1 || r.Officers[0].Posts != nil || r.Officers[0].PIN == "" ||
		r.Officers[1].Badge != "1003" || r.Officers[1].Name != "" || r.Officers[1].Revoked.IsZero() || r.Officers[1].PIN != "" {
		t.Errorf("the roster is %+v", r)
	}
	if r.ExpiresAt.Sub(r.IssuedAt) != 72*time.Hour {
		t.Errorf("it expires after %v", r.ExpiresAt.Sub(r.IssuedAt))
	}
	c.move(23 * time.Hour)
	must(t, k.Refresh(ctx))
	if get(r.Version) != nil {
		t.Error("it was renewed too early")
	}
	c.move(time.Hour)
	must(t, k.Refresh(ctx))
	renewed := get(r.Version)
	if renewed == nil || renewed.IssuedAt.Sub(r.IssuedAt) != 24*time.Hour || renewed.Version != r.Version+1 {
		t.Fatalf("after a third of its life: %+v", renewed)
	}
	c.move(-365 * 24 * time.Hour) // the hub's clock was ahead
	must(t, k.Refresh(ctx))
	if get(renewed.Version) == nil {
		t.Error("a clock that was set back stops renewals")
	}
	c.move(365*24*time.Hour + 120*time.Hour)
	must(t, k.Refresh(ctx))
	if r := get(0); len(r.Officers) != 2 {
		t.Errorf("the revoked one was forgotten before 144 h: %+v", r.Officers)
	}
	c.move(24 * time.Hour)
	must(t, k.Refresh(ctx))
	if r := get(0); len(r.Officers) != 1 {
		t.Errorf("the revoked one is still there after 144 h: %+v", r.Officers)
	}
	if _, err := k.Roster(ctx, "NONE-1", 0); border.CodeOf(err) != border.NotFound {
		t.Errorf("a roster for nobody: %v", err)
	}
}

// A hub put back from a copy goes on above what stations remember.
func TestRestored(t *testing.T) {
	a := &alarms{}
	k, _ := rig(t, officers.Config{Station: posts, Seal: sealTo, Alarm: a.raise})
	_, err := k.Add(t.Context(), access.Officer{Badge: "1001", Name: "Ada", Roles: []access.Role{access.Inspector}})
	must(t, err)
	b, err := k.Roster(t.Context(), "PCA-1", 500)
	must(t, err)
	if r, err := open(k, "PCA-1", b); err != nil || r.Version != 501 || a.have("officers_rolled_back") != 1 {
		t.Errorf("%+v, %v, %v", r, err, a.kind)
	}
	if _, err := k.Roster(t.Context(), "PCA-1", 1<<40); border.CodeOf(err) != border.Invalid {
		t.Errorf("a version that there cannot be: %v", err)
	}
}

// Two programs work at once: the running hub notices what the console does, and audits it.
func TestBesideTheHub(t *testing.T) {
	dir, told := t.TempDir(), &audit{}
	hub, _ := rig(t, officers.Config{Dir: dir, Audit: told})
	console, _ := rig(t, officers.Config{Dir: dir})
	for range 3 {
		_, err := console.Add(t.Context(), access.Officer{Badge: "900" + string(rune('1'+len(told.acts))), Name: "Ada", Roles: []access.Role{access.Administrator}})
		must(t, err)
		must(t, hub.Refresh(t.Context()))
	}
	if hub.Version() != 3 || len(hub.Known().Officers) != 3 || len(told.acts) != 3 || told.acts[0].Reason != "console" || told.acts[0].Officer != "" {
		t.Fatalf("the hub is at %d and audited %+v", hub.Version(), told.acts)
	}
	told.fail = errors.New("disk full")
	must(t, hub.Revoke(as(t.Context(), "9002"), "9001", "left"))
	told.fail = nil
	must(t, hub.Refresh(t.Context()))
	must(t, hub.Refresh(t.Context()))
	if n := len(told.acts); n != 4 || told.acts[3].Officer != "9002" || !strings.Contains(told.acts[3].Text, "left") || strings.Contains(told.acts[3].Object, "9001") {
		t.Errorf("after the audit had failed: %+v", told.acts[3:])
	}
	var group sync.WaitGroup
	for i, k := range []*officers.Keeper{hub, console} {
		group.Go(func() {
			for j := range 5 {
				if err := k.Change(t.Context(), access.Officer{Badge: "9003", Name: strings.Repeat("x", 1+i*5+j), Roles: []access.Role{access.Administrator}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	must(t, hub.Refresh(t.Context()))
	if hub.Version() != 14 {
		t.Errorf("ten changes by two programs at once gave version %d, want 14", hub.Version())
	}
}

// damage opens the database as its thief does.
func damage(t *testing.T, dir, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(dir, "officers.db"))
	must(t, err)
	defer db.Close()
	for _, s := range []string{"DROP TRIGGER IF EXISTS change_stays", "DROP TRIGGER IF EXISTS change_is_kept"} {
		_, err := db.ExecContext(t.Context(), s)
		must(t, err)
	}
	r, err := db.ExecContext(t.Context(), statement, args...)
	must(t, err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s hit %d rows", statement, n)
	}
}

// What is edited in the database is found, and the account refused.
func TestEdited(t *testing.T) {
	for what, c := range map[string]struct {
		statement string
		refused   bool // the account of 1001
		kind      string
	}{
		"the account":           {"UPDATE change SET sealed = (SELECT sealed FROM change WHERE badge = '9001') WHERE badge = '1001'", true, "officer_damaged"},
		"one bit":               {"UPDATE change SET sealed = CAST(substr(sealed, 1, 30) || x'00' || substr(sealed, 32) AS BLOB) WHERE badge = '1001'", true, "officer_damaged"},
		"the badge":             {"UPDATE change SET badge = '1001' WHERE badge = '9001'", true, "officer_damaged"},
		"who did it":            {"UPDATE change SET who = '9001' WHERE badge = '1001'", true, "officer_damaged"},
		"the version":           {"UPDATE change SET version = 77 WHERE badge = '1001'", true, "officer_damaged"},
		"the end cut off":       {"DELETE FROM change WHERE badge = '9001'", false, "officers_rolled_back"},
		"and the head altered":  {"DELETE FROM change WHERE badge = '9001'; UPDATE head SET version = 1", false, "officers_rolled_back"},
		"the head alone":        {"UPDATE head SET mac = zeroblob(32)", false, "officers_rolled_back"},
		"the head removed":      {"DELETE FROM head", false, "officers_rolled_back"},
		"a row removed":         {"DELETE FROM change WHERE badge = '1001'", true, "officer_damaged"},
		"an old row once more":  {"INSERT INTO change SELECT 9, at, who, did, badge, reason, sealed, before, mac FROM change WHERE version = 1", true, "officer_damaged"},
		"a row of somebody's":   {"INSERT INTO change VALUES (9, 0, '', 'added', '1001', '', x'00', x'', zeroblob(32))", true, "officer_damaged"},
		"a renewal of nobody's": {"INSERT INTO change VALUES (9, 0, '', 'renewed', '', '', NULL, x'', zeroblob(32))", false, "officer_damaged"},
	} {
		dir, a := t.TempDir(), &alarms{}
		k, _ := rig(t, officers.Config{Dir: dir})
		seed(t, k)
		must(t, k.Close())
		damage(t, dir, c.statement)
		k, _ = rig(t, officers.Config{Dir: dir, Alarm: a.raise})
		if a.have(c.kind) == 0 {
			t.Errorf("%s: no alarm, %v", what, a.kind)
		}
		known := false
		for _, o := range k.Known().Officers {
			known = known || o.Badge == "1001"
		}
		if known == c.refused {
			t.Errorf("%s: the account is known: %v", what, known)
		}
		if c.refused && what != "a row removed" { // of that one nothing is left
			if err := k.Change(t.Context(), access.Officer{Badge: "1001", Name: "X", Roles: []access.Role{access.Inspector}}); !errors.Is(err, officers.ErrDamaged) {
				t.Errorf("%s: the damaged account was changed: %v", what, err)
			}
		}
	}
}

// seed makes two accounts: versions 1 and 2.
func seed(t *testing.T, k *officers.Keeper) {
	t.Helper()
	must(t, k.AddWith(t.Context(), access.Officer{Badge: "1001", Name: "Ada Utopia", Roles: []access.Role{access.Inspector}}, "294817"))
	must(t, k.AddWith(t.Context(), access.Officer{Badge: "9001", Name: "Ben Utopia", Roles: []access.Role{access.Administrator}}, "294817"))
}

// An end cut off beneath the running hub is noticed.
func TestCutOff(t *testing.T) {
	dir, a := t.TempDir(), &alarms{}
	k, _ := rig(t, officers.Config{Dir: dir, Alarm: a.raise})
	seed(t, k)
	damage(t, dir, "DELETE FROM change WHERE badge = '9001'")
	must(t, k.Refresh(t.Context()))
	if a.have("officers_rolled_back") == 0 {
		t.Errorf("the alarms are %v", a.kind)
	}
}

// sealing is a root that hides.
type sealing struct{}

func (sealing) Seal(_ string, b []byte) ([]byte, error) {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= 0xa5
	}
	return out, nil
}

func (s sealing) Open(name string, b []byte) ([]byte, error) { return s.Seal(name, b) }

// The files tell no name, no verifier and no key.
func TestStolen(t *testing.T) {
	dir := t.TempDir()
	k, err := officers.Open(t.Context(), officers.Config{Dir: dir, Clock: &clock{}, Root: sealing{}})
	must(t, err)
	seed(t, k)
	var verifier string
	for _, o := range k.Known().Officers {
		verifier = o.PIN
	}
	if ok, err := pin.New(1, time.Second).Check(t.Context(), verifier, "294817"); !ok || err != nil {
		t.Fatal("the verifier does not verify")
	}
	search := func() {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		must(t, err)
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(t, err)
			for _, needle := range []string{"Utopia", "argon2id", verifier[40:], "administrator"} {
				if bytes.Contains(b, []byte(needle)) {
					t.Errorf("%s holds %q", filepath.Base(f), needle)
				}
			}
			if f == filepath.Join(dir, "officers.db") && !bytes.Contains(b, []byte("added")) && !bytes.Contains(b, []byte("SQLite")) {
				t.Error("the search searches nothing")
			}
		}
	}
	search()
	must(t, k.Close())
	search()
}
