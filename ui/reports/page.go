package reports

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// view is a report as its template shows it.
type view struct {
	Title, Days, Scope, Made string
	Name                     string
	Before, After            link
	Posts                    []link
	File                     string // where the file is; "": not for this reader
	Exact                    bool   // small numbers are shown
	Least                    int64  // the number below which they are hidden
	Provisional              string // "": all posts have reported all
	Figures                  []figure
	Daily                    *section
	Sections                 []section
	Coverage                 []coverage
	Empty                    bool
}

type link struct {
	Path, Text string
	Here       bool
}

type figure struct{ Label, Value, Note string }

// section is a picture with its table.
type section struct {
	ID, Title string
	Heads     []string
	Rows      []row
	Picture   *picture
	Kinds     []key
}

type row struct {
	Name   string
	Values []string
}

type key struct{ Kind, Text string }

type coverage struct {
	Post, Stations, Until, N, Untrusted string
	Complete                            bool
}

// The kinds of bars.
const (
	kindIn      = "in"
	kindOut     = "out"
	kindRefused = "refused"
)

// report shows a week or a month.
func (s *screen) report(c *fiber.Ctx) error {
	p, err := periodOf(c.Params("period"))
	if err != nil {
		return err
	}
	who := access.From(c.UserContext())
	k := s.cfg.SmallCell
	exact := who.May(access.RegisterRead)
	if exact {
		k = 0
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	n, err := s.gather(ctx, p, k)
	if err != nil {
		return err
	}
	before, err := s.groups(ctx, p.before(), k)
	if err != nil {
		return err
	}
	post := border.PostID(c.Params("post"))
	if post != "" && !slices.Contains(n.posts, string(post)) {
		return &border.Error{Code: border.NotFound, Op: "open a report", Message: "Nothing was ever counted at a post of this name."}
	}
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	to := layout.Printer(c)
	v := s.view(to, n, before.Groups(), post, today)
	v.Exact = exact
	if who.May(access.ReportsExport) {
		v.File = "/reports/" + p.name() + "/file"
	}
	return s.layout.Send(c, layout.Page{Title: to.T("Flow report: {0}", p.title(to)) + " – Garita", Kind: "reports", Script: "page", Screen: v})
}

// view puts numbers into words and pictures.
func (s *screen) view(to *i18n.Printer, n *numbers, before *flows.Published, post border.PostID, today time.Time) view {
	p, now := n.period, s.cfg.Clock.Now()
	v := view{Name: p.name(), Title: p.title(to), Days: to.Day(p.from) + " – " + to.Day(p.to), Scope: to.T("flow::All posts"), Made: to.At(now.UTC()), Least: s.cfg.SmallCell,
		Before: link{Path: "/reports/" + p.before().name(), Text: p.before().title(to)}}
	if next := p.after(); !next.from.After(today) {
		v.After = link{Path: "/reports/" + next.name(), Text: next.title(to)}
	}
	v.Posts = []link{{"/reports/" + p.name(), to.T("flow::All posts"), post == ""}}
	for _, name := range n.posts {
		v.Posts = append(v.Posts, link{"/reports/" + p.name() + "/posts/" + name, name, name == string(post)})
	}
	if post != "" {
		v.Scope = to.T("flow::Post {0}", string(post))
		v.Before.Path += "/posts/" + string(post)
		if v.After.Path != "" {
			v.After.Path += "/posts/" + string(post)
		}
	}
	v.Figures = figures(to, n, before, post, p.before())
	v.Empty = !slices.ContainsFunc(n.groups.Grid.N, func(row []int64) bool { return slices.ContainsFunc(row, func(x int64) bool { return x > 0 }) })
	if t := n.days[flows.Arrivals()]; post == "" || slices.Contains(t.Grid.Rows, string(post)) {
		v.Daily = s.daily(to, n, post)
	}
	if post == "" {
		v.Sections = append(v.Sections, byPost(to, n))
	}
	for _, d := range dimensions {
		v.Sections = append(v.Sections, s.by(to, n, post, d, []flows.Group{flows.Arrivals(), flows.Departures()}))
	}
	v.Sections = append(v.Sections, s.by(to, n, post, flows.Ground, []flows.Group{flows.Refusals()}))
	v.Sections = slices.DeleteFunc(v.Sections, func(x section) bool { return len(x.Rows) == 0 })
	v.Coverage, v.Provisional = covered(to, n.coverage, post)
	return v
}

// figures are the numbers at the head of a report, beside those of the period before.
func figures(to *i18n.Printer, n *numbers, before *flows.Published, post border.PostID, earlier period) (out []figure) {
	for _, f := range [...]struct {
		label i18n.Msg
		group flows.Group
	}{{i18n.Msg("flow::Arrivals"), flows.Arrivals()}, {i18n.Msg("flow::Departures"), flows.Departures()}, {i18n.Msg("flow::Refused entry"), flows.Refusals()}} {
		now, then := n.groups.Of(post, f.group.String()), before.Of(post, f.group.String())
		out = append(out, figure{to.T(f.label), text(to, now), to.T("flow::{0}: {1}", earlier.title(to), text(to, then))})
	}
	return out
}

// daily shows arrivals and departures day by day.
func (s *screen) daily(to *i18n.Printer, n *numbers, post border.PostID) *section {
	in, out := n.days[flows.Arrivals()], n.days[flows.Departures()]
	x := section{ID: "days", Title: to.T("flow::By day"), Heads: []string{to.T("flow::Day"), to.T("flow::Arrivals"), to.T("flow::Departures")}, Kinds: kinds(to)}
	var sets []set
	for d := n.period.from; !d.After(n.period.to); d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		numbers := []flows.Number{in.Of(post, day), out.Of(post, day)}
		short := to.Number(d.Day())
		if n.period.week {
			short = to.Weekday(d.Weekday()) + " " + short
		}
		sets = append(sets, set{short, numbers})
		x.Rows = append(x.Rows, row{to.Weekday(d.Weekday()) + " " + to.Day(d), []string{text(to, numbers[0]), text(to, numbers[1])}})
	}
	x.Picture = columns(to, sets, kindIn, kindOut)
	return &x
}

