package demo

import (
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/border/verdict"
	"garita/cmd/internal/station"
)

// wrongClock is a machine's clock that the test has spoilt. The monotonic clock runs on.
type wrongClock struct {
	mu    sync.Mutex // guards what follows
	shift time.Duration
	start time.Time
}

func (w *wrongClock) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.shift)
}

func (w *wrongClock) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shift += d
}

func (w *wrongClock) keeper(built time.Time) *clock.Keeper {
	return clock.New(w.now, func() time.Duration { return time.Since(w.start) }, built)
}

// TestClockIsWrong: whatever a station's clock says, nobody is held up, the order stays,
// and nothing that leans on the date pretends to have been checked.
func TestClockIsWrong(t *testing.T) {
	const years = 3652 * 24 * time.Hour
	for _, c := range []struct {
		name  string
		shift func(now time.Time) time.Duration
		step  time.Duration // before each traveller
	}{
		{"2000-01-01 at start", func(now time.Time) time.Duration {
			return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Sub(now)
		}, 0},
		{"ten years ahead", func(time.Time) time.Duration { return years }, 0},
		{"ten years behind", func(time.Time) time.Duration { return -years }, 0},
		{"running backwards", func(time.Time) time.Duration { return 0 }, -20 * time.Minute},
		{"jumping ahead", func(time.Time) time.Duration { return 0 }, 40 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) { wrongTime(t, c.shift(time.Now()), c.step) })
	}
}

func wrongTime(t *testing.T, shift, step time.Duration) {
	n := newNation(t)
	w := &wrongClock{shift: shift, start: time.Now()}
	built := time.Now().Add(-time.Hour)
	next := line(7)
	var order []border.ID
	for _, url := range []string{"", n.hub.NATSURL(), n.hub.NATSURL()} { // without a hub, with it, and after a restart
		s, stop := n.open(n.config("PCA-1", 1, url), w.keeper(built))
		if url != "" {
			n.await("the hub is heard", func() bool {
				v, err := s.Counters.View("1")
				n.must(err)
				return v.Status.Hub.Connected
			})
		}
		for range 4 {
			w.move(step)
			order = append(order, n.admit(s, next()))
		}
		if url != "" {
			n.delivered(s)
		}
		n.inOrder(s, order)
		stop()
	}
	rows, err := n.hub.Register.Crossings(t.Context(), 0, 1000)
	n.must(err)
	for _, r := range rows {
		if r.ClockState != string(border.ClockUntrusted) {
			t.Errorf("a crossing says its clock was %s", r.ClockState)
		}
		if !slices.Contains(order, r.ID) {
			t.Error("a strange crossing")
		}
	}
	in, err := n.hub.Register.Inside(t.Context())
	n.must(err)
	if len(rows) != len(order) || in.Certain != 0 || in.Uncertain != int64(len(order)) {
		t.Errorf("%d recorded, %d in the register; inside %+v, want none certain", len(order), len(rows), in)
	}
}

// admit brings one traveller through and looks at what the verdict says of dates.
func (n *nation) admit(s *station.Station, p Specimen) border.ID {
	n.t.Helper()
	ctx := n.t.Context()
	n.must(s.Counters.Scan(ctx, border.Scan{Counter: "1", Source: border.SourceWedge, Lines: p.Lines, ReceivedAt: time.Now()}))
	v, err := s.Counters.View("1")
	n.must(err)
	if v.Encounter == nil {
		n.t.Fatal("the scan opened nothing")
	}
	if v.Status.Clock.State != border.ClockUntrusted {
		n.t.Errorf("the screen says the clock is %s", v.Status.Clock.State)
	}
	i := slices.IndexFunc(v.Encounter.Verdict.Reasons, func(r verdict.Reason) bool { return r.Check == verdict.Expiry })
	if i < 0 {
		n.t.Fatal("the verdict says nothing of the date of expiry")
	}
	if r := v.Encounter.Verdict.Reasons[i]; r.Outcome != verdict.NotChecked || r.Reason != verdict.ReasonClock {
		n.t.Errorf("expiry is %s (%s), want not_checked (clock)", r.Outcome, r.Reason)
	}
	d := admission(v.Encounter, &p)
	d.Counter = "1"
	r, err := s.Counters.Decide(ctx, d)
	n.must(err)
	return r.Crossing
}

// inOrder reads the journal by seq and expects the crossings as they were decided.
func (n *nation) inOrder(s *station.Station, want []border.ID) {
	n.t.Helper()
	var got []border.ID
	extents, err := s.Journal.Extents(n.t.Context())
	n.must(err)
	for _, x := range extents {
		records, err := s.Journal.Read(n.t.Context(), x.Epoch, 0, 1000)
		n.must(err)
		for i, b := range records {
			ev, err := border.DecodeEvent(b)
			n.must(err)
			h, err := ev.ReadHeader()
			n.must(err)
			if ev.Key.Seq != uint64(i+1) {
				n.t.Errorf("seq %d at place %d", ev.Key.Seq, i+1)
			}
			if h.Type != border.TypeCrossingRecorded {
				continue
			}
			got = append(got, *h.Crossing)
			if h.Clock.State != border.ClockUntrusted || h.Clock.Reason == "" {
				n.t.Errorf("the header says the clock was %s", h.Clock.State)
			}
		}
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("the journal's order is not that of the decisions: %d and %d crossings", len(got), len(want))
	}
}
