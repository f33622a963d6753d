package counter

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/verdict"
)

// staysLimit is how many earlier stays a screen shows.
const staysLimit = 5

// checkHere reads the last crossings of the documents and of the person at this station, as
// they stand after corrections, and what may be taken over from the last of them.
func (s *Service) checkHere(ctx context.Context, e *encounter) verdict.Result {
	r := verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.Clear}
	// By direction: an exit asks less, and must not hide what the entry said.
	ofDocuments, ofPerson := make(map[string]*inForce), make(map[string]*inForce)
	seen := make(map[border.ID]bool)
	read := func(blind border.BlindIndex, into *[]border.PastCrossing, latest map[string]*inForce) error {
		events, err := s.cfg.Journal.Document(ctx, blind, historyLimit)
		if err != nil {
			return err
		}
		for i := range events {
			c, err := s.standing(ctx, &events[i])
			if err != nil {
				return err
			}
			if c == nil || seen[*c.header.Crossing] || !s.stillOf(blind, &events[i], c) {
				continue
			}
			seen[*c.header.Crossing] = true
			*into = append(*into, c.past())
			if l := latest[c.header.Direction]; l == nil || c.header.OccurredAt.After(l.header.OccurredAt) {
				latest[c.header.Direction] = c
			}
		}
		return nil
	}
	var err error
	for _, blind := range e.blinds {
		if err == nil {
			err = read(blind, &e.here, ofDocuments)
		}
	}
	if err == nil && e.person != nil {
		err = read(*e.person, &e.near, ofPerson)
	}
	if err != nil {
		s.cfg.Log.Error("counter: the history here could not be read", "error", err)
		r.Outcome, r.Reason = verdict.NotChecked, verdict.ReasonFailed
		return r
	}
	if len(ofDocuments) == 0 { // a new document perhaps; of a namesake who is known by another nothing must come in here
		ofDocuments = ofPerson
		maps.DeleteFunc(ofDocuments, func(_ string, c *inForce) bool { return c.header.Nationality != e.doc.Nationality })
	}
	e.known = s.remembered(ofDocuments)
	newestFirst(e.here)
	newestFirst(e.near)
	if len(e.blinds) == 0 {
		r.Outcome, r.Reason = verdict.NotChecked, noDocument(e)
		return r
	}
	r.Past = e.here
	return r
}

// noDocument says why there is no document to look up.
func noDocument(e *encounter) string {
	if e.identity == border.IdentityDeclared {
		return verdict.ReasonNoDocument
	}
	return verdict.ReasonUnreadable
}

func newestFirst(past []border.PastCrossing) {
	slices.SortStableFunc(past, func(a, b border.PastCrossing) int { return b.OccurredAt.Compare(a.OccurredAt) })
}

// inForce is a crossing as it stands after corrections: the event that holds, and the last
// day of the stay after extensions.
type inForce struct {
	event  *border.Event
	header border.Header
	days   int // granted by the event itself
}

// standing finds the correction that is in force for a recorded crossing, and the days that
// were granted since. nil: the event is no crossing.
func (s *Service) standing(ctx context.Context, ev *border.Event) (*inForce, error) {
	h, err := ev.ReadHeader()
	if err != nil || h.Crossing == nil {
		return nil, nil //nolint:nilerr // it is kept, but says nothing here
	}
	if ev.Type == border.TypeCrossingCorrected { // found by a document that it corrected
		first, err := s.cfg.Journal.Crossing(ctx, *h.Crossing)
		if err != nil {
			return nil, err
		}
		return s.standing(ctx, &first)
	}
	if ev.Type != border.TypeCrossingRecorded {
		return nil, nil
	}
	c := &inForce{event: ev, header: h, days: h.DaysGranted}
	changes, err := s.cfg.Journal.Amendments(ctx, *h.Crossing)
	if err != nil {
		return nil, err
	}
	var longest border.Header
	for i := range changes {
		h, err := changes[i].ReadHeader()
		switch {
		case err != nil:
		case changes[i].Type == border.TypeCrossingCorrected:
			c.event, c.header, c.days = &changes[i], h, h.DaysGranted
		case changes[i].Type == border.TypeStayExtended && h.PermittedUntil > longest.PermittedUntil:
			longest = h
		}
	}
	// No extension takes days away, and no correction takes an extension away: as at the hub.
	if longest.PermittedUntil > c.header.PermittedUntil && c.header.Direction == border.Entry && c.header.Outcome == string(border.Admitted) {
		c.header.PermittedUntil, c.header.LegalBasis = longest.PermittedUntil, longest.LegalBasis
		if longest.DaysGranted > 0 {
			c.header.DaysGranted = longest.DaysGranted
		}
	}
	return c, nil
}