// byPost shows all posts, the busiest first.
func byPost(to *i18n.Printer, n *numbers) section {
	x := section{ID: "posts", Title: to.T("flow::By post"), Heads: []string{to.T("flow::Post"), to.T("flow::Arrivals"), to.T("flow::Departures"), to.T("flow::Refused entry")}, Kinds: kinds(to)}
	var sets []set
	refused := map[string]flows.Number{}
	for _, post := range n.posts {
		sets = append(sets, set{post, []flows.Number{n.groups.Of(border.PostID(post), flows.Arrivals().String()), n.groups.Of(border.PostID(post), flows.Departures().String())}})
		refused[post] = n.groups.Of(border.PostID(post), flows.Refusals().String())
	}
	slices.SortStableFunc(sets, busier)
	for _, s := range sets {
		x.Rows = append(x.Rows, row{s.Text, []string{text(to, s.Numbers[0]), text(to, s.Numbers[1]), text(to, refused[s.Text])}})
	}
	x.Picture = bars(to, sets, kindIn, kindOut)
	return x
}

// by divides groups of crossings by a dimension.
func (s *screen) by(to *i18n.Printer, n *numbers, post border.PostID, d flows.Dimension, groups []flows.Group) section {
	x := section{ID: string(d), Title: wording.Dimension(to, d), Heads: []string{wording.Dimension(to, d)}, Kinds: kinds(to)}
	names := []string{kindIn, kindOut}
	if len(groups) == 1 {
		names, x.Kinds = []string{kindRefused}, nil
		x.Heads = append(x.Heads, to.T("flow::Refused entry"))
	} else {
		x.Heads = append(x.Heads, to.T("flow::Arrivals"), to.T("flow::Departures"))
	}
	var codes []string
	for _, g := range groups {
		t := n.by[g][d]
		for _, c := range t.Grid.Columns {
			if !slices.Contains(codes, c) {
				codes = append(codes, c)
			}
		}
	}
	type coded struct {
		code string
		set
	}
	var all []coded
	for _, code := range codes {
		c := coded{code, set{Text: wording.FlowCode(to, s.cfg.Form, d, code)}}
		any := false
		for _, g := range groups {
			t := n.by[g][d]
			x := t.Of(post, code)
			if slices.Contains(t.Grid.Columns, flows.Other) && !slices.Contains(t.Grid.Columns, code) {
				x.Merged = true
			}
			any = any || x.N > 0 || x.Hidden
			c.Numbers = append(c.Numbers, x)
		}
		if any {
			all = append(all, c)
		}
	}
	ages := flows.AgeGroups()
	slices.SortStableFunc(all, func(a, b coded) int {
		last := func(c coded) int { return slices.Index([]string{flows.Other, ""}, c.code) } // -1 for all others
		if d == flows.Age {
			return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(slices.Index(ages, a.code), slices.Index(ages, b.code)))
		}
		return cmp.Or(cmp.Compare(last(a), last(b)), busier(a.set, b.set), cmp.Compare(a.code, b.code))
	})
	var sets []set
	for _, c := range all {
		values := make([]string, len(c.Numbers))
		for i, n := range c.Numbers {
			values[i] = text(to, n)
		}
		x.Rows = append(x.Rows, row{c.Text, values})
		sets = append(sets, c.set)
	}
	if d == flows.Age {
		x.Picture = columns(to, shorter(sets), names...)
	} else {
		x.Picture = bars(to, sets, names...)
	}
	return x
}

// shorter labels ages by where they begin: there is no room for more.
func shorter(sets []set) []set {
	out := slices.Clone(sets)
	for i := range out {
		for j, r := range out[i].Text {
			if r < '0' || r > '9' {
				out[i].Text = out[i].Text[:j]
				break
			}
		}
		if out[i].Text == "" {
			out[i].Text = "?"
		}
	}
	return out
}

func busier(a, b set) int {
	sum := func(s set) (n int64) {
		for _, x := range s.Numbers {
			n += x.N
		}
		return n
	}
	return cmp.Compare(sum(b), sum(a))
}

func kinds(to *i18n.Printer) []key {
	return []key{{kindIn, to.T("flow::Arrivals")}, {kindOut, to.T("flow::Departures")}}
}

// covered says how far each post has reported, and what lacks of all.
func covered(to *i18n.Printer, all []flows.Coverage, post border.PostID) (rows []coverage, provisional string) {
	complete, posts := 0, 0
	for _, c := range all {
		if post != "" && c.Post != post {
			continue
		}
		until := to.T("coverage::never yet")
		if !c.Until.IsZero() {
			until = to.At(c.Until.UTC())
		}
		rows = append(rows, coverage{string(c.Post), to.Number(c.Stations), until, to.Number(int(c.N)), to.Number(int(c.Untrusted)), c.Complete})
		if posts++; c.Complete {
			complete++
		}
	}
	if complete < posts {
		provisional = to.T("Provisional: {0} of {1} posts have reported everything. Numbers may still rise.", complete, posts)
	}
	return rows, provisional
}

// text writes a number, or why there is none.
func text(to *i18n.Printer, n flows.Number) string {
	switch {
	case n.Hidden:
		return to.T("number::hidden")
	case n.Merged:
		return to.T("number::in others")
	}
	return to.Number(int(n.N))
}
