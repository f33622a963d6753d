// Package streamtest tests the stream from end to end: a real broker with real files,
// intake and uplinks, with journal and register in memory.
package streamtest

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/broker"
	"garita/sync/intake"
	"garita/sync/uplink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything may take before a test gives up. No test judges time.
const patience = 60 * time.Second

type wallClock struct{}

func (wallClock) Now() time.Time           { return time.Now().UTC() }
func (wallClock) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

func testLog(t *testing.T) *slog.Logger {
	if os.Getenv("GARITA_TESTLOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// rig is a hub on real files that can be stopped and started in parts.
type rig struct {
	t     testing.TB
	log   *slog.Logger
	dir   string
	port  int
	sink  *bordertest.MemorySink
	seam  border.EventSink // what the intake uses; sink unless a test wraps it
	asker *bordertest.MemoryAsker
	tune  func(*intake.Config)

	auth    func() *broker.Auth // nil: everybody may connect
	refused func(reason string)

	broker     *broker.Server
	stopIntake func()

	mu     sync.Mutex
	alarms []string
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, log: testLog(t), dir: t.TempDir(), sink: bordertest.NewMemorySink(wallClock{}), asker: bordertest.NewMemoryAsker(wallClock{})}
	r.seam = r.sink
	r.tune = noTuning
	t.Cleanup(r.stop)
	return r
}

func noTuning(*intake.Config) {}

func (r *rig) start() {
	r.t.Helper()
	r.startBroker()
	r.startIntake()
	// A server stopped in the middle of making a stream leaves goroutines behind.
	eventually(r.t, "the stream is there", func() bool { return streamExists(r.t, r.url()) })
}

func (r *rig) stop() {
	r.stopJustIntake()
	r.stopBroker()
}

func (r *rig) startBroker() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if r.port == 0 {
		_, port, err := net.SplitHostPort(bordertest.Address(r.t))
		if err != nil {
			r.t.Fatal(err)
		}
		if r.port, err = strconv.Atoi(port); err != nil {
			r.t.Fatal(err)
		}
	}
	c := broker.Config{StoreDir: r.dir, Port: r.port, Log: nil, Refused: r.refused}
	if r.auth != nil {
		c.Auth = r.auth()
	}
	b, err := broker.Start(ctx, c)
	if err != nil {
		r.t.Fatalf("broker: %v", err)
	}
	r.broker = b
}

func (r *rig) stopBroker() {
	if r.broker == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.broker.Stop(ctx); err != nil {
		r.t.Errorf("broker: %v", err)
	}
	r.broker = nil
}

func (r *rig) address() string { return "127.0.0.1:" + strconv.Itoa(r.port) }

func (r *rig) url() string { return "nats://127.0.0.1:" + strconv.Itoa(r.port) }

func (r *rig) startIntake() {
	r.t.Helper()
	c := intake.Config{URL: r.broker.ClientURL(), Sink: r.seam, Asker: r.asker, Clock: wallClock{}, Log: r.log,
		Alarm: func(st border.StationID, text string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.alarms = append(r.alarms, string(st)+": "+text)
		}}
	r.tune(&c)
	in, err := intake.New(c)
	if err != nil {
		r.t.Fatalf("intake: %v", err)
	}
	r.stopIntake = run(r.t, in.Run)
}

func (r *rig) stopJustIntake() {
	if r.stopIntake != nil {
		r.stopIntake()
		r.stopIntake = nil
	}
}

// run runs f in its own goroutine; the returned function ends it and waits.
func run(t testing.TB, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() {
			cancel()
			select {
			case <-done:
			case <-time.After(patience):
				t.Error("Run does not end")
			}
		})
	}
}

type station struct {
	*uplink.Uplink
	src  *bordertest.MemorySource
	stop func()
}

func (r *rig) station(id border.StationID, url string, tune ...func(*uplink.Config)) *station {
	r.t.Helper()
	return r.uplink(bordertest.NewMemorySource(id), id, url, tune...)
}

func (r *rig) uplink(src *bordertest.MemorySource, id border.StationID, url string, tune ...func(*uplink.Config)) *station {
	r.t.Helper()
	c := uplink.Config{
		URL: url, Station: id, Post: "PUT", Zone: "America/Guyana", Software: "streamtest",
		Clock: wallClock{}, Source: src, Log: r.log,
		Heartbeat: 100 * time.Millisecond, RequestTimeout: 2 * time.Second, WatermarkTimeout: time.Second,
		RetryMax: 300 * time.Millisecond, Ping: 300 * time.Millisecond,
	}
	for _, f := range tune {
		f(&c)
	}
	u, err := uplink.New(c)
	if err != nil {
		r.t.Fatalf("uplink: %v", err)
	}
	s := &station{Uplink: u, src: src, stop: run(r.t, u.Run)}
	r.t.Cleanup(s.stop)
	return s
}

// eventually waits until ok is true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

// settled waits until the register holds exactly what the journal holds, byte for byte,
// and the station knows it.
func (r *rig) settled(s *station, id border.StationID) {
	r.t.Helper()
	eventually(r.t, "the register holds what the journal holds", func() bool {
		return r.sink.Count(id) >= len(s.src.All())
	})
	eventually(r.t, "the station knows that the hub holds all", func() bool {
		st := s.Status()
		return st.Connected && st.Backlog == 0 && st.Problem == ""
	})
	want, got := s.src.All(), r.sink.All(id)
	if len(want) != len(got) {
		r.t.Errorf("the register holds %d events, the journal %d", len(got), len(want))
	}
	for k, b := range want {
		if !bytes.Equal(got[k], b) {
			r.t.Errorf("%s is not byte for byte the same at the hub", k)
		}
	}
	if q := r.sink.Quarantined(); len(q) != 0 {
		r.t.Errorf("%d messages in quarantine", len(q))
	}
}