// stillOf reports whether a crossing that was found by a document or a person is theirs as it
// stands: a correction may have said that it was somebody else's.
func (s *Service) stillOf(blind border.BlindIndex, found *border.Event, c *inForce) bool {
	if c.event.Key == found.Key {
		return true
	}
	plain, err := s.cfg.Keys.Open(c.event, border.PartPersonal)
	if err != nil {
		return true // nobody can say any more
	}
	var person border.Personal
	return json.Unmarshal(plain, &person) != nil || slices.Contains(Blinds(s.cfg.Blinder, &person), blind)
}

func (c *inForce) past() border.PastCrossing {
	h := &c.header
	return border.PastCrossing{Crossing: *h.Crossing, Station: h.Station, Post: h.Post, OccurredAt: h.OccurredAt,
		Direction: h.Direction, Outcome: h.Outcome, ClockState: string(h.Clock.State), LocalDate: h.LocalDate, Category: h.Category,
		Purpose: h.Purpose, Residence: h.Residence, Ground: h.Ground, DaysGranted: h.DaysGranted, PermittedUntil: h.PermittedUntil}
}

// carried returns the answers of a crossing, open and sealed, by the names of the form. If
// its key is gone, only the open ones.
func (s *Service) carried(c *inForce) map[string]string {
	known := answersOf(&c.header)
	plain, err := s.cfg.Keys.Open(c.event, border.PartPersonal)
	if err != nil {
		return known
	}
	var person border.Personal
	if json.Unmarshal(plain, &person) == nil {
		maps.Copy(known, person.Answers)
	}
	return known
}

// remembered joins the answers of the last entry and the last exit; the later one counts
// where both say something.
func (s *Service) remembered(latest map[string]*inForce) map[string]string {
	crossings := slices.SortedFunc(maps.Values(latest), func(a, b *inForce) int { return a.header.OccurredAt.Compare(b.header.OccurredAt) })
	var known map[string]string
	for _, c := range crossings {
		if known == nil {
			known = make(map[string]string)
		}
		maps.Copy(known, s.carried(c))
	}
	return known
}

// judgeHistory says what the last crossing means for this one. The newest crossing of
// both sources counts; it is a finding of the source that holds it.
func (e *encounter) judgeHistory(direction, today string, trusted bool) {
	here, elsewhere := e.results[verdict.HistoryHere], e.results[verdict.HistoryElsewhere]
	if here.Outcome == verdict.Hit { // of the direction before
		here.Outcome, here.Reason = verdict.Clear, ""
	}
	switch {
	case len(e.blinds) == 0:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: noDocument(e)}
	case e.heard:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.Clear, Past: e.elsewhere}
	case e.hubMissed:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonHub}
	default:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonPending}
	}
	last, r := e.newest(e.here), &here
	if other := e.newest(e.elsewhere); e.heard && other != nil && (last == nil || other.OccurredAt.After(last.OccurredAt)) {
		last, r = other, &elsewhere
	}
	if reason := finding(last, direction); reason != "" {
		r.Outcome, r.Reason = verdict.Hit, reason
	}
	e.results[verdict.HistoryHere], e.results[verdict.HistoryElsewhere] = here, elsewhere
	e.results[verdict.Stay] = e.judgeStay(direction, today, trusted)
}

// newest returns the latest crossing whose time can be believed. For a crossing from paper
// only those before it count.
func (e *encounter) newest(past []border.PastCrossing) *border.PastCrossing {
	var last *border.PastCrossing
	for i := range past {
		c := &past[i]
		if c.ClockState == string(border.ClockUntrusted) || e.paper != nil && !c.OccurredAt.Before(e.paper.CrossedAt) {
			continue
		}
		if last == nil || c.OccurredAt.After(last.OccurredAt) {
			last = c
		}
	}
	return last
}

// finding compares the last crossing with the direction of this one.
func finding(last *border.PastCrossing, direction string) string {
	if last == nil {
		return ""
	}
	switch o := border.Outcome(last.Outcome); {
	case o == border.Refused || o == border.DeparturePrevented:
		return verdict.ReasonRefused
	case o == border.Admitted && direction == border.Entry:
		return verdict.ReasonInside
	case o == border.Departed && direction == border.Exit:
		return verdict.ReasonNotInside
	}
	return ""
}

