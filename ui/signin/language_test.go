package signin_test

import (
	"net/http"
	"strings"
	"testing"

	"garita/border"
)

// A language is chosen for the browser by whoever opens it, and for the officer by who is signed in: there it holds
// in other browsers, too.
func TestLanguage(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	shows := func(b *browser, lang, path string) {
		t.Helper()
		if got := b.get(path); !strings.Contains(got.body, `<html lang="`+lang+`">`) {
			t.Errorf("%s is not in %s: %.60s", path, lang, got.body)
		}
	}
	b := s.browser()
	shows(b, "en", "/signin")
	got := b.form("/session/language", "language", "fr", "to", "/card/inspector")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/card/inspector" {
		t.Errorf("%d to %q", got.status, got.header.Get("Location"))
	}
	if k := got.header.Get("Set-Cookie"); !strings.Contains(k, "HttpOnly") || !strings.Contains(k, "SameSite=Strict") || !strings.Contains(k, "max-age=31536000") {
		t.Errorf("the cookie is %q", k)
	}
	shows(b, "fr", "/signin")
	if v := b.enter("1001", "1").fields(t); v["language"] != "fr" || v["role_words"] != "Inspecteur" {
		t.Errorf("an officer without a language of their own: %v", v)
	}
	b.json("POST", "/session/language", map[string]string{"language": "ht"}).is(t, 204, "")
	shows(b, "ht", "/signin")
	if v := b.json("GET", "/session", nil).fields(t); v["language"] != "ht" {
		t.Errorf("after choosing: %v", v)
	}
	b.json("DELETE", "/session", nil)
	shows(b, "ht", "/signin")
	shows(b, "es", "/signin?lang=es") // by the address: kept, too
	shows(b, "es", "/signin")
	if v := b.enter("1001", "1").fields(t); v["language"] != "ht" {
		t.Errorf("the officer's own choice is lost: %v", v)
	}
	other := s.browser()
	if v := other.enter("1001", "2").fields(t); v["language"] != "ht" {
		t.Errorf("in another browser: %v", v)
	}
	shows(other, "ht", "/card/inspector")
	shows(other, "en", "/card/inspector?lang=en")
	if v := s.browser().enter("1002", "1").fields(t); v["language"] != "en" {
		t.Errorf("another officer: %v", v)
	}
	for _, bad := range []string{"", "de", "frx"} {
		b.json("POST", "/session/language", map[string]string{"language": bad}).is(t, 422, border.Invalid)
	}
	if got := b.form("/session/language", "language", "en", "to", "https://elsewhere.example/"); got.header.Get("Location") != "/" {
		t.Errorf("it leads to %q", got.header.Get("Location"))
	}
	if got := b.do("POST", "/session/language", "application/x-www-form-urlencoded", "text/html", "language=fr", "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"); got.status != 403 {
		t.Errorf("another site chooses: %d", got.status)
	}
}
