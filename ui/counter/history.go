package counter

import (
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
	Picture        *DaysPicture
}

// DaysPicture is a bar of the days of a stay, as long as the days granted, or as the days used if they are more.
// Its lengths are thousandths of the bar.
type DaysPicture struct {
	Within int // used within the permitted days
	Over   int // used beyond them, after Within
	Text   string
}

// picture draws the days of a stay; nil if it is not known how many were used or granted.
func (w words) picture(st counter.PastStay) *DaysPicture {
	if st.Days <= 0 || st.DaysGranted <= 0 {
		return nil
	}
	over := min(max(st.Overstayed, 0), st.Days)
	whole := max(st.Days, st.DaysGranted)
	if over > 0 {
		whole = st.Days
	}
	p := &DaysPicture{Over: 1000 * over / whole, Text: w.T("Days used: {0} of {1} granted.", st.Days, st.DaysGranted)}
	p.Within = 1000*st.Days/whole - p.Over
	switch left := st.DaysGranted - st.Days; {
	case over > 0:
		p.Text = w.T("Days used: {0} of {1} granted. Days over: {2}.", st.Days, st.DaysGranted, st.Overstayed)
	case st.Exit == nil && left >= 0:
		p.Text = w.T("Days used: {0} of {1} granted. Days left: {2}.", st.Days, st.DaysGranted, left)
	}
	return p
}

func (w words) history(e *counter.EncounterView, v counter.View) *History {
	h := &History{Previous: e.Previous != nil}
	past := e.History
	for i, st := range past.Stays {
		h.Stays = append(h.Stays, w.stay(st))
		if i == 0 && st.Entry != nil && st.Exit == nil {
			h.Entry, h.Over = st.Entry.Crossing.String(), st.Overstayed > 0
			h.Inside = w.inside(past)
		}
	}
	if r := past.LastRefusal; r != nil {
		ground := w.labels(w.form.Grounds(border.Outcome(r.Outcome)))[r.Ground]
		if ground == "" {
			ground = r.Ground
		}
		h.Refusal = w.crossing(r)
		if ground != "" {
			h.Refusal += ": " + ground
		}
	}
	if id := past.OpenReferral; id != nil {
		h.Referral = w.T("This person is on the post’s list already.")
		for _, q := range v.Referrals {
			if q.ID == *id {
				h.Referral = w.T("This person is on the post’s list already: referred by {0}, {1}.", q.By, w.clock(q.At, v.Status.Now))
			}
		}
	}
	for _, c := range past.SamePerson {
		h.Proposals = append(h.Proposals, w.crossing(&c))
	}
	return h
}

// crossing says when and where a crossing was, and how it ended.
func (w words) crossing(c *border.PastCrossing) string {
	return w.T("{0} on {1}, {2}", w.outcome(border.Outcome(c.Outcome)), w.at(c.OccurredAt), string(c.Post))
}

func (w words) inside(h counter.History) string {
	day := ""
	switch {
	case h.DaysUsed > 0 && h.DaysGranted > 0:
		day = w.T("day {0} of {1} granted", h.DaysUsed, h.DaysGranted)
	case h.DaysUsed > 0:
		day = w.T("day {0}", h.DaysUsed)
	}
	switch until := w.day(h.PermittedUntil); {
	case day != "" && until != "":
		return w.T("Inside: {0}, until {1}.", day, until)
	case day != "":
		return w.T("Inside: {0}.", day)
	case until != "":
		return w.T("Inside, until {0}.", until)
	}
	return w.T("Inside.")
}

func (w words) stay(st counter.PastStay) Stay {
	place := func(c *border.PastCrossing) string { return w.at(c.OccurredAt) + " " + string(c.Post) }
	out := Stay{From: w.T("crossing::not known"), To: w.T("crossing::not known")}
	if st.Entry != nil {
		out.From, out.To = place(st.Entry), w.T("inside")
		out.Doubtful = st.Entry.ClockState == string(border.ClockUntrusted)
	}
	if st.Exit != nil {
		out.To = place(st.Exit)
		out.Doubtful = out.Doubtful || st.Exit.ClockState == string(border.ClockUntrusted)
	}
	switch {
	case st.Days > 0 && st.DaysGranted > 0:
		out.Days = w.T("{0} of {1}", st.Days, st.DaysGranted)
	case st.Days > 0:
		out.Days = w.Number(st.Days)
	}
	out.Picture = w.picture(st)
	if st.Overstayed > 0 {
		out.Note = w.N(st.Overstayed, "Overstayed by {0} day", "Overstayed by {0} days")
	}
	return out
}
