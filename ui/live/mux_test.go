package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// desk is a mux with one source for each counter, and what a gate would say.
type desk struct {
	*server
	mux     *Mux
	sources map[string]*source // by counter
	refuse  map[string]bool    // topics
	ended   atomic.Bool
	opened  atomic.Int64
}

func newDesk(t *testing.T, cfg Config, counters ...string) *desk {
	t.Helper()
	d := &desk{mux: NewMux(cfg), sources: map[string]*source{}, refuse: map[string]bool{},
		server: &server{app: fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), ended: make(chan error, 1)}}
	d.streams = d.mux.streams
	for _, c := range counters {
		d.sources[c] = newSource()
	}
	d.mux.Add("/live/counters/:counter", func(_ *fiber.Ctx, of string) (Feed, error) {
		d.opened.Add(1)
		if s := d.sources[of]; s != nil {
			return s.feed()
		}
		return Feed{}, &border.Error{Code: border.NotFound}
	})
	d.mux.Add("/live/operations", func(_ *fiber.Ctx, of string) (Feed, error) { return d.sources["operations"+of].feed() })
	d.app.Use(func(c *fiber.Ctx) error {
		if c.Get("Nobody") != "" {
			return c.Next()
		}
		ctx := access.With(c.UserContext(), &access.Principal{Badge: "1001"})
		ctx = access.WithStill(ctx, func() bool { return !d.ended.Load() })
		c.SetUserContext(access.WithPass(ctx, func(path string) error {
			if d.refuse[path] {
				return &border.Error{Code: border.Forbidden}
			}
			return nil
		}))
		return c.Next()
	})
	d.mux.Mount(d.app)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = ln.Addr().String()
	go func() { d.server.ended <- d.app.Listener(ln) }()
	return d
}

// ask opens a stream of topics; has is the id of the last event that the browser got.
func (d *desk) ask(t *testing.T, has string, topics ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+d.addr+"/live?"+url.Values{"topic": topics}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if has != "" {
		req.Header.Set("Last-Event-ID", has)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Body.Close() })
	return r
}

// happening is one event as a browser reads it.
type happening struct{ id, name, data string }

func event(t *testing.T, r *bufio.Reader) (e happening) {
	t.Helper()
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(l), ": ")
		switch key {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e.name != "" {
				return e
			}
		}
	}
}

// news is the next event that is no beat.
func news(t *testing.T, r *bufio.Reader) (e happening) {
	t.Helper()
	for e.name == "" || e.name == "beat" {
		e = event(t, r)
	}
	return e
}

func TestTwoTopicsOneStream(t *testing.T) {
	d := newDesk(t, Config{Heartbeat: time.Hour}, "1", "2", "operations")
	defer d.stop(t)
	r := bufio.NewReader(d.ask(t, "", "counters/2", "operations", "counters/1").Body)
	seen := map[string]bool{}
	for range 3 {
		seen[event(t, r).name] = true
	}
	if !seen["view@counters/1"] || !seen["view@counters/2"] || !seen["view@operations"] {
		t.Errorf("at the start come %v", seen)
	}
	for _, c := range []string{"2", "1", "2"} {
		d.sources[c].change()
		e := event(t, r)
		if want := fmt.Sprintf(`{"n":%d,`, d.sources[c].state.Load()); e.name != "view@counters/"+c || !strings.HasPrefix(e.data, want) {
			t.Errorf("after a change of counter %s comes %s %s", c, e.name, e.data)
		}
	}
	if d.mux.Open() != 1 {
		t.Errorf("%d streams for one browser", d.mux.Open())
	}
}

