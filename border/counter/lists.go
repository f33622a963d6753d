package counter

import (
	"slices"
	"time"

	"garita/border"
	"garita/border/mrz"
	"garita/border/verdict"
	"garita/border/watch"
	"garita/border/watch/document"
)

// List is a watchlist in force at the station.
type List struct {
	Name    string
	Version string
	Issued  time.Time
	// ValidUntil ends what a clear answer is worth; the zero time: never. A source that is older
	// than its own maximum age ends it too.
	ValidUntil time.Time
	Watch      *watch.List
	// Documents are the stolen, lost and revoked documents; nil: the list has none.
	Documents *document.Set
	// DocumentsDamaged says that their files do not open: a clear answer about a document is none.
	DocumentsDamaged bool
	// Missing says that the list belongs here and is not in force; the rest but Name is then empty.
	// What the other lists say is not clear without it.
	Missing bool
}

// stale reports whether a clear answer of the list is too old to be one.
func (l *List) stale(now time.Time) bool {
	if !l.ValidUntil.IsZero() && now.After(l.ValidUntil) {
		return true
	}
	return slices.ContainsFunc(l.Watch.Sources(), func(s watch.Source) bool {
		return s.MaxAge > 0 && now.Sub(s.Issued) > s.MaxAge
	})
}

// age is how old a list is: that of its oldest source, or of the release.
func (l *List) age(now time.Time) time.Duration {
	issued := l.Issued
	for _, s := range l.Watch.Sources() {
		if !s.Issued.IsZero() && s.Issued.Before(issued) { // zero: the source does not say
			issued = s.Issued
		}
	}
	return max(0, now.Sub(issued)) // a clock behind says nothing of age
}

// match is an entry that a traveller could be, or a document that is listed.
type match struct {
	check   verdict.Check
	list    *List
	hit     watch.Hit
	entry   *watch.Entry       // nil for a silent hit, and for a listed document
	reasons []watch.Evidence   // of an open hit
	digest  *border.BlindIndex // of a listed document: the hub can confirm it
}

// name is how the record names it.
func (m *match) name() string {
	if m.digest != nil {
		return m.list.Name + "/document"
	}
	return m.hit.Entry.String()
}

// same reports whether two matches are one: the same entry of the same list, or the same listed
// document. Of two documents each is one.
func (m *match) same(o *match) bool {
	if m.digest != nil || o.digest != nil {
		return m.digest != nil && o.digest != nil && *m.digest == *o.digest && m.list.Name == o.list.Name
	}
	return m.check == o.check && m.hit.Entry == o.hit.Entry && m.list.Name == o.list.Name
}

// counts reports whether a match is meant for travellers in this direction, and not known to
// be an error of the filter.
func (e *encounter) counts(m *match, direction string) bool {
	if m.digest != nil {
		listed, known := e.exact[*m.digest]
		return listed || !known
	}
	return m.hit.Applies == watch.AppliesBoth || string(m.hit.Applies) == direction
}

// listed are the documents that the hub is to look up.
func (e *encounter) listed() (out []border.BlindIndex) {
	for i := range e.matches {
		if d := e.matches[i].digest; d != nil && len(out) < maxListed {
			out = append(out, *d)
		}
	}
	return out
}

// maxListed bounds how many documents the hub is asked to look up at once.
const maxListed = 16

