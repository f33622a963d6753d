package demo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/border/watch"
)

// days is a clock of machines on which days pass when the test says so.
type days struct {
	mu     sync.Mutex // guards passed
	passed time.Duration
	start  time.Time
}

func (d *days) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.passed)
}

func (d *days) mono() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Since(d.start) + d.passed
}

func (d *days) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed += t
}

func (d *days) keeper() *clock.Keeper { return clock.New(d.now, d.mono, d.start.Add(-time.Hour)) }

// wire is a station's line to the hub, which can be cut.
type wire struct {
	t     *testing.T
	to    string
	l     net.Listener
	group sync.WaitGroup

	mu    sync.Mutex // guards what follows
	isCut bool
	conns []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, to: strings.TrimPrefix(to, "tls://"), l: l}
	w.group.Go(w.accept)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		w.cut(true)
		w.group.Wait()
	})
	return w
}

func (w *wire) url() string { return "tls://" + w.l.Addr().String() }

func (w *wire) cut(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = yes
	if yes {
		for _, c := range w.conns {
			_ = c.Close() // the other end may have closed it
		}
		w.conns = nil
	}
}

// keep takes a connection; false: the line is cut.
func (w *wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isCut {
		_ = c.Close()
		return false
	}
	w.conns = append(w.conns, c)
	return true
}

func (w *wire) accept() {
	for {
		in, err := w.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			w.t.Error(err)
			return
		}
		if !w.keep(in) {
			continue
		}
		out, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(out) {
			_ = in.Close()
			continue
		}
		for a, b := range map[net.Conn]net.Conn{in: out, out: in} {
			w.group.Go(func() {
				_, _ = io.Copy(a, b) // until either end is cut
				_, _ = a.Close(), b.Close()
			})
		}
	}
}

// A post whose line is cut for three days calls its list old when it is, lets people pass, and
// catches up by itself; what the old list could not know the hub finds in what arrives.
func TestCutOffForThreeDays(t *testing.T) {
	d := &days{start: time.Now()}
	n, who := newNationAt(t, d.keeper()), invented(8, 12)
	line := newWire(t, n.hub.NATSURL())
	north, _ := n.open(n.config("PCA-1", 1, n.hub.NATSURL()), d.keeper())
	cfg := n.config("PBL-1", 1, line.url())
	cfg.Post = "PBL"
	south, _ := n.open(cfg, d.keeper())
	at := n.load(listed(who[0], "E0", watch.Open))
	n.inForce(at, north, south)
	line.cut(true)
	for i := range 6 {
		d.pass(12 * time.Hour)
		n.must(n.hub.Lists.Tick(t.Context()))
		n.inForce(n.add(listed(who[1+i], fmt.Sprint("H", i), watch.Refer)), north)
	}
	if l, _ := n.national(north); l.Stale {
		t.Error("a list that is followed is old")
	}
	if l, v := n.national(south); !l.Stale || v != at.Version || l.AgeS < 71*3600 {
		t.Errorf("after three days without the hub: %+v", l)
	}
	crossing, e := n.passes(south, who[3].traveller())
	if outcome, _ := names(e); outcome != verdict.Stale || len(e.Hits) != 0 {
		t.Errorf("who was listed since, at the cut off post: %s, %+v", outcome, e.Hits)
	}
	if _, e = n.passes(south, who[0].traveller()); len(e.Hits) != 1 {
		t.Error("a hit of an old list is none")
	}
	if _, _, found := n.findCase(crossing); found {
		t.Error("the line is not cut")
	}
	line.cut(false)
	held, _ := n.hub.Lists.Held()
	n.inForce(held.Position, south)
	if l, _ := n.national(south); l.Stale || l.Entries != 7 {
		t.Errorf("caught up: %+v", l)
	}
	c, s := n.caseOf(crossing)
	if s.Late != cases.LateStale || s.Named || c.Entry != "courts/H2" {
		t.Errorf("the crossing that was looked at again: late %q, %s", s.Late, c.Entry)
	}
	n.await("the late hit is on the screen", func() bool { return len(n.lateHits(south)) == 1 })
	if _, e = n.passes(south, who[6].traveller()); len(e.Hits) != 1 {
		t.Error("who was listed on the third day is not met")
	}
	n.must(south.Counters.Take(t.Context(), counter.At{Counter: "1", Officer: officer}))
	n.must(south.Counters.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: officer}, n.lateHits(south)[0].ID))
	n.await("it is acknowledged", func() bool {
		c, _ := n.caseOf(crossing)
		return len(c.Alerts) == 1 && c.Alerts[0].Station == border.StationID("PBL-1")
	})
}
