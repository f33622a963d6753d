package search

import (
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/cases"
	"garita/border/flows"
	"garita/border/register"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// page is what was asked, and what was found.
type page struct {
	Query   query
	Trouble string
	Asked   bool
	Found   []register.Traveller
	More    bool
	Opened  *opened
}

// opened is one traveller.
type opened struct {
	Travels []register.Travel
	More    bool
	Stays   []register.Stay
	Cases   []cases.Summary
	Face    portrait
}

// view is the page in words.
type view struct {
	Query    query
	Purposes []access.Purpose
	Trouble  string
	Asked    bool
	Heading  string
	Rows     []row
	More     bool
	Person   *person

	OfDocument bool // what was asked for
}

// row is somebody who was found.
type row struct {
	Crossing, Name, Born, Nationality, Document string
	Last, Where, Crossings                      string
	Closed                                      string // why no particulars are shown; "" if they are
	Near                                        bool   // a word of the name is longer than was asked, or spelt in another way
}

// person is somebody who was opened.
type person struct {
	Name     string
	Portrait string // its address; "" if there is none
	Face     string // of when it is, and what has not arrived; "" if there is nothing to say
	Closed   string
	Facts    []fact
	Stays    []stay
	Cases    []caseRow
	Rows     []travel
	More     bool
}

type fact struct {
	Label, Value string
	Name         bool // a name of a person
}

type stay struct{ State, From, Until, To, Days, Doubt, Tag string }

type caseRow struct{ ID, Entry, State, Opened string }

type travel struct{ At, Post, What, Category, Document, Verdict, Name string }

func (s *screen) show(p *i18n.Printer, x *page, roles []access.Role) *view {
	v := &view{Query: x.Query, OfDocument: x.Query.ofDocument(), Purposes: wording.Purposes(p), Trouble: x.Trouble, Asked: x.Asked, More: x.More}
	names := access.Sees(roles, access.Personal)
	for i := range x.Found {
		v.Rows = append(v.Rows, rowOf(p, &x.Found[i], names))
	}
	if x.Asked {
		v.Heading = p.N(len(x.Found), "{0} traveller was found", "{0} travellers were found")
	}
	if x.Opened != nil {
		v.Person = s.personOf(p, x.Opened, names)
	}
	return v
}

// closed says why the particulars of a crossing are not shown.
func closed(p *i18n.Printer, c *register.Crossing, has, names bool) string {
	switch {
	case c.Part == register.PartRestricted:
		return p.T("Restricted: not to be used")
	case !has:
		return p.T("The particulars cannot be opened")
	case !names:
		return p.T("Your roles do not see who it is")
	}
	return ""
}

func nameOf(x *border.Personal) string { return strings.TrimSpace(x.Surname + ", " + x.GivenNames) }

func rowOf(p *i18n.Printer, t *register.Traveller, names bool) row {
	c := &t.Last
	r := row{Crossing: c.ID.String(), Nationality: c.Nationality, Document: strings.TrimSpace(c.DocumentKind + " " + c.DocumentIssuer), Last: p.At(c.OccurredAt.UTC()),
		Where: string(c.Post), Crossings: p.Number(t.Crossings), Closed: closed(p, c, t.Person != nil, names), Near: t.Near}
	if c.BirthYear > 0 {
		r.Born = strconv.Itoa(c.BirthYear)
	}
	if r.Closed == "" {
		r.Name, r.Born = nameOf(t.Person), or(t.Person.BirthDate, r.Born)
		r.Document = strings.TrimSpace(c.DocumentKind + " " + t.Person.IssuingState + " " + t.Person.DocumentNumber)
	}
	return r
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}

var (
	stayWords = map[string]i18n.Msg{"inside": "stay::Inside", "closed": "stay::Ended", "exit_unknown": "stay::Exit not known", "entry_unknown": "stay::Entry not known"}
	ways      = map[string]i18n.Msg{
		border.Entry + "/" + string(border.Admitted): "passed::Entered", border.Exit + "/" + string(border.Departed): "passed::Left",
		border.Entry + "/" + string(border.Refused): "passed::Refused entry", border.Exit + "/" + string(border.DeparturePrevented): "passed::Kept from leaving",
		border.Entry + "/" + string(border.Withdrawn): "passed::Turned back at entry", border.Exit + "/" + string(border.Withdrawn): "passed::Turned back at exit",
		border.Entry + "/" + string(border.HandedOver): "passed::Handed over at entry", border.Exit + "/" + string(border.HandedOver): "passed::Handed over at exit",
	}
	verdictWords = map[string]i18n.Msg{"proceed": "verdict::Proceed", "look": "verdict::Look closer", "refer": "verdict::Refer"}
	caseWords    = map[bool]i18n.Msg{true: "case::Open", false: "case::Closed"}
)

func word(p *i18n.Printer, m map[string]i18n.Msg, s string) string {
	if w, ok := m[s]; ok {
		return p.T(w)
	}
	return wording.Underscored(s)
}

func (s *screen) personOf(p *i18n.Printer, o *opened, names bool) *person {
	out := &person{More: o.More}
	first := &o.Travels[0]
	out.Closed = closed(p, &first.Crossing, first.Person != nil, names)
	if out.Closed == "" {
		x := first.Person
		out.Name, out.Portrait, out.Face = nameOf(x), o.Face.URL, o.Face.words(p)
		add := func(label i18n.Msg, value string, name bool) {
			if value != "" {
				out.Facts = append(out.Facts, fact{p.T(label), value, name})
			}
		}
		add(i18n.Msg("Surname"), x.Surname, true)
		add(i18n.Msg("Given names"), x.GivenNames, true)
		add(i18n.Msg("person::Born"), x.BirthDate, false)
		add(i18n.Msg("Sex"), x.Sex, false)
		add(i18n.Msg("Nationality"), x.Nationality, false)
		add(i18n.Msg("Document"), strings.TrimSpace(x.IssuingState+" "+x.DocumentNumber), false)
		add(i18n.Msg("document::Expires"), x.ExpiryDate, false)
	}
	for i := range o.Stays {
		out.Stays = append(out.Stays, stayOf(p, &o.Stays[i]))
	}
	for _, c := range o.Cases {
		out.Cases = append(out.Cases, caseRow{c.ID.String(), c.Entry, p.T(caseWords[c.State.Open()]), p.At(c.OpenedAt.UTC())})
	}
	for i := range o.Travels {
		t := &o.Travels[i]
		c := &t.Crossing
		r := travel{At: p.At(c.OccurredAt.UTC()), Post: string(c.Post), What: word(p, ways, c.Direction+"/"+c.Outcome), Verdict: word(p, verdictWords, c.Verdict),
			Document: strings.TrimSpace(c.DocumentKind + " " + c.DocumentIssuer)}
		if c.Category != "" {
			r.Category = wording.FlowCode(p, s.cfg.Form, flows.Category, c.Category)
		}
		if t.Person != nil && names && c.Part != register.PartRestricted {
			r.Document = strings.TrimSpace(c.DocumentKind + " " + t.Person.IssuingState + " " + t.Person.DocumentNumber)
			r.Name = nameOf(t.Person)
		}
		out.Rows = append(out.Rows, r)
	}
	return out
}

func stayOf(p *i18n.Printer, x *register.Stay) stay {
	out := stay{State: word(p, stayWords, x.State), From: "–", To: "–", Until: or(x.Until, "–"), Days: "–", Tag: "none"}
	if x.Entry != nil {
		out.From = x.Entry.Day + " " + string(x.Entry.Post)
	}
	if x.Exit != nil {
		out.To = x.Exit.Day + " " + string(x.Exit.Post)
	}
	if x.Days > 0 {
		out.Days = p.Number(x.Days)
	}
	if x.Overstayed > 0 {
		out.Doubt, out.Tag = p.N(x.Overstayed, "{0} day beyond the last permitted", "{0} days beyond the last permitted"), "refer"
	}
	if !x.Certain {
		doubt := p.T("not certain")
		if x.StaleS > 0 {
			doubt = p.T("not certain: some station’s data were last whole {0} ago", p.Span(time.Duration(x.StaleS)*time.Second))
		}
		out.Doubt = strings.TrimPrefix(out.Doubt+"; "+doubt, "; ")
		if out.Tag = "look"; x.Overstayed > 0 {
			out.Tag = "refer"
		}
	}
	return out
}