// askLists asks every list about the person and the documents. What came of it is told by
// judgeLists: it depends on the direction too. e.blinds is filled.
func (s *Service) askLists(e *encounter) {
	now, trusted := s.cfg.Clock.Now(), s.cfg.Clock.Trust().State != border.ClockUntrusted
	e.asked = asked{document: verdict.Result{Check: verdict.DocumentList, Outcome: verdict.Clear},
		name: verdict.Result{Check: verdict.NameList, Outcome: verdict.Clear}}
	papers := e.papers()
	if !slices.ContainsFunc(papers, (*paperwork).number) {
		e.asked.document.Outcome, e.asked.document.Reason = verdict.NotChecked, verdict.ReasonUnreadable
		if e.identity == border.IdentityDeclared {
			e.asked.document.Reason = verdict.ReasonNoDocument
		}
	}
	if e.doc.Surname == "" && e.doc.GivenNames == "" {
		e.asked.name.Outcome, e.asked.name.Reason = verdict.NotChecked, verdict.ReasonUnreadable
	}
	lists := s.cfg.Lists()
	if len(lists) == 0 {
		e.asked.document.Outcome, e.asked.document.Reason = verdict.NotChecked, verdict.ReasonNoList
		e.asked.name.Outcome, e.asked.name.Reason = verdict.NotChecked, verdict.ReasonNoList
	}
	for i := range lists {
		l := &lists[i]
		if l.Missing {
			notMade(&e.asked.document, verdict.ReasonNoList)
			notMade(&e.asked.name, verdict.ReasonNoList)
			continue
		}
		age := int64(l.age(now).Seconds())
		e.lists = append(e.lists, border.ListVersion{List: l.Name, Version: l.Version, AgeS: age})
		for _, r := range []*verdict.Result{&e.asked.document, &e.asked.name} {
			r.AgeS = max(r.AgeS, age)
			if r.Outcome == verdict.NotChecked {
				continue // there was nothing to ask the list about
			}
			if !trusted {
				r.Outcome, r.Reason = verdict.Stale, verdict.ReasonClock
			} else if l.stale(now) {
				r.Outcome = verdict.Stale
			}
		}
		if l.DocumentsDamaged {
			notMade(&e.asked.document, verdict.ReasonFailed)
		}
		for _, w := range papers {
			s.askList(e, l, w)
		}
	}
}

// notMade says that a check was not made in full, unless it says so already: that comes before how
// old the rest is.
func notMade(r *verdict.Result, reason string) {
	if r.Outcome != verdict.NotChecked {
		r.Outcome, r.Reason = verdict.NotChecked, reason
	}
}

// askList asks one list about one document and whom it names.
func (s *Service) askList(e *encounter, l *List, w *paperwork) {
	d, now := w.doc, s.cfg.Clock.Now()
	if e.paper != nil {
		now = e.paper.CrossedAt
	}
	q := watch.Query{Surname: d.Surname, GivenNames: d.GivenNames, Truncated: d.NamesTruncated == mrz.TruncationPossible,
		BirthDate: d.BirthDate, Sex: d.Sex, Nationality: d.Nationality}
	if s.cfg.Clock.Trust().State != border.ClockUntrusted || e.paper != nil {
		q.Day = s.day(now)
	}
	if w.number() {
		q.Documents = []watch.QueryDocument{{Issuer: d.IssuingState, Type: d.DocumentCode, Number: d.DocumentNumber,
			DigitWrong: d.Checks.DocumentNumber == mrz.Wrong, CheckDigit: printedDigit(d)}}
	}
	for _, h := range l.Watch.Check(&q, nil) {
		m := match{check: verdict.NameList, list: l, hit: h}
		if h.Basis == watch.ByDocument {
			m.check = verdict.DocumentList
		} else if h.Score < s.cfg.MinScore {
			continue
		}
		if e.judgedBefore(l, h.Entry) {
			continue
		}
		e.note(m, &q)
	}
	if l.Documents != nil && w.number() {
		for _, digest := range w.listedBy(l.Documents) {
			e.note(match{check: verdict.DocumentList, list: l, digest: &digest, hit: watch.Hit{Handling: watch.Open}}, &q)
		}
	}
}

// listedBy asks a filter about the number as it was read and, if its check digit is wrong, about
// what it could be. Of a keyed document nobody knows under which class it was reported.
func (w *paperwork) listedBy(s *document.Set) (out []border.BlindIndex) {
	d := w.doc
	codes := []string{d.DocumentCode}
	if w.keyed != nil {
		codes = keyedClasses
	}
	numbers := append([]string{d.DocumentNumber}, repaired(d)...)
	for _, code := range codes {
		for _, number := range numbers {
			if digest, ok := s.Find(d.IssuingState, code, number); ok {
				out = append(out, digest)
			}
		}
	}
	return out
}

// keyedClasses are those of travel documents ([document.Class]): the kinds of a country's form
// are none.
var keyedClasses = []string{"P", "I"}

// judgedBefore reports whether people have found that the holder of one of these documents is
// not that person.
func (e *encounter) judgedBefore(l *List, k watch.Key) bool {
	return slices.ContainsFunc(e.blinds, func(b border.BlindIndex) bool { return l.Watch.Remembered(b, k) })
}

