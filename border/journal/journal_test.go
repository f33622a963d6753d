package journal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
	"garita/border/seal"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv("GARITA_JOURNAL_CHILD"); mode != "" {
		os.Exit(child(mode))
	}
	goleak.VerifyTestMain(m)
}

// testClock is a clock that stands still until it is told otherwise.
type testClock struct {
	mu    sync.Mutex
	now   time.Time
	state border.TrustState
}

func newClock() *testClock { return &testClock{now: bordertest.Start, state: border.ClockSynced} }

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Trust() border.ClockTrust {
	c.mu.Lock()
	defer c.mu.Unlock()
	return border.ClockTrust{State: c.state}
}

func (c *testClock) set(now time.Time, state border.TrustState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.state = now, state
}

const station = border.StationID("PUT-1")

// rig is a data folder with its keys.
type rig struct {
	t     testing.TB
	dir   string
	clock *testClock
	keys  *seal.StationKeys
	set   *seal.Set
	ids   *border.IDs
}

func newRig(t testing.TB) *rig { return rigIn(t, t.TempDir()) }

func rigIn(t testing.TB, dir string) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, clock: newClock()}
	hub, err := seal.NewHubPrivate("HUB")
	check(t, err)
	prov, err := hub.Provisioning()
	check(t, err)
	r.keys, err = seal.OpenStationKeys(t.Context(), filepath.Join(dir, "keys.db"), station, &seal.StationSecret{WrapKey: make([]byte, 32)}, prov)
	check(t, err)
	t.Cleanup(func() { check(t, r.keys.Close()) })
	r.set, err = r.keys.Ready(t.Context(), seal.Bucket(r.clock.Now()))
	check(t, err)
	r.ids = border.NewIDs(r.clock, nil)
	return r
}

func (r *rig) config() journal.Config {
	return journal.Config{Dir: r.dir, Station: station, Post: "PUT", Software: "test", Clock: r.clock, Keys: r.keys, Reserve: -1,
		Index: index(r.keys)}
}

// index finds the blind indexes of an invented event: one for each byte of its personal
// part before the padding.
func index(keys *seal.StationKeys) func(*border.Event) []border.BlindIndex {
	return func(e *border.Event) (blinds []border.BlindIndex) {
		plain, err := keys.Open(e, border.PartPersonal)
		if err != nil {
			return nil
		}
		for i, b := range plain {
			if i > 0 && b == 'x' {
				break
			}
			blinds = append(blinds, border.BlindIndex{b})
		}
		return blinds
	}
}

func (r *rig) open(change ...func(*journal.Config)) *journal.Journal {
	r.t.Helper()
	cfg := r.config()
	for _, f := range change {
		f(&cfg)
	}
	j, err := journal.Open(r.t.Context(), cfg)
	check(r.t, err)
	r.t.Cleanup(func() { check(r.t, j.Close()) })
	return j
}

func (r *rig) path() string { return filepath.Join(r.dir, journal.FileName) }

func (r *rig) id() border.ID {
	id, err := r.ids.New()
	check(r.t, err)
	return id
}

// crossing makes an entry about an invented document whose blind index is {doc}.
func (r *rig) crossing(id border.ID, doc byte) *journal.Entry { return crossingEntry(r.set, id, doc) }

func crossingEntry(set *seal.Set, id border.ID, doc byte) *journal.Entry {
	hub, err := seal.HubOnly(nil)
	if err != nil {
		panic(err)
	}
	return &journal.Entry{Header: border.Header{Type: border.TypeCrossingRecorded, Counter: "1", Direction: border.Entry,
		Outcome: string(border.Admitted), Crossing: &id, Clock: border.ClockTrust{State: border.ClockSynced}},
		Personal: append([]byte{doc}, bytes.Repeat([]byte("x"), 700)...), HubOnly: hub, Keys: set, Crossing: id,
		Blinds: []border.BlindIndex{{doc}}}
}

// about makes an entry of any type about invented documents and persons.
func (r *rig) about(h border.Header, who ...byte) *journal.Entry {
	e := r.crossing(r.id(), 0)
	h.Clock = e.Header.Clock
	e.Header, e.Crossing, e.Blinds = h, border.ID{}, nil
	e.Personal = append(slices.Clone(who), bytes.Repeat([]byte("x"), 300)...)
	for _, b := range who {
		e.Blinds = append(e.Blinds, border.BlindIndex{b})
	}
	return e
}

// put appends an entry.
func (r *rig) put(j *journal.Journal, e *journal.Entry) journal.Receipt {
	r.t.Helper()
	rc, err := j.Append(context.Background(), e)
	check(r.t, err)
	return rc
}

func (r *rig) append(j *journal.Journal, n int) []journal.Receipt {
	r.t.Helper()
	out := make([]journal.Receipt, n)
	for i := range out {
		var err error
		out[i], err = j.Append(context.Background(), r.crossing(r.id(), byte(i%5+1)))
		check(r.t, err)
	}
	return out
}

