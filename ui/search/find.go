package search

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/register"
	"garita/ui/layout"
	"garita/ui/problem"
)

// The bounds of a search: how long it may take, how many travellers it gives, how long a field may be.
const (
	answerTimeout = 8 * time.Second
	mostFound     = 50
	maxField      = 200 // characters
)

// query is what was asked, as the form has it.
type query struct {
	Purpose, Reason string
	Issuer, Number  string
	Name, Born      string
	Crossing        string // of the traveller that is opened
}

func readQuery(c *fiber.Ctx) query {
	v := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	return query{Purpose: v("purpose"), Reason: v("reason"), Issuer: strings.ToUpper(v("issuer")), Number: strings.ToUpper(v("number")),
		Name: v("name"), Born: v("born"), Crossing: v("crossing")}
}

// check refuses what says no purpose, or is too long.
func (q *query) check() error {
	const op = "search for a person"
	if err := access.Purposeful(q.Purpose); err != nil {
		return err
	}
	if utf8.RuneCountInString(q.Reason) < 3 {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Say in a few words why: the number of a file or a case, no name."}
	}
	for _, s := range []string{q.Reason, q.Issuer, q.Number, q.Name, q.Born, q.Crossing} {
		if utf8.RuneCountInString(s) > maxField {
			return &border.Error{Code: border.TooLarge, Op: op, Message: "One of these is longer than 200 characters."}
		}
	}
	return nil
}

// empty asks for whom to look.
func (s *screen) empty(c *fiber.Ctx) error {
	return s.send(c, &page{})
}

// find looks for travellers.
func (s *screen) find(c *fiber.Ctx) error {
	q := readQuery(c)
	p := &page{Query: q}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	err := q.check()
	if err == nil {
		if err = s.told(ctx, q, "register"); err != nil {
			return err
		}
		p.Found, p.More, err = s.look(ctx, q)
	}
	if err != nil {
		return s.failed(c, p, err)
	}
	p.Asked = true
	return s.send(c, p)
}

// ofDocument reports whether a document is looked for: its number goes before a name.
func (q *query) ofDocument() bool { return q.Number != "" || q.Issuer != "" }

// look asks the register.
func (s *screen) look(ctx context.Context, q query) ([]register.Traveller, bool, error) {
	if q.ofDocument() {
		return s.cfg.Register.FindDocument(ctx, q.Issuer, q.Number, mostFound)
	}
	year := 0
	if q.Born != "" {
		n, err := strconv.Atoi(q.Born)
		if err != nil || n < 1850 || n > 2200 {
			return nil, false, &border.Error{Code: border.Invalid, Op: "search for a person", Message: "A year of birth has four digits."}
		}
		year = n
	}
	return s.cfg.Register.FindNamed(ctx, q.Name, year, mostFound)
}

// person opens one traveller.
func (s *screen) person(c *fiber.Ctx) error {
	q := readQuery(c)
	p := &page{Query: q}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	if err := q.check(); err != nil {
		return s.failed(c, p, err)
	}
	id, err := border.ParseID(q.Crossing)
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "open a traveller", Message: "There is no such crossing."}
	}
	if err := s.told(ctx, q, "crossing "+id.String()); err != nil {
		return err
	}
	o := &opened{}
	if o.Travels, o.More, err = s.cfg.Register.Travels(ctx, id); err != nil {
		return s.failed(c, p, err)
	}
	ids := make([]border.ID, len(o.Travels))
	seen := map[border.ID]bool{}
	for i := range o.Travels {
		ids[i] = o.Travels[i].Crossing.ID
		if seen[ids[i]] {
			continue
		}
		stay, err := s.cfg.Register.StayOf(ctx, ids[i])
		if border.CodeOf(err) == border.NotFound && err != nil {
			continue
		}
		if err != nil {
			return err
		}
		for _, m := range []*register.Movement{stay.Entry, stay.Exit} {
			if m != nil {
				seen[m.Crossing] = true
			}
		}
		o.Stays = append(o.Stays, stay)
	}
	roles := access.From(c.UserContext()).Roles
	if access.May(roles, access.CasesRead) {
		if o.Cases, err = s.cfg.Cases.Of(ctx, ids); err != nil {
			return err
		}
	}
	o.Face = s.portraitOf(ctx, o.Travels, roles)
	p.Opened = o
	return s.send(c, p)
}

// told says in the audit who is looked for, by whom and why, before anything is given. Whom goes into the
// sealed part only.
func (s *screen) told(ctx context.Context, q query, object string) error {
	return access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.PersonSearch), Object: object, Purpose: q.Purpose,
		Text: strings.Join([]string{q.Reason, q.Issuer, q.Number, q.Name, q.Born}, "|")})
}

func (s *screen) send(c *fiber.Ctx, p *page) error {
	w := layout.Printer(c)
	return s.layout.Send(c, layout.Page{Title: w.T("Search – Garita"), Kind: "search", Screen: s.show(w, p, access.From(c.UserContext()).Roles)})
}

// failed shows the form again with what went wrong; a fault of ours goes on as an error.
func (s *screen) failed(c *fiber.Ctx, p *page, err error) error {
	text, status, ok := problem.OnForm(layout.Printer(c), err)
	if !ok {
		return err
	}
	p.Trouble = text
	c.Status(status)
	return s.send(c, p)
}
