package counter_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
)

func TestQueueAndCallUp(t *testing.T) {
	r := newRig(t)
	for n := 1; n <= 3; n++ {
		r.scan("1", passport(n))
	}
	v := r.view("1")
	if v.Encounter == nil || v.Encounter.Document.DocumentNumber != "U00000001" || len(v.Queue) != 2 || v.Queue[0].Restored {
		t.Fatalf("view %s", toJSON(t, v))
	}
	wantCode(t, r.s.CallUp(t.Context(), "1", v.Queue[1].ID, "17"), border.Conflict) // one is open
	r.decide(r.decision("1", border.Admitted))
	if v := r.view("1"); v.Encounter != nil || len(v.Queue) != 2 {
		t.Fatal("the next traveller came up without being called")
	}
	r.scan("1", passport(4)) // still waits: those before are called first
	r.scan("1", passport(2)) // the same document again
	if v := r.view("1"); v.Encounter != nil || len(v.Queue) != 3 {
		t.Fatalf("%d wait, want 3", len(v.Queue))
	}
	wantCode(t, r.s.CallUp(t.Context(), "1", border.ID{1}, "17"), border.NotFound)
	wantCode(t, r.s.CallUp(t.Context(), "2", v.Queue[0].ID, "17"), border.NotFound)
	wantCode(t, r.s.CallUp(t.Context(), "1", v.Queue[1].ID, "99"), border.Forbidden)
	check(t, r.s.CallUp(t.Context(), "1", v.Queue[1].ID, "17"))
	if v := r.view("1"); v.Encounter.Document.DocumentNumber != "U00000003" || len(v.Queue) != 2 {
		t.Errorf("called up %s", v.Encounter.Document.DocumentNumber)
	}
	r.decide(r.decision("1", border.Admitted))
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	if v := r.view("1"); v.Encounter.Document.DocumentNumber != "U00000002" {
		t.Errorf("first called up %s", v.Encounter.Document.DocumentNumber)
	}
}

func TestScanRefused(t *testing.T) {
	r := newRig(t)
	for name, lines := range map[string][]string{
		"nothing": nil, "half": {passport(1)[0]}, "noise": {"UTOPIAN??", "\x00\xff"}, "many": make([]string, 1000), "long": {strings.Repeat("A", 1<<20)},
	} {
		err := r.s.Scan(t.Context(), border.Scan{Counter: "1", Lines: lines})
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		v := r.view("1")
		if v.Encounter != nil || v.Notice == "" || v.Notice != border.MessageOf(err) || strings.Contains(err.Error(), "UTOPIAN") {
			t.Errorf("%s: notice %q", name, v.Notice)
		}
	}
	wantCode(t, r.s.Scan(t.Context(), border.Scan{Counter: "9", Lines: passport(1)}), border.NotFound)
	r.scan("1", passport(1))
	if r.view("1").Notice != "" {
		t.Error("the notice stays after a good scan")
	}
	_ = r.s.Scan(t.Context(), border.Scan{Counter: "1"})
	if v := r.view("1"); v.Encounter == nil || v.Notice == "" {
		t.Error("a bad scan closed the open encounter, or said nothing")
	}
}

// A flood of documents fills the queue and no more, on the disk too.
func TestFlood(t *testing.T) {
	r := newRig(t)
	for n := range 101 {
		r.scan("1", passport(n))
	}
	wantCode(t, r.s.Scan(t.Context(), border.Scan{Counter: "1", Lines: passport(500)}), border.Conflict)
	if v := r.view("1"); len(v.Queue) != 100 || v.Notice == "" {
		t.Errorf("%d wait, notice %q", len(v.Queue), v.Notice)
	}
	r.scan("1", passport(77)) // one who waits may lay the page down again
	r.restart()
	if v := r.view("1"); len(v.Queue) != 101 || v.Encounter != nil {
		t.Errorf("after a restart %d wait", len(v.Queue))
	}
}

