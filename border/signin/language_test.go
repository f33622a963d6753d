package signin_test

import (
	"testing"

	"garita/border"
	"garita/border/access"
)

// A language that an officer chose holds at once, for their other sessions, and after a restart.
func TestLanguage(t *testing.T) {
	with := officer("1001", access.Inspector)
	with.Language = "fr"
	r := newStation(t, with, officer("1002", access.Inspector))
	one, other := r.signIn("1001", "1"), r.signIn("1002", "2")
	language := func(token string) string {
		t.Helper()
		p, err := r.s.Session(here, token)
		must(t, err)
		return p.Language
	}
	if one.Principal.Language != "fr" || other.Principal.Language != "" {
		t.Errorf("the accounts' languages are %q and %q", one.Principal.Language, other.Principal.Language)
	}
	must(t, r.s.SetLanguage(here, one.Principal, "ht"))
	for range 2 {
		if got := language(one.Token); got != "ht" {
			t.Errorf("chosen ht, is %q", got)
		}
		if got := language(other.Token); got != "" {
			t.Errorf("another officer has chosen %q", got)
		}
		r.restart()
	}
	if got := r.signIn("1001", "1"); got.Principal.Language != "ht" {
		t.Errorf("a new session has %q", got.Principal.Language)
	}
	must(t, r.s.SetLanguage(here, one.Principal, "es"))
	for _, bad := range []string{"", "x", "EN", "en-GB", "abcdefghi", "e n"} {
		wantCode(t, bad, r.s.SetLanguage(here, one.Principal, bad), border.Invalid)
	}
	wantCode(t, "nobody", r.s.SetLanguage(here, nil, "es"), border.Unauthenticated)
}
