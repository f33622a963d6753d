package streamtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/uplink"
)

func TestBacklogAndLiveEventsArriveExactlyOnce(t *testing.T) {
	r := newRig(t)
	r.start()
	var all []*station
	for i := range 3 {
		id := border.StationID(fmt.Sprintf("PUT-%d", i+1))
		src := bordertest.NewMemorySource(id)
		src.Append(1300 + i)
		src.Open()
		src.Append(40)
		all = append(all, r.uplink(src, id, r.url()))
	}
	for range 20 {
		for _, s := range all {
			s.src.Append(1)
		}
		time.Sleep(2 * time.Millisecond)
	}
	for i, s := range all {
		r.settled(s, border.StationID(fmt.Sprintf("PUT-%d", i+1)))
	}
	all[0].src.Open() // the journal is opened anew under a running uplink
	all[0].src.Append(3)
	r.settled(all[0], "PUT-1")
	if h := r.sink.Hello("PUT-2"); h.Post != "PUT" || h.Zone != "America/Guyana" || h.Software != "streamtest" {
		t.Errorf("hello = %+v", h)
	}
}

// wrapWatcher refuses nothing; it counts events that came before the key they need.
type wrapWatcher struct {
	*bordertest.MemorySink
	early atomic.Int64
	seen  atomic.Int64
}

func (w *wrapWatcher) Store(ctx context.Context, rs []border.Received) ([]border.StationHolding, error) {
	for _, r := range rs {
		e, err := border.DecodeEvent(r.Event)
		if err != nil {
			continue
		}
		held := w.Wraps(e.Key.Station)
		for _, p := range e.Parts {
			w.seen.Add(1)
			if _, ok := held[p.KeyID]; !ok {
				w.early.Add(1)
			}
		}
	}
	return w.MemorySink.Store(ctx, rs)
}

func TestKeyWrapsComeBeforeTheEventsThatNeedThem(t *testing.T) {
	r := newRig(t)
	w := &wrapWatcher{MemorySink: r.sink}
	r.seam = w
	r.start()
	s := r.station("PUT-1", r.url())
	for range 5 {
		s.src.Append(3)
		r.settled(s, "PUT-1")
		s.src.Open() // new keys
		s.src.Append(2)
		r.settled(s, "PUT-1")
	}
	if w.early.Load() != 0 || w.seen.Load() == 0 {
		t.Errorf("%d of %d parts came before their key", w.early.Load(), w.seen.Load())
	}
}

func TestHubStoppedAndStarted(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(200)
	r.settled(s, "PUT-1")
	for i := range 3 {
		r.stop()
		eventually(t, "the station sees that the hub is away", func() bool { return !s.Status().Connected })
		before := s.Status()
		s.src.Append(700)
		if n := s.Status().Backlog; n < before.Backlog+700 {
			t.Errorf("round %d: backlog %d with 700 more events", i, n)
		}
		r.start()
		r.settled(s, "PUT-1")
	}
}

func TestIntakeStoppedWhileTheBrokerRuns(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(10)
	r.settled(s, "PUT-1")
	r.stopJustIntake()
	s.src.Append(900)
	eventually(t, "the station sees that the hub is away", func() bool { return !s.Status().Connected })
	r.startIntake()
	s.src.Append(5)
	r.settled(s, "PUT-1")
}

func TestStreamFilesDeleted(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(50)
	r.settled(s, "PUT-1")
	// The register stops storing, so what the broker acknowledges lives in its files only.
	r.sink.Fail(&border.Error{Code: border.StorageFull, Op: "test"})
	s.src.Append(2000)
	eventually(t, "the broker has taken events that the register refuses", func() bool {
		return streamMessages(t, r.url()) > 1000
	})
	r.stop()
	r.dir = t.TempDir()
	r.sink.Fail(nil)
	r.start()
	r.settled(s, "PUT-1")
}

func TestRegisterRestoredFromACopy(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(300)
	r.settled(s, "PUT-1")
	putBack := r.sink.Copy()
	s.src.Append(900)
	s.src.Open()
	s.src.Append(7)
	r.settled(s, "PUT-1")
	generation := r.sink.Generation()
	r.stop()
	putBack()
	if n := r.sink.Count("PUT-1"); n != 301 {
		t.Fatalf("the copy holds %d events", n)
	}
	r.start()
	r.settled(s, "PUT-1")
	if g := r.sink.Generation(); g <= generation {
		t.Errorf("generation %d after the restore, %d before", g, generation)
	}
	if g := s.Status().Generation; g != r.sink.Generation() {
		t.Errorf("the station knows generation %d, the hub is at %d", g, r.sink.Generation())
	}
}

