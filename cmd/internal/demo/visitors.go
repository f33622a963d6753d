package demo

import (
	"slices"
	"strings"

	"garita/border"
	"garita/border/counter"
)

// This file plays who comes alone and is let through.

// firstTime: a visitor nobody knows.
func (s *Script) firstTime() scene {
	p := s.people.of("QRU")
	switch s.rng.IntN(4) {
	case 0:
		p = s.people.of("QSY")
	case 1:
		p.birth = p.birth[:4] + "<<" // day of birth not known
	case 2:
		p.sex = "<"
	}
	one := s.print(p)
	return scene{kind: "first_time", people: 1, who: &one, want: tally{}.in("visitor"), play: func(h *hand) {
		h.enter(one, "visitor", nil)
	}}
}

// returning: a visitor who comes, goes, and comes again the same day; nothing that is known is
// asked again.
func (s *Script) returning() scene {
	one := s.foreigner()
	return scene{kind: "returning", people: 1, want: tally{}.in("visitor", "visitor").out("visitor"), play: func(h *hand) {
		h.enter(one, "visitor", nil)
		h.leave(one, "visitor", nil)
		h.head(border.Entry)
		h.scan(one)
		if e := h.view.Encounter; h.err == nil {
			h.must(len(e.Record.Problems) == 1 && e.Record.Problems[0].Field == "purpose", "who returns is asked for the purpose only")
			h.must(len(e.History.Stays) == 1 && e.History.Stays[0].Exit != nil, "the last stay is on the screen")
		}
		h.crosses(&one, "visitor", nil)
	}}
}

// leaving: an exit whose entry nobody saw.
func (s *Script) leaving() scene {
	one := s.foreigner()
	return scene{kind: "leaving", people: 1, want: tally{}.out("visitor"), play: func(h *hand) { h.leave(one, "visitor", nil) }}
}

// borderWorker: in, out the same evening, in and out again.
func (s *Script) borderWorker() scene {
	one := s.traveller("QRU")
	worker := "border_worker"
	return scene{kind: "border_worker", people: 1, want: tally{}.in(worker, worker).out(worker, worker), play: func(h *hand) {
		for range 2 {
			h.enter(one, worker, nil)
			h.leave(one, worker, nil)
		}
	}}
}

// ownNational: out and home again.
func (s *Script) ownNational() scene {
	one := s.traveller(own)
	return scene{kind: "own_national", people: 1, want: tally{}.in("national").out("national"), play: func(h *hand) {
		h.leave(one, "national", map[string]string{"purpose": "shopping"})
		h.head(border.Entry)
		h.scan(one)
		h.must(h.err != nil || !h.view.Encounter.Refusable, "an own national is not refused entry")
		h.refused("conflict", func() { h.turnBack(&one, "identity") })
		h.crosses(&one, "national", nil)
	}}
}

// transit: on the way to somewhere else.
func (s *Script) transit() scene {
	one := s.foreigner()
	return scene{kind: "transit", people: 1, want: tally{}.in("transit").out("transit"), play: func(h *hand) {
		h.enter(one, "transit", map[string]string{"transport_mode": "road_car", "role": "driver", "plate": one.Answers["plate"]})
		h.leave(one, "transit", map[string]string{"next_country": "QZE"})
	}}
}

// resident: a foreigner who lives here comes home.
func (s *Script) resident() scene {
	one := s.foreigner()
	return scene{kind: "resident", people: 1, want: tally{}.in("resident"), play: func(h *hand) {
		h.enter(one, "resident", map[string]string{"residence": own, "legal_basis": "residence", "visa_number": one.Answers["visa_number"]})
	}}
}

// diplomat: on a passport that is typed.
func (s *Script) diplomat() scene {
	p := s.people.of("QZE")
	one := s.print(p)
	k := p.particulars("diplomatic_passport")
	return scene{kind: "diplomat", people: 1, want: tally{}.in("diplomat"), play: func(h *hand) {
		h.head(border.Entry)
		h.open(border.IdentityKeyed, &k, nil, "")
		h.crosses(&one, "diplomat", nil)
	}}
}

// passportThenCard: in on the passport, out on the identity card, which an officer says is the
// same person's.
func (s *Script) passportThenCard() scene { return s.onCard("passport_then_card", true) }

// cardUnconfirmed: the same without the officer's word; the hub may propose the pair.
func (s *Script) cardUnconfirmed() scene { return s.onCard("passport_then_card_unconfirmed", false) }

func (s *Script) onCard(kind string, confirmed bool) scene {
	p := s.people.of("QRU")
	p.given, _, _ = strings.Cut(p.given, " ") // a card has less room: a name that is cut off is not found
	passport := s.print(p)
	p.number = "R0" + p.number[2:]
	card := s.keep(p.specimen("Identity card of Ruritania", "the same person", p.card()))
	return scene{kind: kind, people: 1, want: tally{}.in("visitor").out("visitor"), play: func(h *hand) {
		entry := h.enter(passport, "visitor", nil)
		h.head(border.Exit)
		h.scan(card)
		h.must(h.err != nil || slices.ContainsFunc(h.view.Encounter.History.SamePerson, func(c border.PastCrossing) bool { return c.Crossing == entry }),
			"the entry on the other document is shown")
		d := counter.Decision{Outcome: border.Departed, Values: map[string]string{"category": "visitor"}}
		if confirmed {
			d.Continues = &entry
		}
		exit := h.decide(&card, d)
		h.claim(exit, "it ends the stay of the entry on the passport", func(r *border.Header) bool {
			return (r.Continues != nil && *r.Continues == entry) == confirmed
		})
	}}
}

// severalDocuments: a passport, the visa in it, and a permit that is typed.
func (s *Script) severalDocuments() scene {
	p := s.people.of("QSY")
	passport := s.print(p)
	p.number = "V0" + p.number[2:]
	visa := s.keep(p.specimen("Visa of Syldara", "in the passport", p.visa()))
	p.number = "P0" + p.number[2:]
	permit := p.particulars("other")
	return scene{kind: "several_documents", people: 1, want: tally{}.in("visitor"), play: func(h *hand) {
		h.head(border.Entry)
		id := h.scan(passport)
		waiting := h.scan(visa)
		h.do("POST", "/joins", map[string]any{"encounter": id, "waiting": waiting})
		h.on(id, "POST", "/documents", map[string]any{"particulars": keyed(&permit)})
		h.must(h.err != nil || len(h.view.Encounter.Documents) == 2 && len(h.view.Queue) == 0, "three documents are one person's")
		h.crosses(&passport, "visitor", map[string]string{"legal_basis": "visa", "visa_number": passport.Answers["visa_number"], "visa_type": "tourist"})
	}}
}

// minorLeaves: a child of this country leaves with an aunt who is not in the records.
func (s *Script) minorLeaves() scene {
	one := s.print(s.people.child(own))
	return scene{kind: "minor_leaves", people: 1, want: tally{}.out("national"), play: func(h *hand) {
		h.head(border.Exit)
		h.scan(one)
		h.must(h.err != nil || h.view.Encounter.Minor, "the screen says that this is a minor")
		h.crosses(&one, "national", map[string]string{"relation": "relative"})
	}}
}
