package signin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
)

func (r reply) is(t *testing.T, status int, code border.Code) {
	t.Helper()
	if r.status != status || code != "" && r.fields(t)["code"] != string(code) {
		t.Fatalf("%d %s, want %d %s", r.status, r.body, status, code)
	}
}

func TestSignIn(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	b.json("GET", "/session", nil).is(t, 401, border.Unauthenticated)
	got := b.enter("1001", "2")
	got.is(t, 200, "")
	v := got.fields(t)
	if v["name"] != "Officer 1001" || v["badge"] != "1001" || v["start"] != "/counters/2" || v["counter"] != "2" || v["must_change"] != false || v["overdue"] != false || v["role_words"] != "Inspector" {
		t.Errorf("%v", v)
	}
	if k := got.header.Get("Set-Cookie"); !strings.Contains(k, "HttpOnly") || !strings.Contains(k, "SameSite=Strict") || !strings.Contains(strings.ToLower(k), "path=/") {
		t.Errorf("the cookie is %q", k)
	}
	b.json("GET", "/session", nil).is(t, 200, "")
	before := b.token()
	b.json("DELETE", "/session", nil).is(t, 204, "")
	if b.token() != "" {
		t.Error("the browser keeps its token")
	}
	b.json("GET", "/session", nil).is(t, 401, border.Unauthenticated)
	b.do("GET", "/session", "", "application/json", "", "Cookie", cookie.Name()+"="+before).is(t, 401, border.Unauthenticated)
}

func TestSignInIsRefused(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	type in map[string]string
	for _, c := range []struct {
		name   string
		in     in
		status int
		code   border.Code
	}{
		{"wrong PIN", in{"badge": "1001", "pin": otherPIN}, 401, border.Unauthenticated},
		{"nobody", in{"badge": "7777", "pin": goodPIN}, 401, border.Unauthenticated},
		{"no such counter", in{"badge": "1001", "pin": goodPIN, "counter": "9"}, 422, border.Invalid},
		{"a technician at a counter", in{"badge": "4001", "pin": goodPIN, "counter": "1"}, 403, border.Forbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.json("POST", "/session", c.in)
			got.is(t, c.status, c.code)
			if b.token() != "" || strings.Contains(got.body, c.in["pin"]) {
				t.Errorf("a token, or the PIN: %s", got.body)
			}
		})
	}
	b.do("POST", "/session", "application/json", "application/json", `{"badge":`).is(t, 422, border.Invalid)
	for range 12 {
		b.json("POST", "/session", in{"badge": "1002", "pin": otherPIN})
	}
	b.enter("1002", "1").is(t, 429, border.TooMany)
}

// TestSwitch signs another officer in at the same counter, in the same browser.
func TestSwitch(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	b.enter("1001", "1").is(t, 200, "")
	first := b.token()
	b.enter("1002", "1").is(t, 200, "")
	if b.token() == first {
		t.Error("the token has not changed")
	}
	other := s.browser()
	other.do("GET", "/session", "", "application/json", "", "Cookie", cookie.Name()+"="+first).is(t, 401, border.Unauthenticated)
	// A wrong PIN leaves who is there.
	b.json("POST", "/session", map[string]string{"badge": "1001", "pin": otherPIN, "counter": "1"}).is(t, 401, border.Unauthenticated)
	if got := b.json("GET", "/session", nil).fields(t); got["badge"] != "1002" {
		t.Errorf("%v", got)
	}
}

func TestLock(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	b.enter("1001", "1").is(t, 200, "")
	b.json("POST", "/session/lock", nil).is(t, 204, "")
	b.json("GET", "/session", nil).is(t, 401, border.Unauthenticated)
	b.json("POST", "/session/lock", nil).is(t, 401, border.Unauthenticated)
	b.enter("1001", "1").is(t, 200, "")
	b.json("GET", "/session", nil).is(t, 200, "")
}