// judgeStay compares the days used with the days granted: of the stay that this exit ends,
// or at entry of the last one.
func (e *encounter) judgeStay(direction, today string, trusted bool) verdict.Result {
	r := verdict.Result{Check: verdict.Stay, Outcome: verdict.Clear}
	if len(e.blinds) == 0 {
		r.Outcome, r.Reason = verdict.NotChecked, noDocument(e)
		return r
	}
	stays := stays(e.past(), today)
	switch {
	case len(stays) == 0 || direction == border.Exit && (stays[0].Entry == nil || stays[0].Exit != nil):
		if direction == border.Exit {
			r.Outcome, r.Reason = verdict.NotChecked, verdict.ReasonNoEntry
		}
	case !trusted && stays[0].Exit == nil:
		r.Outcome, r.Reason = verdict.NotChecked, verdict.ReasonClock
	case stays[0].Overstayed > 0:
		r.Outcome, r.Reason = verdict.Hit, verdict.ReasonOverstayed
	}
	return r
}

// past joins what this station and the hub know of the documents, newest first, without what
// comes after a crossing from paper.
func (e *encounter) past() []border.PastCrossing {
	all := slices.Clone(e.here)
	all = append(all, e.elsewhere...)
	newestFirst(all)
	if e.paper != nil {
		all = slices.DeleteFunc(all, func(c border.PastCrossing) bool { return !c.OccurredAt.Before(e.paper.CrossedAt) })
	}
	return slices.CompactFunc(all, func(a, b border.PastCrossing) bool { return a.Crossing == b.Crossing })
}

// stays pairs crossings, newest first, into stays, newest first. It is what one counter
// knows; the register's pairing is the nation's.
func stays(past []border.PastCrossing, today string) []PastStay {
	var out []PastStay
	var exit *border.PastCrossing
	add := func(p PastStay) { out = append(out, p.count(today)) }
	for i := range past {
		c := &past[i]
		switch {
		case c.Direction == border.Exit && c.Outcome == string(border.Departed):
			if exit != nil {
				add(PastStay{Exit: exit})
			}
			exit = c
		case c.Direction == border.Entry && c.Outcome == string(border.Admitted):
			add(PastStay{Entry: c, Exit: exit, DaysGranted: c.DaysGranted, PermittedUntil: c.PermittedUntil})
			exit = nil
		}
	}
	if exit != nil {
		add(PastStay{Exit: exit})
	}
	return out[:min(len(out), staysLimit)]
}

// count works out the days of a stay; an open one lasts until today.
func (p PastStay) count(today string) PastStay {
	if p.Entry == nil {
		return p
	}
	last := today
	if p.Exit != nil {
		last = p.Exit.LocalDate
	}
	if n, ok := daysBetween(p.Entry.LocalDate, last); ok {
		p.Days = n + 1
	}
	if n, ok := daysBetween(p.PermittedUntil, last); ok {
		p.Overstayed = max(0, n)
	}
	return p
}

// daysBetween counts the calendar days from one day to another.
func daysBetween(from, to string) (int, bool) {
	a, err := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	if err != nil || err2 != nil {
		return 0, false
	}
	return int(b.Sub(a) / (24 * time.Hour)), true
}

// history is what the screen shows of the past. p.mu is held.
func (s *Service) history(e *encounter, today string) History {
	past := e.past()
	h := History{Stays: stays(past, today), SamePerson: []border.PastCrossing{}}
	if h.Stays == nil {
		h.Stays = []PastStay{}
	}
	if len(h.Stays) > 0 && h.Stays[0].Entry != nil && h.Stays[0].Exit == nil {
		h.DaysUsed, h.DaysGranted, h.PermittedUntil = h.Stays[0].Days, h.Stays[0].DaysGranted, h.Stays[0].PermittedUntil
	}
	for i := range past {
		if o := border.Outcome(past[i].Outcome); o == border.Refused || o == border.DeparturePrevented {
			h.LastRefusal = &past[i]
			break
		}
	}
	twins := append(slices.Clone(e.near), e.twins...)
	newestFirst(twins)
	known := make(map[border.ID]bool)
	for _, c := range past {
		known[c.Crossing] = true
	}
	for _, c := range twins {
		if !known[c.Crossing] {
			known[c.Crossing] = true
			h.SamePerson = append(h.SamePerson, c)
		}
	}
	h.OpenReferral = s.referredAlready(e)
	return h
}

// previous is the encounter that this one follows, if the last one of this person ended
// without a movement.
func (e *encounter) previous() *border.ID {
	past := e.past()
	if len(past) == 0 {
		return nil
	}
	if o := border.Outcome(past[0].Outcome); o == border.Admitted || o == border.Departed {
		return nil
	}
	return &past[0].Crossing
}
