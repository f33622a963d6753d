package register

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-sqlite3"

	"garita/border"
)

// onWriter runs f on the writer's real connection.
func (w *world) onWriter(f func(c *sqlite3.SQLiteConn) error) {
	w.t.Helper()
	w.must(w.reg.store.(*sqliteStore).w.conn.Raw(func(c any) error { return f(c.(*sqlite3.SQLiteConn)) }))
}

func (w *world) sql(q string) {
	w.t.Helper()
	w.onWriter(func(c *sqlite3.SQLiteConn) error { _, err := c.Exec(q, nil); return err })
}

func TestOneHubPerFolder(t *testing.T) {
	w := newWorld(t)
	c := Config{Dir: w.dir, Clock: w.clock, Keys: w.keys, Blinder: w.blinder}
	if second, err := Open(t.Context(), c); border.CodeOf(err) != border.Conflict {
		if second != nil {
			_ = second.Close()
		}
		t.Fatalf("a second hub opened the folder: %v", err)
	}
	w.close()
	w.open()
}

func TestCommitFailureIsNeverAcknowledged(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	fired := 0
	w.onWriter(func(c *sqlite3.SQLiteConn) error {
		c.RegisterCommitHook(func() int { fired++; return 1 })
		return nil
	})
	_, err := w.reg.Store(t.Context(), sent(b.events...))
	if fired != 1 || border.CodeOf(err) != border.NotDurable {
		t.Fatalf("fault fired %d times, Store = %v; want once and not_durable", fired, err)
	}
	if n := w.reg.store.(*sqliteStore).reopened; n != 1 {
		t.Errorf("database reopened %d times after the failed commit, want once", n)
	}
	h, err := w.reg.Holdings(t.Context(), "PUT-1", 0, 10)
	if err != nil || len(h) != 0 {
		t.Errorf("holdings after the failed commit = %v, %v; want none", h, err)
	}
	// The hook is gone with its connection.
	if h := w.store(sent(b.events...)...); h[0].Held != 2 || w.counts().Crossings != 1 {
		t.Errorf("after the retry %+v and %d crossings", h, w.counts().Crossings)
	}
}

func TestNothingIsReadUntilReopened(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.busyTimeout = 20 * time.Millisecond })
	b := w.book("PUT-1", 1, border.Parent{})
	w.store(sent(b.events...)...)
	// A foreign reader keeps the log from being brought into the database.
	other := pool(filepath.Join(w.dir, "hub.db"), time.Second, map[string][]string{"mode": {"ro"}})
	defer other.Close()
	foreign, err := other.Begin()
	w.must(err)
	var n int
	w.must(foreign.QueryRow(`SELECT count(*) FROM raw_event`).Scan(&n))
	b.add(enters("U1", 1))
	w.store(sent(b.events...)...)

	w.onWriter(func(c *sqlite3.SQLiteConn) error { c.RegisterCommitHook(func() int { return 1 }); return nil })
	b.add(leaves("U1", 2))
	if _, err := w.reg.Store(t.Context(), sent(b.events...)); border.CodeOf(err) != border.NotDurable {
		t.Fatalf("Store = %v", err)
	}
	for range 2 { // the log cannot be checkpointed: closed to all
		if _, err := w.reg.Holdings(t.Context(), "PUT-1", 0, 10); border.CodeOf(err) != border.Unavailable {
			t.Errorf("Holdings = %v, want unavailable", err)
		}
		if _, err := w.reg.Store(t.Context(), sent(b.events...)); border.CodeOf(err) != border.NotDurable {
			t.Errorf("Store = %v, want not_durable", err)
		}
	}
	w.must(foreign.Rollback())
	if h := w.store(sent(b.events...)...); h[0].Held != 3 {
		t.Errorf("held after recovery: %+v", h)
	}
}

func TestDiskFull(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 200 {
		b.add(enters("U1", i))
	}
	w.sql(`PRAGMA max_page_count = 60`)
	_, err := w.reg.Store(t.Context(), sent(b.events...))
	if border.CodeOf(err) != border.StorageFull || border.MessageOf(err) == "" {
		t.Fatalf("Store on a full disk = %v, want storage_full and a message", err)
	}
	if h := w.store(sent(b.events...)...); h[0].Held != 201 { // room again: the new connection has no bound
		t.Errorf("held after room was made: %+v", h)
	}
}

func TestProjectionFailureBlocksNothing(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	w.sql(`CREATE TRIGGER boom BEFORE INSERT ON crossing BEGIN SELECT RAISE(ABORT, 'boom'); END`)
	if h := w.store(sent(b.events...)...); h[0].Held != 2 {
		t.Fatalf("raw events are not held: %+v", h)
	}
	if c := w.counts(); c.Crossings != 0 || c.ProjectionLag != 2 || w.alarms()[AlarmProjection] == 0 {
		t.Errorf("the fault did not show: %+v, %v", c, w.alarms())
	}
	q := border.DocumentQuestion{Station: "PUT-9", Blind: w.blinder.Document("UTO", "U1"), Limit: 5}
	if _, err := w.reg.AskDocument(t.Context(), q); border.CodeOf(err) != border.Unavailable {
		t.Errorf("AskDocument while behind = %v, want unavailable", err)
	}
	w.sql(`DROP TRIGGER boom`)
	w.store(sent(b.events[0])...)
	if c := w.counts(); c.Crossings != 1 || c.ProjectionLag != 0 {
		t.Errorf("not caught up: %+v", c)
	}
	if a, err := w.reg.AskDocument(t.Context(), q); err != nil || len(a.Crossings) != 1 {
		t.Errorf("AskDocument = %+v, %v", a, err)
	}
}