// After a power cut the open encounter waits to be called up, with the same id; what was
// recorded last is shown first.
func TestRestored(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.decide(r.decision("1", border.Admitted))
	r.scan("1", passport(2))
	r.scan("1", passport(3))
	open := r.view("1").Encounter
	if !open.Durable || open.Restored {
		t.Errorf("the open encounter: %+v", open)
	}
	painted := r.decision("1", border.Admitted)
	r.wall.pass(time.Hour)
	r.restart()
	v := r.view("1")
	if v.Encounter != nil || len(v.Queue) != 2 || v.Queue[0].ID != open.ID || !v.Queue[0].Restored ||
		v.Last == nil || !v.Last.AfterRestart || v.Last.Surname != "UTOPIAN" || v.Status.Today.Entries != 1 {
		t.Fatalf("view %s", toJSON(t, v))
	}
	if v := r.view("2"); len(v.Queue) != 0 || v.Last != nil || v.Status.Today != (counter.Today{}) {
		t.Errorf("counter 2 shows what is counter 1's: %s", toJSON(t, v))
	}
	_, err := r.s.Decide(t.Context(), painted) // nothing may be decided that was not called up
	wantCode(t, err, border.Conflict)
	check(t, r.s.CallUp(t.Context(), "1", open.ID, "17"))
	v = r.view("1")
	if !v.Encounter.Restored || v.Encounter.Document.DocumentNumber != "U00000002" || !v.Encounter.OpenedAt.Equal(open.OpenedAt) {
		t.Errorf("called up: %+v", v.Encounter)
	}
	rec := r.decide(r.decision("1", border.Admitted))
	if rec.Crossing != open.ID {
		t.Error("the restored encounter ended under another id")
	}
	r.restart()
	if v := r.view("1"); len(v.Queue) != 1 || v.Last.Crossing != open.ID {
		t.Errorf("after the second restart %d wait", len(v.Queue))
	}
}

// A decision whose answer was lost with the power is not decided twice.
func TestDecidedAfterRestart(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	d := r.decision("1", border.Admitted)
	first := r.decide(d)
	r.restart()
	again := r.decide(d)
	if !again.Replayed || again.Key != first.Key || len(r.view("1").Queue) != 0 {
		t.Errorf("the retry gave %+v", again)
	}
}

// Yesterday's numbers are not today's.
func TestTodayEndsWithTheDay(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.decide(r.decision("1", border.Admitted))
	r.wall.pass(24 * time.Hour)
	if td := r.view("1").Status.Today; td != (counter.Today{}) {
		t.Errorf("today: %+v", td)
	}
}

// model is what two counters ought to show.
type model struct {
	open  int // number of the document; 0: none
	queue []int
	done  map[int]int // times recorded, by document
}

// Scans, call-ups, decisions and restarts in any order: each counter shows and records its
// own documents, in their order, once each, and no other's.
func TestCountersNeverMix(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(quiet{t, rt})
		defer r.keys.Close()
		defer r.stop()
		models := map[border.CounterID]*model{"1": {done: map[int]int{}}, "2": {done: map[int]int{}}}
		next := 0
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			c := rapid.SampledFrom([]border.CounterID{"1", "2"}).Draw(rt, "counter")
			m := models[c]
			switch rapid.SampledFrom([]string{"new", "new", "new", "again", "call", "decide", "decide", "restart"}).Draw(rt, "step") {
			case "new":
				next++
				r.scan(c, passport(next))
				if m.open == 0 && len(m.queue) == 0 {
					m.open = next
				} else {
					m.queue = append(m.queue, next)
				}
			case "again":
				if m.open != 0 {
					r.scan(c, passport(m.open))
				}
			case "call":
				err := r.s.CallUp(context.Background(), c, border.ID{}, "17")
				switch {
				case m.open != 0 && border.CodeOf(err) != border.Conflict, m.open == 0 && len(m.queue) == 0 && border.CodeOf(err) != border.NotFound:
					rt.Fatalf("call up: %v", err)
				case m.open == 0 && len(m.queue) > 0:
					if err != nil {
						rt.Fatal(err)
					}
					m.open, m.queue = m.queue[0], m.queue[1:]
				}
			case "decide":
				if m.open != 0 {
					d := r.decision(c, border.Admitted)
					r.decide(d)
					r.decide(d)
					m.done[m.open]++
					m.open = 0
				}
			case "restart":
				r.restart()
				for _, m := range models {
					if m.open != 0 {
						m.queue, m.open = append([]int{m.open}, m.queue...), 0
					}
				}
			}
			for c, m := range models {
				compare(rt, r, c, m)
			}
		}
	})
}

