package counter

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/training"
	"garita/ui/i18n"
)

// serviceKey names among a request's locals the service that its counter belongs to.
type serviceKey struct{}

// choose finds the service of the request's counter: that of training for a training counter, else the
// station's. It is the only place where a request is given either, and keeps training open until it is done.
func (s *screen) choose(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	service, stay, err := s.serving(ctx, counterOf(c))
	if err != nil {
		return err
	}
	leave, err := stay()
	if err != nil {
		return err
	}
	defer leave()
	c.Locals(serviceKey{}, service)
	return c.Next()
}

// serving finds the service of a counter, and what keeps it open while it is used.
func (s *screen) serving(ctx context.Context, id border.CounterID) (Service, func() (leave func(), err error), error) {
	if !id.IsTraining() {
		return s.cfg.Service, func() (func(), error) { return func() {}, nil }, nil
	}
	if s.cfg.Training == nil {
		return nil, nil, &border.Error{Code: border.NotFound, Op: "find a counter", Message: "This station has no such counter."}
	}
	desk, leave, err := s.cfg.Training.Enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	return desk, desk.Stay, nil
}

// service is the one that [screen.choose] has found.
func (s *screen) service(c *fiber.Ctx) Service { return c.Locals(serviceKey{}).(Service) }

// takesPapers reports whether papers are attached at a counter.
func (s *screen) takesPapers(id border.CounterID) bool {
	return s.cfg.Papers != nil && !id.IsTraining()
}

// specimenWords say who an invented traveller is, specimenNotes what there is to practise.
var (
	specimenWords = map[training.Kind]i18n.Msg{
		training.FirstVisit: "specimen::First visit", training.Returning: "specimen::Has been here before", training.Parent: "specimen::Mother with a child",
		training.Child: "specimen::The child", training.Expired: "specimen::Passport expired", training.Overstayed: "specimen::Stayed too long",
		training.Damaged: "specimen::Damaged zone", training.ToRefer: "specimen::On the list", training.ToRefuse: "specimen::On the list, openly",
		training.Crew: "specimen::Crew", training.National: "specimen::Own national", training.NoZone: "specimen::No zone",
	}
	specimenNotes = map[training.Kind]i18n.Msg{
		training.FirstVisit: "fill in the form", training.Returning: "two earlier stays", training.Parent: "a group of two: ⇧F2 first",
		training.Child: "its mother answers for it", training.Expired: "refuse with F9", training.Overstayed: "leaves: F4 first",
		training.Damaged: "a check digit is wrong: compare", training.ToRefer: "refer with F3", training.ToRefuse: "compare, then refuse with F9",
		training.Crew: "crew certificate", training.National: "is never refused entry",
	}
)

// train says of the hub what is true in training, where an invented one answers.
func (b *Banner) train(w words) {
	for i := range b.Chips {
		if b.Chips[i].ID == "hub" {
			b.Chips[i] = Chip{"hub", "note", w.T("No hub in training")}
		}
	}
}

// train puts the invented travellers on a page of training.
func (p *pageData) train(room *training.Room) {
	p.Counters, p.Specimens = room.Counters(), nil
	for _, x := range room.Specimens() {
		s := Specimen{Label: p.words.T(specimenWords[x.Kind])}
		if m := specimenNotes[x.Kind]; m != "" {
			s.Note = p.words.T(m)
		}
		if t := x.Typed; t.Number != "" {
			s.Note = p.words.T("type with F6: {0}", strings.Join([]string{t.Surname + ", " + t.GivenNames, t.Number, t.State, p.words.day(t.BirthDate), t.Sex}, " · "))
		}
		p.Specimens = append(p.Specimens, s)
	}
}
