package stations

import (
	"bytes"
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/keystore"
)

// running runs the keeper as the hub does.
func (r *rig) running() {
	r.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
}

// eventually waits for what another program's work brings about.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("not within 20 s: %s", what)
}

// What the command line does the running hub sees, cuts off, and has in its audit.
func TestBesideTheHub(t *testing.T) {
	r := newRig(t)
	old, _ := r.enrolled()
	<-r.Changed()
	r.running()
	r.audit.take()
	c := r.commandLine()
	r.check(c.Revoke(t.Context(), "PUT-1", "stolen at the bridge", "A1"))
	<-r.Changed()
	wants(t, "its keys at the running hub", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	if !slices.Equal(r.Cut(), []string{old.Keys.NATS}) {
		t.Errorf("cut: %v", r.Cut())
	}
	var acts []border.Act
	eventually(t, "the act in the hub's audit", func() bool { acts = append(acts, r.audit.take()...); return len(acts) > 0 })
	want := []border.Act{{Action: "stations.work", Officer: "A1", Object: "revoke PUT-1", Text: "stolen at the bridge"}}
	if d := cmp.Diff(want, acts); d != "" {
		t.Error(d)
	}
	in, err := c.Add(t.Context(), "PUT-2", "PUT", "", "A1")
	r.check(err)
	m := r.make()
	if _, err := r.enrol(in, m); err != nil {
		t.Errorf("a code that the command line has just made: %v", err)
	}
	if _, err := c.Enrol(t.Context(), in.Code.ID(), knows(in.Code), r.make().Request); err == nil {
		t.Error("the command line has no certificates to give, and enrolled")
	}
}

func TestAudit(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	_, err := r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool { return false }, r.make().Request)
	wants(t, "wrong", err, border.Forbidden)
	m := r.make()
	_, err = r.enrol(in, m)
	r.check(err)
	_, err = r.enrol(in, r.make())
	wants(t, "used", err, border.Forbidden)
	_, err = r.renew(m, r.make())
	r.check(err)
	for range 50 {
		_, err = r.Enrol(t.Context(), "ZZZZZ", func([]byte) bool { return false }, m.Request)
		wants(t, "no such code", err, border.Forbidden)
	}
	r.clock.add(refusedEvery)
	_, err = r.Enrol(t.Context(), "ZZZZZ", func([]byte) bool { return false }, m.Request)
	wants(t, "no such code", err, border.Forbidden)
	r.check(r.Revoke(t.Context(), "PUT-1", "lost", "A2"))
	want := []border.Act{
		{Action: "stations.work", Officer: "A1", Object: "add PUT-1"},
		{Action: "station.enrol", Result: border.ActRefused, Object: "add PUT-1", Reason: "wrong_code"},
		{Action: "station.enrol", Officer: "A1", Object: "add PUT-1"},
		{Action: "station.enrol", Result: border.ActRefused, Object: "add PUT-1", Reason: "used_code"},
		{Action: "station.renew", Object: "renew PUT-1"},
		{Action: "station.enrol", Result: border.ActRefused, Object: "a code that does not exist", Reason: "wrong_code"},
		{Action: "station.enrol", Result: border.ActRefused, Object: "a code that does not exist", Reason: "wrong_code", Text: "49 more before"},
		{Action: "stations.work", Officer: "A2", Object: "revoke PUT-1", Text: "lost"},
	}
	if d := cmp.Diff(want, r.audit.take()); d != "" {
		t.Error(d)
	}
}

// While the audit takes nothing a station can still be revoked; the act waits, also over a restart.
func TestAuditAway(t *testing.T) {
	r := newRig(t)
	r.enrolled()
	r.audit.take()
	r.audit.set(errBroken)
	r.check(r.Revoke(t.Context(), "PUT-1", "stolen", "A1"))
	r.restart()
	if len(r.audit.take()) != 0 {
		t.Fatal("it took something")
	}
	r.audit.set(nil)
	r.running()
	eventually(t, "the act", func() bool {
		return slices.ContainsFunc(r.audit.take(), func(a border.Act) bool { return a.Object == "revoke PUT-1" })
	})
}

// rawDB opens the database as somebody with the disk does.
func (r *rig) rawDB() *sql.DB {
	r.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+r.path()+"?_journal_mode=WAL&_busy_timeout=5000&_txlock=immediate")
	if err != nil {
		r.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	r.t.Cleanup(func() { db.Close() })
	return db
}

