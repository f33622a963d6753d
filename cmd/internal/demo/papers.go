package demo

import (
	"net/http"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// This file plays who comes without a machine readable zone, or needs protection.

// keyedScene is the entry of somebody whose document is typed.
func (s *Script) keyedScene(kind, document, state, nationality, category string, values map[string]string) scene {
	p := s.people.of(state)
	p.nationality = nationality
	one, k := s.print(p), p.particulars(document)
	return scene{kind: kind, people: 1, want: tally{}.in(category), play: func(h *hand) {
		h.head(border.Entry)
		h.open(border.IdentityKeyed, &k, nil, "")
		id := h.crosses(&one, category, values)
		h.claim(id, "the zone was not checked, for there is none", func(r *border.Header) bool {
			return r.Identity == border.IdentityKeyed && r.Checks["mrz"] == "not_checked(no_mrz)"
		})
	}}
}

func (s *Script) laissezPasser() scene {
	return s.keyedScene("laissez_passer", "laissez_passer", own, own, "returnee", nil)
}

func (s *Script) borderCard() scene {
	return s.keyedScene("border_card", "border_card", "QRU", "QRU", "border_resident", nil)
}

func (s *Script) refugee() scene {
	p := s.people.of("QSY")
	p.nationality = "XXB"
	one := s.keep(p.specimen("Travel document for refugees", "XXB", p.passport()))
	return scene{kind: "refugee", people: 1, want: tally{}.in("refugee"), play: func(h *hand) { h.enter(one, "refugee", map[string]string{"destination": own}) }}
}

// declared: no document at all, only the person's word.
func (s *Script) declared() scene {
	p := s.people.of("QRU")
	one, k := s.print(p), p.particulars("")
	return scene{kind: "declared", people: 1, want: tally{}.in("other"), play: func(h *hand) {
		h.head(border.Entry)
		h.open(border.IdentityDeclared, &k, nil, "")
		id := h.crosses(&one, "other", map[string]string{"legal_basis": "humanitarian"})
		h.claim(id, "the identity is declared", func(r *border.Header) bool { return r.Identity == border.IdentityDeclared })
	}}
}

// lostDocument: an own national whose passport is lost, with the report of it.
func (s *Script) lostDocument() scene {
	p := s.people.of(own)
	one, k := s.print(p), p.particulars("")
	report := p.particulars("lost_document_report")
	return scene{kind: "lost_document", people: 1, want: tally{}.in("national"), play: func(h *hand) {
		h.head(border.Entry)
		id := h.open(border.IdentityDeclared, &k, nil, "")
		h.on(id, http.MethodPost, "/documents", map[string]any{"particulars": keyed(&report)})
		h.crosses(&one, "national", nil)
	}}
}

// asksProtection: from the note on, neither refusal nor withdrawal is possible; the person is
// handed over to the asylum authority.
func (s *Script) asksProtection() scene {
	one, reason, receipt := s.foreigner(), s.note("says"), s.note("signed")
	return scene{kind: "asks_protection", people: 1, want: tally{}.ended(border.Entry, border.HandedOver, "visitor"), play: func(h *hand) {
		h.head(border.Entry)
		id := h.scan(one)
		h.on(id, http.MethodPost, "/needs", map[string]any{"kind": border.AsksProtection, "reason": reason})
		h.must(h.err != nil || h.view.Encounter.Protected, "the screen says that something is noted")
		h.refused("conflict", func() { h.turnBack(&one, "no_visa") })
		h.refused("conflict", func() { h.decide(&one, counter.Decision{Outcome: border.Withdrawn}) })
		h.decide(&one, counter.Decision{Outcome: border.HandedOver, HandedTo: "asylum", Receipt: receipt})
	}}
}

// needLifted: somebody needs help, gets it, and a supervisor lifts the note.
func (s *Script) needLifted() scene {
	one, reason, lifted := s.foreigner(), s.note("needs"), s.note("was seen to")
	return scene{kind: "need_lifted", people: 1, want: tally{}.in("visitor"), play: func(h *hand) {
		h.head(border.Entry)
		id := h.scan(one)
		h.on(id, http.MethodPost, "/needs", map[string]any{"kind": border.NeedsHelp, "reason": reason})
		h.refused("second_needed", func() { h.on(id, http.MethodPost, "/needs/lift", map[string]any{"reason": lifted}) })
		h.on(id, http.MethodPost, "/needs/lift", map[string]any{"second": h.agree(access.LiftNeed, supervisor), "reason": lifted})
		h.must(h.err != nil || !h.view.Encounter.Protected, "the note is lifted")
		h.crosses(&one, "visitor", nil)
	}}
}

// childAlone: a child with a birth certificate and nobody else, handed over to child protection.
func (s *Script) childAlone() scene {
	p := s.people.child("QRU")
	one, k := s.print(p), p.particulars("birth_certificate")
	reason, receipt := s.note("came by itself"), s.note("signed")
	return scene{kind: "child_alone", people: 1, want: tally{}.ended(border.Entry, border.HandedOver, "visitor"), play: func(h *hand) {
		h.head(border.Entry)
		id := h.open(border.IdentityKeyed, &k, nil, "")
		h.on(id, http.MethodPost, "/needs", map[string]any{"kind": border.ChildAlone, "reason": reason})
		h.decide(&one, counter.Decision{Outcome: border.HandedOver, HandedTo: "child_protection", Receipt: receipt})
	}}
}
