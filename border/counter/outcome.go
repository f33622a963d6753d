package counter

import (
	"maps"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/form"
)

// receiptLimit is the longest receipt in bytes.
const receiptLimit = 100

// outcomes lists what may be decided in each direction.
var outcomes = map[string][]border.Outcome{
	border.Entry: {border.Admitted, border.Refused, border.Withdrawn, border.HandedOver},
	border.Exit:  {border.Departed, border.DeparturePrevented, border.Withdrawn, border.HandedOver},
}

// judged checks whether an encounter may end as decided, and gathers what stands behind it.
// p.mu is held.
func (s *Service) judged(p *place, e *encounter, d *Decision, officer Officer, near string) (*ending, error) {
	n := &ending{place: p, e: e, d: d, officer: officer, direction: e.heads(p.direction)}
	if e.restored && e != p.open {
		return nil, &border.Error{Code: border.Conflict, Op: "decide", Message: "Call the traveller up before you decide."}
	}
	if err := s.possible(n); err != nil {
		return nil, err
	}
	entered := maps.Clone(e.values)
	if len(d.Values) > 0 {
		merge(&entered, d.Values)
	}
	values := s.filled(p, e, entered).Values // what it lacks is asked below
	facts := s.facts(p, e, values)
	if err := s.permitted(n, facts, near); err != nil {
		return nil, err
	}
	if crosses(d.Outcome) && e.identity == border.IdentityDeclared && birthYear(e.doc.BirthDate) == 0 {
		return nil, &border.Error{Code: border.Invalid, Op: "decide",
			Message: "Of somebody without a document at least the year of birth is noted, as the person says or as it appears: 1974-XX-XX."}
	}
	var err error
	if n.record, err = s.complete(d.Outcome, facts, values); err != nil {
		return nil, err
	}
	if n.painted, err = e.onScreen(d.Revision); err != nil {
		return nil, err
	}
	if n.painted.hit && crosses(d.Outcome) {
		n.agreed, err = s.agree("decide", actHitOverride, officer, d.Agreement, s.beside(officer), near)
	}
	return n, err
}

// possible checks what can be decided at all: the outcome fits the direction, and comes with
// what it needs.
func (s *Service) possible(n *ending) error {
	d := n.d
	invalid := func(message string) error { return &border.Error{Code: border.Invalid, Op: "decide", Message: message} }
	if len(d.Note) > noteLimit {
		return &border.Error{Code: border.Invalid, Op: "decide", Message: "A note has at most {0} bytes.", Args: []any{noteLimit}}
	}
	if _, err := time.Parse(time.DateOnly, d.StatedDate); err != nil && d.StatedDate != "" {
		return invalid("A date reads year-month-day, like 2026-11-22.")
	}
	if !slices.Contains(outcomes[n.direction], d.Outcome) {
		if n.direction == border.Exit {
			return invalid("At exit a traveller departs, is prevented from departing, withdraws, or is handed over.")
		}
		return invalid("At entry a traveller is admitted, refused, withdraws, or is handed over.")
	}
	if err := s.grounded(d.Outcome, d.Ground); err != nil {
		return err
	}
	recipient := slices.ContainsFunc(s.cfg.Form.Codes("recipients"), func(c form.Code) bool { return c.Code == d.HandedTo })
	switch {
	case d.Outcome != border.HandedOver && (d.HandedTo != "" || d.Receipt != ""):
		return invalid("Only a traveller who is handed over has a recipient and a receipt.")
	case d.Outcome == border.HandedOver && (!recipient || strings.TrimSpace(d.Receipt) == "" || len(d.Receipt) > receiptLimit):
		return invalid("Say to whom the traveller is handed over, and who signed the receipt, in at most 100 bytes.")
	}
	if n.e.entered(n.direction, d.Outcome) {
		return &border.Error{Code: border.Conflict, Op: "decide",
			Message: "This crossing was entered before: the same document, direction, time and outcome. Abandon this encounter as the same person twice."}
	}
	if d.Continues != nil && (d.Outcome != border.Departed || !n.e.twin(*d.Continues)) {
		return invalid("An exit may end the stay of an entry that is shown as the same person's, and of no other.")
	}
	return nil
}

// entered reports whether the crossing on a paper sheet is recorded already.
func (e *encounter) entered(direction string, o border.Outcome) bool {
	return e.paper != nil && slices.ContainsFunc(e.here, func(c border.PastCrossing) bool {
		return c.Direction == direction && c.Outcome == string(o) && c.OccurredAt.Equal(e.paper.CrossedAt)
	})
}

// grounded checks the ground of an outcome.
func (s *Service) grounded(o border.Outcome, ground string) error {
	known := slices.ContainsFunc(s.cfg.Form.Grounds(o), func(c form.Code) bool { return c.Code == ground })
	if needs := o == border.Refused || o == border.DeparturePrevented; needs != (ground != "") || needs && !known {
		return &border.Error{Code: border.Invalid, Op: "decide", Message: "A refusal, and only a refusal, needs one of the coded grounds."}
	}
	return nil
}

// twin reports whether an entry is among those that the screen shows as the same person's.
func (e *encounter) twin(id border.ID) bool {
	is := func(c border.PastCrossing) bool {
		return c.Crossing == id && c.Direction == border.Entry && c.Outcome == string(border.Admitted)
	}
	return slices.ContainsFunc(e.near, is) || slices.ContainsFunc(e.twins, is)
}

// permitted checks what must not be decided: a refusal of an own national, one without a
// supervisor, and one of somebody who may need protection.
func (s *Service) permitted(n *ending, facts form.Facts, near string) (err error) {
	o := n.d.Outcome
	if n.e.protected() && (o == border.Refused || o == border.Withdrawn) {
		return protectedError("decide")
	}
	if o != border.Refused {
		return nil
	}
	if !s.refusable(n.e, facts) {
		return &border.Error{Code: border.Conflict, Op: "decide",
			Message: "A national of this country is not refused entry. Refer the case if the identity is in doubt."}
	}
	if s.cfg.Form.SupervisorRefuses() {
		n.agreed, err = s.bySupervisor("decide", actRefuse, n.officer, n.d.Agreement, near)
	}
	return err
}

// refusable reports whether a person may be refused entry: nobody of whom one document says
// that they are of this country, whichever of them leads.
func (s *Service) refusable(e *encounter, facts form.Facts) bool {
	for _, w := range e.papers() {
		facts.Nationality = w.doc.Nationality
		if !s.cfg.Form.Refusable(facts) {
			return false
		}
	}
	return true
}

func protectedError(op string) error {
	return &border.Error{Code: border.Conflict, Op: op,
		Message: "A need for protection is noted. Hand the person over, or have the duty supervisor lift the note, before anything else is decided."}
}

// crosses reports whether an outcome is a movement across the border.
func crosses(o border.Outcome) bool { return o == border.Admitted || o == border.Departed }

// complete checks the record. Somebody who crosses needs a complete one; of others no answer
// may be wrong, but what is missing is not asked of a person who is turned away.
func (s *Service) complete(o border.Outcome, facts form.Facts, values map[string]string) (form.Record, error) {
	var fields []string
	r, problems := s.cfg.Form.Check(facts, values)
	for _, p := range problems {
		if crosses(o) || values[p.Field] != "" {
			fields = append(fields, p.Field)
		}
	}
	if len(fields) > 0 {
		return form.Record{}, &border.Error{Code: border.Invalid, Op: "decide",
			Message: "The record is not complete, or an answer cannot be right: {0}.", Args: []any{strings.Join(fields, ", ")}}
	}
	return r, nil
}
