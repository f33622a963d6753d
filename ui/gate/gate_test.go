package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate"
	"garita/ui/gate/gatetest"
)

// rig is a gate before an app that serves every route of a program and says that it was reached.
type rig struct {
	t        *testing.T
	app      *fiber.App
	acts     *gatetest.Acts
	sessions *gatetest.Sessions
	now      time.Duration
	reached  []string
}

func newRig(t *testing.T, routes *access.Routes, change ...func(*gate.Config)) *rig {
	t.Helper()
	r := &rig{t: t, acts: new(gatetest.Acts), sessions: new(gatetest.Sessions)}
	r.app = fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, BodyLimit: 256 << 10})
	change = append([]func(*gate.Config){func(c *gate.Config) {
		c.Sessions = r.sessions
		c.Mono = func() time.Duration { return r.now }
	}}, change...)
	r.app.Use(gatetest.New(t, routes, r.acts, change...))
	for _, route := range routes.All() {
		r.app.Add(route.Method, route.Pattern, func(c *fiber.Ctx) error {
			who := "nobody"
			if p := access.From(c.UserContext()); p != nil {
				who = p.Badge
			}
			r.reached = append(r.reached, route.Method+" "+route.Pattern+" by "+who)
			return c.SendStatus(http.StatusNoContent)
		})
	}
	return r
}

// send sends a request; headers come in pairs.
func (r *rig) send(method, path, body string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req := httptest.NewRequest(method, "http://127.0.0.1:8080/", strings.NewReader(body))
	req.URL.Opaque, req.RequestURI = path, path // as it is, not cleaned
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := r.app.Test(req, -1)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res, string(b)
}

func (r *rig) as(token, method, path string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	return r.send(method, path, "", append([]string{"Cookie", gatetest.Header(token)}, headers...)...)
}

func programs() map[string]*access.Routes {
	return map[string]*access.Routes{"post": access.PostRoutes(), "hub": access.HubRoutes()}
}

// sample fills a pattern's parameters in; the counter is 1.
func sample(pattern string) string {
	e := strings.Split(pattern, "/")
	for i := range e {
		if e[i] == ":counter" {
			e[i] = "1"
		} else if strings.HasPrefix(e[i], ":") {
			e[i] = "x-1"
		}
	}
	return strings.Join(e, "/")
}

// Every role at every route: who may goes on, who may not is told so and stands in the audit.
// Besides: nobody, a session that has ended, a token that is none, and somebody who must choose a
// PIN first.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	for name, routes := range programs() {
		r := newRig(t, routes)
		allowed, refused := 0, 0
		for _, route := range routes.All() {
			path := sample(route.Pattern)
			for _, role := range append(access.Roles(), "invented") {
				r.reached = nil
				token := gatetest.Token("1001", "1", role)
				res, body := r.as(token, route.Method, path)
				acts := r.acts.Told()
				if route.Action == access.Public || access.May([]access.Role{role}, route.Action) {
					allowed++
					if res.StatusCode != http.StatusNoContent || !slices.Equal(r.reached, []string{route.Method + " " + route.Pattern + " by 1001"}) || len(acts) > 0 {
						t.Errorf("%s: %s may %s %s: %d %s, %v", name, role, route.Method, path, res.StatusCode, body, r.reached)
					}
					continue
				}
				refused++
				want := []border.Act{{Action: string(route.Action), Result: border.ActRefused, Officer: "1001", Counter: "1", Session: "session of 1001",
					Object: route.Method + " " + route.Pattern, Reason: "role"}}
				if res.StatusCode != http.StatusForbidden || r.reached != nil {
					t.Errorf("%s: %s may not %s %s: %d, %v", name, role, route.Method, path, res.StatusCode, r.reached)
				}
				if d := cmp.Diff(want, acts); d != "" {
					t.Errorf("%s: %s at %s %s in the audit (-want +got):\n%s", name, role, route.Method, path, d)
				}
				checkProblem(t, path, res, body)
			}
			r.unknown(name, route, path)
		}
		if allowed < 100 || refused < 300 {
			t.Errorf("%s: %d allowed, %d refused", name, allowed, refused)
		}
	}
}

