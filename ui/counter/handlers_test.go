package counter

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/ui/gate"
	"garita/ui/gate/gatetest"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time.
	// Its worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

type fixedClock struct{}

func (fixedClock) Now() time.Time { return noon }

// server is the screen on a real socket.
type server struct {
	t    *testing.T
	url  string
	fake *fakeService
	show *fakePresenter
	acts gatetest.Acts
	// sessions are those of officer 1041, who is signed in at each counter.
	sessions gatetest.Sessions
}

var inPath = regexp.MustCompile(`/counters/([^/]+)`)

// atCounter signs officer 1041 in at the counter that is asked about.
func atCounter(c *fiber.Ctx) error {
	at := ""
	if m := inPath.FindStringSubmatch(c.Path()); m != nil {
		at = m[1]
	}
	if c.Get("Test-Nobody") == "" {
		c.Request().Header.SetCookie(gatetest.Cookie.Name(), gatetest.Token("1041", border.CounterID(at), access.Inspector))
	}
	return c.Next()
}

func serve(t *testing.T, change func(*Config)) *server {
	t.Helper()
	s := &server{t: t, fake: newFake(), show: &fakePresenter{}}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use(atCounter)
	app.Use(gatetest.New(t, access.PostRoutes(), &s.acts, func(g *gate.Config) { g.Sessions = &s.sessions }))
	cfg := Config{Service: s.fake, Clock: fixedClock{}, Seconds: gatetest.Seconds{}, Audit: &s.acts, Presenter: s.show, Heartbeat: 50 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	if err := Mount(app, cfg); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + ln.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := app.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s *server) do(method, path, body string, header map[string]string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		}
		req.Header.Set(k, v)
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{r.StatusCode, r.Header, string(b)}
}

func TestRequests(t *testing.T) {
	s := serve(t, nil)
	id := ref(1).String()
	decision := `{"encounter":"` + id + `","revision":2,"outcome":"admitted","note":"n","stated_date":"2026-11-22"}`
	for _, c := range []struct {
		name, method, path, body string
		header                   map[string]string
		status                   int
		has                      string
	}{
		{"first counter", "GET", "/", "", nil, 303, ""},
		{"page", "GET", "/counters/PROCEED", "", nil, 200, "ERIKSSON"},
		{"unknown counter", "GET", "/counters/NONE", "", map[string]string{"Accept": "text/html"}, 404, "This station has no such counter."},
		{"unknown counter's stream", "GET", "/live/counters/NONE", "", nil, 404, "no such counter"},
		{"scan", "POST", "/counters/WAITING/scans", `{"text":"A\r\nB\tC\r","source":"wedge"}`, nil, 200, ""},
		{"scan of no known source", "POST", "/counters/WAITING/scans", `{"text":"A","source":"reader"}`, nil, 422, "wedge or keyed"},
		{"empty scan", "POST", "/counters/WAITING/scans", `{"text":" \r\n","source":"keyed"}`, nil, 422, "nothing to read"},
		{"endless scan", "POST", "/counters/WAITING/scans", `{"text":"` + strings.Repeat("A", maxScan+1) + `","source":"keyed"}`, nil, 413, "too_large"},
		{"no JSON", "POST", "/counters/WAITING/scans", `{"text":`, nil, 422, "invalid"},
		{"decision", "POST", "/counters/PROCEED/decisions", decision, nil, 200, "Recorded: admitted."},
		{"decision on nobody", "POST", "/counters/PROCEED/decisions", `{"encounter":"","outcome":"admitted"}`, nil, 422, "out of step"},
		{"call-up", "POST", "/counters/PROCEED/call-up", `{"encounter":"` + id + `"}`, nil, 200, ""},
		{"direction", "POST", "/counters/PROCEED/direction", `{"direction":"exit"}`, nil, 200, ""},
		{"present", "POST", "/counters/PROCEED/present", `{"index":2}`, nil, 200, ""},
		{"same origin", "POST", "/counters/PROCEED/direction", `{"direction":"exit"}`, map[string]string{"Origin": s.url, "Sec-Fetch-Site": "same-origin"}, 200, ""},
		{"another site's page", "POST", "/counters/PROCEED/direction", `{"direction":"entry"}`, map[string]string{"Origin": "http://example.org"}, 403, "another site"},
		{"another site's page, by fetch metadata", "POST", "/counters/PROCEED/direction", `{"direction":"entry"}`, map[string]string{"Sec-Fetch-Site": "same-site"}, 403, "another site"},
		{"a name pointed at this machine", "GET", "/counters/PROCEED", "", map[string]string{"Host": "rebound.example.org"}, 403, "not known by that name"},
		{"nobody is signed in", "GET", "/counters/PROCEED", "", map[string]string{"Test-Nobody": "1"}, 401, "Nobody is signed in"},
		{"nobody is signed in, and acts", "POST", "/counters/PROCEED/decisions", decision, map[string]string{"Test-Nobody": "1"}, 401, "Nobody is signed in"},
		{"nobody is signed in, and watches", "GET", "/live/counters/PROCEED", "", map[string]string{"Test-Nobody": "1"}, 401, "Nobody is signed in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.do(c.method, c.path, c.body, c.header)
			if got.status != c.status || !strings.Contains(got.body, c.has) {
				t.Errorf("%d %s\nwant %d with %q", got.status, got.body, c.status, c.has)
			}
			if p := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'; script-src 'self';") {
				t.Errorf("content security policy %q", p)
			}
			if got.header.Get("Cache-Control") != "no-store" && got.status == 200 && c.method == "GET" {
				t.Errorf("a page that shows people may be stored")
			}
		})
	}
	wantScan := border.Scan{Counter: "WAITING", Source: border.SourceWedge, Scanner: "browser", Lines: []string{"A", "B", "C"}, ReceivedAt: noon}
	if d := cmp.Diff([]border.Scan{wantScan}, s.fake.scans); d != "" {
		t.Errorf("scans (-want +got):\n%s", d)
	}
	wantDecision := counter.Decision{Counter: "PROCEED", Encounter: ref(1), Revision: 2, Outcome: "admitted", Note: "n", Officer: "1041", StatedDate: "2026-11-22"}
	if d := cmp.Diff([]counter.Decision{wantDecision}, s.fake.decisions); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"exit", "exit"}, s.fake.directions); d != "" {
		t.Errorf("directions (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]border.ID{ref(1)}, s.fake.calls); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int{2}, s.show.presented); d != "" {
		t.Errorf("presented (-want +got):\n%s", d)
	}
}