// note keeps a match, of several with one entry the best. Of a silent one nothing more is
// looked up: it must not take longer than none.
func (e *encounter) note(m match, q *watch.Query) {
	i := slices.IndexFunc(e.matches, func(o match) bool { return o.same(&m) })
	if i >= 0 && e.matches[i].hit.Score >= m.hit.Score {
		return
	}
	if m.hit.Handling != watch.Silent && m.digest == nil {
		m.entry, _ = m.list.Watch.Entry(m.hit.Entry)
	}
	if m.hit.Handling == watch.Open && m.digest == nil {
		if x, ok := m.list.Watch.Explain(q, m.hit.Entry); ok {
			m.reasons = x.Fields
		}
	}
	if i >= 0 {
		e.matches[i] = m
	} else {
		e.matches = append(e.matches, m)
	}
}

// judgeLists says what the lists found for this direction. Silent hits leave no mark in the
// results.
func (e *encounter) judgeLists(direction string) {
	doc, name := e.asked.document, e.asked.name
	e.silent = nil
	for i := range e.matches {
		m := &e.matches[i]
		if !e.counts(m, direction) {
			continue
		}
		r := &doc
		if m.check == verdict.NameList {
			r = &name
		}
		switch {
		case m.hit.Handling == watch.Silent:
			if !slices.Contains(e.silent, m.name()) {
				e.silent = append(e.silent, m.name())
			}
			continue
		case m.hit.Handling == watch.Open:
			r.Hits = append(r.Hits, m.name())
		default:
			r.Withheld = append(r.Withheld, m.name())
		}
		unconfirmed := m.digest != nil && !e.exact[*m.digest]
		if r.Outcome != verdict.Hit || r.Reason == verdict.ReasonUnconfirmed {
			r.Outcome, r.Reason = verdict.Hit, verdict.ReasonListed
			if unconfirmed {
				r.Reason = verdict.ReasonUnconfirmed
			}
		}
	}
	e.results[doc.Check], e.results[name.Check] = doc, name
}

// hits are the matches as a screen may show them. p.mu is held.
func (e *encounter) hitViews(direction string) []HitView {
	out := []HitView{}
	for i := range e.matches {
		m := &e.matches[i]
		if m.hit.Handling == watch.Silent || !e.counts(m, direction) {
			continue
		}
		v := HitView{Check: m.check, Handling: m.hit.Handling, List: m.list.Name,
			Unconfirmed: m.digest != nil && !e.exact[*m.digest]}
		if m.entry != nil {
			v.Action, v.Instruction, v.Owner = m.entry.Action, m.entry.Instruction, m.entry.Owner
		}
		if m.hit.Handling == watch.Open && m.entry != nil {
			v.Entry, v.Score, v.Names, v.BirthDates = m.name(), m.hit.Score, m.entry.Names, m.entry.BirthDates
			v.Sex, v.Nationalities, v.Photo = m.entry.Sex, m.entry.Nationalities, m.entry.Photo
			v.LegalBasis, v.Purpose, v.Fields = m.entry.LegalBasis, m.entry.Purpose, m.reasons
		}
		out = append(out, v)
	}
	return out
}

// relistAtOnce bounds how many people of a group are checked anew at once: an officer waits for it.
const relistAtOnce = 20

// relist puts the checks anew to those in hand at a counter who were checked against lists that
// have changed since: who was just listed is not let through because the document was read before.
// While somebody works there it is left for the next time.
func (s *Service) relist(p *place) {
	if !p.work.TryLock() {
		return
	}
	defer p.work.Unlock()
	var now []border.ListVersion
	for _, l := range s.cfg.Lists() {
		if !l.Missing {
			now = append(now, border.ListVersion{List: l.Name, Version: l.Version})
		}
	}
	changed := func(e *encounter) bool {
		return !slices.EqualFunc(e.lists, now, func(a, b border.ListVersion) bool { return a.List == b.List && a.Version == b.Version })
	}
	p.mu.Lock()
	old := slices.DeleteFunc(p.inHands(), func(e *encounter) bool { return !changed(e) })
	p.mu.Unlock()
	for _, e := range old[:min(len(old), relistAtOnce)] {
		next := e.copy()
		s.check(s.ctx, next)
		p.change(func() {
			e.take(next)
			s.ask(p, e, false)
			s.judge(p, e)
		})
	}
}