// unknown tries a route with tokens that open nothing, or only the way to a PIN of one's own.
func (r *rig) unknown(name string, route access.Route, path string) {
	r.t.Helper()
	if route.Action == access.Public {
		return
	}
	all := gatetest.Token("1001", "1", access.Roles()...)
	ended := gatetest.Token("1009", "1", access.Roles()...)
	r.sessions.End(ended)
	for what, header := range map[string][]string{"nobody": nil, "an ended session": {"Cookie", gatetest.Header(ended)}, "a token that is none": {"Cookie", gatetest.Header("x")},
		"another program's cookie": {"Cookie", "garita_other=" + all}, "a token without end": {"Cookie", gatetest.Header(strings.Repeat("a", 300) + all)},
		"a bearer token": {"Authorization", "Bearer " + all}} {
		r.reached = nil
		res, body := r.send(route.Method, path, "", header...)
		if res.StatusCode != http.StatusUnauthorized || r.reached != nil {
			r.t.Errorf("%s: %s at %s %s: %d, %v", name, what, route.Method, path, res.StatusCode, r.reached)
		}
		checkProblem(r.t, path, res, body)
		if acts := r.acts.Told(); len(acts) != 1 || acts[0].Reason != "unauthenticated" || acts[0].Officer != "" {
			r.t.Errorf("%s: %s at %s %s in the audit: %v", name, what, route.Method, path, acts)
		}
	}
	r.reached = nil
	res, _ := r.as(gatetest.MustChange(all), route.Method, path)
	own := route.Action == access.OwnPIN || route.Action == access.SignOut
	if own != (res.StatusCode == http.StatusNoContent) || !own && (res.StatusCode != http.StatusForbidden || r.reached != nil) {
		r.t.Errorf("%s: who must choose a PIN, at %s %s: %d", name, route.Method, path, res.StatusCode)
	}
	r.acts.Told()
}

// checkProblem looks at how a refusal is told: what a program reads, with a reference, without
// what was sent.
func checkProblem(t *testing.T, path string, res *http.Response, body string) {
	t.Helper()
	kind, key := "application/json", "code"
	if strings.HasPrefix(path, "/api/") {
		kind, key = "application/problem+json", "type"
	}
	var p map[string]any
	if err := json.Unmarshal([]byte(body), &p); err != nil || p[key] == "" || !strings.Contains(body, "eference") || !strings.HasPrefix(res.Header.Get("Content-Type"), kind) {
		t.Errorf("%s: %s %v: %s", path, res.Header.Get("Content-Type"), err, body)
	}
	if strings.Contains(body, "x-1") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: it repeats what was sent, or may be stored: %s", path, body)
	}
}

// Pages lead people to where they sign in, or choose a PIN, and from there back.
func TestPeopleAreLedToSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		routes      *access.Routes
		token, path string
		status      int
		where       string
	}{
		"nobody":               {access.HubRoutes(), "", "/cases", 303, "/signin?to=%2Fcases"},
		"a query is left out":  {access.HubRoutes(), "", "/cases?name=QUIRINDONGO", 303, "/signin?to=%2Fcases"},
		"nowhere":              {access.HubRoutes(), "", "/no/such", 404, ""},
		"must choose, hub":     {access.HubRoutes(), gatetest.MustChange(gatetest.Token("1", "", access.Operator)), "/cases", 303, "/account"},
		"must choose, station": {access.PostRoutes(), gatetest.MustChange(gatetest.Token("1", "", access.Inspector)), "/", 303, "/signin"},
		"may not":              {access.HubRoutes(), gatetest.Token("1", "", access.Auditor), "/cases", 403, ""},
	} {
		r := newRig(t, c.routes)
		headers := []string{"Accept", "text/html"}
		if c.token != "" {
			headers = append(headers, "Cookie", gatetest.Header(c.token))
		}
		res, body := r.send("GET", c.path, "", headers...)
		if res.StatusCode != c.status || res.Header.Get("Location") != c.where {
			t.Errorf("%s: %d %q", name, res.StatusCode, res.Header.Get("Location"))
		}
		if c.status >= 400 && (!strings.Contains(body, "<h1") || !strings.Contains(body, "Reference ")) {
			t.Errorf("%s: %s", name, body)
		}
		if name == "nobody" && len(r.acts.Told()) > 0 {
			t.Error("arriving is taken for a refusal")
		}
	}
}