func TestNoPresenterNoSpecimens(t *testing.T) {
	s := serve(t, func(c *Config) { c.Presenter = nil })
	if got := s.do("GET", "/counters/WAITING", "", nil); strings.Contains(got.body, "specimen") {
		t.Error("specimens are offered though nobody can present them")
	}
	if got := s.do("POST", "/counters/WAITING/present", `{"index":0}`, nil); got.status != 404 {
		t.Errorf("present answers %d", got.status)
	}
}

func TestErrorsAreToldPlainly(t *testing.T) {
	for code, want := range map[border.Code]struct {
		status int
		text   string
	}{
		border.Stale:       {409, "Not recorded: the verdict has become worse."},
		border.Conflict:    {409, "Not recorded"},
		border.StorageFull: {507, "the disk is full"},
		border.NotDurable:  {503, "The traveller cannot be recorded twice."},
		border.Forbidden:   {403, "Choose another officer"},
		"unknown":          {500, "Something failed in this program."},
	} {
		s := serve(t, nil)
		s.fake.err = &border.Error{Code: code, Op: "decide", Err: fmt.Errorf("cause 4711")}
		got := s.do("POST", "/counters/PROCEED/decisions", `{"encounter":"`+ref(1).String()+`","outcome":"admitted"}`, nil)
		if got.status != want.status || !strings.Contains(got.body, want.text) || strings.Contains(got.body, "4711") {
			t.Errorf("%s: %d %s", code, got.status, got.body)
		}
	}
}

