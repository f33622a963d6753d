package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"garita/border"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time, and its
	// worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// source is something that changes, with at most one stream on it.
type source struct {
	changed chan struct{}
	state   atomic.Uint64
	size    int // of each frame's data
	asked   atomic.Int64
	closed  atomic.Int64
	fail    error
	panics  bool
	gap     time.Duration
	still   func() bool
}

func newSource() *source { return &source{changed: make(chan struct{}, 1), size: 1} }

func (s *source) change() {
	s.state.Add(1)
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *source) feed() (Feed, error) {
	sent, first := uint64(0), true
	return Feed{
		Changed: s.changed,
		Next: func(context.Context) (Frame, bool, error) {
			s.asked.Add(1)
			if s.panics {
				panic("a fault of ours")
			}
			now := s.state.Load()
			if s.fail != nil {
				return Frame{}, false, s.fail
			}
			if now == sent && !first {
				return Frame{}, false, nil
			}
			sent, first = now, false
			return Frame{Event: "view", Revision: now, Data: []byte(fmt.Sprintf(`{"n":%d,"fill":"%s"}`, now, strings.Repeat("x", s.size)))}, true, nil
		},
		Close:  func() { s.closed.Add(1) },
		MinGap: s.gap, Still: s.still,
	}, nil
}

type server struct {
	app     *fiber.App
	streams *Streams
	addr    string
	ended   chan error
}

// serve puts one source behind a real socket. The test must stop the server.
func serve(t *testing.T, cfg Config, s *source) *server {
	t.Helper()
	srv := &server{app: fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), streams: New(cfg), ended: make(chan error, 1)}
	srv.app.Get("/live", func(c *fiber.Ctx) error {
		err := srv.streams.Serve(c, s.feed)
		if border.CodeOf(err) == border.Unavailable {
			return c.SendStatus(503)
		}
		return err
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv.addr = ln.Addr().String()
	go func() { srv.ended <- srv.app.Listener(ln) }()
	return srv
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	if err := s.app.ShutdownWithTimeout(5 * time.Second); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("serve: %v", err)
	}
	waitFor(t, "all streams to end", func() bool { return s.streams.Open() == 0 })
}

func open(t *testing.T, addr string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Body.Close() })
	return r
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// lines reads until a line with that beginning and returns it.
func lines(t *testing.T, r *bufio.Reader, beginning string) string {
	t.Helper()
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before %q: %v", beginning, err)
		}
		if strings.HasPrefix(l, beginning) {
			return strings.TrimSpace(l)
		}
	}
}

func TestEventsAndHeartbeats(t *testing.T) {
	s := newSource()
	srv := serve(t, Config{Heartbeat: 20 * time.Millisecond}, s)
	defer srv.stop(t)
	r := bufio.NewReader(open(t, srv.addr).Body)
	lines(t, r, "retry: ")
	if got := lines(t, r, "id: "); got != "id: 0" {
		t.Errorf("the first event has %q", got)
	}
	lines(t, r, "event: beat")
	s.change()
	if got := lines(t, r, "id: "); got != "id: 1" {
		t.Errorf("after a change comes %q", got)
	}
	// What nobody signals is found at a heartbeat.
	s.state.Add(1)
	if got := lines(t, r, "id: "); got != "id: 2" {
		t.Errorf("after a silent change comes %q", got)
	}
}

func TestShutdownWithOpenStreams(t *testing.T) {
	s := newSource()
	srv := serve(t, Config{Heartbeat: time.Hour}, s)
	for range 10 {
		lines(t, bufio.NewReader(open(t, srv.addr).Body), "id: ")
	}
	srv.stop(t) // fails if the streams do not end by themselves
	if got := s.closed.Load(); got != 10 {
		t.Errorf("%d of 10 subscriptions were closed", got)
	}
}

func TestStopEndsStreams(t *testing.T) {
	s, stop := newSource(), make(chan struct{})
	srv := serve(t, Config{Heartbeat: time.Hour, Stop: stop}, s)
	defer srv.stop(t)
	r := open(t, srv.addr)
	close(stop)
	if _, err := io.ReadAll(r.Body); err != nil {
		t.Errorf("the stream did not end in order: %v", err)
	}
}

func TestBrowserThatLeavesIsNoticed(t *testing.T) {
	s := newSource()
	srv := serve(t, Config{Heartbeat: 20 * time.Millisecond}, s)
	defer srv.stop(t)
	r := open(t, srv.addr)
	lines(t, bufio.NewReader(r.Body), "id: ")
	_ = r.Body.Close()
	waitFor(t, "its subscription to end", func() bool { return s.closed.Load() == 1 })
}

