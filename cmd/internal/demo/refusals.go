package demo

import (
	"net/http"
	"slices"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// This file plays who is not let through, or not at once, and what is put right afterwards.

// refusal: the passport has expired; a supervisor agrees.
func (s *Script) refusal() scene {
	p := s.people.of("QRU")
	p.expiry = s.today.AddDate(0, -3, 0).Format("060102")
	one := s.print(p)
	return scene{kind: "refused", people: 1, want: tally{}.ended(border.Entry, border.Refused, "visitor"), play: func(h *hand) {
		h.head(border.Entry)
		h.scan(one)
		h.refused("second_needed", func() { h.decide(&one, counter.Decision{Outcome: border.Refused, Ground: "document_invalid"}) })
		id := h.turnBack(&one, "document_invalid")
		h.claim(id, "a supervisor countersigned the refusal", func(r *border.Header) bool {
			return r.Second != "" && r.Second != r.Officer && r.Ground == "document_invalid"
		})
	}}
}

// refusedThenAdmitted: refused at ten for want of a visa, admitted at eleven with one.
func (s *Script) refusedThenAdmitted() scene {
	one := s.foreigner()
	return scene{kind: "refused_then_admitted", people: 1, want: tally{}.ended(border.Entry, border.Refused, "visitor").in("visitor"), play: func(h *hand) {
		h.head(border.Entry)
		h.scan(one)
		refused := h.turnBack(&one, "no_visa")
		h.scan(one)
		h.must(h.err != nil || h.view.Encounter.History.LastRefusal != nil, "the last refusal is on the screen")
		id := h.crosses(&one, "visitor", map[string]string{"legal_basis": "visa", "visa_number": one.Answers["visa_number"], "visa_type": "tourist"})
		h.claim(id, "the admission follows the refusal", func(r *border.Header) bool { return r.Previous != nil && *r.Previous == refused })
	}}
}

// withdrawal: the traveller would rather not.
func (s *Script) withdrawal() scene {
	one := s.foreigner()
	return scene{kind: "withdrawn", people: 1, want: tally{}.ended(border.Entry, border.Withdrawn, "visitor"), play: func(h *hand) {
		h.head(border.Entry)
		h.scan(one)
		h.decide(&one, counter.Decision{Outcome: border.Withdrawn})
	}}
}

// abandonment: opened by mistake; it leaves a trace and no crossing.
func (s *Script) abandonment() scene {
	one, note := s.foreigner(), s.note("went off")
	return scene{kind: "abandoned", people: 1, want: tally{}.other(border.TypeEncounterAbandoned, border.Entry, 1), play: func(h *hand) {
		h.head(border.Entry)
		id := h.scan(one)
		h.do(http.MethodPost, "/abandonments", map[string]any{"encounter": id, "reason": "left", "note": note})
	}}
}

// preventedDeparture: a court has forbidden to leave.
func (s *Script) preventedDeparture() scene {
	one := s.traveller(own)
	return scene{kind: "departure_prevented", people: 1, want: tally{}.ended(border.Exit, border.DeparturePrevented, "national"), play: func(h *hand) {
		h.head(border.Exit)
		h.scan(one)
		h.refused("invalid", func() {
			h.decide(&one, counter.Decision{Outcome: border.Refused, Ground: "identity", Agreement: counter.Agreement{Second: supervisor}})
		})
		h.decide(&one, counter.Decision{Outcome: border.DeparturePrevented, Ground: "court_order"})
	}}
}

// handing: handed over to the police, with a receipt.
func (s *Script) handing() scene {
	one, receipt := s.foreigner(), s.note("signed")
	return scene{kind: "handed_over", people: 1, want: tally{}.ended(border.Entry, border.HandedOver, "visitor"), play: func(h *hand) {
		h.head(border.Entry)
		h.scan(one)
		h.decide(&one, counter.Decision{Outcome: border.HandedOver, HandedTo: "police", Receipt: receipt})
	}}
}

// relief is the officer who takes over a counter for a moment.
const relief = "1005"

// referral: one officer refers, another one takes over the screen, takes the referral and
// admits, then the first one is back: two officers and one screen.
func (s *Script) referral() scene {
	one, note := s.foreigner(), s.note("papers")
	want := tally{}.in("visitor").other(border.TypeEncounterReferred, border.Entry, 1).other(border.TypeEncounterTaken, border.Entry, 1).
		other(border.TypeCounterTaken, "", 2)
	return scene{kind: "referred_two_officers", people: 1, want: want, play: func(h *hand) {
		h.head(border.Entry)
		id := h.scan(one)
		h.refer(id, "visa", note)
		first := h.officer
		h.officer = relief
		h.refused("conflict", func() { h.takeReferral(id) })
		h.take(relief)
		h.takeReferral(id)
		h.must(h.err != nil || h.view.Encounter != nil && h.view.Encounter.ID == id && h.view.Encounter.From != "", "the screen says who referred")
		h.crosses(&one, "visitor", nil)
		h.take(first)
	}}
}

// ownCorrection: typed wrongly, put right at once by the same officer.
func (s *Script) ownCorrection() scene {
	one, note := s.foreigner(), s.note("corrected")
	return scene{kind: "correction_own", people: 1, want: tally{}.in("visitor").corrected(border.Entry, border.Admitted, "visitor"), play: func(h *hand) {
		id := h.enter(one, "visitor", nil)
		h.change("/corrections", id, map[string]any{"reason": "typing", "note": note, "values": map[string]string{"purpose": "health"}})
	}}
}

// secondCorrection: somebody else's crossing, with a second officer: it was an exit.
func (s *Script) secondCorrection() scene {
	one := s.foreigner()
	want := tally{}.in("visitor").corrected(border.Exit, border.Departed, "visitor").other(border.TypeCounterTaken, "", 2)
	return scene{kind: "correction_second", people: 1, want: want, play: func(h *hand) {
		id := h.enter(one, "visitor", nil)
		first := h.officer
		h.take(relief)
		fix := map[string]any{"reason": "direction", "direction": border.Exit, "outcome": border.Departed}
		h.refused("second_needed", func() { h.change("/corrections", id, fix) })
		fix["second"] = h.agree(access.LateCorrect, first)
		h.change("/corrections", id, fix)
		h.take(first)
	}}
}

// voided: it never was a crossing.
func (s *Script) voided() scene {
	one := s.foreigner()
	return scene{kind: "correction_void", people: 1, want: tally{}.in("visitor").corrected(border.Entry, border.Withdrawn, "visitor"), play: func(h *hand) {
		id := h.enter(one, "visitor", nil)
		h.change("/corrections", id, map[string]any{"reason": "person", "outcome": border.Withdrawn})
	}}
}

// extension: more days for somebody who is inside.
func (s *Script) extension() scene {
	one, until := s.foreigner(), s.today.AddDate(0, 0, 200).Format(time.DateOnly)
	return scene{kind: "extension", people: 1, want: tally{}.in("visitor").other(border.TypeStayExtended, "", 1).
		other(border.TypeEncounterAbandoned, border.Exit, 1), play: func(h *hand) {
		id := h.enter(one, "visitor", nil)
		h.change("/extensions", id, map[string]any{"until": until, "reason": "granted"})
		h.head(border.Exit)
		mistake := h.scan(one)
		h.must(h.err != nil || h.view.Encounter.History.PermittedUntil == until, "the screen shows the extended stay")
		h.must(h.err != nil || slices.ContainsFunc(h.view.Encounter.History.Stays, func(p counter.PastStay) bool { return p.DaysGranted > 90 }), "and its days")
		h.do(http.MethodPost, "/abandonments", map[string]any{"encounter": mistake, "reason": "mistake"})
	}}
}
