package attack

import (
	"net/http"
	"strings"
	"time"

	"garita/border/access"
	"garita/border/audit"
	"garita/cmd/internal/founding"
)

// fixation: a cookie that somebody else chose, or has seen before, is no session after signing in.
func (s *site) fixation() {
	for _, d := range s.doors() {
		role := access.Administrator
		if d.post != nil {
			role = access.Technician
		}
		b := s.browser(d.url)
		b.signIn(badges[role], "")
		before := b.like()
		b.signIn(badges[role], "") // while a session is open: it is replaced
		if b.token() == before.token() {
			s.t.Errorf("%s: signing in again keeps the token", d.name)
		}
		chosen := s.browser(d.url)
		chosen.cookie = b.name() + "=" + strings.Repeat("chosen.", 6) + "x"
		victim := chosen.like()
		victim.signIn(badges[role], "")
		for what, thief := range map[string]*browser{"a chosen token": chosen, "the token before": before} {
			if got := thief.do("GET", "/session", ""); got.status != http.StatusUnauthorized {
				s.t.Errorf("%s: %s opens a session: %v", d.name, what, got)
			}
		}
		if got := victim.do("GET", "/session", ""); got.status != http.StatusOK || victim.token() == chosen.token() {
			s.t.Errorf("%s: the victim's own session: %v", d.name, got)
		}
		set := victim.session(map[string]any{"badge": badges[role], "pin": founding.PIN}).header.Get("Set-Cookie")
		for _, must := range []string{"; HttpOnly", "; SameSite=Strict", "; path=/"} {
			if !strings.Contains(set, must) {
				s.t.Errorf("%s: the cookie lacks %q", d.name, must)
			}
		}
		if victim.do("POST", "/signout", ""); victim.like().do("GET", "/session", "").status != http.StatusUnauthorized {
			s.t.Errorf("%s: the token outlives signing out", d.name)
		}
	}
}

// theft: the token on another machine, and at another counter.
func (s *site) theft() {
	for _, d := range s.doors() {
		b := s.browser(d.url)
		b.signIn(badges[access.Supervisor], map[bool]string{true: "1"}[d.post != nil])
		thief := b.like()
		thief.agent = "curl/8"
		if got := thief.do("GET", "/", "", "Accept", "application/json"); got.status != http.StatusUnauthorized {
			s.t.Errorf("%s: another machine goes on: %v", d.name, got)
		}
		if got := b.do("GET", "/session", ""); got.status != http.StatusUnauthorized {
			s.t.Errorf("%s: after a theft the session goes on: %v", d.name, got)
		}
		s.told(d.post, "a token on another machine", refused("other_client"))
	}
	one, two := s.browser(s.a.URL()), s.browser(s.a.URL())
	one.signIn(badges[access.Inspector], "1")
	two.signIn(spare, "2")
	for _, path := range []string{"/counters/2", "/live/counters/2", "/api/v1/counters/2"} {
		if got := one.do("GET", path, ""); got.status != http.StatusForbidden && got.status != http.StatusUnauthorized {
			s.t.Errorf("counter 1 reads %s: %v", path, got)
		}
	}
	if got := one.do("POST", "/api/v1/counters/2/direction", `{"direction":"exit"}`); got.status != http.StatusForbidden && got.status != http.StatusUnauthorized && got.status != http.StatusNotFound {
		s.t.Errorf("counter 1 works at 2: %v", got)
	}
	if got := one.do("PUT", "/api/v1/counters/2/direction", `{"direction":"exit"}`); got.status != http.StatusForbidden && got.status != http.StatusUnauthorized {
		s.t.Errorf("counter 1 works at 2: %v", got)
	}
	s.told(s.a, "one counter's token at another", func(a *audit.Act) bool { return a.Reason == "other_counter" || a.Reason == "counter" })
	if got := two.do("GET", "/api/v1/counters/2", ""); got.status != http.StatusOK || strings.Contains(got.body, `"direction":"exit"`) {
		s.t.Errorf("the counter's own officer: %v", got)
	}
	// Who takes a counter over ends the session there.
	two.like().signIn(badges[access.Supervisor], "1")
	if got := one.do("GET", "/api/v1/counters/1", ""); got.status != http.StatusUnauthorized {
		s.t.Errorf("a session at a counter that was taken over: %v", got)
	}
}

