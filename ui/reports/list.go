package reports

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// How many reports the list offers.
const (
	weeksListed  = 12
	monthsListed = 13
)

// list offers the last weeks and months, the one that runs first.
func (s *screen) list(c *fiber.Ctx) error {
	to, now := layout.Printer(c), s.cfg.Clock.Now().UTC()
	var v list
	for p := weekOf(now); len(v.Weeks) < weeksListed; p = p.before() {
		v.Weeks = append(v.Weeks, offer{link{Path: "/reports/" + p.name(), Text: p.title(to)}, to.Day(p.from) + " – " + to.Day(p.to), !now.After(p.to.AddDate(0, 0, 1))})
	}
	for p := monthOf(now); len(v.Months) < monthsListed; p = p.before() {
		v.Months = append(v.Months, offer{link{Path: "/reports/" + p.name(), Text: p.title(to)}, "", !now.After(p.to.AddDate(0, 0, 1))})
	}
	return s.layout.Send(c, layout.Page{Title: to.T("Reports") + " – Garita", Kind: "reports", Script: "page", Screen: v})
}

type list struct{ Weeks, Months []offer }

type offer struct {
	link
	Days string
	Runs bool
}

// IsList tells the template which page it shows.
func (list) IsList() bool { return true }

// IsList tells the template which page it shows.
func (view) IsList() bool { return false }
