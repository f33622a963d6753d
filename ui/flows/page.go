package flows

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// answerTimeout bounds what one answer may ask of the register.
const answerTimeout = 8 * time.Second

// page shows all of it, or to the page's own script the part that the filter changes.
func (s *screen) page(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	p := layout.Printer(c)
	who := access.From(c.UserContext())
	a, err := s.ask(ctx, readFilter(c), who.Roles)
	if err != nil {
		return err
	}
	v := s.show(p, &a)
	if who.May(access.ReportsExport) {
		v.File = a.Filter.file()
	}
	c.Set(fiber.HeaderVary, "HX-Request")
	if c.Get("HX-Request") != "true" {
		return s.layout.Send(c, layout.Page{Title: p.T("Flows – Garita"), Kind: "flows", Screen: v})
	}
	b, err := s.layout.In(p).Fragment("flows", v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(b)
}

// view is the page in words.
type view struct {
	Posts, Days, Groups []option
	Title, Total, Since string
	Hidden              string // what hidden numbers are; "" if none are
	File                string // address; "": not for this reader
	Today               *chart
	Course              *chart
	Divisions           []table
	Presence            []figure
	Late                string // whose data lack; "" if none do
}

type option struct {
	Value, Text string
	Selected    bool
}

type figure struct{ Label, Value, Note string }

// chart is drawn from its table.
type chart struct {
	ID, Title, Note string
	Columns         []string
	Rows            []chartRow
	Now             int // the row that runs; -1: none
}

type chartRow struct {
	At    string
	Cells []string // as written; the plot reads the numbers
	N     []int64
}

type table struct {
	ID, Title string
	Rows      []bar
	More      int // rows beyond those that are shown at once
	Total     string
}

// bar is a row of a table, with a bar as long as its share.
type bar struct {
	Code, Text, Value, Share string
	Width                    string // of 100
	Beyond                   bool   // shown with the rest only
}

// shown is how many rows of a table are shown at once.
const shown = 12

var (
	groupWords  = map[string]i18n.Msg{"arrivals": "flows::Entries admitted", "departures": "flows::Exits", "refusals": "flows::Entries refused"}
	groupOrder  = []string{"arrivals", "departures", "refusals"}
	periodWords = map[int]i18n.Msg{1: "Today", 7: "The last 7 days", 30: "The last 30 days", 90: "The last 90 days", 365: "The last 365 days"}
)

func (s *screen) name(id border.PostID) string { return cmp.Or(s.cfg.Names[id], string(id)) }

func (s *screen) show(p *i18n.Printer, a *answer) *view {
	f := a.Filter
	v := &view{Posts: []option{{"", p.T("All posts"), f.Post == ""}}}
	for _, id := range a.Posts {
		v.Posts = append(v.Posts, option{string(id), s.name(id), f.Post == id})
	}
	for _, n := range periods {
		v.Days = append(v.Days, option{strconv.Itoa(n), p.T(periodWords[n]), f.Days == n})
	}
	for _, g := range groupOrder {
		v.Groups = append(v.Groups, option{g, p.T(groupWords[g]), f.Group == g})
	}
	where := p.T("All posts")
	if f.Post != "" {
		where = s.name(f.Post)
	}
	v.Title = p.T(groupWords[f.Group]) + ": " + where + ", " + p.T(periodWords[f.Days])
	v.Total = a.number(p, a.Total)
	if a.Small > 0 {
		v.Hidden = p.T("Numbers below {0}, and some that would give them away, are not shown: your roles may see aggregates only.", int(a.Small))
	}
	v.Today, v.Course = today(p, a.Today), course(p, a)
	for _, d := range a.Divisions {
		v.Divisions = append(v.Divisions, s.table(p, a, d))
	}
	s.presence(p, a, v)
	return v
}

// number writes a count; … stands for one that is hidden.
func (a *answer) number(p *i18n.Printer, c flows.Number) string {
	if c.Hidden {
		return "…"
	}
	return p.Number(int(c.N))
}

func today(p *i18n.Printer, t *flows.Today) *chart {
	if t == nil {
		return nil
	}
	c := &chart{ID: "today", Title: p.T("Today by hour, beside the usual"), Now: t.Now, Columns: []string{p.T("Hour"), p.T("Today"), p.T("Usual")},
		Note: p.N(t.Weeks, "Usual is the same weekday of {0} past week.", "Usual is the median of the same weekday in {0} past weeks.")}
	if t.Weeks == 0 {
		c.Note = p.T("Nothing is usual yet: there is no past week to compare with.")
	}
	for h, x := range t.Hours {
		row := chartRow{At: time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC).Format("15:04"), N: []int64{x.N, x.Usual}}
		row.Cells = []string{p.Number(int(x.N)), p.Number(int(x.Usual))}
		if h > t.Now {
			row.Cells[0] = "–"
		}
		if t.Weeks == 0 {
			row.Cells[1] = "–"
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

var stepWords = map[flows.Step]i18n.Msg{flows.Daily: "step::Day", flows.Weekly: "step::Week from", flows.Monthly: "step::Month"}

func course(p *i18n.Printer, a *answer) *chart {
	if len(a.Series) < 2 {
		return nil
	}
	c := &chart{ID: "course", Title: p.T("Over time"), Now: -1, Columns: []string{p.T(stepWords[a.Step]), p.T(groupWords[a.Filter.Group])}}
	for _, x := range a.Series {
		at := x.From
		if d, err := time.Parse(time.DateOnly, x.From); err == nil {
			at = p.Day(d)
			if a.Step == flows.Monthly {
				at = p.Month(d)
			}
		}
		c.Rows = append(c.Rows, chartRow{At: at, N: []int64{x.N}, Cells: []string{p.Number(int(x.N))}})
	}
	return c
}

func (s *screen) table(p *i18n.Printer, a *answer, d division) table {
	t := table{ID: string(d.Dimension), Title: wording.Dimension(p, d.Dimension), Total: a.number(p, d.Total)}
	order := make([]int, len(d.Codes))
	for i := range order {
		order[i] = i
	}
	ages := flows.AgeGroups()
	slices.SortStableFunc(order, func(x, y int) int {
		if d.Dimension == flows.Age {
			return cmp.Compare(rank(ages, d.Codes[x]), rank(ages, d.Codes[y]))
		}
		return cmp.Or(cmp.Compare(last(d.Codes[x]), last(d.Codes[y])), cmp.Compare(d.visible(y), d.visible(x)))
	})
	most := int64(1)
	for i := range d.Counts {
		most = max(most, d.visible(i))
	}
	for n, i := range order {
		b := bar{Code: d.Codes[i], Text: wording.FlowCode(p, s.cfg.Form, d.Dimension, d.Codes[i]), Value: a.number(p, d.Counts[i]), Width: "0", Share: "…", Beyond: n >= shown}
		if !d.Counts[i].Hidden {
			b.Width = strconv.FormatFloat(math.Round(1000*float64(d.Counts[i].N)/float64(most))/10, 'f', -1, 64)
			if b.Share = "–"; !d.Total.Hidden && d.Total.N > 0 {
				b.Share = p.T("{0} %", strconv.Itoa(int(math.Round(100*float64(d.Counts[i].N)/float64(d.Total.N)))))
			}
		}
		t.Rows = append(t.Rows, b)
	}
	t.More = max(0, len(t.Rows)-shown)
	return t
}

// visible is a count as far as it is shown: the order of a table tells nothing of hidden ones.
func (d *division) visible(i int) int64 {
	if d.Counts[i].Hidden {
		return 0
	}
	return d.Counts[i].N
}

func rank(all []string, code string) int {
	if i := slices.Index(all, code); i >= 0 {
		return i
	}
	return len(all)
}

// last is 1 for what stands at a table's end.
func last(code string) int {
	if code == "" || code == flows.Other {
		return 1
	}
	return 0
}

func (s *screen) presence(p *i18n.Printer, a *answer, v *view) {
	x := &a.Presence
	small := func(n int64) bool { return n > 0 && n < a.Small }
	say := func(label i18n.Msg, c flows.Certainty, rest int64) {
		f := figure{Label: p.T(label), Value: p.Number(int(c.Certain + c.Uncertain)), Note: p.T("all certain")}
		switch {
		case small(c.Certain+c.Uncertain) || small(rest):
			f.Value, f.Note = "…", ""
		case x.Counting && c.Uncertain > 0:
			f.Note = p.T("how many of them are certain is being counted")
		case small(c.Certain) || small(c.Uncertain):
			f.Note = p.T("not all certain")
		case c.Uncertain > 0:
			f.Note = p.T("{0} certain, {1} not", int(c.Certain), int(c.Uncertain))
		}
		v.Presence = append(v.Presence, f)
	}
	all := x.Inside.Certain + x.Inside.Uncertain
	say(i18n.Msg("People inside"), x.Inside, 0)
	say(i18n.Msg("Inside beyond the last day"), x.Overstays, all-x.Overstays.Certain-x.Overstays.Uncertain)
	age := figure{Label: p.T("Age of this truth"), Value: p.T("age::now"), Note: p.T("the data of all stations are complete")}
	if x.StaleS > 0 {
		age.Value = p.Span(time.Duration(x.StaleS) * time.Second)
		age.Note = p.T("since then some station’s data lack")
	}
	v.Presence = append(v.Presence, age)
	var late []string
	for _, l := range x.Late {
		late = append(late, s.name(l.Post)+" ("+string(l.Station)+")")
	}
	if len(late) > 0 {
		v.Late = p.T("Data lack from {0}. People counted as inside may have left there.", p.List(late[:min(len(late), 10)]))
	}
}
