package counter

import (
	"context"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/manifest"
	"garita/border/seal"
	"garita/border/verdict"
)

// groupLimit bounds the people of one group.
const groupLimit = 500

// group is a family, a bus or a crew at a counter. Everybody scanned while it is open belongs
// to it. It is guarded like an encounter: what its draft holds changes only while place.work
// is held too.
type group struct {
	id       border.ID
	kind     string // of the form's list
	openedAt time.Time
	shared   map[string]string // answers of the form for everybody who has no other
	list     *manifest.List    // nil: none
	members  []*encounter      // in the order they came; those that have ended stay
	away     []*encounter      // were referred to the post's list: not members any more, and no no-shows
}

// partyDraft is the draft of a group.
type partyDraft struct {
	Kind   string            `json:"kind"`
	Shared map[string]string `json:"shared,omitempty"`
	People []manifest.Person `json:"people,omitempty"`
	// Ended are the members who are through, for the list and the count.
	Ended []endedMember `json:"ended,omitempty"`
	// Away are those who were referred, for the list; without an outcome.
	Away []endedMember `json:"away,omitempty"`
}

// endedMember is a member of a group whose crossing is recorded.
type endedMember struct {
	Encounter   border.ID      `json:"encounter"`
	Particulars Particulars    `json:"particulars"`
	Outcome     border.Outcome `json:"outcome"`
}

// OpenGroup opens a group at a counter; the encounter that is open there becomes its first
// member. It returns the group's id.
func (s *Service) OpenGroup(ctx context.Context, at At, kind string) (border.ID, error) {
	const op = "open a group"
	if err := s.coded(op, "group_kinds", kind, ""); err != nil {
		return border.ID{}, err
	}
	id, err := s.cfg.IDs.New()
	if err != nil {
		return border.ID{}, err
	}
	return id, s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		p.mu.Lock()
		busy, first := p.group != nil, p.open
		p.mu.Unlock()
		if busy {
			return &border.Error{Code: border.Conflict, Op: op, Message: "A group is at this counter already. Close it first."}
		}
		g := &group{id: id, kind: kind, openedAt: s.now(), shared: map[string]string{}}
		if err := s.keepGroup(ctx, p, g); err != nil {
			return err
		}
		p.change(func() { p.group = g })
		if first == nil || first.paper != nil {
			return nil
		}
		next := first.copy()
		next.group = &g.id
		s.keep(ctx, p, next)
		p.change(func() {
			first.group, first.durable = &g.id, next.durable
			g.members = append(g.members, first)
			s.judge(p, first)
		})
		return nil
	})
}

// errNoGroup says that a counter has no group.
func errNoGroup(op string) error {
	return &border.Error{Code: border.Conflict, Op: op, Message: "No group is at this counter."}
}

// withGroup runs work on the open group. p.work is held in f.
func (s *Service) withGroup(ctx context.Context, op string, at At, f func(ctx context.Context, p *place, g *group, o Officer) error) error {
	return s.work(ctx, op, at, func(ctx context.Context, p *place, o Officer) error {
		p.mu.Lock()
		g := p.group
		p.mu.Unlock()
		if g == nil {
			return errNoGroup(op)
		}
		return f(ctx, p, g, o)
	})
}

// Share enters answers that hold for the whole group, such as plate and purpose, once. ""
// takes one away.
func (s *Service) Share(ctx context.Context, at At, values map[string]string) error {
	const op = "enter shared answers"
	if err := plausible(op, values); err != nil {
		return err
	}
	return s.withGroup(ctx, op, at, func(ctx context.Context, p *place, g *group, _ Officer) error {
		next := *g
		next.shared = maps.Clone(g.shared)
		merge(&next.shared, values)
		maps.DeleteFunc(next.shared, func(_, v string) bool { return v == "" })
		if err := s.keepGroup(ctx, p, &next); err != nil {
			return err
		}
		p.change(func() { g.shared = next.shared })
		return nil
	})
}

