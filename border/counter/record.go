package counter

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/form"
)

// valueLimit and valuesLimit bound what an officer may enter; the form's own limits are
// narrower.
const (
	valueLimit  = 500
	valuesLimit = 64
)

// day is the calendar day at the post of a moment.
func (s *Service) day(t time.Time) string { return t.In(s.cfg.Zone).Format(time.DateOnly) }

// now is the present time in the precision of records.
func (s *Service) now() time.Time { return s.cfg.Clock.Now().Truncate(time.Millisecond) }

// age of a person in full years on a day; -1 if either is not known. Of a birth date that is
// not a full one the youngest age counts: a child is not taken for an adult.
func age(birth, day string) int {
	if len(birth) < 4 || strings.Contains(birth[:4], "X") {
		return -1
	}
	last, ok := lastDay(birth)
	if !ok {
		return -1
	}
	b, err := time.Parse(time.DateOnly, last)
	d, err2 := time.Parse(time.DateOnly, day)
	if err != nil || err2 != nil {
		return -1
	}
	years := d.Year() - b.Year()
	if d.Month() < b.Month() || d.Month() == b.Month() && d.Day() < b.Day() {
		years--
	}
	return max(years, 0)
}

// facts are what the form's conditions look at. p.mu is held, or nobody else has e. Of a child
// no adult is asked for while any need is noted: asked only of a child alone, the question
// itself would say which.
func (s *Service) facts(p *place, e *encounter, values map[string]string) form.Facts {
	f := form.Facts{Direction: e.heads(p.direction), Category: values["category"], Nationality: e.doc.Nationality, Age: s.ageOf(e),
		Post: s.cfg.Post, Identity: e.identity, Role: values["role"], Responsible: e.responsible != nil && !p.adultGone(e) || e.protected()}
	if p.group != nil && e.group != nil && *e.group == p.group.id {
		f.Group = p.group.kind
	}
	if f.Category == "" {
		f.Category = s.cfg.Form.Category(f)
	}
	return f
}

// ageOf is the age on the day of the crossing, -1 while the clock cannot be trusted.
func (s *Service) ageOf(e *encounter) int {
	switch {
	case e.paper != nil:
		return age(e.doc.BirthDate, s.day(e.paper.CrossedAt))
	case s.cfg.Clock.Trust().State == border.ClockUntrusted:
		return -1
	}
	return age(e.doc.BirthDate, s.day(s.cfg.Clock.Now()))
}

// fill fills in the form of an encounter, see [Service.filled], and says what is wrong or missing. p.mu is held.
func (s *Service) fill(p *place, e *encounter, entered map[string]string) RecordView {
	v := s.filled(p, e, entered)
	if _, problems := s.cfg.Form.Check(s.facts(p, e, v.Values), v.Values); len(problems) > 0 {
		v.Problems = problems
	}
	return v
}

// filled fills in the form of an encounter: what was entered for this person comes before what
// the group shares, before what is known of the last crossing, before the form's default.
// p.mu is held.
func (s *Service) filled(p *place, e *encounter, entered map[string]string) RecordView {
	v := RecordView{Form: s.cfg.Form.Version(), Values: map[string]string{}, Origins: map[string]string{}, Problems: []form.Problem{}}
	var shared map[string]string
	if g := p.group; g != nil && e.group != nil && *e.group == g.id {
		shared = g.shared
	}
	put := func(name, value, origin string) bool {
		if _, there := v.Values[name]; there || value == "" {
			return there
		}
		v.Values[name], v.Origins[name] = value, origin
		return true
	}
	for name, value := range entered {
		put(name, value, "entered")
	}
	for name, value := range shared {
		if _, own := entered[name]; !own {
			put(name, value, "shared")
		}
	}
	if _, chosen := entered["category"]; !chosen && s.cfg.Form.Lasts(e.known["category"]) && s.cfg.Form.Category(s.facts(p, e, nil)) != "national" {
		put("category", e.known["category"], "known")
	}
	// Each field may bring out others: known answers and defaults are filled in the order of
	// the form until nothing more is asked. The form itself goes on with its own defaults; with a
	// known answer, or a role that the facts did not have, it is asked again.
	for range 4 {
		again := false
		v.Fields = s.cfg.Form.Fields(s.facts(p, e, v.Values), v.Values)
		for _, f := range v.Fields {
			if _, own := entered[f.Name]; own {
				continue // taken away on purpose
			}
			if f.Carry && s.fits(p, e, v.Values, f.Name, e.known[f.Name]) {
				_, there := v.Values[f.Name]
				put(f.Name, e.known[f.Name], "known")
				again = again || !there
				continue
			}
			_, there := v.Values[f.Name]
			put(f.Name, f.Default, "default")
			again = again || f.Name == "role" && !there && f.Default != ""
		}
		if !again {
			break
		}
	}
	// What was shared or known for another course of things is not this person's answer.
	asked := make(map[string]bool, len(v.Fields))
	for _, f := range v.Fields {
		asked[f.Name] = true
	}
	maps.DeleteFunc(v.Values, func(name, _ string) bool { return !asked[name] && v.Origins[name] != "entered" })
	maps.DeleteFunc(v.Origins, func(name, _ string) bool { _, there := v.Values[name]; return !there })
	return v
}

// fits reports whether the form takes a known answer: codes may have changed since.
func (s *Service) fits(p *place, e *encounter, values map[string]string, name, value string) bool {
	if value == "" {
		return false
	}
	trial := maps.Clone(values)
	trial[name] = value
	_, problems := s.cfg.Form.Check(s.facts(p, e, trial), trial)
	for _, problem := range problems {
		if problem.Field == name {
			return false
		}
	}
	return true
}

// answersOf returns the open answers of a recorded crossing by the names of the form.
func answersOf(h *border.Header) map[string]string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	known := map[string]string{"category": h.Category, "purpose": h.Purpose, "residence": h.Residence, "birth_country": h.BirthCountry,
		"previous_country": h.PreviousCountry, "next_country": h.NextCountry, "destination": h.Destination,
		"intended_days": number(h.IntendedDays), "days_granted": number(h.DaysGranted), "legal_basis": h.LegalBasis,
		"visa_type": h.VisaType, "visa_issuer": h.VisaIssuer, "transport_mode": h.TransportMode, "role": h.Role}
	maps.DeleteFunc(known, func(_, v string) bool { return v == "" })
	return known
}

// Answers enters answers of the form for the open encounter or a member of the group. They
// join what was entered before; "" takes an answer away, also a known one. Nothing is
// refused here for being incomplete: that is said in the view, and by [Service.Decide].
func (s *Service) Answers(ctx context.Context, at At, id border.ID, values map[string]string) error {
	const op = "enter answers"
	if err := plausible(op, values); err != nil {
		return err
	}
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		next := e.copy()
		merge(&next.values, values)
		return s.replace(ctx, p, e, next)
	})
}

// plausible bounds answers before anything is kept of them.
func plausible(op string, values map[string]string) error {
	if len(values) > valuesLimit {
		return &border.Error{Code: border.TooLarge, Op: op, Message: "These are more answers than the form has questions."}
	}
	for name, v := range values {
		if len(name) > 64 || len(v) > valueLimit {
			return &border.Error{Code: border.TooLarge, Op: op, Message: "An answer has at most 500 bytes."}
		}
	}
	return nil
}

func merge(into *map[string]string, values map[string]string) {
	if *into == nil {
		*into = make(map[string]string, len(values))
	}
	maps.Copy(*into, values)
}