// forgery: what another site's page can have a browser send.
func (s *site) forgery() {
	b := s.browser(s.a.URL())
	b.signIn(badges[access.Inspector], "1")
	h := s.browser(s.hub.URL())
	h.signIn(badges[access.Administrator], "")
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	cross := [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "none"}, {"Origin", "https://elsewhere.example"}, {"Origin", "null"},
		{"Origin", s.b.URL()}, {"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "same-origin"}, {"Origin", b.base + ".elsewhere.example"},
		{"Host", "elsewhere.example", "Origin", "http://elsewhere.example", "Sec-Fetch-Site", "same-origin"}}
	for _, from := range cross {
		for _, how := range [][]string{{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}, form} {
			headers := append(append([]string{}, from...), how...)
			if got := b.do("PUT", "/api/v1/counters/1/direction", `{"direction":"exit"}`, headers...); got.status != http.StatusForbidden {
				s.t.Errorf("forged with %v: %v", headers, got)
			}
			if got := b.do("POST", "/counters/1/direction", "direction=exit", headers...); got.status != http.StatusForbidden {
				s.t.Errorf("forged form with %v: %v", headers, got)
			}
			if got := h.do("POST", "/officers/revoke", `{"badge":"1001","reason":"forged"}`, headers...); got.status != http.StatusForbidden {
				s.t.Errorf("forged at the hub with %v: %v", headers, got)
			}
		}
	}
	// Signing a victim in as somebody else, from elsewhere.
	v := s.browser(s.a.URL())
	if got := v.do("POST", "/signin", "badge=1002&pin="+founding.PIN, "Content-Type", form[1], "Origin", "https://elsewhere.example"); got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
		s.t.Errorf("signed in from elsewhere: %v", got)
	}
	if got := b.do("GET", "/api/v1/counters/1", ""); !strings.Contains(got.body, `"direction":"entry"`) {
		s.t.Errorf("a forged request took effect: %v", got)
	}
	if got := b.do("PUT", "/api/v1/counters/1/direction", `{"direction":"entry"}`, "Sec-Fetch-Site", "same-origin", "Origin", b.base); got.status != http.StatusOK {
		s.t.Errorf("the page's own request: %v", got)
	}
	for _, p := range []*post{nil, s.a} {
		s.told(p, "another site's request", refused("origin"))
		s.told(p, "another name", refused("host"))
	}
	if got := s.browser(s.a.URL()).do("GET", "/signin", ""); !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		s.t.Errorf("the page may be framed: %v", got.header)
	}
}

// guessing: PINs are tried until the badge is held up, in the same words whether there is such a
// badge or not.
func (s *site) guessing() {
	try := func(d door, badge, pin string) answer {
		return s.browser(d.url).session(map[string]any{"badge": badge, "pin": pin}) // each from another machine
	}
	for _, d := range s.doors() {
		badge := badges[access.Technician]
		var known, unknown answer
		for _, pin := range []string{"000001", "000002", "000003", "000004", "000005"} {
			known, unknown = try(d, badge, pin), try(d, "7777", pin)
			if known.status != http.StatusUnauthorized || known.status != unknown.status || known.body != unknown.body {
				s.t.Errorf("%s: a wrong PIN: %v; no such badge: %v", d.name, known, unknown)
			}
		}
		known, unknown = try(d, badge, founding.PIN), try(d, "7777", founding.PIN)
		if known.status != http.StatusTooManyRequests || unknown.status != http.StatusTooManyRequests || known.body != unknown.body {
			s.t.Errorf("%s: after five wrong ones the right one: %v; no such badge: %v", d.name, known, unknown)
		}
		s.told(d.post, "wrong PINs", func(a *audit.Act) bool { return a.Action == string(access.SignIn) && refused("wrong_pin")(a) })
		// One machine that tries many badges is held up, too, as a second person as well.
		b, held := s.browser(d.url), 0
		for range 40 {
			if b.session(map[string]any{"badge": "8", "pin": "1"}).status == http.StatusTooManyRequests {
				held++
			}
		}
		if held < 8 {
			s.t.Errorf("%s: of 40 tries of one machine %d were held up", d.name, held)
		}
		// Others go on meanwhile, and the badge itself after its minute.
		s.browser(d.url).signIn(badges[access.Supervisor], "")
		s.time.pass(2 * time.Minute)
		s.browser(d.url).signIn(badge, "")
	}
	if log := s.log.String(); strings.Contains(log, "000005") || strings.Contains(log, founding.PIN) {
		s.t.Error("a PIN that was tried stands in the log")
	}
}