func TestBoundOfStreams(t *testing.T) {
	s := newSource()
	srv := serve(t, Config{Heartbeat: 20 * time.Millisecond, MaxStreams: 2}, s)
	defer srv.stop(t)
	first := open(t, srv.addr)
	open(t, srv.addr)
	if got := open(t, srv.addr).StatusCode; got != 503 {
		t.Errorf("the third of two streams answers %d", got)
	}
	_ = first.Body.Close()
	waitFor(t, "room for another", func() bool { return srv.streams.Open() < 2 })
	if got := open(t, srv.addr).StatusCode; got != 200 {
		t.Errorf("after one has left the next answers %d", got)
	}
}

// TestSlowBrowserGetsTheNewestOnly lets a browser not read while much changes: what it
// then gets is bounded, and ends with the newest state.
func TestSlowBrowserGetsTheNewestOnly(t *testing.T) {
	s := newSource()
	s.size = 64 << 10
	srv := serve(t, Config{Heartbeat: 20 * time.Millisecond, WriteTimeout: time.Minute}, s)
	defer srv.stop(t)
	r := bufio.NewReader(open(t, srv.addr).Body)
	lines(t, r, "id: ")
	// The socket takes some; then the stream stands still while the state goes on.
	waitFor(t, "the stream to stand still", func() bool {
		before := s.asked.Load()
		for range 50 {
			s.change()
			time.Sleep(time.Millisecond)
		}
		return s.asked.Load() == before
	})
	for range 100_000 {
		s.change()
	}
	last, got := fmt.Sprintf("id: %d", s.state.Load()), 0
	for id := ""; id != last; got++ {
		id = lines(t, r, "id: ")
	}
	if got > 2000 {
		t.Errorf("a slow browser got %d states of 100,000", got)
	}
}

func TestStuckBrowserIsCutOff(t *testing.T) {
	s := newSource()
	s.size = 1 << 20
	srv := serve(t, Config{Heartbeat: 10 * time.Millisecond, WriteTimeout: 100 * time.Millisecond}, s)
	defer srv.stop(t)
	open(t, srv.addr) // never reads
	waitFor(t, "the stuck browser to be cut off", func() bool {
		s.change()
		return s.closed.Load() == 1
	})
}

func TestGapBetweenFrames(t *testing.T) {
	s := newSource()
	s.gap = 40 * time.Millisecond
	srv := serve(t, Config{Heartbeat: 10 * time.Second}, s)
	defer srv.stop(t)
	r := bufio.NewReader(open(t, srv.addr).Body)
	lines(t, r, "id: 0")
	for range 1000 {
		s.change()
	}
	if got := lines(t, r, "id: "); got != "id: 1000" { // none of those between, and the newest is not lost
		t.Errorf("after a thousand changes within the gap comes %q", got)
	}
}

func TestNothingIsAskedWithinTheGap(t *testing.T) {
	s := newSource()
	s.gap = time.Hour
	srv := serve(t, Config{Heartbeat: time.Hour}, s)
	defer srv.stop(t)
	lines(t, bufio.NewReader(open(t, srv.addr).Body), "id: 0")
	for range 30 {
		s.change()
		time.Sleep(2 * time.Millisecond)
	}
	if got := s.asked.Load(); got != 1 {
		t.Errorf("the source was asked %d times within the gap", got)
	}
}

func TestFeedThatFailsEndsItsStreamOnly(t *testing.T) {
	s := newSource()
	s.fail = errors.New("broken")
	srv := serve(t, Config{}, s)
	defer srv.stop(t)
	if b, err := io.ReadAll(open(t, srv.addr).Body); err != nil || strings.Contains(string(b), "broken") {
		t.Errorf("%q, %v", b, err)
	}
	waitFor(t, "the subscription to end", func() bool { return s.closed.Load() == 1 && srv.streams.Open() == 0 })
}

func TestPanicEndsItsStreamOnly(t *testing.T) {
	s := newSource()
	s.panics = true
	srv := serve(t, Config{}, s)
	defer srv.stop(t)
	if _, err := io.ReadAll(open(t, srv.addr).Body); err != nil {
		t.Error(err)
	}
	waitFor(t, "the subscription to end", func() bool { return s.closed.Load() == 1 && srv.streams.Open() == 0 })
}

// TestEndsWithItsSession ends a stream at the heartbeat after its session has ended, also while
// what it shows keeps changing.
func TestEndsWithItsSession(t *testing.T) {
	s := newSource()
	var ended atomic.Bool
	s.still = func() bool { return !ended.Load() }
	srv := serve(t, Config{Heartbeat: 20 * time.Millisecond}, s)
	defer srv.stop(t)
	r := bufio.NewReader(open(t, srv.addr).Body)
	stop := make(chan struct{})
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				s.change()
			}
		}
	}()
	defer func() { close(stop); <-busy }()
	for range 3 {
		lines(t, r, "event: view")
	}
	ended.Store(true)
	lines(t, r, "event: ended")
	if rest, err := io.ReadAll(r); err != nil || strings.Contains(string(rest), "event: view") {
		t.Errorf("after its end the stream goes on: %v %q", err, rest)
	}
	waitFor(t, "the subscription to end", func() bool { return s.closed.Load() == 1 && srv.streams.Open() == 0 })
}