// Requests that another site's page could have made, and a foreign name that points here.
func TestOtherSitesAreKeptOut(t *testing.T) {
	r := newRig(t, access.HubRoutes(), func(c *gate.Config) { c.Hosts = []string{"hub.example"} })
	token := gatetest.Token("3001", "", access.Operator)
	for _, c := range []struct {
		name, method string
		headers      []string
		status       int
	}{
		{"a program", "POST", nil, 204},
		{"our page", "POST", []string{"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin"}, 204},
		{"a form of our page, which gives no referrer", "POST", []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, 204},
		{"another port's page", "POST", []string{"Origin", "http://127.0.0.1:9090"}, 403},
		{"another site's page", "POST", []string{"Origin", "https://elsewhere.example"}, 403},
		{"another site's page, by fetch metadata", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a neighbour's", "POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"typed into the address", "POST", []string{"Sec-Fetch-Site", "none"}, 403},
		{"a page without origin", "POST", []string{"Origin", "null"}, 403},
		{"what contradicts itself", "POST", []string{"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "same-origin"}, 403},
		{"a form of another site", "POST", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a proxy's header changes nothing", "POST", []string{"Origin", "https://elsewhere.example", "X-Forwarded-Host", "elsewhere.example"}, 403},
		{"an origin that is none", "POST", []string{"Origin", "http://%zz"}, 403},
		{"read by a link from elsewhere", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 204},
		{"a foreign name", "GET", []string{"Host", "elsewhere.example"}, 403},
		{"our name", "GET", []string{"Host", "HUB.example:8443"}, 204},
		{"localhost", "GET", []string{"Host", "localhost:8080"}, 204},
		{"an IPv6 address", "GET", []string{"Host", "[::1]:8080"}, 204},
		{"no host that could be", "GET", []string{"Host", "127.0.0.1.elsewhere.example"}, 403},
	} {
		r.reached = nil
		res, body := r.as(token, c.method, "/cases", c.headers...)
		if res.StatusCode != c.status || (c.status == 204) != (len(r.reached) == 1) {
			t.Errorf("%s: %d %s", c.name, res.StatusCode, body)
		}
		if acts := r.acts.Told(); c.status == 403 && (len(acts) != 1 || acts[0].Officer != "3001" || acts[0].Reason != "origin" && acts[0].Reason != "host") {
			t.Errorf("%s: in the audit %v", c.name, acts)
		}
	}
	// Nobody signs a visitor in from elsewhere, either.
	if res, _ := r.send("POST", "/session", "{}", "Origin", "https://elsewhere.example"); res.StatusCode != 403 {
		t.Errorf("signing in from another site: %d", res.StatusCode)
	}
}

// Paths that are written in another way than ours reach nothing, whoever sends them.
func TestPathsAreSpelledOneWay(t *testing.T) {
	r := newRig(t, access.PostRoutes())
	token := gatetest.Token("1001", "1", access.Roles()...)
	for _, path := range []string{"/counters/1/", "//counters/1", "/counters//1", "/./counters/1", "/assets/../counters/1", "/assets/%2e%2e/counters/1", "/Counters/1", "/COUNTERS/1",
		"/counters/%31", "/counters/1%00", "/counters/1;x", "/counters/..", "/counters/1/../2", "/counters/" + strings.Repeat("1", 200), "/" + strings.Repeat("a/", 300),
		"/api/v1/counters/1/..%2f2", "/openapi.json", "/debug/pprof", "/.env", "/metrics"} {
		r.reached = nil
		if res, _ := r.as(token, "GET", path); res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusBadRequest || r.reached != nil {
			t.Errorf("%q: %d, %v", path, res.StatusCode, r.reached)
		}
	}
	for _, act := range r.acts.Told() {
		if act.Object != "" || act.Action != "no_route" {
			t.Errorf("what was sent is in the audit: %v", act)
		}
	}
	for _, method := range []string{"TRACE", "OPTIONS", "DELETE", "PUT", "CONNECT"} {
		if res, _ := r.as(token, method, "/counters/1"); res.StatusCode < 400 {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
}

// Nothing that a client sends becomes a header or a line of a log.
func TestNothingIsInjected(t *testing.T) {
	r := newRig(t, access.HubRoutes())
	for _, path := range []string{"/cases%0d%0aSet-Cookie:%20x=1", "/cases/%0d%0aLocation:%20//elsewhere.example", "/cases/x%22%3E%3Cscript%3E"} {
		res, body := r.send("GET", path, "", "Accept", "text/html")
		if res.Header.Get("Set-Cookie") != "" || strings.Contains(body, "<script>") || strings.Contains(res.Header.Get("Location"), "elsewhere") {
			t.Errorf("%s: %v %s", path, res.Header, body)
		}
	}
	// A place to go on to is a path of ours or none.
	if res, _ := r.send("GET", "//elsewhere.example/cases", "", "Accept", "text/html"); res.Header.Get("Location") != "" {
		t.Errorf("led to %q", res.Header.Get("Location"))
	}
}

// Bodies are bounded by what the route is.
func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, access.PostRoutes())
	cookie := []string{"Cookie", gatetest.Header(gatetest.Token("1001", "1", access.Inspector))}
	big := strings.Repeat("x", access.MaxBody+1)
	if res, body := r.send("POST", "/counters/1/decisions", big, cookie...); res.StatusCode != http.StatusRequestEntityTooLarge || strings.Contains(body, "xxx") {
		t.Errorf("a large decision: %d", res.StatusCode)
	}
	if res, _ := r.send("POST", "/session", big); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large sign-in: %d", res.StatusCode)
	}
	if res, _ := r.send("POST", "/counters/1/group/list", big, cookie...); res.StatusCode != http.StatusNoContent {
		t.Errorf("a large list: %d", res.StatusCode)
	}
}

// Whoever works at one counter works there alone; a supervisor who is at none may look at each.
func TestCounters(t *testing.T) {
	r := newRig(t, access.PostRoutes())
	for _, c := range []struct {
		at           border.CounterID
		role         access.Role
		method, path string
		status       int
	}{
		{"1", access.Inspector, "GET", "/counters/1", 204},
		{"T1", access.Inspector, "GET", "/counters/T1", 204},
		{"T1", access.Inspector, "GET", "/live", 204},
		{"T1", access.Inspector, "POST", "/signout", 204},
		{"T1", access.Inspector, "GET", "/counters/1", 403},
		{"T1", access.Inspector, "GET", "/counters/T2", 403},
		{"T1", access.Inspector, "GET", "/api/v1/counters", 403}, // nothing in earnest is reached from training
		{"T1", access.Inspector, "POST", "/api/v1/shifts/close", 403},
		{"T1", access.Supervisor, "GET", "/workshop", 403},
		{"1", access.Inspector, "GET", "/counters/T1", 403},
		{"1", access.Inspector, "GET", "/counters/2", 403},
		{"1", access.Inspector, "GET", "/live/counters/2", 403},
		{"1", access.Inspector, "GET", "/api/v1/counters/2", 403},
		{"1", access.Inspector, "POST", "/api/v1/counters/2/decisions", 403},
		{"", access.Inspector, "POST", "/counters/1/decisions", 403},
		{"", access.Inspector, "GET", "/", 204},
		{"1", access.Supervisor, "GET", "/counters/2", 403},
		{"1", access.Supervisor, "POST", "/counters/2/decisions", 403},
		{"2", access.Supervisor, "POST", "/counters/2/decisions", 204},
		{"", access.Supervisor, "GET", "/live/counters/2", 204},
	} {
		res, _ := r.as(gatetest.Token("1001", c.at, c.role), c.method, c.path)
		acts := r.acts.Told()
		if res.StatusCode != c.status || c.status == 403 && (len(acts) != 1 || acts[0].Reason != "counter" && acts[0].Reason != "training") {
			t.Errorf("%s at counter %q, %s %s: %d %v", c.role, c.at, c.method, c.path, res.StatusCode, acts)
		}
	}
}

// Headers and the cookie, with and without TLS.
func TestHeadersAndCookie(t *testing.T) {
	for _, tls := range []bool{false, true} {
		r := newRig(t, access.HubRoutes(), func(c *gate.Config) { c.TLS = tls })
		for _, path := range []string{"/signin", "/cases", "/no/such"} {
			res, _ := r.send("GET", path, "")
			for h, want := range map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
				if got := res.Header.Get(h); got != want {
					t.Errorf("%s: %s is %q", path, h, got)
				}
			}
			if (res.Header.Get("Strict-Transport-Security") != "") != tls {
				t.Errorf("%s: HSTS %q, TLS %v", path, res.Header.Get("Strict-Transport-Security"), tls)
			}
		}
		k := gate.NewCookie("garita_hub", tls)
		app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
		app.Get("/in", func(c *fiber.Ctx) error { k.Set(c, "t0ken"); return nil })
		app.Get("/out", func(c *fiber.Ctx) error { k.Clear(c); return nil })
		for path, value := range map[string]string{"/in": "t0ken", "/out": ""} {
			res, err := app.Test(httptest.NewRequest("GET", path, nil))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			all := res.Cookies()
			if len(all) != 1 {
				t.Fatalf("%s: %v", path, res.Header)
			}
			c := all[0]
			name := "garita_hub"
			if tls {
				name = "__Host-" + name
			}
			if c.Name != name || c.Value != value || !c.HttpOnly || c.Secure != tls || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" ||
				path == "/in" && (!c.Expires.IsZero() || c.MaxAge != 0) || path == "/out" && !c.Expires.Before(time.Unix(1e9, 0)) {
				t.Errorf("%s: %+v", path, c)
			}
		}
	}
}

// Who is not signed in is limited by address, who is by session, signing in most of all; time fills
// the buckets again.
func TestLimits(t *testing.T) {
	r := newRig(t, access.HubRoutes(), func(c *gate.Config) {
		c.Limits = gate.Limits{Client: gate.Limit{Burst: 5, PerSecond: 1}, SignIn: gate.Limit{Burst: 3, PerSecond: 0.5}, Session: gate.Limit{Burst: 7, PerSecond: 1}, Refused: gate.Limit{Burst: 2}}
	})
	count := func(n int, send func() *http.Response) (ok int) {
		for range n {
			res := send()
			if res.StatusCode != http.StatusTooManyRequests {
				ok++
			} else if res.Header.Get("Retry-After") == "" {
				t.Error("it does not say when to come again")
			}
		}
		return ok
	}
	page := func() *http.Response { res, _ := r.send("GET", "/signin", ""); return res }
	signin := func() *http.Response { res, _ := r.send("POST", "/session", "{}"); return res }
	work := func() *http.Response {
		res, _ := r.as(gatetest.Token("3001", "", access.Operator), "GET", "/cases")
		return res
	}
	if n := count(20, page); n != 5 {
		t.Errorf("%d pages", n)
	}
	if n := count(20, work); n != 7 {
		t.Errorf("%d requests of a session, whose address has asked too often without one", n)
	}
	r.now += time.Minute
	if n := count(20, signin); n != 3 {
		t.Errorf("%d tries to sign in", n)
	}
	r.now += 2 * time.Second
	if n := count(20, signin); n != 1 {
		t.Errorf("%d tries after two seconds", n)
	}
	r.acts.Told()
	r.now += time.Hour
	for range 5 {
		r.send("GET", "/cases", "")
	}
	if n := len(r.acts.Told()); n != 2 {
		t.Errorf("%d refusals of nobody are in the audit", n)
	}
}

// An audit that cannot be written opens nothing.
func TestRefusedWithoutAudit(t *testing.T) {
	r := newRig(t, access.HubRoutes())
	r.acts.Fail(errors.New("the disk is full"))
	if res, _ := r.as(gatetest.Token("4001", "", access.Technician), "GET", "/cases"); res.StatusCode != http.StatusForbidden || r.reached != nil {
		t.Errorf("%d %v", res.StatusCode, r.reached)
	}
}

// broken is a store of sessions that cannot be read.
type broken struct{ gatetest.Sessions }

func (*broken) Session(context.Context, string) (*access.Principal, error) {
	return nil, &border.Error{Code: border.Internal, Op: "read", Err: errors.New("cause 4711")}
}

func TestSessionsThatCannotBeRead(t *testing.T) {
	r := newRig(t, access.HubRoutes(), func(c *gate.Config) { c.Sessions = &broken{} })
	res, body := r.as("x", "GET", "/cases")
	if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "4711") || r.reached != nil {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := r.as("x", "GET", "/signin"); res.StatusCode != http.StatusNoContent {
		t.Errorf("the page to sign in: %d", res.StatusCode)
	}
}

// What a handler is given: who it is, from which client, and whether they still are.
func TestContext(t *testing.T) {
	acts, sessions := new(gatetest.Acts), new(gatetest.Sessions)
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use(gatetest.New(t, access.PostRoutes(), acts, func(c *gate.Config) { c.Sessions = sessions }))
	var got *access.Principal
	var client access.Client
	var still func() bool
	app.Add("GET", "/live/counters/:counter", func(c *fiber.Ctx) error {
		got, client, still = access.From(c.UserContext()), access.ClientFrom(c.UserContext()), access.Still(c.UserContext())
		return nil
	})
	token := gatetest.Token("1001", "1", access.Inspector)
	req := httptest.NewRequest("GET", "/live/counters/1", nil)
	req.Host = "127.0.0.1"
	req.Header.Set("Cookie", gatetest.Header(token))
	req.Header.Set("User-Agent", "x")
	res, err := app.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got == nil || got.Badge != "1001" || client.Counter != "1" || client.Agent == [32]byte{} || !still() {
		t.Errorf("%+v %+v", got, client)
	}
	if sessions.End(token); still() {
		t.Error("the session has ended, and still is")
	}
}

// TestPass: for another path it is asked as if it were taken by itself, and a refusal is written down.
func TestPass(t *testing.T) {
	for _, c := range []struct {
		counter border.CounterID
		role    access.Role
		path    string
		want    border.Code
		reason  string
	}{
		{"1", access.Inspector, "/live/counters/1", "", ""},
		{"1", access.Inspector, "/live/counters/2", border.Forbidden, "counter"},
		{"", access.Supervisor, "/live/counters/2", "", ""},
		{"", access.Technician, "/live/counters/1", border.Forbidden, "role"},
		{"", access.Technician, "/live/workshop", "", ""},
		{"", access.Technician, "/live/nothing", border.NotFound, ""},
		{"", access.Technician, "/live/../workshop", border.NotFound, ""},
	} {
		acts := new(gatetest.Acts)
		app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
		app.Use(gatetest.New(t, access.PostRoutes(), acts))
		var got error
		app.Add("GET", "/live", func(c2 *fiber.Ctx) error {
			got = access.Pass(c2.UserContext(), c.path)
			return nil
		})
		req := httptest.NewRequest("GET", "/live", nil)
		req.Host = "127.0.0.1"
		req.Header.Set("Cookie", gatetest.Header(gatetest.Token("1001", c.counter, c.role)))
		res, err := app.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if border.CodeOf(got) != c.want {
			t.Errorf("%s at counter %q: %s: %v, want %q", c.role, c.counter, c.path, got, c.want)
		}
		told := acts.Told()
		if c.reason == "" && len(told) > 0 || c.reason != "" && (len(told) != 1 || told[0].Reason != c.reason || told[0].Officer != "1001") {
			t.Errorf("%s at counter %q: %s: the audit is told %+v", c.role, c.counter, c.path, told)
		}
	}
	if border.CodeOf(access.Pass(t.Context(), "/live/workshop")) != border.Forbidden {
		t.Error("where no gate stands something passes")
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := gate.New(gate.Config{}); err == nil {
		t.Error("an incomplete gate is made")
	}
}

// Many clients at once, more than are remembered: run with -race.
func TestManyClients(t *testing.T) {
	r := newRig(t, access.HubRoutes(), func(c *gate.Config) { c.Limits = gate.Limits{} })
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				req := httptest.NewRequest("GET", "/cases", nil)
				req.Host = "127.0.0.1"
				res, err := r.app.Test(req, -1)
				if err != nil {
					t.Error(err)
					return
				}
				if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusTooManyRequests {
					t.Errorf("%d", res.StatusCode)
				}
				_ = res.Body.Close()
			}
		})
	}
	all.Wait()
}