// TestStringsOutliveTheirHandler keeps what handlers were given and looks at it after many
// other requests have used the same memory: without Immutable nearly all of it would be
// another traveller's.
func TestStringsOutliveTheirHandler(t *testing.T) {
	if err := Mount(fiber.New(), Config{Service: newFake(), Clock: fixedClock{}}); err == nil {
		t.Fatal("an app that is not immutable is accepted")
	}
	s := serve(t, nil)
	const n = 200
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := w; i < n; i += 4 {
				// A form body: its values are the ones that share the request's memory.
				body := fmt.Sprintf("text=LINE-%04d-FIRST%%0D%%0ALINE-%04d-SECOND&source=keyed", i, i)
				r, err := http.Post(fmt.Sprintf("%s/counters/C%04d/scans", s.url, i), "application/x-www-form-urlencoded", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_ = r.Body.Close()
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, scan := range s.fake.scans {
		i := strings.TrimPrefix(string(scan.Counter), "C")
		want := []string{"LINE-" + i + "-FIRST", "LINE-" + i + "-SECOND"}
		if d := cmp.Diff(want, scan.Lines); d != "" || scan.Source != border.SourceKeyed {
			t.Fatalf("the scan of one counter has another's text (-want +got):\n%s", d)
		}
		seen[i] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d scans are told apart", len(seen), n)
	}
}

// stream reads events of a live stream.
type stream struct {
	t    *testing.T
	r    *bufio.Reader
	body io.Closer
}

func (s *server) stream(c border.CounterID) *stream {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+"/live/counters/"+string(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = r.Body.Close() })
	if got := r.Header.Get("Content-Type"); got != "text/event-stream" {
		s.t.Fatalf("content type %q", got)
	}
	return &stream{s.t, bufio.NewReader(r.Body), r.Body}
}

// next returns the fields of the next event.
func (s *stream) next() map[string]string {
	s.t.Helper()
	e := map[string]string{}
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the stream ended: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			return e
		}
		k, v, _ := strings.Cut(line, ": ")
		e[k] = v
	}
}

func (s *stream) view() (id string, e event) {
	s.t.Helper()
	for {
		f := s.next()
		if f["event"] != "view" {
			continue
		}
		d := json.NewDecoder(bytes.NewReader([]byte(f["data"])))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			s.t.Fatal(err)
		}
		return f["id"], e
	}
}

func TestLiveStream(t *testing.T) {
	s := serve(t, nil)
	st := s.stream("WAITING")
	if first := st.next(); first["retry"] == "" {
		t.Errorf("the stream begins with %v", first)
	}
	id, e := st.view()
	if page := s.do("GET", "/counters/WAITING", "", nil); e.Script == "" || !strings.Contains(page.body, `src="`+e.Script+`"`) {
		t.Errorf("the stream is for %q, which is not the page's script", e.Script)
	}
	if id != "7" || e.Revision != 7 || e.View.Counter != "WAITING" || !strings.Contains(e.Regions["r-document"], "Waiting for a document") {
		t.Errorf("first view %s: %+v", id, e)
	}
	open := states()["PROCEED"].Encounter
	s.fake.change("WAITING", func(v *counter.View) { v.Encounter = open })
	if id, e = st.view(); id != "8" || e.View.Encounter == nil || !strings.Contains(e.Regions["r-document"], "ERIKSSON") {
		t.Errorf("next view %s: %+v", id, e)
	}
	beat := st.next()
	if beat["event"] != "beat" {
		t.Errorf("in the silence comes %v, not a heartbeat", beat)
	}
	// What only time has changed comes too.
	s.fake.mu.Lock()
	v := s.fake.views["WAITING"]
	v.Status.Hub = border.HubStatus{Since: noon}
	s.fake.views["WAITING"] = v
	s.fake.mu.Unlock()
	if id, e = st.view(); id != "8" || !strings.Contains(e.Regions["r-banner"], "Hub away") {
		t.Errorf("after a change without a revision: view %s", id)
	}
	_ = st.body.Close()
	for deadline := time.Now().Add(10 * time.Second); s.fake.subscribed() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a browser left and its subscription stays")
		}
	}
}

// TestOneCounterSeesNoOther changes one counter and expects silence on the other's stream.
func TestOneCounterSeesNoOther(t *testing.T) {
	s := serve(t, nil)
	st := s.stream("WAITING")
	st.view()
	open := states()["PROCEED"].Encounter
	for range 20 {
		s.fake.change("FRESH", func(v *counter.View) { v.Encounter = open })
	}
	s.fake.change("WAITING", func(v *counter.View) { v.Notice = "sentinel" })
	if _, e := st.view(); !strings.Contains(e.Regions["r-notice"], "sentinel") || strings.Contains(fmt.Sprint(e.Regions), "ERIKSSON") {
		t.Error("a counter's stream showed another's traveller")
	}
}