// A browser that comes back gets what has changed, all of it, and nothing else.
func TestResume(t *testing.T) {
	d := newDesk(t, Config{Heartbeat: 20 * time.Millisecond}, "1", "2", "3")
	defer d.stop(t)
	res := d.ask(t, "", "counters/1", "counters/2")
	r := bufio.NewReader(res.Body)
	event(t, r)
	has := event(t, r).id
	_ = res.Body.Close()
	waitFor(t, "its leaving to be noticed", func() bool { return d.mux.Open() == 0 })
	d.sources["2"].state.Add(1) // while nobody is there: no signal either
	r = bufio.NewReader(d.ask(t, has, "counters/1", "counters/2").Body)
	if e := event(t, r); e.name != "view@counters/2" || !strings.HasPrefix(e.data, `{"n":1,`) {
		t.Errorf("first comes %s %s", e.name, e.data)
	}
	d.sources["1"].change()
	if e := news(t, r); e.name != "view@counters/1" || !strings.HasPrefix(e.data, `{"n":1,`) {
		t.Errorf("then comes %s %s", e.name, e.data)
	}
	// Nothing has changed: that is said by a beat.
	r = bufio.NewReader(d.ask(t, "", "counters/3").Body)
	has = event(t, r).id
	r = bufio.NewReader(d.ask(t, has, "counters/3").Body)
	if e := event(t, r); e.name != "beat" {
		t.Errorf("what the browser has comes again: %s %s", e.name, e.data)
	}
	// What is no position of these topics counts as nothing.
	for _, odd := range []string{"x", "1.2.3", "-1.0", has + "." + has, strings.Repeat("z", 400), "…"} {
		r = bufio.NewReader(d.ask(t, odd, "counters/3").Body)
		if e := event(t, r); e.name != "view@counters/3" {
			t.Errorf("with the id %q comes %s", odd, e.name)
		}
	}
}

func TestTopicRefused(t *testing.T) {
	d := newDesk(t, Config{Heartbeat: 20 * time.Millisecond}, "1", "2")
	defer d.stop(t)
	d.refuse["/live/counters/2"] = true
	r := bufio.NewReader(d.ask(t, "", "counters/1", "counters/2", "counters/9", "nothing").Body)
	for _, want := range []happening{{"", "refused@counters/2", `{"code":"forbidden"}`}, {"", "refused@counters/9", `{"code":"not_found"}`}, {"", "refused@nothing", `{"code":"not_found"}`}} {
		if e := event(t, r); e != want {
			t.Errorf("%+v, want %+v", e, want)
		}
	}
	if e := event(t, r); e.name != "view@counters/1" {
		t.Errorf("the others do not go on: %s", e.name)
	}
	before := d.sources["2"].asked.Load()
	d.sources["2"].change()
	d.sources["1"].change()
	for event(t, r).name != "view@counters/1" {
	}
	if d.sources["2"].asked.Load() != before {
		t.Error("what was refused is asked for")
	}
	if got := d.ask(t, "", "counters/2").StatusCode; got != 403 {
		t.Errorf("nothing but what is refused answers %d", got)
	}
}

func TestMuxRefuses(t *testing.T) {
	d := newDesk(t, Config{Heartbeat: time.Hour}, "1")
	defer d.stop(t)
	var many []string
	for i := range MaxTopics + 1 {
		many = append(many, fmt.Sprintf("counters/%d", i))
	}
	for name, c := range map[string]struct {
		topics []string
		status int
	}{
		"none": {nil, 422}, "too many": {many, 422}, "twice": {[]string{"counters/1", "counters/1"}, 422}, "unknown": {[]string{"counters/9"}, 404},
		"deeper": {[]string{"counters/1/2"}, 404}, "shorter": {[]string{"counters/"}, 404}, "empty": {[]string{""}, 404},
		"lines of its own": {[]string{"counters/1", "x\ndata: {}"}, 422},
	} {
		if got := d.ask(t, "", c.topics...).StatusCode; got != c.status {
			t.Errorf("%s: %d, want %d", name, got, c.status)
		}
	}
	req, err := http.NewRequest("GET", "http://"+d.addr+"/live?topic=counters/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Nobody", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("nobody is answered %d", res.StatusCode)
	}
	if d.mux.Open() != 0 {
		t.Errorf("%d streams are open", d.mux.Open())
	}
}