// sound fails the test unless the journal verifies, and returns the report.
func (r *rig) sound() journal.Report {
	r.t.Helper()
	return soundAt(r.t, r.path())
}

func soundAt(t testing.TB, path string) journal.Report {
	t.Helper()
	rep, err := journal.Verify(context.Background(), path)
	check(t, err)
	if !rep.OK {
		b, _ := json.Marshal(rep)
		t.Fatalf("the journal does not verify: %s", b)
	}
	return rep
}

// failer is what helpers need of a test; rapid's is one too.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func check(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t failer, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %s", err, code)
	}
}

func TestSourceSuite(t *testing.T) {
	bordertest.RunSourceSuite(t, func(t *testing.T) bordertest.SourceFixture {
		r := newRig(t)
		j := r.open()
		f := bordertest.SourceFixture{Source: j, Station: station}
		f.Append = func(n int) { r.append(j, n) }
		f.Reopen = func() border.EventSource {
			check(t, j.Close())
			j = r.open()
			return j
		}
		return f
	})
}

func TestAppendIsIdempotentByCrossing(t *testing.T) {
	r := newRig(t)
	j := r.open()
	id := r.id()
	first, err := j.Append(t.Context(), r.crossing(id, 1))
	check(t, err)
	if first.Replayed || first.Key.Seq != 2 || first.Header.Station != station || !first.RecordedAt.Equal(bordertest.Start) {
		t.Errorf("first receipt: %+v", first)
	}
	again := func(j *journal.Journal) {
		t.Helper()
		e := r.crossing(id, 9)
		e.Header.Outcome = string(border.Refused)
		got, err := j.Append(t.Context(), e)
		check(t, err)
		if !got.Replayed || got.Key != first.Key || got.Header.Outcome != string(border.Admitted) || !got.RecordedAt.Equal(first.RecordedAt) {
			t.Errorf("retry gave %+v, want the first receipt", got)
		}
	}
	again(j)
	check(t, j.Close())
	r.clock.set(bordertest.Start.Add(time.Hour), border.ClockSynced)
	j = r.open()
	again(j)
	ev, err := j.Crossing(t.Context(), id)
	check(t, err)
	if ev.Key != first.Key || ev.Verify() != nil {
		t.Errorf("Crossing gave %s", ev.Key)
	}
	if got, err := j.Document(t.Context(), border.BlindIndex{1}, 5); err != nil || len(got) != 1 || got[0].Key != first.Key {
		t.Errorf("Document gave %d events, %v", len(got), err)
	}
	if got, _ := j.Document(t.Context(), border.BlindIndex{9}, 5); len(got) != 0 {
		t.Error("the refused retry left a trace in the document index")
	}
	_, err = j.Crossing(t.Context(), r.id())
	wantCode(t, err, border.NotFound)
	if rep := r.sound(); rep.Events != 3 || rep.Epochs != 2 {
		t.Errorf("report %+v, want 3 events in 2 epochs", rep)
	}
}

// Callers in one batch: every one gets its own receipt, seq is gapless, and some commits
// serve several.
func TestGroupCommit(t *testing.T) {
	r := newRig(t)
	j := r.open()
	const callers, each = 64, 12
	ids := make([]border.ID, callers*each)
	for i := range ids {
		ids[i] = r.id()
	}
	got := make([]journal.Receipt, len(ids))
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for k := range each {
				i := c*each + k
				var err error
				if got[i], err = j.Append(context.Background(), r.crossing(ids[i], byte(c))); err != nil {
					t.Errorf("append: %v", err)
				}
				if k%3 == 0 { // a retry beside the others
					if again, err := j.Append(context.Background(), r.crossing(ids[i], byte(c))); err != nil || again.Key != got[i].Key || !again.Replayed {
						t.Errorf("retry: %+v, %v", again, err)
					}
				}
			}
		})
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for i, g := range got {
		if seen[g.Key.Seq] || g.Key.Seq < 2 || g.Key.Seq > uint64(len(ids))+1 {
			t.Fatalf("seq %d twice or out of range", g.Key.Seq)
		}
		seen[g.Key.Seq] = true
		ev, err := j.Crossing(t.Context(), ids[i])
		if err != nil || ev.Key != g.Key {
			t.Fatalf("crossing %d: %s, %v; receipt said %s", i, ev.Key, err, g.Key)
		}
	}
	check(t, j.Close())
	if rep := r.sound(); rep.Events != int64(len(ids))+1 {
		t.Errorf("%d events, want %d", rep.Events, len(ids)+1)
	}
}

