package counter

import (
	"html/template"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// noticePage is a notice in words.
type noticePage struct {
	Bar                              []tongue
	Country, Zone, Document          string
	Post                             border.PostID
	Outcome                          border.Outcome
	Title, When, Born, Ground        string
	Surname, GivenNames, Nationality string
	Officer, Supervisor              string
	Crossing                         border.ID
	Again                            template.HTML // the same, small, in the officer's language; "" if that is the same one
	Training                         bool
}

// tongue is a language that a paper is offered in.
type tongue struct {
	Lang i18n.Lang
	Name string
	Here bool
}

func tongues(here i18n.Lang) []tongue {
	var out []tongue
	for _, l := range i18n.Langs() {
		out = append(out, tongue{l, l.Name(), l == here})
	}
	return out
}

// notice is the paper that a refused person is given: a page to print, and nothing that
// moves. It is never stored. It is in the language that is asked for, else in one of the person's country,
// else in the officer's; and once more, small, in the officer's.
func (s *screen) notice(c *fiber.Ctx) error {
	id, err := encounterID(c.Params("crossing"))
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.reads(ctx, c, id); err != nil {
		return err
	}
	n, err := s.service(c).Notice(ctx, id)
	if err != nil {
		return err
	}
	officer := layout.Printer(c)
	lang := i18n.Of(c.Query("lang"))
	if lang == "" {
		lang = spoken(n.Nationality)
	}
	if lang == "" {
		lang = officer.Lang()
	}
	html, err := s.paper(n, i18n.In(lang), officer, counterOf(c).IsTraining())
	if err != nil {
		return err
	}
	return sendPaper(c, html)
}

// paper renders a notice for the traveller, and once more for the officer.
func (s *screen) paper(n counter.Notice, traveller, officer *i18n.Printer, training bool) ([]byte, error) {
	page := s.words(traveller, n.Zone).notice(n)
	page.Training = training
	if officer.Lang() != traveller.Lang() {
		again, err := s.layout.In(officer).Fragment("notice-again", s.words(officer, n.Zone).notice(n))
		if err != nil {
			return nil, err
		}
		page.Again = template.HTML(again) //nolint:gosec // the template has escaped it
	}
	return s.layout.In(traveller).Fragment("notice", page)
}

// notice puts a notice into words.
func (w words) notice(n counter.Notice) noticePage {
	ground := w.label(n.GroundLabel)
	if ground == "" {
		ground = n.Ground
	}
	title := noticeTitles[n.Outcome]
	return noticePage{Bar: tongues(w.Lang()), Country: n.Country, Zone: n.Zone, Document: n.Document, Post: n.Post, Outcome: n.Outcome,
		Title: w.T(title), When: w.at(n.OccurredAt), Born: w.day(n.BirthDate), Ground: ground, Surname: n.Surname, GivenNames: n.GivenNames,
		Nationality: n.Nationality, Officer: n.Officer, Supervisor: n.Supervisor, Crossing: n.Crossing}
}

// sendPaper answers with a page to print. It is never stored.
func sendPaper(c *fiber.Ctx, html []byte) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(html)
}
