package demo

import (
	"fmt"
	"net/http"
	"time"

	"garita/border"
	"garita/border/counter"
)

// This file plays what is at the counters when the power fails, and what was written on paper
// meanwhile. A scene of a power cut has two halves: play leaves it as it is when the light
// goes out, and after takes it up again.

// powerCut is what stands at a counter: at the first one somebody on the screen with an answer
// typed, two in the queue and one on the post's list; at the others a group of which one is
// through. Everything must be there afterwards.
func (s *Script) powerCut(first bool) []scene {
	if first {
		return []scene{s.cutTraveller()}
	}
	return []scene{s.cutGroup()}
}

func (s *Script) cutTraveller() scene {
	open, second, third, referred := s.foreigner(), s.foreigner(), s.foreigner(), s.foreigner()
	note := s.note("interpreter")
	want := tally{}.in("visitor", "visitor", "visitor", "visitor").other(border.TypeEncounterReferred, border.Entry, 1).
		other(border.TypeEncounterTaken, border.Entry, 1)
	var ids [4]border.ID
	return scene{kind: "power_cut_at_the_counter", people: 4, want: want,
		play: func(h *hand) {
			h.head(border.Entry)
			ids[3] = h.scan(referred)
			h.refer(ids[3], "interpreter", note)
			ids[0], ids[1], ids[2] = h.scan(open), h.scan(second), h.scan(third)
			h.answer(ids[0], map[string]string{"purpose": "health"})
		},
		after: func(h *hand) {
			h.look()
			if h.err != nil {
				return
			}
			v := &h.view
			h.must(v.Encounter == nil && len(v.Queue) == 3, "who was on the screen and in the queue waits to be called up")
			h.must(len(v.Queue) == 3 && v.Queue[0].ID == ids[0] && v.Queue[0].Restored && v.Queue[0].Surname == open.surname, "in the same order, with the name")
			h.head(border.Entry)
			blind := map[string]any{"encounter": ids[0], "verdict_revision": 1, "outcome": border.Admitted}
			h.refused("conflict", func() { h.do(http.MethodPost, "/decisions", blind) })
			for i, one := range []*Specimen{&open, &second, &third} {
				h.callUp(ids[i])
				h.must(h.err != nil || i > 0 || h.view.Encounter.Record.Values["purpose"] == "health", "what was typed before the cut is still there")
				h.crosses(one, "visitor", nil)
			}
		},
		handed: func(h *hand) {
			h.takeReferral(ids[3])
			id := h.crosses(&referred, "visitor", nil)
			h.claim(id, "another officer than the one who referred decided", func(r *border.Header) bool { return r.Officer != "" })
		}}
}

func (s *Script) cutGroup() scene {
	all := []Specimen{s.traveller("QRU"), s.traveller("QRU"), s.traveller("QRU")}
	shared := s.visit("road_car")
	want := tally{}.in("visitor", "visitor", "visitor").other(border.TypeGroupClosed, border.Entry, 1)
	var ids [3]border.ID
	return scene{kind: "power_cut_in_a_group", people: 3, want: want,
		play: func(h *hand) {
			h.group("family", shared)
			ids[0] = h.scan(all[0])
			h.choose(ids[0])
			h.crosses(&all[0], "visitor", nil)
			ids[1], ids[2] = h.scan(all[1]), h.scan(all[2])
		},
		after: func(h *hand) {
			h.look()
			h.must(h.err != nil || h.view.Group != nil && len(h.view.Group.Members) == 3 && len(h.view.Group.Ready) == 0,
				"the group is whole, and nobody in it is decided unseen")
			h.head(border.Entry)
			for i := 1; i < 3; i++ {
				h.choose(ids[i])
				h.crosses(&all[i], "visitor", nil)
			}
			h.closeGroup()
		}}
}

// paper is what an outage left on paper: two entries and an exit of some hours ago.
func (s *Script) paper(bool) (scenes []scene) {
	for i, direction := range []string{border.Entry, border.Entry, border.Exit} {
		p := s.people.of("QRU")
		one, k := s.print(p), p.particulars("passport")
		sheet := &counter.Paper{Sheet: fmt.Sprintf("P-%d-%06d", i, s.rng.IntN(1_000_000)), CrossedAt: s.today.Add(-time.Duration(5-i) * time.Hour).Truncate(time.Second)}
		want := tally{}.in("visitor")
		if direction == border.Exit {
			want = tally{}.out("visitor")
		}
		scenes = append(scenes, scene{kind: "paper_back_entry", people: 1, want: want, play: func(*hand) {}, after: func(h *hand) {
			h.open(border.IdentityKeyed, &k, sheet, direction)
			id := h.crosses(&one, "visitor", nil)
			h.claim(id, "it has the sheet's number and time, and was checked late", func(r *border.Header) bool {
				return r.Sheet == sheet.Sheet && r.OccurredAt.Equal(sheet.CrossedAt) && r.Late
			})
		}})
	}
	return scenes
}
