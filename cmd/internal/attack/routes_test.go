package attack

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/cmd/internal/founding"
)

// door is one program with its table of routes.
type door struct {
	name   string
	post   *post // nil: the hub
	url    string
	routes *access.Routes
}

func (s *site) doors() []door {
	return []door{{"hub", nil, s.hub.URL(), access.HubRoutes()}, {"station", s.a, s.a.URL(), access.PostRoutes()}}
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

// everyRole tries every route as every role. Who may not is refused, and that stands in the audit
// under their pseudonym; who may is not refused for their role.
func (s *site) everyRole(d door) (tried, denied int) {
	for i, role := range access.Roles() {
		b := s.browser(d.url)
		at := ""
		if d.post != nil && access.May([]access.Role{role}, access.CounterRead) {
			at = "1"
		}
		if d.post != nil && !slices.Contains([]access.Role{access.Inspector, access.Supervisor, access.Technician}, role) {
			// Who has no work at a station is not known there.
			if got := b.session(map[string]any{"badge": badges[role], "pin": founding.PIN}); got.status != http.StatusUnauthorized || b.cookie != "" {
				s.t.Errorf("%s signs in at a station: %v", role, got)
			}
			continue
		}
		b.signIn(badges[role], at)
		before := len(s.acts(d.post))
		who := s.acts(d.post)[0].Officer // of the sign-in
		want := map[string]bool{}
		var leave []access.Route
		for _, r := range d.routes.All() {
			if r.Action == access.SignOut {
				leave = append(leave, r)
				continue
			}
			tried++
			got := b.do(r.Method, sample(r.Pattern), "")
			may := r.Action == access.Public || access.May([]access.Role{role}, r.Action)
			if !may {
				denied++
				want[r.Method+" "+r.Pattern] = true
			}
			out := got.status == http.StatusUnauthorized && !strings.Contains(got.body, "Badge or PIN is wrong") // which some routes say of an empty form
			if !may && got.status != http.StatusForbidden || may && (out || got.status == http.StatusTooManyRequests || got.status == http.StatusInternalServerError) {
				s.t.Errorf("%s: %s %s as %s (may: %v): %v", d.name, r.Method, r.Pattern, role, may, got)
			}
		}
		acts := s.acts(d.post)
		for _, a := range acts[:len(acts)-before] {
			if a.Reason != "role" {
				continue
			}
			if !want[a.Object] || a.Result != border.ActRefused || a.Officer != who {
				s.t.Errorf("%s: in the audit as %s: %+v", d.name, role, a)
			}
			delete(want, a.Object)
		}
		for object := range want {
			s.t.Errorf("%s: %s was refused to %s, and nothing tells of it", d.name, object, role)
		}
		r := leave[i%len(leave)]
		if got := b.do(r.Method, r.Pattern, ""); got.status >= 400 {
			s.t.Errorf("%s: %s cannot leave by %s %s: %v", d.name, role, r.Method, r.Pattern, got)
		}
		if got := b.do("GET", "/session", ""); got.status != http.StatusUnauthorized {
			s.t.Errorf("%s: after %s %s the session still is one: %v", d.name, r.Method, r.Pattern, got)
		}
	}
	return tried, denied
}

// nobody tries every route with what opens none.
func (s *site) nobody(d door, cookies map[string]string) (tried int) {
	for what, cookie := range cookies {
		b := s.browser(d.url)
		b.cookie = cookie
		before := len(s.acts(d.post))
		for _, r := range d.routes.All() {
			if r.Action == access.Public {
				continue
			}
			tried++
			if got := b.do(r.Method, sample(r.Pattern), ""); got.status != http.StatusUnauthorized && got.status != http.StatusTooManyRequests ||
				got.status == http.StatusTooManyRequests && !strings.Contains(r.Pattern, "/se") && !strings.Contains(r.Pattern, "/account") {
				s.t.Errorf("%s: %s %s with %s: %v", d.name, r.Method, r.Pattern, what, got)
			}
		}
		acts := s.acts(d.post)
		if n := len(acts) - before; n < 10 || n > 30 {
			s.t.Errorf("%s: %d acts tell of requests with %s, want some and not without end", d.name, n, what)
		}
		if !slices.ContainsFunc(acts[:len(acts)-before], func(a audit.Act) bool { return refused("unauthenticated")(&a) && a.Officer == "" }) {
			s.t.Errorf("%s: nothing tells of requests with %s", d.name, what)
		}
	}
	return tried
}

// routes tries every route of both programs.
func (s *site) routes() {
	tried, denied := 0, 0
	for _, d := range s.doors() {
		n, no := s.everyRole(d)
		tried, denied = tried+n, denied+no
	}
	if tried < 600 || denied < 300 {
		s.t.Errorf("%d requests, %d of them not allowed: that is not the table", tried, denied)
	}
	// Tokens of other programs, under the name that the program looks for.
	here, there, hub := s.browser(s.a.URL()), s.browser(s.b.URL()), s.browser(s.hub.URL())
	here.signIn(badges[access.Inspector], "1")
	there.signIn(badges[access.Inspector], "1")
	hub.signIn(badges[access.Administrator], "")
	strangers := 0
	for _, d := range s.doors() {
		name, own, other := here.name(), here, hub
		if d.post == nil {
			name, own, other = hub.name(), hub, here
		}
		strangers += s.nobody(d, map[string]string{"no cookie": "", "a token of nobody": name + "=" + strings.Repeat("A", 43), "another station's token": name + "=" + there.token(),
			"another program's token": name + "=" + other.token(), "another name's cookie": "garita_other=" + own.token(), "a token without end": name + "=" + own.token() + strings.Repeat("A", 4000),
			"two cookies": name + "=x; " + name + "=y"})
	}
	s.t.Logf("%d requests as every role, %d of them refused; %d with what opens nothing", tried, denied, strangers)
	// Time passes, and what was a session is none.
	s.time.pass(13 * time.Hour)
	for _, d := range s.doors() {
		b := here
		if d.post == nil {
			b = hub
		}
		s.nobody(d, map[string]string{"an expired session": b.cookie})
	}
}