func TestDamagedDatabaseIsNotOpened(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 50 {
		b.add(enters("U1", i))
	}
	w.store(sent(b.events...)...)
	w.close()
	path := filepath.Join(w.dir, "hub.db")
	raw, err := os.ReadFile(path)
	w.must(err)
	good := bytes.Clone(raw)
	// One page in the middle of the table of raw events: everything else can still be read.
	at := bytes.Index(raw, b.events[20].Header[:60]) / 4096 * 4096
	copy(raw[at:], bytes.Repeat([]byte{0xA5}, 64))
	w.must(os.WriteFile(path, raw, 0o600))
	keys := &plainKeys{}
	if r, err := Open(t.Context(), Config{Dir: w.dir, Clock: w.clock, Keys: keys, Blinder: w.blinder}); err == nil || !strings.Contains(border.MessageOf(err), "database is damaged") {
		if r != nil {
			_ = r.Close()
		}
		t.Errorf("a damaged database was opened: %v", err)
	}
	w.must(os.WriteFile(path, good, 0o600))
	w.open()
}

func TestBitRotIsNotHandedOut(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	e := b.add(enters("U1", 1))
	w.store(sent(b.events...)...)
	w.sql(`UPDATE raw_event SET bytes = zeroblob(length(bytes)) WHERE seq = 2`)
	if _, err := w.reg.Events(t.Context(), "PUT-1", e.Key.Epoch, 0, 10); border.CodeOf(err) != border.Internal {
		t.Errorf("Events with a changed row = %v, want internal", err)
	}
	if got, err := w.reg.Events(t.Context(), "PUT-1", e.Key.Epoch, 0, 1); err != nil || len(got) != 1 {
		t.Errorf("the sound event is not handed out: %v", err)
	}
}

func TestRestoredCopyEqualsTruth(t *testing.T) {
	truth, w := newWorld(t), newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 40 {
		b.add(enters([]string{"U1", "U2", "U3"}[i%3], i))
	}
	day1 := len(b.events)
	w.store(sent(b.events...)...)
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	putBack := w.copyFiles()
	for i := range 40 {
		b.add(leaves([]string{"U1", "U2", "U3"}[i%3], 40+i))
	}
	w.store(sent(b.events[day1:]...)...)
	hello := border.Hello{Station: "PUT-1", Post: "PUT", Generation: w.reg.Generation(), Now: w.clock.Now(),
		Head: position(b.last()), Watermark: position(b.last())}
	if was, err := w.reg.Greet(t.Context(), hello); err != nil || was.Generation != 1 {
		t.Fatalf("Greet = %+v, %v", was, err)
	}

	putBack()
	if c := w.counts(); c.Crossings != 40 {
		t.Fatalf("the fault did not fire: %d crossings in yesterday's copy", c.Crossings)
	}
	is, err := w.reg.Greet(t.Context(), hello)
	if err != nil || is.Generation != 2 || w.alarms()[AlarmRestored] != 1 {
		t.Fatalf("Greet after the restore = %+v, %v, alarms %v", is, err, w.alarms())
	}
	w.close() // the raised generation outlives the process
	w.open()
	if w.reg.Generation() != 2 {
		t.Fatalf("generation %d after reopening", w.reg.Generation())
	}
	w.store(sent(b.events...)...)
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))

	truth.private, truth.prov, truth.blinder = w.private, w.prov, w.blinder
	truth.close()
	truth.open()
	truth.must(truth.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	truth.store(sent(b.events...)...)
	got, want := w.dump(), truth.dump()
	for _, name := range []string{"raw", "crossing", "stay", "flow", "lineage", "epoch", "pending"} {
		if d := cmp.Diff(want[name], got[name], sorted); d != "" {
			t.Errorf("%s (-truth +restored):\n%s", name, d)
		}
	}
}

func TestPersonalDataIsNotOnTheDisk(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U12345678", 1))
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	w.store(sent(b.events...)...)
	if c := w.counts(); c.Inside != 1 {
		t.Fatalf("the document was not opened: %+v", c)
	}
	files, err := os.ReadDir(w.dir)
	w.must(err)
	seen := false
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		w.must(err)
		seen = seen || bytes.Contains(raw, []byte("PUT-1"))
		for _, secret := range []string{"U12345678", "ERIKSSON"} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s holds personal data", f.Name())
			}
		}
	}
	if !seen {
		t.Error("the search finds nothing at all: it could not fail")
	}
}

func TestClosedRegister(t *testing.T) {
	w := newWorld(t)
	r := w.reg
	w.close()
	_, e1 := r.Store(t.Context(), sent(w.book("PUT-1", 1, border.Parent{}).events...))
	_, e2 := r.Counts(t.Context())
	_, e3 := r.Greet(t.Context(), border.Hello{Station: "PUT-1"})
	for _, err := range []error{e1, e2, e3} {
		if border.CodeOf(err) != border.Unavailable {
			t.Errorf("use after Close = %v, want unavailable", err)
		}
	}
	if err := r.Close(); err != nil || errors.Is(err, os.ErrClosed) {
		t.Errorf("second Close = %v", err)
	}
	w.open()
}
