package cases

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/cases"
	"garita/border/watch"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// inboxPage is the list of cases in words.
type inboxPage struct {
	Figures []figure
	Form    filterForm
	States  []choice
	Rows    []row
	Total   string
	Offset  int
	Next    int // offset of the next page, 0: there is none

}

type figure struct {
	Label, Value, Note string
	Bad                bool
}

type choice struct {
	Value, Text string
	Selected    bool
}

type filterForm struct {
	State, Handling, Badge               string
	Overdue, Late, Alerted, Second, Free bool
}

type row struct {
	ID, Entry, State, StateTag, Handling, Chance, Opened, Due, Assignee, Last, Marks string
	Overdue, Silent, HighRisk, Urgent                                                bool
}

// inboxRows is how many cases one page shows.
const inboxRows = 50

// inbox lists cases.
func (s *screen) inbox(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	f := filterForm{State: c.FormValue("state"), Handling: c.FormValue("handling"), Badge: strings.TrimSpace(c.FormValue("badge")), Overdue: c.FormValue("overdue") != "",
		Late: c.FormValue("late") != "", Alerted: c.FormValue("alerted") != "", Second: c.FormValue("second") != "", Free: c.FormValue("free") != ""}
	offset, err := strconv.Atoi(c.FormValue("offset", "0"))
	if err != nil || offset < 0 {
		offset = 0
	}
	counts, err := s.cfg.Cases.Counts(ctx)
	if err != nil {
		return err
	}
	list, total, err := s.cfg.Cases.Inbox(ctx, f.filter(), offset, inboxRows)
	if err != nil {
		return err
	}
	v := inboxOf(layout.Printer(c), counts, f, list, total, offset, s.cfg.Clock.Now())
	return s.send(c, page{Title: layout.Printer(c).T("Cases"), Inbox: &v})
}

// filter reads the form; what is not known there chooses all.
func (f *filterForm) filter() cases.Filter {
	x := cases.Filter{Overdue: f.Overdue, Late: f.Late, Alerted: f.Alerted, Second: f.Second, Assignee: f.Badge}
	if f.Free {
		x.Assignee = "-"
	}
	if f.State == closed {
		x.Closed = true
	} else if _, ok := stateWords[cases.State(f.State)]; ok {
		x.State = cases.State(f.State)
	}
	switch h := watch.Handling(f.Handling); h {
	case watch.Open, watch.Refer, watch.Silent:
		x.Handling = h
	}
	return x
}

// closed stands for all states that are ends, in the filter's form.
const closed = "closed"

var states = [...]cases.State{cases.Possible, cases.UnderReview, cases.OwnerAsked, cases.Confirmed, cases.NotThisPerson, cases.Expired}

var stateWords = map[cases.State]i18n.Msg{
	cases.Possible: "case::Possible", cases.UnderReview: "case::Under review", cases.OwnerAsked: "Owner asked", cases.Confirmed: "case::Confirmed",
	cases.NotThisPerson: "Not this person", cases.Expired: "case::Expired",
}

// stateTags are the styles of the states' tags.
var stateTags = map[cases.State]string{
	cases.Possible: "warn", cases.UnderReview: "none", cases.OwnerAsked: "none", cases.Confirmed: "refer", cases.NotThisPerson: "ok", cases.Expired: "none",
}

func inboxOf(w *i18n.Printer, n cases.Counts, f filterForm, list []cases.Summary, total, offset int, now time.Time) inboxPage {
	v := inboxPage{Form: f, Total: w.Number(total), Offset: offset}
	v.Figures = []figure{
		{Label: w.T("Open cases"), Value: w.Number(n.Open)}, {Label: w.T("Nobody has looked"), Value: w.Number(n.ByState[cases.Possible])},
		{Label: w.T("cases::Overdue"), Value: w.Number(n.Overdue), Bad: n.Overdue > 0},
		{Label: w.T("Await a second person"), Value: w.Number(n.SecondPerson)},
		{Label: w.T("Alerts that no post has acknowledged"), Value: w.Number(n.Alerts), Bad: n.AlertsLate > 0},
	}
	if n.AlertsLate > 0 {
		v.Figures[4].Note = w.T("{0} chased", n.AlertsLate)
	}
	if !n.Oldest.IsZero() {
		v.Figures = append(v.Figures, figure{Label: w.T("Oldest open case"), Value: w.Span(now.Sub(n.Oldest))})
	}
	v.States = []choice{{"", w.T("All open ones"), f.State == ""}}
	for _, s := range states {
		v.States = append(v.States, choice{string(s), w.T(stateWords[s]), f.State == string(s)})
	}
	v.States = append(v.States, choice{closed, w.T("All closed ones"), f.State == closed})
	for i := range list {
		v.Rows = append(v.Rows, rowOf(w, &list[i], now))
	}
	if offset+len(list) < total && len(list) > 0 {
		v.Next = offset + len(list)
	}
	return v
}

func rowOf(w *i18n.Printer, s *cases.Summary, now time.Time) row {
	r := row{ID: s.ID.String(), Entry: s.Entry, State: wording.Word(w, stateWords, s.State), StateTag: stateTags[s.State], Handling: wording.Handling(w, s.Handling),
		Chance: wording.Chance(w, s.Score), Opened: wording.Ago(w, now.Sub(s.OpenedAt)), Due: due(w, s, now), Assignee: s.Assignee,
		Last: string(s.LastPost) + ", " + wording.At(w, s.LastAt, now), Overdue: s.Overdue, Silent: s.Handling == watch.Silent, HighRisk: s.HighRisk, Urgent: s.Urgent}
	var marks []string
	if s.SecondPerson {
		marks = append(marks, w.T("awaits a second person"))
	}
	if s.Late {
		marks = append(marks, w.T("late hit"))
	}
	if s.Crossings > 1 {
		marks = append(marks, w.N(s.Crossings, "{0} crossing", "{0} crossings"))
	}
	if s.Previous != nil {
		marks = append(marks, w.T("there was a case before"))
	}
	r.Marks = strings.Join(marks, ", ")
	return r
}

// due says when something must happen, coarsely; – for closed cases.
func due(w *i18n.Printer, s *cases.Summary, now time.Time) string {
	switch {
	case s.Due.IsZero():
		return "–"
	case s.Overdue:
		return w.T("overdue for {0}", w.Span(now.Sub(s.Due)))
	}
	return w.T("in {0}", w.Span(s.Due.Sub(now)))
}