// A job whose content SQLite refuses fails alone: the others of its batch are recorded
// and no new epoch begins.
func TestBatchSurvivesARefusedJob(t *testing.T) {
	r := newRig(t)
	j := r.open()
	epoch := j.Head().Epoch
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%8 == 0 {
				err := j.Restore(context.Background(), [][]byte{[]byte("no event at all")})
				wantCodeIn(t, err, border.Invalid)
				return
			}
			if _, err := j.Append(context.Background(), r.crossing(r.id(), 1)); err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	if h := j.Head(); h.Epoch != epoch || h.Seq != 36 {
		t.Errorf("head %+v, want seq 36 of the same epoch", h)
	}
}

func wantCodeIn(t testing.TB, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Errorf("got error %v, want code %s", err, code)
	}
}

func TestEpochsNameTheirParents(t *testing.T) {
	r := newRig(t)
	var trusted []time.Time
	last := func(c *journal.Config) { c.LastTrusted = func(at time.Time) { trusted = append(trusted, at) } }
	var parent border.Parent
	for i := range 4 {
		now := bordertest.Start.Add(time.Duration(i) * time.Hour)
		state := border.ClockSynced
		if i == 2 {
			now, state = now.AddDate(-10, 0, 0), border.ClockUntrusted
		}
		r.clock.set(now, state)
		j := r.open(last)
		ex, err := j.Extents(t.Context())
		check(t, err)
		if len(ex) != i+1 || ex[i].Parent != parent {
			t.Fatalf("opening %d: extents %+v, want parent %+v", i, ex, parent)
		}
		e := r.crossing(r.id(), 1)
		e.Header.Clock.State = state
		rc, err := j.Append(t.Context(), e)
		check(t, err)
		ev, err := j.Crossing(t.Context(), e.Crossing)
		check(t, err)
		parent = border.Parent{Epoch: rc.Key.Epoch, Seq: rc.Key.Seq, Hash: ev.Hash}
		check(t, j.Close())
	}
	want := []time.Time{{}, bordertest.Start, bordertest.Start.Add(time.Hour), bordertest.Start.Add(time.Hour)}
	if fmt.Sprint(trusted) != fmt.Sprint(want) {
		t.Errorf("LastTrusted was told %v, want %v", trusted, want)
	}
	r.sound()
}

func TestAnotherStationsFolderIsRefused(t *testing.T) {
	r := newRig(t)
	check(t, r.open().Close())
	cfg := r.config()
	cfg.Station = "PUT-2"
	_, err := journal.Open(t.Context(), cfg)
	wantCode(t, err, border.Conflict)
	if border.MessageOf(err) == "" {
		t.Error("the refusal does not say why")
	}
	cfg.Dir = filepath.Join(r.dir, "no such folder")
	if _, err := journal.Open(t.Context(), cfg); err == nil {
		t.Error("a folder that is not there was opened")
	}
}

func TestLimits(t *testing.T) {
	r := newRig(t)
	j := r.open()
	e := r.crossing(r.id(), 1)
	e.Header.Shift = string(bytes.Repeat([]byte("s"), border.MaxHeader))
	_, err := j.Append(t.Context(), e)
	wantCode(t, err, border.TooLarge)
	e = r.crossing(r.id(), 1)
	e.Personal = make([]byte, border.MaxPart)
	_, err = j.Append(t.Context(), e)
	wantCode(t, err, border.TooLarge)
	if h := j.Head(); h.Seq != 1 {
		t.Errorf("a refused entry was written: %+v", h)
	}
	r.append(j, 1)
	e = r.crossing(r.id(), 1)
	e.Keys = nil
	if _, err := j.Append(t.Context(), e); err == nil {
		t.Error("parts without keys were accepted")
	}
	if got, err := j.Read(t.Context(), j.Head().Epoch, 1<<63, 10); err != nil || len(got) != 0 {
		t.Errorf("Read far beyond the end gave %d events, %v", len(got), err)
	}
}

func TestCloseWhileBusy(t *testing.T) {
	r := newRig(t)
	j := r.open()
	var mu sync.Mutex
	acked := map[border.ID]bool{}
	var wg sync.WaitGroup
	started := make(chan struct{}, 16)
	for range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := r.id()
				_, err := j.Append(context.Background(), r.crossing(id, 1))
				if err != nil {
					wantCodeIn(t, err, border.Unavailable)
					return
				}
				mu.Lock()
				acked[id] = true
				mu.Unlock()
				if i == 3 {
					started <- struct{}{}
				}
			}
		})
	}
	wg.Go(func() { // readers beside them
		for {
			if _, err := j.Extents(context.Background()); err != nil {
				return
			}
		}
	})
	for range 16 {
		<-started
	}
	check(t, j.Close())
	wg.Wait()
	check(t, j.Close()) // again
	j = r.open()
	for id := range acked {
		if _, err := j.Crossing(t.Context(), id); err != nil {
			t.Fatalf("an acknowledged crossing is not there: %v", err)
		}
	}
	r.sound()
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j, err := journal.Open(ctx, r.config())
	if err == nil { // it was faster
		check(t, j.Close())
		return
	}
	wantCode(t, err, border.Unavailable)
}
