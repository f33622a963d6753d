package signin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"garita/border/access"
)

// TestPageTells shows the age of the roster, the clock and the demonstration, in four languages.
func TestPageTells(t *testing.T) {
	s := newStation(t)
	b := s.browser()
	if got := b.get("/signin?lang=en"); !strings.Contains(got.body, "none has arrived yet") {
		t.Error("a missing roster is not told")
	}
	s.install(1, staff()...)
	s.time.pass(125 * time.Minute)
	for lang, want := range map[string][]string{
		"en": {`lang="en"`, "2 h 5 min old; holds until 2026-11-25 08:00 UTC", "not checked for 2 h 5 min", "DEMONSTRATION: invented people, software keys, PIN 246810", "Station PCA-1"},
		"es": {`lang="es"`, "de hace 2 h 5 min; vale hasta", "sin comprobar desde hace 2 h 5 min", "DEMOSTRACIÓN"},
		"fr": {`lang="fr"`, "vieille de 2 h 5 min", "DÉMONSTRATION"},
		"ht": {`lang="ht"`, "li gen 2 h 5 min", "DEMONSTRASYON"},
	} {
		for name, got := range map[string]reply{"address": b.get("/signin?lang=" + lang), "header": b.get("/signin", "Accept-Language", "xx, "+strings.ToUpper(lang)+"-XX;q=0.8, de")} {
			for _, w := range want {
				if !strings.Contains(got.body, w) {
					t.Errorf("%s by %s: %q is not told", lang, name, w)
				}
			}
		}
	}
	s.time.pass(80 * time.Hour)
	if got := b.get("/signin?lang=en"); !strings.Contains(got.body, "EXPIRED since 2026-11-25 08:00 UTC") {
		t.Error("an expired roster is not told")
	}
}

// TestForm signs in without any script.
func TestForm(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	for _, c := range []struct{ name, to, counter, want string }{
		{"to where it was asked for", "/workshop", "", "/workshop"},
		{"to the counter", "", "2", "/counters/2"},
		{"to nowhere else", "https://elsewhere.example/", "1", "/counters/1"},
		{"to training, whatever was asked for", "/counters/1", "T2", "/counters/T2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.browser().form("/signin", "badge", "1001", "pin", goodPIN, "counter", c.counter, "to", c.to)
			if got.status != http.StatusSeeOther || got.header.Get("Location") != c.want {
				t.Errorf("%d to %q, want %q", got.status, got.header.Get("Location"), c.want)
			}
		})
	}
	b := s.browser()
	got := b.form("/signin", "badge", `1001">x`, "pin", otherPIN, "lang", "fr", "to", "/counters/1")
	if got.status != 401 || !strings.Contains(got.body, "Le badge ou le code PIN est erroné.") || !strings.Contains(got.body, `value="1001&#34;&gt;x"`) ||
		strings.Contains(got.body, otherPIN) || !strings.Contains(got.body, `name="to" value="/counters/1"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	read := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" // by a reader that types
	if got := b.form("/signin", "badge", read, "pin", otherPIN, "approver_badge", read); got.status != 401 || strings.Contains(got.body, "ERIKSSON") {
		t.Errorf("a document comes back: %d %s", got.status, got.body)
	}
	// The cross-site form is the gate's to refuse.
	if got := b.do("POST", "/signin", "application/x-www-form-urlencoded", "text/html", "badge=1001&pin="+goodPIN, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"); got.status != 403 {
		t.Errorf("another site's form: %d", got.status)
	}
	for range 12 {
		b.form("/signin", "badge", "1002", "pin", otherPIN)
	}
	if got := b.form("/signin", "badge", "1002", "pin", goodPIN, "lang", "ht"); got.status != 429 || !strings.Contains(got.body, "Twòp esè.") {
		t.Errorf("%d", got.status)
	}
}

// TestFormOnAnExpiredRoster asks for a supervisor, or a reason.
func TestFormOnAnExpiredRoster(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	s.time.pass(80 * time.Hour)
	b := s.browser()
	got := b.form("/signin", "badge", "1001", "pin", goodPIN, "counter", "1", "lang", "en")
	if got.status != 403 || !strings.Contains(got.body, `name="approver_badge"`) || !strings.Contains(got.body, `value="1" checked`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	got = b.form("/signin", "badge", "1001", "pin", goodPIN, "counter", "1", "awaiting", "Alone, no radio.")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/counters/1" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestSignOutByForm(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	b.enter("1001", "1").is(t, 200, "")
	if got := b.get("/signin?lang=en"); !strings.Contains(got.body, `<bdi dir="auto">Officer 1001</bdi> is signed in here.`) || !strings.Contains(got.body, `href="/counters/1"`) {
		t.Error("it is not said who is signed in")
	}
	if got := b.form("/signout"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/signin" || b.token() != "" {
		t.Errorf("%d to %q, token %q", got.status, got.header.Get("Location"), b.token())
	}
	if got := b.form("/signout"); got.status != 401 { // the gate's answer: nobody is signed in
		t.Errorf("%d", got.status)
	}
}

// TestFields: what browsers and password managers make of the form.
func TestFields(t *testing.T) {
	s := newStation(t)
	s.install(1, officer("1001", access.Inspector))
	body := s.browser().get("/signin").body
	for _, want := range []string{`name="badge" type="text" inputmode="numeric"`, `autocomplete="username"`, `name="pin" type="password" inputmode="numeric"`, `autocomplete="current-password"`} {
		if !strings.Contains(body, want) {
			t.Errorf("not there: %s", want)
		}
	}
	if inline := regexp.MustCompile(`<script>|\son[a-z]+=|style=`).FindString(body); inline != "" {
		t.Errorf("inline code or style: %q", inline)
	}
}
