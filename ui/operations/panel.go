package operations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/flows"
	"garita/border/form"
	"garita/border/register"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// Panel is the screen's content in words. All times are UTC: the hub serves several time zones.
type Panel struct {
	Attention []Attention
	Calm      string // what to say if there is none
	Figures   []Figure
	Posts     []Post
	Hidden    string  // what hidden numbers are; "" if none are
	Map       *Map    // nil: no post has a place
	Ground    *Ground // what the map is drawn on, which does not change; nil in what is streamed
	Stations  []Station
	Overstays []Overstay
	Crossings []Crossing
	// Rows says whose rows about travellers this reader is shown.
	Rows, Stays bool
}

// Figure is a number with a label. Bad ones need a person; a path leads to where.
type Figure struct {
	ID           string // for tests; mostly ""
	Label, Value string
	Note         string // how far it can be believed; "" if wholly
	Path         string
	Bad          bool
}

// Post is a border post: how it is, and what passed today by its own clock.
type Post struct {
	ID, Name         string
	State, StateText string // ok, warn, refer or none; the worst of its stations
	Entries, Exits   string
	Refused, Hour    string
	Sum, Usual       string // of all outcomes until now; – where nothing is usual yet
	Counted          bool
}

// Station is a row of the stations. States are ok, warn, look, refer or none.
type Station struct {
	Name, Post, Zone string
	State, StateText string
	Seen             string
	Lag, Clock, List Cell
	Disk, Readers    Cell
	Files            Cell // portraits and papers on their way
	Held, Software   string
}

// Cell is a text with a state: warn and refer are marked.
type Cell struct{ State, Text string }

// Crossing is one row of the register, from its open header.
type Crossing struct {
	Received, At, Station    string
	Direction, What, Verdict string
	VerdictLevel             string
	Traveller, Document      string
	Doubtful, Sealed         bool
}

func (s *screen) panel(p *i18n.Printer, v *view, now time.Time) Panel {
	out := Panel{Attention: attention(p, v, now), Figures: figures(p, v), Posts: s.posts(p, v, now), Overstays: overstays(p, s.cfg.Form, v.Overstays),
		Rows: v.rows, Stays: v.stays}
	if v.small > 0 && len(v.Posts) > 0 {
		out.Hidden = p.T("Numbers below {0}, and some that would give them away, are not shown: your roles may see aggregates only.", int(v.small))
	}
	if len(v.Stations) > 0 {
		out.Calm = p.N(len(v.Stations), "All is well: {0} station is heard, and nothing waits for anybody.", "All is well: {0} stations are heard, and nothing waits for anybody.")
	}
	out.Map = s.ground.withPosts(p, s.cfg.Posts, out.Posts)
	for i := range v.Stations {
		out.Stations = append(out.Stations, station(p, &v.Stations[i], v, now))
	}
	for i := range v.Crossings {
		out.Crossings = append(out.Crossings, crossing(p, s.cfg.Form, &v.Crossings[i], now))
	}
	return out
}

func figures(p *i18n.Printer, v *view) []Figure {
	n := func(i int64) string { return p.Number(int(i)) }
	var f []Figure
	if v.Posts != nil {
		f = append(f, Figure{Label: p.T("Entries today"), Value: number(p, v.Entries), Path: "/flows"}, Figure{Label: p.T("Exits today"), Value: number(p, v.Exits), Path: "/flows"})
	}
	f = append(f, inside(p, v.Inside, v.small))
	if v.Hits != nil {
		f = append(f, Figure{Label: p.T("Open cases"), Value: p.Number(v.Hits.Open), Path: "/cases", Bad: v.Hits.Overdue > 0})
	}
	heard := 0
	for i := range v.Stations {
		if !v.Stations[i].LastSeen.IsZero() && v.now.Sub(v.Stations[i].LastSeen) < silent {
			heard++
		}
	}
	f = append(f, Figure{Label: p.T("Stations heard"), Value: p.T("{0} of {1}", heard, len(v.Stations)), Bad: heard < len(v.Stations)})
	total := Figure{ID: "crossings", Label: p.T("Crossings registered"), Value: n(v.Counts.Crossings)}
	if v.Counts.ProjectionLag > 0 {
		total.Note = p.N(int(v.Counts.ProjectionLag), "{0} more is stored, not yet counted", "{0} more are stored, not yet counted")
	}
	return append(f, total)
}

