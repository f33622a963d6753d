package counter

import (
	"context"
	"encoding/json"
	"maps"

	"garita/border"
	"garita/border/form"
)

// Standing is a crossing of this station as it stands after corrections, for correcting it.
type Standing struct {
	Crossing  border.ID      `json:"crossing"`
	Direction string         `json:"direction"`
	Outcome   border.Outcome `json:"outcome"`
	Ground    string         `json:"ground"`
	LocalDate string         `json:"local_date"`
	Document  DocumentView   `json:"document"`
	Identity  string         `json:"identity"`
	// Fields are those that the form asks of it now; Values what was recorded.
	Fields []form.Field      `json:"fields"`
	Values map[string]string `json:"values"`
	// Alone says that the officer may correct it without a second one.
	Alone bool `json:"alone"`
}

// Standing returns a crossing as it stands, and whether an officer may correct it alone.
// [border.NotFound]: this station holds none; [border.Conflict]: it cannot be read any more.
func (s *Service) Standing(ctx context.Context, crossing border.ID, officer string) (Standing, error) {
	const op = "look up a crossing"
	o, err := s.officer(officer)
	if err != nil {
		return Standing{}, err
	}
	first, err := s.cfg.Journal.Crossing(ctx, crossing)
	if err != nil {
		return Standing{}, err
	}
	c, err := s.standing(ctx, &first)
	if err != nil {
		return Standing{}, err
	}
	if c == nil {
		return Standing{}, &border.Error{Code: border.NotFound, Op: op, Message: "This station holds no such crossing."}
	}
	plain, err := s.cfg.Keys.Open(c.event, border.PartPersonal)
	if err != nil {
		return Standing{}, &border.Error{Code: border.Conflict, Op: op, Err: err,
			Message: "The particulars of this crossing cannot be read any more, so it cannot be corrected."}
	}
	var person border.Personal
	if err := json.Unmarshal(plain, &person); err != nil {
		return Standing{}, &border.Error{Code: border.Internal, Op: op} // the cause could repeat content
	}
	h := &c.header
	e := restoreEncounter(h, &person)
	values := answersOf(h)
	maps.Copy(values, person.Answers)
	e.needs, _ = s.needsOf(&first)
	facts := s.recordedFacts(h, e, values)
	out := Standing{Crossing: crossing, Direction: h.Direction, Outcome: border.Outcome(h.Outcome), Ground: h.Ground, LocalDate: h.LocalDate,
		Document: e.paperwork.view(), Identity: e.identity, Fields: s.cfg.Form.Fields(facts, values), Values: values}
	_, err = s.countersigned(op, &first, o, Agreement{})
	out.Alone = err == nil
	return out, nil
}