// List gives the group the passenger or crew list that was announced. Who is here is matched
// at once; who comes is matched when scanned.
func (s *Service) List(ctx context.Context, at At, list *manifest.List) error {
	const op = "import a list"
	if len(list.People) == 0 || len(list.People) > groupLimit {
		return &border.Error{Code: border.Invalid, Op: op, Message: "A list has 1 to 500 people."}
	}
	var all border.Personal
	for _, listed := range list.People {
		all.NoShows = append(all.NoShows, announced(listed))
	}
	if b, err := encode(&all); err != nil || len(b) > border.MaxPart-noShowsMargin {
		return &border.Error{Code: border.TooLarge, Op: op, Err: err, Message: "This list is too long for one group: its no-shows would not fit a record. Divide it."}
	}
	return s.withGroup(ctx, op, at, func(ctx context.Context, p *place, g *group, _ Officer) error {
		next := *g
		next.list = list
		if err := s.keepGroup(ctx, p, &next); err != nil {
			return err
		}
		p.change(func() {
			g.list = list
			for _, m := range g.everybody() {
				m.row = 0
			}
			for _, m := range g.everybody() {
				g.match(m)
			}
		})
		return nil
	})
}

// noShowsMargin is what a personal part needs besides no-shows, and what sealing adds.
const noShowsMargin = 1 << 10

// announced is a listed person as a group's record holds one who did not come.
func announced(p manifest.Person) border.PersonalDocument {
	return border.PersonalDocument{Kind: p.DocumentKind, DocumentNumber: p.DocumentNumber, IssuingState: p.DocumentIssuer, Surname: p.Surname,
		GivenNames: p.GivenNames, Nationality: p.Nationality, BirthDate: p.BirthDate, Sex: p.Sex}
}

// match finds an encounter on the list. A row that somebody has already is not given twice.
func (g *group) match(e *encounter) {
	if g.list == nil {
		return
	}
	for _, w := range e.papers() {
		i, how := g.list.Match(manifest.Document{IssuingState: w.doc.IssuingState, Number: w.doc.DocumentNumber, Surname: w.doc.Surname,
			GivenNames: w.doc.GivenNames, BirthDate: w.doc.BirthDate})
		if how == manifest.ByDocument || how == manifest.ByName {
			taken := slices.ContainsFunc(g.members, func(m *encounter) bool { return m != e && m.row == i+1 })
			if !taken {
				e.row = i + 1
				return
			}
		}
	}
}

// Responsible says which adult of the group answers for a minor; the zero id takes it back.
func (s *Service) Responsible(ctx context.Context, at At, minor, adult border.ID) error {
	const op = "link a minor to an adult"
	return s.withGroup(ctx, op, at, func(ctx context.Context, p *place, g *group, _ Officer) error {
		e, err := p.inHand(op, minor)
		if err != nil {
			return err
		}
		next := e.copy()
		if next.responsible = nil; !adult.IsZero() {
			i := slices.IndexFunc(g.members, func(m *encounter) bool { return m.id == adult })
			if i < 0 || adult == minor {
				return &border.Error{Code: border.Invalid, Op: op, Message: "The adult must be another member of this group."}
			}
			if years := s.ageOf(g.members[i]); years < 0 || s.cfg.Form.Minor(years) {
				return &border.Error{Code: border.Invalid, Op: op, Message: "Only somebody whose document shows an adult can answer for a minor."}
			}
			next.responsible = &adult
		}
		return s.replace(ctx, p, e, next)
	})
}

// Select puts an open member of the group on the screen.
func (s *Service) Select(ctx context.Context, at At, id border.ID) error {
	const op = "select a member"
	return s.withGroup(ctx, op, at, func(ctx context.Context, p *place, g *group, _ Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		p.mu.Lock()
		busy := p.open != nil && p.open.group == nil
		p.mu.Unlock()
		if busy {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Finish the open encounter first."}
		}
		p.change(func() {
			p.open = e
			s.ask(p, e, false) // after a restart nobody has asked
			s.judge(p, e)
		})
		return nil
	})
}

// ready reports whether a member may be admitted or may depart together with others: the
// verdict advises to proceed, the record is complete, nothing is noted, the name has been seen
// since a restart, and the adult who answers for a minor is not held. p.mu is held.
func (p *place) ready(m *encounter, missing []form.Problem) bool {
	return m.outcome == "" && m.verdict.Level == verdict.Proceed && !m.protected() && (!m.restored || m == p.open) && len(missing) == 0 &&
		!p.adultHeld(m)
}

// adultHeld reports whether the adult who answers for a minor is not across the border and not
// ready to cross: the child does not go on without anybody looking. p.mu is held.
func (p *place) adultHeld(m *encounter) bool {
	if m.responsible == nil || p.group == nil {
		return false
	}
	i := slices.IndexFunc(p.group.members, func(a *encounter) bool { return a.id == *m.responsible })
	if i < 0 {
		return true // referred, or gone
	}
	a := p.group.members[i]
	return !crosses(a.outcome) && (a.outcome != "" || a.verdict.Level != verdict.Proceed || a.protected())
}

