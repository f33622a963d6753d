package counter

import (
	"fmt"
	"time"

	"garita/border"
	"garita/border/counter"
)

// History is what is known of a person's earlier crossings, in words.
type History struct {
	Inside    string // "Inside: day 52 of 90 granted, until 31 Dec 2026"; "" if not
	Over      bool   // beyond the permitted days
	Entry     string // id of the entry of the open stay; "" if none: it may be extended
	Stays     []Stay
	Refusal   string
	Referral  string // the person is on the post's list already
	Previous  bool   // this encounter follows one that ended without a movement
	Proposals []string
}

// Stay is an earlier stay.
type Stay struct {
	From, To, Days string
	Note           string // what is remarkable
	Doubtful       bool   // by a clock that could not be trusted
}

func (s *screen) history(e *counter.EncounterView, v counter.View, zone *time.Location) *History {
	h := &History{Previous: e.Previous != nil}
	past := e.History
	for i, st := range past.Stays {
		h.Stays = append(h.Stays, stay(st, zone))
		if i == 0 && st.Entry != nil && st.Exit == nil {
			h.Entry, h.Over = st.Entry.Crossing.String(), st.Overstayed > 0
			h.Inside = inside(past)
		}
	}
	if r := past.LastRefusal; r != nil {
		words := labels(s.cfg.Service.Form().Grounds(border.Outcome(r.Outcome)))
		ground := words[r.Ground]
		if ground == "" {
			ground = r.Ground
		}
		h.Refusal = fmt.Sprintf("%s on %s, %s", outcomeWord(border.Outcome(r.Outcome)), r.OccurredAt.In(zone).Format("2 Jan 2006 15:04"), r.Post)
		if ground != "" {
			h.Refusal += ": " + ground
		}
	}
	if id := past.OpenReferral; id != nil {
		h.Referral = "This person is on the post’s list already."
		for _, q := range v.Referrals {
			if q.ID == *id {
				h.Referral = fmt.Sprintf("This person is on the post’s list already: referred by %s, %s.", q.By, clockTime(q.At, v.Status.Now, zone))
			}
		}
	}
	for _, c := range past.SamePerson {
		h.Proposals = append(h.Proposals, fmt.Sprintf("%s on %s, %s", outcomeWord(border.Outcome(c.Outcome)), c.OccurredAt.In(zone).Format("2 Jan 2006 15:04"), c.Post))
	}
	return h
}

func inside(h counter.History) string {
	text := "Inside"
	if h.DaysUsed > 0 {
		text += fmt.Sprintf(": day %d", h.DaysUsed)
		if h.DaysGranted > 0 {
			text += fmt.Sprintf(" of %d granted", h.DaysGranted)
		}
	}
	if h.PermittedUntil != "" {
		text += ", until " + day(h.PermittedUntil)
	}
	return text + "."
}

func stay(st counter.PastStay, zone *time.Location) Stay {
	place := func(c *border.PastCrossing) string {
		return c.OccurredAt.In(zone).Format("2 Jan 2006 15:04") + " " + string(c.Post)
	}
	out := Stay{From: "not known", To: "not known"}
	if st.Entry != nil {
		out.From, out.To = place(st.Entry), "inside"
		out.Doubtful = st.Entry.ClockState == string(border.ClockUntrusted)
	}
	if st.Exit != nil {
		out.To = place(st.Exit)
		out.Doubtful = out.Doubtful || st.Exit.ClockState == string(border.ClockUntrusted)
	}
	if st.Days > 0 {
		out.Days = fmt.Sprint(st.Days)
		if st.DaysGranted > 0 {
			out.Days += fmt.Sprintf(" of %d", st.DaysGranted)
		}
	}
	if st.Overstayed > 0 {
		out.Note = "Overstayed by " + count(uint64(st.Overstayed), "day", "days")
	}
	return out
}
