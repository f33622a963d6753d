package watchlists

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/watch"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// explainPage is a traveller, and what the list says.
type explainPage struct {
	Form    travellerForm
	Asked   bool
	Purpose string // why the search is made, of these
	// Purposes are what a search may be for.
	Purposes []access.Purpose
	None     string // why there is nothing to show
	Hits     []hitView
}

type travellerForm struct {
	Surname, GivenNames, BirthDate, Sex, Nationality, Issuer, Number string
	Source, ID                                                       string // of the one entry that is asked about; ""
}

type hitView struct {
	Entry, Name, Chance, Score, Handling, Basis string
	Hit                                         bool // a counter would be told
	Before                                      string
	Reasons                                     []wording.Reason
}

// bestHits is how many hits are shown.
const bestHits = 10

// explainForm asks for a traveller.
func (s *screen) explainForm(c *fiber.Ctx) error {
	w := layout.Printer(c)
	return s.send(c, page{Title: w.T("Explain a score"), Where: "explain", Explain: &explainPage{Purposes: wording.Purposes(w)}})
}

// explain shows whom the list takes a traveller for, and why.
func (s *screen) explain(c *fiber.Ctx) error {
	v := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	f := travellerForm{Surname: v("surname"), GivenNames: v("given_names"), BirthDate: v("birth_date"), Sex: v("sex"), Nationality: strings.ToUpper(v("nationality")),
		Issuer: strings.ToUpper(v("issuer")), Number: strings.ToUpper(v("number")), Source: v("source"), ID: v("id")}
	w := layout.Printer(c)
	x := &explainPage{Form: f, Purpose: v("purpose"), Purposes: wording.Purposes(w)}
	p := page{Title: w.T("Explain a score"), Where: "explain", Explain: x}
	const op = "explain a score"
	if err := access.Purposeful(x.Purpose); err != nil {
		return s.failed(c, p, err)
	}
	if err := s.searches(c, f, x.Purpose); err != nil {
		return err
	}
	switch list := s.cfg.Lists.Current(); {
	case f.Surname == "" && f.GivenNames == "" && f.Number == "":
		return s.failed(c, p, &border.Error{Code: border.Invalid, Op: op, Message: "Enter a name, or the number of a document."})
	case tooLong(f):
		return s.failed(c, p, &border.Error{Code: border.TooLarge, Op: op, Message: "One of these is longer than 200 characters."})
	case list == nil:
		return s.failed(c, p, &border.Error{Code: border.Conflict, Op: op, Message: "There is no list yet: import one first."})
	case f.Source != "" || f.ID != "":
		key := watch.Key{Source: f.Source, ID: f.ID}
		e, ok := s.hit(w, f.query(), key)
		if !ok {
			return s.failed(c, p, &border.Error{Code: border.NotFound, Op: op, Message: "There is no such entry in force."})
		}
		x.Hits = []hitView{e}
	default:
		q := f.query()
		for _, h := range list.Check(q, nil) {
			if len(x.Hits) == bestHits {
				break
			}
			if e, ok := s.hit(w, q, h.Entry); ok {
				x.Hits = append(x.Hits, e)
			}
		}
	}
	if x.Asked = true; len(x.Hits) == 0 {
		x.None = w.T("Nobody on the list is like this traveller.")
	}
	return s.send(c, p)
}

// searches tells that who is signed in searches for a person, and why. Whom goes into the sealed
// part only.
func (s *screen) searches(c *fiber.Ctx, f travellerForm, purpose string) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), readTimeout)
	defer cancel()
	text := strings.Join([]string{f.Surname, f.GivenNames, f.BirthDate, f.Sex, f.Nationality, f.Issuer, f.Number, f.Source, f.ID}, "|")
	return access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.PersonSearch), Object: "list", Purpose: purpose, Text: text[:min(len(text), searchMax)]})
}

// searchMax bounds what is recorded of a search, in bytes.
const searchMax = 2 << 10

func tooLong(f travellerForm) bool {
	for _, s := range []string{f.Surname, f.GivenNames, f.BirthDate, f.Sex, f.Nationality, f.Issuer, f.Number, f.Source, f.ID} {
		if len(s) > 200 {
			return true
		}
	}
	return false
}

func (f *travellerForm) query() *watch.Query {
	q := &watch.Query{Surname: f.Surname, GivenNames: f.GivenNames, BirthDate: f.BirthDate, Sex: f.Sex, Nationality: f.Nationality}
	if f.Number != "" {
		q.Documents = []watch.QueryDocument{{Issuer: f.Issuer, Number: f.Number}}
	}
	return q
}

// hit explains one entry.
func (s *screen) hit(w *i18n.Printer, q *watch.Query, key watch.Key) (hitView, bool) {
	x, ok := s.cfg.Lists.Explain(q, key)
	if !ok {
		return hitView{}, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	e, err := s.cfg.Lists.Entry(ctx, key)
	if err != nil {
		return hitView{}, false // withdrawn just now
	}
	return hitOf(w, &x, e), true
}

func hitOf(w *i18n.Printer, x *watch.Explanation, e *watch.Entry) hitView {
	v := hitView{Entry: e.Key().String(), Name: wording.First(w, e), Chance: wording.Chance(w, x.Hit.Score), Score: fmt.Sprintf("%.3f", x.Hit.Score),
		Handling: wording.Handling(w, e.Handling), Hit: x.Hit.Score >= watch.OperatingPoint || x.Hit.Basis == watch.ByDocument,
		Basis: w.T("by name"), Reasons: wording.Reasons(w, x)}
	if x.Hit.Basis == watch.ByDocument {
		v.Basis = w.T("by document")
	}
	if p := 1 / (1 + math.Exp(-x.Prior)); p > 0 {
		v.Before = w.Number(int(math.Min(1e9, math.Round(1/p))))
	}
	return v
}