func compare(rt *rapid.T, r *rig, c border.CounterID, m *model) {
	v, err := r.s.View(c)
	if err != nil {
		rt.Fatal(err)
	}
	open := 0
	if v.Encounter != nil {
		open = number(v.Encounter.Document.DocumentNumber)
	}
	done := int64(0)
	for _, n := range m.done {
		done += int64(n)
	}
	if open != m.open || len(v.Queue) != len(m.queue) || v.Status.Today.Entries != done {
		rt.Fatalf("counter %s shows %d, %d waiting, %d today; want %d, %d, %d", c, open, len(v.Queue), v.Status.Today.Entries, m.open, len(m.queue), done)
	}
}

func number(s string) int { n, _ := strconv.Atoi(strings.TrimPrefix(s, "U")); return n }

// quiet lets a rig live for one check of a property: it is closed by hand.
type quiet struct {
	*testing.T
	rt *rapid.T
}

func (q quiet) Cleanup(func())            {}
func (q quiet) Fatal(a ...any)            { q.rt.Fatal(a...) }
func (q quiet) Fatalf(f string, a ...any) { q.rt.Fatalf(f, a...) }
func (q quiet) Helper()                   {}

func (q quiet) TempDir() string {
	dir, err := os.MkdirTemp(q.T.TempDir(), "")
	if err != nil {
		q.rt.Fatal(err)
	}
	return dir
}

// All at once: counters at work from several goroutines each, a hub that answers when it
// likes, screens that look. Nothing is lost, doubled, or at the wrong counter.
func TestCountersAtOnce(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	r.hub.answer = func(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
		select {
		case <-time.After(time.Duration(q.Blind[0]) * 100 * time.Microsecond):
		case <-ctx.Done():
		}
		return border.DocumentAnswer{}, nil
	}
	const seed, each = 11, 60
	t.Logf("seed %d", seed)
	recorded := map[border.ID]border.CounterID{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i, c := range []border.CounterID{"1", "2"} {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		wg.Go(func() { // reader and officer
			for n := range each {
				lines := passport(i*10_000 + n + 1)
				for range 1 + rng.IntN(3) {
					if err := r.s.Scan(context.Background(), border.Scan{Counter: c, Lines: lines, Source: border.SourceReader}); err != nil {
						t.Errorf("scan: %v", err)
					}
				}
				v, _ := r.s.View(c)
				if v.Encounter == nil || number(v.Encounter.Document.DocumentNumber) != i*10_000+n+1 {
					t.Errorf("counter %s shows another's document", c)
					return
				}
				rec, err := r.s.Decide(context.Background(), counter.Decision{Counter: c, Encounter: v.Encounter.ID,
					Revision: v.Encounter.Verdict.Revision, Outcome: border.Admitted, Officer: "17"})
				if err != nil {
					t.Errorf("decide: %v", err)
					return
				}
				mu.Lock()
				if _, twice := recorded[rec.Crossing]; twice || rec.Replayed {
					t.Errorf("%s was recorded twice", rec.Crossing)
				}
				recorded[rec.Crossing] = c
				mu.Unlock()
			}
		})
		wg.Go(func() { // a screen
			ch, end, err := r.s.Subscribe(c)
			if err != nil {
				t.Error(err)
				return
			}
			defer end()
			last := uint64(0)
			for {
				select {
				case <-ch:
				case <-stop:
					return
				}
				v, err := r.s.View(c)
				if err != nil || v.Revision < last {
					t.Errorf("view went back from %d to %d, %v", last, v.Revision, err)
				}
				last = v.Revision
				if v.Encounter != nil && number(v.Encounter.Document.DocumentNumber)/10_000 != i {
					t.Errorf("counter %s shows another's document", c)
				}
			}
		})
	}
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				r.s.Refresh()
			}
		}
	})
	go func() {
		r.wait("all recorded", func() bool { mu.Lock(); defer mu.Unlock(); return len(recorded) == 2*each || t.Failed() })
		close(stop)
	}()
	wg.Wait()
	for id, c := range recorded {
		if _, h := r.event(id); h.Counter != c {
			t.Errorf("%s was recorded at %s, the answer went to %s", id, h.Counter, c)
		}
	}
	rep, err := journal.Verify(t.Context(), filepath.Join(r.dir, journal.FileName))
	if err != nil || !rep.OK || rep.Events != 2*each+4 { // the epoch, the shift, and two counters that were taken
		t.Errorf("%+v, %v", rep, err)
	}
}
