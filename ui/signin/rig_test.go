package signin_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/access/roster"
	"garita/border/signin"
	"garita/ui/gate"
	"garita/ui/gate/gatetest"
	"garita/ui/help"
	"garita/ui/layout"
	pages "garita/ui/signin"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time, and its
	// worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is the time of a test, wall clock and monotonic clock alike.
type world struct {
	mu  sync.Mutex
	now time.Time
	up  time.Duration
}

func newWorld() *world {
	return &world{now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), up: 40 * time.Minute}
}

func (w *world) Now() time.Time      { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
func (w *world) mono() time.Duration { w.mu.Lock(); defer w.mu.Unlock(); return w.up }

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.up = w.now.Add(d), w.up+d
}

// open is a root and an opener that hide nothing: what rests is not what these tests are about.
type open struct{}

func (open) Seal(_ string, b []byte) ([]byte, error) { return b, nil }
func (open) Open(_ string, b []byte) ([]byte, error) { return b, nil }

// The PINs of these tests, and verifiers of them that take next to no time.
const (
	goodPIN  = "294817"
	otherPIN = "603925"
	cheap    = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$RD6SJ/UrBTZqcZ80xgz38crMHAIfToaipDn2rffOQ6Y"
)

func officer(badge string, roles ...access.Role) access.Officer {
	return access.Officer{Badge: badge, Name: "Officer " + badge, Roles: roles, PIN: cheap}
}

// staff is a post's.
func staff() []access.Officer {
	first := officer("1009", access.Inspector)
	first.MustChange = true
	return []access.Officer{officer("1001", access.Inspector), officer("1002", access.Inspector), officer("2001", access.Supervisor), officer("4001", access.Technician), first}
}

// site is the pages of a program on a real socket, behind the real gate.
type site struct {
	t    testing.TB
	url  string
	time *world
	acts *gatetest.Acts
	s    *signin.Service
	key  ed25519.PrivateKey // signs rosters
}

// newStation is a station with two counters.
func newStation(t testing.TB) *site {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	s := &site{t: t, time: newWorld(), acts: &gatetest.Acts{}, key: key}
	s.s, err = signin.Open(context.Background(), signin.Config{Dir: t.TempDir(), Clock: s.time, Mono: s.time.mono, Root: open{}, Audit: s.acts,
		Station: "PCA-1", Post: "PCA", RosterSigner: pub, Opener: open{}})
	must(t, err)
	t.Cleanup(func() { must(t, s.s.Close()) })
	s.serve(access.PostRoutes(), layout.Site{Name: "PCA-1", Demo: true}, pages.Config{Counters: []border.CounterID{"1", "2"}, Training: []border.CounterID{"T1", "T2"},
		Trust: func() border.ClockTrust { return border.ClockTrust{State: border.ClockHoldover, AgeS: 7500} }}, nil)
	return s
}

// install puts a roster in force.
func (s *site) install(version uint64, officers ...access.Officer) {
	s.t.Helper()
	b, err := roster.Sign(&access.Roster{Version: version, Station: "PCA-1", Post: "PCA", IssuedAt: s.time.Now(), ExpiresAt: s.time.Now().Add(72 * time.Hour), Officers: officers}, s.key)
	must(s.t, err)
	must(s.t, s.s.InstallRoster(context.Background(), b))
}

// newHub is a hub.
func newHub(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, time: newWorld(), acts: &gatetest.Acts{}}
	known := access.Roster{Version: 1, Officers: append(staff(), officer("9001", access.Administrator), officer("6001", access.Auditor), officer("5001", access.Protection))}
	var err error
	s.s, err = signin.Open(context.Background(), signin.Config{Dir: t.TempDir(), Clock: s.time, Mono: s.time.mono, Root: open{}, Audit: s.acts, Known: func() access.Roster { return known }})
	must(t, err)
	t.Cleanup(func() { must(t, s.s.Close()) })
	s.serve(access.HubRoutes(), layout.Site{Hub: true}, pages.Config{}, nil)
	return s
}

// cookie is the programs' cookie here.
var cookie = gate.NewCookie("garita_test", false)

// serve serves the pages of signing in, and what more mounts.
func (s *site) serve(routes *access.Routes, of layout.Site, cfg pages.Config, more func(app *fiber.App)) {
	s.t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	many := gate.Limit{Burst: 1e9}
	g, err := gate.New(gate.Config{Sessions: s.s, Audit: s.acts, Routes: routes, Cookie: cookie, Mono: s.time.mono,
		Limits: gate.Limits{Client: many, SignIn: many, Session: many, Refused: many}})
	must(s.t, err)
	app.Use(g, layout.Use(of))
	assets, err := layout.Built()
	must(s.t, err)
	assets.Mount(app)
	cfg.Service, cfg.Cookie, cfg.Clock = s.s, cookie, s.time
	must(s.t, pages.Mount(app, cfg))
	must(s.t, help.Mount(app, slog.New(slog.DiscardHandler)))
	if more != nil {
		more(app)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	s.t.Cleanup(func() {
		must(s.t, errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended))
	})
	s.url = "http://" + ln.Addr().String()
}

// browser keeps cookies and follows nothing.
type browser struct {
	*site
	c *http.Client
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	tr := &http.Transport{}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &browser{s, &http.Client{Jar: jar, Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// fields reads a JSON answer.
func (r reply) fields(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%d, not JSON: %s", r.status, r.body)
	}
	return v
}

func (b *browser) do(method, path, kind, accept, body string, header ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.url+path, strings.NewReader(body))
	must(b.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", accept)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.c.Do(req)
	must(b.t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	must(b.t, err)
	if res.Header.Get("Cache-Control") != "no-store" {
		b.t.Errorf("%s %s may be stored", method, path)
	}
	return reply{res.StatusCode, res.Header, string(got)}
}

func (b *browser) get(path string, header ...string) reply {
	return b.do(http.MethodGet, path, "", "text/html", "", header...)
}

func (b *browser) json(method, path string, body any) reply {
	b.t.Helper()
	j, err := json.Marshal(body)
	must(b.t, err)
	return b.do(method, path, "application/json", "application/json", string(j))
}

// form sends names and values in turn, as a page of ours does.
func (b *browser) form(path string, fields ...string) reply {
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", "text/html", v.Encode(), "Origin", "null", "Sec-Fetch-Site", "same-origin")
}

// enter signs in as a program does.
func (b *browser) enter(badge, counter string) reply {
	return b.json(http.MethodPost, "/session", map[string]string{"badge": badge, "pin": goodPIN, "counter": counter})
}

// token is what the browser holds.
func (b *browser) token() string {
	u, err := url.Parse(b.url)
	must(b.t, err)
	for _, k := range b.c.Jar.Cookies(u) {
		if k.Name == cookie.Name() {
			return k.Value
		}
	}
	return ""
}