// TestRegisterRestoredUnderARunningIntake has no break of the link that would make the
// station compare anew.
func TestRegisterRestoredUnderARunningIntake(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(20)
	r.settled(s, "PUT-1")
	putBack := r.sink.Copy()
	s.src.Append(600)
	r.settled(s, "PUT-1")
	putBack()
	r.settled(s, "PUT-1")
}

func TestJournalCopiedBack(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(100)
	r.settled(s, "PUT-1")
	putBack := s.src.Copy()
	s.src.Append(1200)
	r.settled(s, "PUT-1")
	s.src.Open()
	s.src.Append(30)
	r.settled(s, "PUT-1")
	truth := s.src.All()
	s.stop()
	putBack()
	s.src.Append(10)
	if n := len(s.src.All()); n != 101+11 {
		t.Fatalf("the copy holds %d events", n)
	}
	s2 := r.uplink(s.src, "PUT-1", r.url())
	eventually(t, "the lost events are back", func() bool { return len(s2.src.All()) == len(truth)+11 })
	r.settled(s2, "PUT-1")
	for k := range truth {
		if _, ok := s2.src.All()[k]; !ok {
			t.Errorf("%s is lost", k)
		}
	}
}

func TestRegisterCannotStoreForAWhile(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url(), func(c *uplink.Config) { c.WatermarkTimeout = 300 * time.Millisecond })
	s.src.Append(5)
	r.settled(s, "PUT-1")
	r.sink.Fail(&border.Error{Code: border.NotDurable, Op: "test"})
	calls := r.sink.Calls()
	s.src.Append(1500)
	eventually(t, "the intake tries again and again", func() bool { return r.sink.Calls() > calls+4 })
	if n := r.sink.Count("PUT-1"); n != 6 {
		t.Errorf("%d events stored by a register that cannot", n)
	}
	if s.Status().Backlog != 1500 {
		t.Errorf("backlog = %d; the broker's acknowledgement was taken for delivery", s.Status().Backlog)
	}
	r.sink.Fail(nil)
	r.settled(s, "PUT-1")
}

func TestOffsetIsMeasured(t *testing.T) {
	r := newRig(t)
	r.sink = bordertest.NewMemorySink(aheadClock{})
	r.seam = r.sink
	r.start()
	got := make(chan time.Duration, 1)
	r.station("PUT-1", r.url(), func(c *uplink.Config) {
		c.OnOffset = func(offset, rtt time.Duration) {
			if offset < time.Hour-rtt || offset > time.Hour+rtt {
				t.Errorf("offset %v with a round trip of %v, want 1 h", offset, rtt)
			}
			select {
			case got <- offset:
			default:
			}
		}
	})
	select {
	case <-got:
	case <-time.After(patience):
		t.Fatal("no offset")
	}
}

type aheadClock struct{}

func (aheadClock) Now() time.Time { return time.Now().UTC().Add(time.Hour) }

func TestAskerOverTheWire(t *testing.T) {
	bordertest.RunAskerSuite(t, func(t *testing.T) bordertest.AskerFixture {
		r := newRig(t)
		r.start()
		s := r.station("PUT-1", r.url())
		eventually(t, "the hub is there", func() bool { return s.Status().Connected })
		return bordertest.AskerFixture{Asker: s, Station: "PUT-1", Record: r.asker.Record}
	})
}

func TestAskWithoutAHubFailsAtOnce(t *testing.T) {
	r := newRig(t)
	s := r.station("PUT-1", "nats://127.0.0.1:1") // nobody listens there
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.AskDocument(ctx, border.DocumentQuestion{Blind: border.BlindIndex{1}, Limit: 3})
	if border.CodeOf(err) != border.Unavailable || ctx.Err() != nil {
		t.Errorf("AskDocument = %v", err)
	}
	s.src.Append(4)
	eventually(t, "the backlog is counted", func() bool { return s.Status().Backlog == 5 })
	if st := s.Status(); st.Connected || st.Problem == "" {
		t.Errorf("status = %+v", st)
	}
}
