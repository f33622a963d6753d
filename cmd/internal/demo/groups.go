package demo

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"garita/border"
	"garita/border/counter"
)

// This file plays families, buses, lorries and crews.

// group opens a group and says once what holds for all of it.
func (h *hand) group(kind string, shared map[string]string) {
	h.head(border.Entry)
	h.do(http.MethodPost, "/group", map[string]any{"kind": kind})
	h.do(http.MethodPut, "/group/shared", map[string]any{"values": shared})
}

// together decides everybody who is ready, and expects so many.
func (h *hand) together(n int) {
	h.look()
	if h.err != nil {
		return
	}
	g := h.view.Group
	var members []map[string]any
	for _, m := range g.Members {
		if slices.Contains(g.Ready, m.ID) {
			members = append(members, map[string]any{"encounter": m.ID, "verdict_revision": m.Revision})
		}
	}
	if len(members) != n {
		h.fail(fmt.Sprintf("%d of the group are ready, not %d", len(members), n))
		return
	}
	var results []counter.MemberResult
	h.err = h.api.call(h.ctx, http.MethodPost, "/api/v1/counters/"+h.name+"/group/decisions", map[string]any{"members": members}, &results)
	for _, r := range results {
		h.must(r.Problem == "", "everybody who is ready is recorded")
		if h.err == nil {
			h.day.recorded(r.Encounter, 0)
		}
	}
	h.look()
}

// choose puts a member on the screen.
func (h *hand) choose(id border.ID) {
	h.do(http.MethodPost, "/group/select", map[string]any{"encounter": id})
}

// answersFor links a minor to an adult of the group.
func (h *hand) answersFor(adult, minor border.ID) {
	h.do(http.MethodPut, "/group/responsible", map[string]any{"minor": minor, "adult": adult.String()})
}

func (h *hand) closeGroup() { h.do(http.MethodPost, "/group/close", map[string]any{}) }

// visit is what a group of visitors says once.
func (s *Script) visit(mode string) map[string]string {
	a := s.foreigner().Answers
	return map[string]string{"category": "visitor", "purpose": "holiday", "intended_days": a["intended_days"], "address": a["address"], "transport_mode": mode}
}

// family: two adults, a child with a passport and one with a birth certificate, in a car. The
// smaller child is looked at alone, for nothing could read its paper.
func (s *Script) family() scene {
	var adults []Specimen
	for range 2 {
		adults = append(adults, s.traveller("QRU"))
	}
	older, p := s.print(s.people.child("QRU")), s.people.child("QRU")
	small, k := s.print(p), p.particulars("birth_certificate")
	shared := s.visit("road_car")
	shared["plate"] = adults[0].Answers["plate"]
	want := tally{}.in("visitor", "visitor", "visitor", "visitor").other(border.TypeGroupClosed, border.Entry, 1)
	return scene{kind: "family", people: 4, want: want, play: func(h *hand) {
		h.group("family", shared)
		mother := h.scan(adults[0])
		h.scan(adults[1])
		h.answersFor(mother, h.scan(older))
		child := h.open(border.IdentityKeyed, &k, nil, "")
		h.refused("invalid", func() { h.answersFor(child, mother) })
		h.refused("conflict", h.closeGroup)
		h.answersFor(mother, child)
		h.together(3)
		h.choose(child)
		h.crosses(&small, "visitor", map[string]string{"relation": "mother"})
		h.closeGroup()
	}}
}

// lorry: the driver, whose lorry has a plate, and two passengers.
func (s *Script) lorry() scene {
	load := []Specimen{s.traveller("QSY"), s.traveller("QSY"), s.traveller("QRU")}
	shared := s.visit("road_lorry")
	shared["plate"], shared["conveyance_country"] = load[0].Answers["plate"], "QSY"
	want := tally{}.in("visitor", "visitor", "visitor").other(border.TypeGroupClosed, border.Entry, 1)
	return scene{kind: "lorry", people: 3, want: want, play: func(h *hand) {
		h.group("vehicle", shared)
		for i, one := range load {
			id := h.scan(one)
			h.answer(id, map[string]string{"role": []string{"driver", "passenger", "passenger"}[i]})
		}
		h.together(3)
		h.closeGroup()
	}}
}

// crew: four of a river boat, with their list.
func (s *Script) crew() scene {
	var all []Specimen
	for range 4 {
		all = append(all, s.traveller("QZE"))
	}
	shared := map[string]string{"category": "crew", "transport_mode": "river", "vessel": s.note("MV"), "role": "crew"}
	want := tally{}.in("crew", "crew", "crew", "crew").other(border.TypeGroupClosed, border.Entry, 1)
	return scene{kind: "crew", people: 4, want: want, play: func(h *hand) {
		h.group("crew", shared)
		h.do(http.MethodPut, "/group/list", map[string]any{"csv": list(all, "crew")})
		for _, one := range all {
			h.scan(one)
		}
		h.together(4)
		h.closeGroup()
	}}
}

// bus: fifty are listed, three do not come, one is on the sample list and holds nobody else.
func (s *Script) bus() scene {
	const listed, absent = 50, 3
	var all []Specimen
	for range listed {
		all = append(all, s.foreigner())
	}
	all[7].listed = "number"
	s.listed = append(s.listed, all[7])
	shared := s.visit("road_bus")
	shared["operator"] = s.note("Buses")
	want := tally{}.ended(border.Entry, border.Refused, "visitor").other(border.TypeGroupClosed, border.Entry, 1)
	for range listed - absent - 1 {
		want.in("visitor")
	}
	return scene{kind: "bus", people: listed, want: want, play: func(h *hand) {
		h.group("bus", shared)
		h.do(http.MethodPut, "/group/list", map[string]any{"csv": list(all, "passenger")})
		var hit border.ID
		for i, one := range all[:listed-absent] {
			if id := h.scan(one); i == 7 {
				hit = id
			}
		}
		h.together(listed - absent - 1)
		h.choose(hit)
		h.decide(&all[7], counter.Decision{Outcome: border.Refused, Ground: "listed", Agreement: counter.Agreement{Second: supervisor}, Values: map[string]string{"category": "visitor"}})
		h.must(h.err != nil || h.view.Group == nil || len(h.view.Group.Listed) == listed, "the whole list is on the screen")
		h.look()
		if h.err == nil {
			states := make(map[string]int)
			for _, l := range h.view.Group.Listed {
				states[l.State]++
			}
			h.must(maps.Equal(states, map[string]int{"through": listed - absent, "expected": absent}), "the list says who came and who did not")
		}
		h.closeGroup()
	}}
}

// list writes a passenger or crew list as a carrier sends it.
func list(people []Specimen, role string) string {
	var b strings.Builder
	b.WriteString("surname,given_names,nationality,document_number,document_issuer,role\n")
	for _, p := range people {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s\n", p.surname, p.given, p.state, p.number, p.state, role)
	}
	return b.String()
}