// Whoever edits the database is found out, and what was before goes on until the hub is stopped.
func TestEdited(t *testing.T) {
	for name, edit := range map[string]string{
		"a revocation taken out": `DELETE FROM station WHERE name = 'PUT-1'`,
		"a row moved":            `UPDATE station SET sealed = (SELECT sealed FROM station WHERE name = 'PUT-2') WHERE name = 'PUT-1'`,
		"a row renamed":          `UPDATE station SET name = 'PUT-3' WHERE name = 'PUT-2'`,
		"a byte added":           `UPDATE station SET sealed = CAST(sealed || x'00' AS BLOB) WHERE name = 'PUT-1'`,
		"a code taken out":       `DELETE FROM code`,
		"the seal taken out":     `DELETE FROM meta WHERE name = 'state'`,
		"everything taken out":   `DELETE FROM station; DELETE FROM code; UPDATE meta SET value = x'00' WHERE name = 'state'`,
		"another key":            `UPDATE meta SET value = x'00' WHERE name = 'key'`,
	} {
		r := newRig(t)
		m, _ := r.enrolled()
		_, err := r.Add(t.Context(), "PUT-2", "PUT", "", "A1")
		r.check(err)
		_, err = r.rawDB().Exec(edit)
		r.check(err)
		if name != "another key" { // the running hub has its own
			err := r.look(t.Context(), true)
			wants(t, name+": at the running hub", err, border.Internal)
			wants(t, name+": a station that belongs", r.Belongs("PUT-1", m.Keys.TLS), "")
			if _, err := r.Add(t.Context(), "PUT-9", "PUT", "", "A1"); err == nil {
				t.Errorf("%s: something was built upon it", name)
			}
		}
		if k, err := Open(t.Context(), r.config()); err == nil {
			t.Errorf("%s: opened", name)
			k.Close()
		}
	}
}

// An older copy that is put in the place of a running hub's database is found out.
func TestRolledBack(t *testing.T) {
	r := newRig(t)
	m, _ := r.enrolled()
	db := r.rawDB()
	var station, seal []byte
	r.check(db.QueryRow(`SELECT sealed FROM station`).Scan(&station))
	r.clock.add(2 * codeKept)
	r.check(r.record(t.Context(), border.Act{Action: "x"})) // takes the code away, so that one row is all
	r.check(db.QueryRow(`SELECT value FROM meta WHERE name = 'state'`).Scan(&seal))
	r.check(r.Revoke(t.Context(), "PUT-1", "stolen", "A1"))
	_, err := db.Exec(`UPDATE station SET sealed = ?`, station)
	r.check(err)
	_, err = db.Exec(`UPDATE meta SET value = ? WHERE name = 'state'`, seal)
	r.check(err)
	err = r.look(t.Context(), false)
	wants(t, "an older copy", err, border.Internal)
	if err == nil || !strings.Contains(err.Error(), "older copy") {
		t.Errorf("found as %v", err)
	}
	wants(t, "the revoked station", r.Belongs("PUT-1", m.Keys.TLS), border.Forbidden)
}

// No code, key or name of a station can be read from the disk.
func TestDisk(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	m := r.make()
	_, err := r.enrol(in, m)
	r.check(err)
	key, err := in.Code.Key()
	r.check(err)
	needles := map[string][]byte{"the code": []byte(in.Code), "its secret": []byte(in.Code[5:29]), "in groups": []byte(in.Code.String()[6:]),
		"what both derive": key, "a station's key": m.Keys.Sign, "a reason": []byte("stolen at the bridge")}
	r.check(r.Revoke(t.Context(), "PUT-1", "stolen at the bridge", "A1"))
	files, err := filepath.Glob(r.path() + "*")
	r.check(err)
	if len(files) == 0 {
		t.Fatal("nothing to search")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		r.check(err)
		for what, n := range needles {
			if bytes.Contains(b, n) {
				t.Errorf("%s lies in %s", what, filepath.Base(f))
			}
		}
		if strings.HasSuffix(f, "-wal") && !bytes.Contains(b, []byte("PUT-1")) {
			t.Error("the search finds nothing at all") // names of rows are in the clear
		}
	}
	// Another root key opens nothing.
	r.check(r.Close())
	other, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Software, Dir: t.TempDir(), Demo: true})
	r.check(err)
	defer other.Close()
	c := r.config()
	c.Root = other
	if k, err := Open(t.Context(), c); err == nil {
		t.Error("another root key opened it")
		k.Close()
	}
	r.Keeper = r.open(r.config())
}

// Of random flips in the file none passes for something the hub wrote.
func TestFlips(t *testing.T) {
	r := newRig(t)
	r.enrolled()
	r.check(r.Close())
	whole, err := os.ReadFile(r.path())
	r.check(err)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	before := r.state.Load()
	opened, refused := 0, 0
	for range 100 {
		dir := t.TempDir()
		b := slices.Clone(whole)
		at := rnd.IntN(len(b))
		b[at] ^= 1 << rnd.IntN(8)
		r.check(os.WriteFile(filepath.Join(dir, "stations.db"), b, 0o600))
		c := r.config()
		c.Dir = dir
		k, err := Open(t.Context(), c)
		if err != nil {
			refused++
			continue
		}
		opened++ // free space, or numbers that SQLite keeps for itself
		if d := cmp.Diff(before.stations, k.state.Load().stations); d != "" {
			t.Errorf("byte %d changed what is believed: %s", at, d)
		}
		r.check(k.Close())
	}
	if refused == 0 || opened == 0 {
		t.Errorf("%d opened, %d refused: the test sees nothing", opened, refused)
	}
	r.Keeper = r.open(r.config())
}
