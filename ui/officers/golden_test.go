package officers

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

// still is a clock that stands.
type still time.Time

func (s still) Now() time.Time { return time.Time(s) }

func pages(w *i18n.Printer) map[string]any {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	s := &screen{cfg: Config{Clock: still(now)}}
	all := []access.Officer{
		{Badge: "1001", Name: "PETRA <b> HARROWGATE", Roles: []access.Role{access.Inspector, access.Supervisor}, Posts: []border.PostID{"PCA", "DAR"}, Language: "fr",
			Passkeys: []access.Passkey{{ID: []byte{1}, Name: "blue key", AddedAt: now}}},
		{Badge: "1002", Name: "BRUNO VOLKHOVAR", Roles: []access.Role{access.Operator}, MustChange: true},
		{Badge: "1003", Name: "CLARA QUIRINDONGO", Roles: []access.Role{access.Auditor}, Revoked: now.Add(-48 * time.Hour)},
		{Badge: "1004"},
	}
	list := s.listOf(w, all, &access.Officer{Badge: "10 05"})
	list.Work = true
	read := s.listOf(w, all[:1], nil)
	account := &accountPage{Badge: "1001", Name: "PETRA HARROWGATE", Roles: layout.Roles(w, all[0].Roles), MustChange: true, Passkeys: true, Keys: []key{keyOf(w, &all[0].Passkeys[0])}}
	return map[string]any{
		"list": page{List: list, Trouble: w.T("A badge has 1 to 32 letters and digits.")}, "read": page{List: read}, "none": page{List: s.listOf(w, nil, nil)},
		"secret":  page{List: read, Done: w.T("The account is open."), Secret: &secret{"1001", "PETRA HARROWGATE", "135790"}},
		"account": page{Account: account}, "plain": page{Account: &accountPage{Badge: "1002", Name: "BRUNO VOLKHOVAR"}, Done: w.T("The PIN is changed.")},
	}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"list", "account"},
		Data: regexp.MustCompile(`^(blue key|PCA DAR|Español|English|Français|Kreyòl)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
