package counter

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/ui/wording"
)

// Party is the group at the counter in words.
type Party struct {
	ID, Kind string
	Shared   []Input
	Summary  string // the shared answers in one line
	Members  []Member
	Listed   []Listed
	Tally    string // of the list: "1 expected, 2 here, 9 through"
	// ReadyNames are those whom one key admits, Ready their ids and revisions, "id:revision".
	ReadyNames []string
	Ready      string
	Open       int // members without an outcome
	Accept     string
}

// Member is a person of a group.
type Member struct {
	ID, Surname, GivenNames string
	Level                   verdict.Level
	Word                    string
	Age                     string
	Minor                   bool
	Adult                   string // who answers for the minor
	Missing                 string
	Outcome                 string // in words; "" while it is open
	Protected, Restored     bool
	Ready, Shown            bool
}

// Listed is a person of a passenger or crew list.
type Listed struct {
	Row            int
	Name, Role, In string
	State          string
}

func (s *screen) party(w words, v counter.View) *Party {
	g := v.Group
	p := &Party{ID: g.ID.String(), Kind: w.labels(w.form.Codes("group_kinds"))[g.Kind],
		Shared: s.inputs(w, "s-", g.Fields, g.Shared, nil, nil)}
	var shared []string
	for i := range p.Shared {
		in := &p.Shared[i]
		in.Required = false // each person is asked for what is missing
		if in.Value != "" {
			shared = append(shared, lower(in.Label)+" "+in.text())
		}
	}
	p.Summary = strings.Join(shared, " · ")
	names := make(map[border.ID]string)
	for _, m := range g.Members {
		names[m.ID] = m.Surname + ", " + m.GivenNames
	}
	var ready []string
	for _, m := range g.Members {
		row := Member{ID: m.ID.String(), Surname: m.Surname, GivenNames: m.GivenNames, Level: m.Level, Word: wording.Word(w.Printer, levelWords, m.Level), Minor: m.Minor,
			Protected: m.Protected, Restored: m.Restored, Ready: slices.Contains(g.Ready, m.ID),
			Shown: v.Encounter != nil && v.Encounter.ID == m.ID}
		if m.Age >= 0 {
			row.Age = strconv.Itoa(m.Age)
		}
		if m.Responsible != nil {
			row.Adult = names[*m.Responsible]
		}
		if m.Outcome == "" {
			p.Open++
		} else {
			row.Outcome = w.outcome(m.Outcome)
		}
		if m.Outcome == "" && len(m.Missing) > 0 {
			row.Missing = w.N(len(m.Missing), "{0} answer is missing", "{0} answers are missing")
			if len(m.Missing) == 1 {
				row.Missing = w.problem(m.Missing[0])
			}
		}
		if row.Ready {
			p.ReadyNames = append(p.ReadyNames, names[m.ID])
			ready = append(ready, fmt.Sprintf("%s:%d", m.ID, m.Revision))
		}
		p.Members = append(p.Members, row)
	}
	p.Ready = strings.Join(ready, " ")
	p.Accept = w.T("key::Admit all that are ready ({0})", len(ready))
	if v.Direction == border.Exit {
		p.Accept = w.T("key::Let all that are ready depart ({0})", len(ready))
	}
	// Who needs attention comes first, who is through last.
	slices.SortStableFunc(p.Members, func(a, b Member) int { return a.rank() - b.rank() })
	tally := map[string]int{}
	roles := w.labels(w.form.Codes("roles"))
	for _, l := range g.Listed {
		tally[l.State]++
		p.Listed = append(p.Listed, Listed{Row: l.Row, Name: l.Surname + ", " + l.GivenNames, Role: roles[l.Role], In: wording.Word(w.Printer, listedWords, l.State), State: l.State})
	}
	slices.SortStableFunc(p.Listed, func(a, b Listed) int { return cmp.Compare(listedOrder[a.State], listedOrder[b.State]) })
	var parts []string
	for _, state := range []string{"expected", "here", "through", "no_show"} {
		if n := tally[state]; n > 0 {
			parts = append(parts, w.Number(n)+" "+lower(w.T(listedWords[state])))
		}
	}
	p.Tally = strings.Join(parts, ", ")
	return p
}

// listedOrder puts first who has not come.
var listedOrder = map[string]int{"expected": 0, "no_show": 1, "here": 2, "through": 3}

func (m Member) rank() int {
	switch {
	case m.Outcome != "":
		return 2
	case m.Ready:
		return 1
	}
	return 0
}

// Next is the member who must be looked at: not ready, not through, and not on the screen. After
// the one that is shown, the search begins anew.
func (p *Party) Next() string {
	at := slices.IndexFunc(p.Members, func(m Member) bool { return m.Shown })
	for i := range p.Members {
		m := p.Members[(at+1+i)%len(p.Members)]
		if m.Outcome == "" && !m.Ready && !m.Shown {
			return m.ID
		}
	}
	return ""
}