func TestSecond(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	ask := func(action, badge, pin string) reply {
		return b.json("POST", "/seconds", map[string]string{"action": action, "badge": badge, "pin": pin})
	}
	ask("refuse", "2001", goodPIN).is(t, 401, border.Unauthenticated) // nobody asks
	b.enter("1001", "1").is(t, 200, "")
	got := ask("refuse", "2001", goodPIN)
	got.is(t, 200, "")
	if token, _ := got.fields(t)["token"].(string); len(token) < 20 {
		t.Errorf("%q", token)
	}
	ask("refuse", "2001", otherPIN).is(t, 401, border.Unauthenticated)
	ask("refuse", "1002", goodPIN).is(t, 403, border.Forbidden) // no supervisor
	ask("refuse", "1001", goodPIN).is(t, 403, border.Forbidden) // oneself
	ask("counter.read", "2001", goodPIN).is(t, 422, border.Invalid)
	ask("sign_in", "2001", goodPIN).is(t, 422, border.Invalid)
	b.json("GET", "/session", nil).is(t, 200, "") // the one who asks stays signed in
}

// TestExpiredRoster signs in when the roster is too old: a supervisor approves, or a reason is given.
func TestExpiredRoster(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	s.time.pass(80 * time.Hour)
	b := s.browser()
	b.enter("1001", "1").is(t, 403, border.SecondNeeded)
	with := map[string]string{"badge": "1001", "pin": goodPIN, "counter": "1", "approver_badge": "2001", "approver_pin": goodPIN}
	got := b.json("POST", "/session", with)
	got.is(t, 200, "")
	if got.fields(t)["overdue"] != true {
		t.Error("it is not said that the roster has expired")
	}
	with["approver_pin"] = otherPIN
	b.json("POST", "/session", with).is(t, 401, border.Unauthenticated)
	b = s.browser()
	b.json("POST", "/session", map[string]string{"badge": "1001", "pin": goodPIN, "counter": "1", "awaiting": "The road is flooded."}).is(t, 200, "")
	acts := s.acts.Told()
	if !slices.ContainsFunc(acts, func(a border.Act) bool { return a.Result == border.ActAwaiting && a.Text == "The road is flooded." }) {
		t.Errorf("%+v", acts)
	}
}

// TestMustChange: whose PIN somebody else knows is led to change it, and to nothing else.
func TestMustChange(t *testing.T) {
	h := newHub(t)
	b := h.browser()
	got := b.enter("1009", "")
	got.is(t, 200, "")
	if v := got.fields(t); v["must_change"] != true || v["start"] != "/account" {
		t.Errorf("%v", v)
	}
	got = h.browser().form("/signin", "badge", "1009", "pin", goodPIN, "to", "/cases")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/account" {
		t.Errorf("%d to %q", got.status, got.header.Get("Location"))
	}
	s := newStation(t)
	s.install(1, staff()...)
	p := s.browser()
	if got := p.form("/signin", "badge", "1009", "pin", goodPIN); got.header.Get("Location") != "/signin" {
		t.Errorf("%d to %q", got.status, got.header.Get("Location"))
	}
	if got := p.get("/signin?lang=en"); !strings.Contains(got.body, "Your PIN was given to you by somebody else") {
		t.Error("it is not said why")
	}
}

// TestStart leads everybody to where their work is.
func TestStart(t *testing.T) {
	h, s := newHub(t), newStation(t)
	s.install(1, staff()...)
	for _, c := range []struct {
		at    *site
		badge string
		start string
	}{{h, "9001", "/"}, {h, "6001", "/audit"}, {h, "5001", "/account"}, {s, "1001", "/"}, {s, "4001", "/workshop"}} {
		if got := c.at.browser().enter(c.badge, "").fields(t)["start"]; got != c.start {
			t.Errorf("%s is led to %v, want %s", c.badge, got, c.start)
		}
	}
}