// A topic that fails ends alone, and what it shows afterwards is news.
func TestTopicThatFails(t *testing.T) {
	for _, how := range []string{"error", "panic"} {
		d := newDesk(t, Config{Heartbeat: 20 * time.Millisecond}, "1", "2")
		d.sources["1"].panics = how == "panic"
		if how == "error" {
			d.sources["1"].fail = errors.New("broken 4711")
		}
		r := bufio.NewReader(d.ask(t, "", "counters/1", "counters/2").Body)
		if e := event(t, r); e.name != "refused@counters/1" || e.data != `{"code":"internal"}` {
			t.Errorf("%s: %+v", how, e)
		}
		e := event(t, r)
		if e.name != "view@counters/2" || !strings.HasPrefix(e.id, "0.") {
			t.Errorf("%s: the other does not go on: %+v", how, e)
		}
		waitFor(t, "the subscription to end", func() bool { return d.sources["1"].closed.Load() == 1 })
		d.stop(t)
		if d.sources["1"].closed.Load() != 1 || d.sources["2"].closed.Load() != 1 {
			t.Errorf("%s: subscriptions were closed %d and %d times", how, d.sources["1"].closed.Load(), d.sources["2"].closed.Load())
		}
	}
}

func TestMuxEndsWithItsSession(t *testing.T) {
	d := newDesk(t, Config{Heartbeat: 20 * time.Millisecond}, "1", "2")
	defer d.stop(t)
	r := bufio.NewReader(d.ask(t, "", "counters/1", "counters/2").Body)
	event(t, r)
	d.ended.Store(true)
	for event(t, r).name != "ended" {
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("after its end the stream goes on: %v %q", err, rest)
	}
	waitFor(t, "the subscriptions to end", func() bool {
		return d.sources["1"].closed.Load() == 1 && d.sources["2"].closed.Load() == 1 && d.mux.Open() == 0
	})
}

// TestStuckBrowsers: browsers that read nothing take a bounded room each, however much changes, and are cut off;
// who reads has news at once meanwhile.
func TestStuckBrowsers(t *testing.T) {
	const stuck = 20
	d := newDesk(t, Config{Heartbeat: 20 * time.Millisecond, WriteTimeout: time.Second}, "1", "2")
	defer d.stop(t)
	d.sources["2"].size = 64 << 10
	d.sources["2"].changed = nil // each stream finds the changes at its heartbeats
	for range stuck {
		d.ask(t, "", "counters/2")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := bufio.NewReader(d.ask(t, "", "counters/1").Body)
	for event(t, r).name != "view@counters/1" {
	}
	for range 60 {
		d.sources["2"].state.Add(1)
		d.sources["1"].change()
		want := fmt.Sprintf(`{"n":%d,`, d.sources["1"].state.Load())
		for !strings.HasPrefix(event(t, r).data, want) {
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	// A stream keeps the last event, and its feed the last state: a few times 64 KiB, and never all sixty.
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > stuck*10*(64<<10) {
		t.Errorf("%d stuck browsers have taken %d KiB", stuck, grown>>10)
	}
	waitFor(t, "the stuck browsers to be cut off", func() bool {
		d.sources["2"].state.Add(1)
		return d.sources["2"].closed.Load() == stuck
	})
}

// FuzzPositions: what a browser says that it has is a number for each topic, or nothing.
func FuzzPositions(f *testing.F) {
	for _, s := range []string{"", "0", "k1.0", "1.2.3", "....", "3w5e11264sgsf.3w5e11264sgsg"} {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, id string, n int) {
		n = 1 + (n&0x7fffffff)%MaxTopics
		if got := positions(id, n); len(got) != n {
			t.Errorf("%d numbers for %d topics", len(got), n)
		}
	})
}
