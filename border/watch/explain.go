package watch

import (
	"math"
	"strings"

	"garita/border/watch/match"
)

// Explain says why a traveller is or is not an entry, field by field. False if there is no
// such entry. The weights and the prior add up to the log-odds of the name's hit; a document
// stands beside them.
func (l *List) Explain(q *Query, k Key) (Explanation, bool) {
	e, ok := l.Entry(k)
	if !ok {
		return Explanation{}, false
	}
	a := l.asks.Get().(*ask)
	defer l.asks.Put(a)
	a.begin(q)
	segment, at := a.locate(k)
	s := a.segment(segment)
	id := s.identity(at)
	best := outcome{segment: segment, identity: at, odds: never, name: -1}
	var name Evidence
	q.spellings(func(surname, given, full string, cut bool) {
		if !a.name(surname, given, full, cut) {
			return
		}
		odds, n, ok := a.weigh(s, &id, math.Inf(-1))
		if !ok || odds <= best.odds {
			return
		}
		best.odds, best.name = odds, n
		x := Name{Surname: surname, GivenNames: given, Full: full}
		name = Evidence{Field: "name", Level: a.nameLevel(s, at, n), Asked: x.text(), Listed: e.Names[n].text()}
	})
	ev := a.evidence(&id)
	x := Explanation{Prior: a.model.Prior - a.crowd}
	if best.name >= 0 {
		name.Weight = best.odds - a.odds(&match.Evidence{Date: ev.Date, Sex: ev.Sex, Nation: ev.Nation})
		x.Fields = append(x.Fields, name)
	}
	x.Fields = append(x.Fields,
		Evidence{Field: "birth_date", Level: ev.Date.String(), Weight: a.model.Dates[ev.Date], Asked: q.BirthDate, Listed: strings.Join(e.BirthDates, ", ")},
		Evidence{Field: "sex", Level: ev.Sex.String(), Weight: a.model.Sexes[ev.Sex], Asked: q.Sex, Listed: e.Sex},
		Evidence{Field: "nationality", Level: ev.Nation.String(), Weight: a.model.Nations[ev.Nation], Asked: q.Nationality, Listed: strings.Join(e.Nationalities, ", ")})
	a.outcomes = append(a.outcomes[:0], best)
	a.documents(q)
	for _, o := range a.outcomes[1:] {
		if o.segment == segment && o.identity == at && o.document > best.document {
			best.document, best.repaired = o.document, o.repaired
		}
	}
	if best.document > 0 {
		x.Fields = append(x.Fields, documentEvidence(q, e, &best))
	}
	if best.odds < floorOdds && best.document > 0 { // as Check does
		best.odds, best.name = never, -1
	}
	x.Hit = a.hit(&best)
	return x, true
}

// locate finds an entry that is there.
func (a *ask) locate(k Key) (segment int, at uint32) {
	for i, e := range a.l.latest {
		if e.Key() == k {
			return 1, a.l.identity.at(i)
		}
	}
	i, _ := a.l.base.find(k)
	return 0, a.l.base.identity.at(i)
}

// nameLevel says how the name that fits best compares.
func (a *ask) nameLevel(s *segment, at uint32, name int) string {
	id := s.identity(at)
	r := reader{b: id.names}
	var parts []match.Part
	var low bool
	for range name + 1 {
		parts, low = r.nextName(parts[:0], s.dict)
	}
	f := a.scorer.Compare(parts, low)
	switch {
	case f[match.FeatMatched] == 0:
		return "other"
	case f[match.FeatExact] == 1:
		return "exact"
	case f[match.FeatAskedLeft] > 0 && f[match.FeatListedLeft] > 0:
		return "part_differs"
	case f[match.FeatAskedLeft]+f[match.FeatListedLeft] > 0:
		return "part_missing"
	case f[match.FeatJoined] > 0:
		return "joined"
	case f[match.FeatCrossed] > 0:
		return "order"
	}
	return "spelling"
}

func documentEvidence(q *Query, e *Entry, o *outcome) Evidence {
	x := Evidence{Field: "document", Level: "number", Weight: logOdds(o.document)}
	switch {
	case o.repaired:
		x.Level = "look_alike"
	case o.document >= scoreDocument:
		x.Level = "exact"
	case o.document < 0.5:
		x.Level = "other_issuer"
	}
	var asked, listed []string
	for _, d := range q.Documents {
		asked = append(asked, strings.TrimSpace(d.Issuer+" "+d.Number))
	}
	for _, d := range e.Documents {
		listed = append(listed, strings.TrimSpace(d.Issuer+" "+d.Number))
	}
	x.Asked, x.Listed = strings.Join(asked, ", "), strings.Join(listed, ", ")
	return x
}

// text is a name on one line.
func (n *Name) text() string {
	if n.Full != "" {
		return n.Full
	}
	return strings.TrimSpace(n.Surname + " " + n.GivenNames)
}