// number writes a count; … stands for one that is hidden.
func number(p *i18n.Printer, n flows.Number) string {
	if n.Hidden {
		return "…"
	}
	return p.Number(int(n.N))
}

var weight = map[string]int{"refer": 0, "warn": 1, "none": 2, "ok": 3}

// posts joins what is configured, what stations say and what was counted.
func (s *screen) posts(p *i18n.Printer, v *view, now time.Time) []Post {
	rows := map[border.PostID]*Post{}
	at := func(id border.PostID) *Post {
		if rows[id] == nil {
			rows[id] = &Post{ID: string(id), Name: string(id), State: "none", StateText: p.T("post::has no station")}
		}
		return rows[id]
	}
	for _, c := range s.cfg.Posts {
		at(c.ID).Name = cmp.Or(c.Name, string(c.ID))
	}
	for i := range v.Stations {
		st := &v.Stations[i]
		if st.Post == "" {
			continue
		}
		r := at(st.Post)
		state, text, _ := seen(p, st, v, now)
		if r.StateText == p.T("post::has no station") || weight[state] < weight[r.State] {
			r.State, r.StateText = state, text
		}
	}
	for _, t := range v.Posts {
		r := at(t.Post)
		r.Entries, r.Exits, r.Refused, r.Hour, r.Sum, r.Counted = number(p, t.Entries), number(p, t.Exits), number(p, t.Refused), number(p, t.LastHour), number(p, t.Sum), true
		if r.Usual = "–"; t.Weeks > 0 {
			r.Usual = number(p, t.Usual)
		}
	}
	out := make([]Post, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Post) int {
		return cmp.Or(cmp.Compare(weight[a.State], weight[b.State]), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// seen says whether a station is heard, and whether its files come after.
func seen(p *i18n.Printer, s *register.Station, v *view, now time.Time) (state, text, when string) {
	quiet := now.Sub(s.LastSeen)
	switch {
	case s.LastSeen.IsZero():
		return "none", p.T("station::never seen"), "–"
	case quiet < late:
		if f, some := v.filesOf(s.Station); some && f.Count > 0 && now.Sub(f.Oldest) >= filesDays {
			return "warn", p.T("station::late"), p.T("just now")
		}
		return "ok", p.T("station::alive"), p.T("just now")
	case quiet < silent:
		return "warn", p.T("station::late"), ago(p, quiet)
	}
	return "refer", p.T("station::silent"), ago(p, quiet)
}

func station(p *i18n.Printer, s *register.Station, v *view, now time.Time) Station {
	out := Station{Name: string(s.Station), Post: string(s.Post), Held: p.Number(int(s.Held)), Software: s.Software, Zone: s.Zone,
		Lag: Cell{"ok", p.T("lag::nothing")}, List: Cell{Text: "–"}, Disk: Cell{Text: "–"}, Readers: Cell{Text: "–"}, Clock: clockText(p, s), Files: files(p, v, s, now)}
	out.State, out.StateText, out.Seen = seen(p, s, v, now)
	var lag []string
	if s.Backlog > 0 {
		lag = append(lag, p.T("{0} to send", int(min(s.Backlog, 1<<31))))
	}
	if s.Missing > 0 {
		lag = append(lag, p.T("records::{0} missing", int(min(s.Missing, 1<<31))))
	}
	if len(lag) > 0 {
		out.Lag = Cell{"warn", strings.Join(lag, ", ")}
	}
	if list := v.List; list != nil {
		held, ok := holds(s, list)
		switch {
		case !ok:
			out.List = Cell{"refer", p.T("list::none")}
		case held.Position == list.Position:
			out.List = Cell{"ok", p.T("list::version {0}", int(held.Position.Version))}
		default:
			out.List = Cell{"warn", p.T("list::version {0}, old", int(held.Position.Version))}
		}
	}
	if h := s.Health; h != nil {
		machine(p, h, &out)
	}
	return out
}

// files says what of a station's portraits and papers is on its way. Some always are: they travel behind the records.
func files(p *i18n.Printer, v *view, s *register.Station, now time.Time) Cell {
	if v.filesLost {
		return Cell{"warn", p.T("files::not known")}
	}
	f, some := v.filesOf(s.Station)
	if !some && s.LastSeen.IsZero() {
		return Cell{Text: "–"}
	}
	out := Cell{"ok", p.T("files::all here")}
	lost := p.N(int(f.Lost), "files::{0} lost", "files::{0} lost")
	if f.Count == 0 {
		if f.Lost > 0 { // an alarm told of them: nothing more comes
			out.Text = lost
		}
		return out
	}
	out.Text = p.N(int(f.Count), "files::{0} to come", "files::{0} to come")
	if quiet := now.Sub(f.Oldest); quiet >= filesLate {
		out = Cell{"warn", p.T("files::{0}, for {1}", out.Text, p.Span(quiet))}
	}
	if f.Lost > 0 {
		out.Text += ", " + lost
	}
	return out
}

// machine says how disk and scanners are.
func machine(p *i18n.Printer, h *border.StationHealth, out *Station) {
	switch h.Storage {
	case "ok":
		out.Disk = Cell{"ok", p.T("{0} % free", percent(h))}
	case "low":
		out.Disk = Cell{"warn", p.T("{0} % free", percent(h))}
	case "":
	default:
		out.Disk = Cell{"refer", p.T("full or failing")}
	}
	ready, all := 0, 0
	for _, d := range h.Scanners {
		if all++; d.State == "ready" {
			ready++
		}
	}
	if all > 0 {
		if out.Readers = (Cell{"ok", p.T("{0} of {1} ready", ready, all)}); ready < all {
			out.Readers.State = "warn"
		}
	}
}

func percent(h *border.StationHealth) int {
	if h.TotalBytes <= 0 {
		return 0
	}
	return int(float64(h.FreeBytes) / float64(h.TotalBytes) * 100)
}

func clockText(p *i18n.Printer, s *register.Station) Cell {
	offset := ""
	if !s.GreetedAt.IsZero() {
		offset = fmt.Sprintf(" (%+.1f s)", float64(s.OffsetMS)/1000)
	}
	switch s.Clock.State {
	case border.ClockSynced:
		return Cell{"ok", p.T("clock::agrees") + offset}
	case border.ClockHoldover:
		return Cell{"none", p.T("clock::not compared lately") + offset}
	case "":
		return Cell{"none", p.T("clock::not known")}
	default:
		return Cell{"refer", p.T("clock::not trusted") + offset}
	}
}

var (
	outcomeWords = map[string]i18n.Msg{
		string(border.Admitted): "crossing::Admitted", string(border.Departed): "crossing::Departed", string(border.Refused): "crossing::Refused",
		string(border.DeparturePrevented): "crossing::Prevented", string(border.Withdrawn): "crossing::Withdrawn", string(border.HandedOver): "crossing::Handed over",
	}
	directionWords = map[string]i18n.Msg{border.Entry: "Entry", border.Exit: "Exit"}
	verdictWords   = map[string]i18n.Msg{"proceed": "verdict::Proceed", "look": "verdict::Look closer", "refer": "verdict::Refer"}
)

func word(p *i18n.Printer, m map[string]i18n.Msg, s string) string {
	if w, ok := m[s]; ok {
		return p.T(w)
	}
	return strings.ReplaceAll(s, "_", " ")
}

func crossing(p *i18n.Printer, f *form.Form, c *register.Crossing, now time.Time) Crossing {
	out := Crossing{
		Received: clockTime(p, c.ReceivedAt, now), At: clockTime(p, c.OccurredAt, now),
		Station:   strings.TrimSuffix(fmt.Sprintf("%s / %s", c.Key.Station, c.Counter), " / "),
		Direction: word(p, directionWords, c.Direction), What: word(p, outcomeWords, c.Outcome),
		Verdict: word(p, verdictWords, c.Verdict), VerdictLevel: c.Verdict,
		Doubtful: c.ClockState == string(border.ClockUntrusted), Sealed: c.Part != "open",
	}
	if out.Document = c.DocumentIssuer; c.DocumentKind != "" {
		out.Document = strings.TrimSpace(wording.FlowCode(p, f, flows.Document, c.DocumentKind) + " " + c.DocumentIssuer)
	}
	t := []string{c.Nationality, c.Sex}
	if c.BirthYear > 0 {
		t = append(t, p.T("born {0}", fmt.Sprint(c.BirthYear)))
	}
	out.Traveller = strings.Join(strings.Fields(strings.Join(t, " ")), " ")
	return out
}

// clockTime gives the time of day in UTC, with the date unless it is today.
func clockTime(p *i18n.Printer, t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return p.At(t)
}

// ago says how long something is past, coarsely, so that the screen does not change with
// every second.
func ago(p *i18n.Printer, d time.Duration) string { return p.T("{0} ago", p.Span(d)) }
