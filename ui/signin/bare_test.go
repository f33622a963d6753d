package signin

import (
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

// TestNothingIsBare: every text of the page in all its states, and of the frame around every page, is one of the
// catalogue.
func TestNothingIsBare(t *testing.T) {
	assets, err := layout.Built()
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = l.Marked(); err != nil {
		t.Fatal(err)
	}
	p := i18n.Pseudo()
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for name, page := range map[string]layout.Page{
		"station": {Site: layout.Site{Name: "PCA-1", Demo: true, Passkeys: true}, Screen: view{Counters: []border.CounterID{"1", "2"}, Training: []border.CounterID{"T1", "T2"}, Approve: true}},
		"keys":    {Site: layout.Site{SoftwareKeys: true}, Screen: view{Site: layout.Site{SoftwareKeys: true}, Counters: []border.CounterID{"1"}, WhoIs: "Ana", Again: "/"}},
		"signed in": {Site: layout.Site{Name: "PCA-1", Demo: true, SoftwareKeys: true, Passkeys: true}, Kind: "counter", Screen: view{},
			Who:   &layout.Who{Badge: "1001", Name: "Ana", Roles: layout.Roles(p, access.Roles()), Overdue: true, Works: true},
			Links: layout.Site{Hub: true}.Links(&access.Principal{Roles: access.Roles()}, "cases")},
		"hub": {Site: layout.Site{Hub: true}, Screen: view{}, Who: &layout.Who{Badge: "1001", Name: "Ana"}},
	} {
		v := page.Screen.(view)
		v.Lang, v.Languages, v.Site = i18n.English, i18n.Langs(), page.Site
		page.Lang, page.Screen = "en", v
		page.Cards, page.Script, page.Title = layout.Cards(), "signin", p.T("Sign in")
		for _, r := range []signin.RosterState{{}, {Version: 1, Age: time.Hour, ExpiresAt: now}, {Version: 1, Expired: true, Age: 90 * time.Hour, ExpiresAt: now}} {
			for _, c := range []*border.ClockTrust{nil, {State: border.ClockSynced}, {State: border.ClockHoldover, AgeS: 7500}, {State: border.ClockUntrusted}} {
				for _, code := range []border.Code{"", border.Unauthenticated, border.TooMany, border.SecondNeeded, border.Forbidden, border.Invalid, border.Internal} {
					v.RosterWords, v.RosterBad = roster(p, r, name == "hub")
					v.ClockWords, v.ClockBad = clock(p, c)
					if v.Trouble = ""; code != "" {
						v.Trouble = trouble(p, code)
					}
					page.Screen = v
					b, err := l.Fragment("base.html", page)
					if err != nil {
						t.Fatal(err)
					}
					for _, bare := range i18ntest.Bare(string(b)) {
						if !names[bare] {
							t.Fatalf("%s: %q is not of the catalogue", name, bare)
						}
					}
				}
			}
		}
	}
}

// names are what is the same in every language.
var names = map[string]bool{"Garita": true, "Español": true, "English": true, "Français": true, "Kreyòl": true, "Español, English, Français, Kreyòl": true,
	"2026-11-22 08:00 UTC": true}
