package reports

import (
	"context"
	"time"

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
	to := layout.Printer(c)
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	var v list
	for p := weekOf(today); len(v.Weeks) < weeksListed; p = p.before() {
		v.Weeks = append(v.Weeks, offer{link{Path: "/reports/" + p.name(), Text: p.title(to)}, to.Day(p.from) + " – " + to.Day(p.to), !today.After(p.to)})
	}
	for p := monthOf(today); len(v.Months) < monthsListed; p = p.before() {
		v.Months = append(v.Months, offer{link{Path: "/reports/" + p.name(), Text: p.title(to)}, "", !today.After(p.to)})
	}
	return s.layout.Send(c, layout.Page{Title: to.T("Reports") + " – Garita", Kind: "reports", Script: "page", Screen: v})
}

// today is the day that runs at all posts, the earliest of them: a report is of days as posts have them.
func (s *screen) today(ctx context.Context) (time.Time, error) {
	day, err := s.cfg.Register.FlowDay(ctx, "")
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, day)
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
