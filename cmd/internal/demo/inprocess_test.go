package demo

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/border/seal"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/station"
)

// nation is a hub and stations inside the test's process, for faults of time: their
// clocks are the test's.
type nation struct {
	t     *testing.T
	dir   string
	clock hub.Clock // the hub's
	hub   *hub.Hub
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newNation starts a hub.
func newNation(t *testing.T) *nation {
	t.Helper()
	return newNationAt(t, clock.System(time.Now()))
}

// newNationAt starts a hub with a clock of the test's.
func newNationAt(t *testing.T, clock hub.Clock) *nation {
	t.Helper()
	n := &nation{t: t, dir: t.TempDir(), clock: clock}
	n.start(nil)
	return n
}

// start starts the hub, with a given secret if there is one, and opens the accounts of an inspector
// and a supervisor.
func (n *nation) start(private *seal.HubPrivate) {
	n.t.Helper()
	cfg := hub.Config{Name: "test hub", Data: filepath.Join(n.dir, "hub"), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true}
	if private != nil { // as it lay there before there were root keys
		n.must(os.MkdirAll(cfg.Data, 0o700))
		n.must(seal.Save(filepath.Join(cfg.Data, "hub.key"), private))
	}
	var err error
	n.hub, err = hub.Open(n.t.Context(), cfg, n.clock, quietLog())
	n.must(err)
	n.t.Cleanup(n.run(n.hub.Run))
	n.must(founding.Officers(n.t.Context(), n.hub, accounts[0], accounts[5]))
}

func (n *nation) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// run runs a program until the returned function is called.
func (n *nation) run(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			n.t.Error(err)
		}
	})
}

// config is that of a station with counters numbered from 1; hubURL "" is one that is cut off from its
// hub.
func (n *nation) config(name border.StationID, counters int, hubURL string) station.Config {
	c := station.Config{Data: filepath.Join(n.dir, string(name)), Listen: "127.0.0.1:0", Post: "PCA", Station: name,
		Zone: "America/Costa_Rica", Hub: hubURL, Alone: hubURL == "", Demo: station.Demo{On: true}}
	for i := range counters {
		c.Counters = append(c.Counters, station.Counter{ID: border.CounterID(counterName(i)), Direction: border.Entry})
	}
	return c
}

// open opens a station, after it was enrolled if it is new, and runs it until stop is called.
func (n *nation) open(cfg station.Config, k *clock.Keeper) (s *station.Station, stop func()) {
	n.t.Helper()
	if _, err := n.hub.Stations.Post(cfg.Station); err != nil {
		n.must(founding.Enrol(n.t.Context(), n.hub, cfg))
	}
	s, err := founding.Open(n.t.Context(), n.hub, cfg, k, quietLog())
	n.must(err)
	stop = n.run(s.Run)
	n.t.Cleanup(stop)
	return s, stop
}

// await waits until something holds.
func (n *nation) await(what string, holds func() bool) {
	n.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			n.t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// delivered waits until the hub holds all of a station's events.
func (n *nation) delivered(s *station.Station) {
	n.t.Helper()
	n.await("the hub holds all events", func() bool {
		v, err := s.Counters.View("1")
		n.must(err)
		c, err := n.hub.Register.Counts(n.t.Context())
		n.must(err)
		return v.Status.Hub.Connected && v.Status.Hub.Backlog == 0 && c.ProjectionLag == 0
	})
}