// adultGone reports whether the adult who answers for a minor has left the group or has not
// crossed: somebody else must answer. p.mu is held.
func (p *place) adultGone(m *encounter) bool {
	if p.group == nil || m.group == nil || *m.group != p.group.id {
		return false
	}
	i := slices.IndexFunc(p.group.members, func(a *encounter) bool { return a.id == *m.responsible })
	return i < 0 || p.group.members[i].outcome != "" && !crosses(p.group.members[i].outcome)
}

// CloseGroup ends the group. Everybody in it must have an outcome; who is on its list and did
// not come is recorded as a no-show.
func (s *Service) CloseGroup(ctx context.Context, at At) error {
	const op = "close the group"
	return s.withGroup(ctx, op, at, func(ctx context.Context, p *place, g *group, o Officer) error {
		if slices.ContainsFunc(g.members, func(m *encounter) bool { return m.outcome == "" }) {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Somebody of the group has no outcome yet. Decide, refer or strike off first."}
		}
		keys, err := s.cfg.Keys.Ready(ctx, s.bucket())
		if err != nil {
			return err
		}
		var person border.Personal
		appeared := int64(0)
		for i, listed := range g.people() {
			if slices.ContainsFunc(g.everybody(), func(m *encounter) bool { return m.row == i+1 }) {
				appeared++
				continue
			}
			person.NoShows = append(person.NoShows, announced(listed))
		}
		person.Officer = o.Badge
		h := s.header(border.TypeGroupClosed, p.id, o)
		h.Group, h.Change, h.Direction, h.Ground = &g.id, &g.id, p.direction, g.kind // a group is closed once, and its draft goes with it
		h.Counts = []border.Count{{Type: "members", N: int64(len(g.members))}, {Type: "expected", N: int64(len(g.people()))},
			{Type: "appeared", N: appeared}, {Type: "no_show", N: int64(len(person.NoShows))}}
		personal, err := encode(&person)
		if err != nil {
			return err
		}
		hub, err := seal.HubOnly(nil)
		if err != nil {
			return err
		}
		if _, err := s.record(ctx, p, o, &journal.Entry{Header: h, Personal: personal, HubOnly: hub, Keys: keys, Crossing: g.id}); err != nil {
			return err
		}
		p.change(func() {
			p.group = nil
			p.ended = append(p.ended, g.id)
		})
		return nil
	})
}

// everybody lists who came, those included who were referred.
func (g *group) everybody() []*encounter { return slices.Concat(g.members, g.away) }

func (g *group) people() []manifest.Person {
	if g.list == nil {
		return nil
	}
	return g.list.People
}

// groupView is a group as the screen shows it. p.mu is held.
func (s *Service) groupView(p *place) *GroupView {
	g := p.group
	v := &GroupView{ID: g.id, Kind: g.kind, Shared: maps.Clone(g.shared), Direction: p.direction, Members: []MemberView{}, Listed: []ListedView{}, Ready: []border.ID{},
		Fields: s.cfg.Form.Fields(form.Facts{Direction: p.direction, Age: -1, Post: s.cfg.Post, Group: g.kind, Category: g.shared["category"]}, g.shared)}
	for _, m := range g.members {
		missing := []form.Problem{}
		if m.outcome == "" {
			if missing = s.fill(p, m, m.values).Problems; p.ready(m, missing) {
				v.Ready = append(v.Ready, m.id)
			}
		}
		v.Members = append(v.Members, MemberView{ID: m.id, Surname: m.doc.Surname, GivenNames: m.doc.GivenNames, Level: m.verdict.Level,
			Revision: m.verdict.Revision, Age: s.ageOf(m), Minor: s.cfg.Form.Minor(s.ageOf(m)), Responsible: m.responsible,
			Restored: m.restored, Missing: missing, Outcome: m.outcome, Protected: m.protected(), Row: m.row})
	}
	for i, l := range g.people() {
		state := "expected"
		for _, m := range g.everybody() {
			if m.row == i+1 {
				if state = "here"; m.outcome != "" {
					state = "through"
				}
			}
		}
		v.Listed = append(v.Listed, ListedView{Row: i + 1, Surname: l.Surname, GivenNames: l.GivenNames, Role: l.Role, State: state})
	}
	return v
}
