package counter

import (
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/mrz"
	"garita/border/verdict"
)

// paperwork is one document as it was read or keyed, or a person's own word.
type paperwork struct {
	scan   border.Scan   // how it came in; no lines for a keyed one
	doc    *mrz.Document // what it says; without a format if it has no machine readable zone
	keyed  *Particulars  // as keyed; nil for one that was read
	readOn time.Time     // the day that chose the centuries
}

// number reports whether the document can be found again by its number.
func (w *paperwork) number() bool { return w.doc.DocumentNumber != "" }

// same reports whether another document is this one.
func (w *paperwork) same(d *mrz.Document) bool {
	return w.number() && w.doc.DocumentNumber == d.DocumentNumber && w.doc.IssuingState == d.IssuingState
}

// encounter is everything between a traveller's turn and its end. What a draft holds changes
// only while place.work is held too; all fields are guarded by place.mu once it is at a
// place; before that it belongs to the goroutine that makes it.
type encounter struct {
	id       border.ID
	order    uint64 // grows with each encounter of a counter, whatever the clock does
	openedAt time.Time
	restored bool
	durable  bool
	reread   bool // the document was read anew, differently, and not judged since

	paperwork             // the leading document, from which the person's particulars are taken
	more      []paperwork // further documents of the same person
	identity  string

	values      map[string]string // of the form, as entered
	needs       []border.Need
	paper       *Paper
	direction   string // of the paper sheet; "" means the counter's
	referred    *referred
	group       *border.ID
	responsible *border.ID
	fingers     []finger            // that were asked for
	files       []border.Attachment // portrait, data page, papers; they are on the disk
	outcome     border.Outcome      // of a member of a group that has ended
	row         int                 // of the group's list, from 1; 0: not on it

	findings
	inquiry   uint64 // counts what the hub is asked about: an answer to an earlier question is out of place
	heard     bool   // the hub has answered
	asking    bool   // a question is under way
	hubMissed bool   // the hub could not be asked or did not answer in time
	elsewhere []border.PastCrossing
	twins     []border.PastCrossing // the hub's: same name and birth date, other documents
	// exact is what the hub's exact store knows of documents that the station's filter, which
	// errs towards a hit, takes for listed.
	exact  map[border.BlindIndex]bool
	lookup lookup

	verdict verdict.Verdict
	shown   []verdict.Verdict // the last revisions, ending with verdict
}

// findings are what the local checks found.
type findings struct {
	blinds []border.BlindIndex // of all documents with a number, the leading one first
	person *border.BlindIndex  // nil: name or birth date not fully known
	lists  []border.ListVersion
	// silent holds hits that this station must not show.
	silent  []string
	asked   asked
	matches []match
	results map[verdict.Check]verdict.Result
	here    []border.PastCrossing
	near    []border.PastCrossing // this station's: same name and birth date, other documents
	known   map[string]string     // answers of the last crossing that may be taken over
}

// asked is what the lists answer if none of the matches counts.
type asked struct{ document, name verdict.Result }

// shownLimit bounds how many revisions of a verdict are remembered. A decision on an older
// one is stale.
const shownLimit = 64

// take puts the outcome of new checks in place. What the hub has answered, and which
// revisions were painted, stays.
func (e *encounter) take(next *encounter) {
	e.reread = e.reread || e.doc != nil && !(slices.Equal(e.doc.Lines, next.doc.Lines) && sameParticulars(e.keyed, next.keyed))
	if !next.sought(e) { // the hub has answered for somebody else
		e.inquiry++
		e.asking, e.heard, e.hubMissed, e.elsewhere, e.twins = false, false, false, nil, nil
		e.exact = nil // lookUp sees for itself whether it asks the same
	}
	e.paperwork, e.more, e.identity, e.durable, e.findings = next.paperwork, next.more, next.identity, next.durable, next.findings
}

// judge adds the checks up again. The revision grows only if something changed. p.mu is held.
func (s *Service) judge(p *place, e *encounter) {
	now := s.cfg.Clock.Now()
	trusted := s.cfg.Clock.Trust().State != border.ClockUntrusted
	if e.paper != nil {
		now, trusted = e.paper.CrossedAt, true
	}
	e.judge(s.cfg.Policy, s.cfg.Lookups, e.heads(p.direction), s.day(now), trusted)
}

func (e *encounter) judge(policy *verdict.Policy, lookups bool, direction, today string, trusted bool) {
	e.judgeLists(direction)
	e.results[verdict.Interpol] = e.judgeLookups(lookups)
	e.judgeHistory(direction, today, trusted)
	results := make([]verdict.Result, 0, len(e.results))
	for _, r := range e.results {
		results = append(results, r)
	}
	v := verdict.Judge(policy, results)
	v.Revision = e.verdict.Revision
	if v.Revision > 0 && !e.reread && equal(v, e.verdict) {
		return
	}
	if e.reread { // who decides must have seen the document as it is read now
		e.reread, e.shown = false, nil
	}
	v.Revision++
	e.verdict = v
	if len(e.shown) == shownLimit {
		e.shown = append(e.shown[:0], e.shown[1:]...)
	}
	e.shown = append(e.shown, v)
}

func equal(a, b verdict.Verdict) bool {
	return a.Level == b.Level && slices.EqualFunc(a.Reasons, b.Reasons, func(x, y verdict.Reason) bool {
		return x.Check == y.Check && x.Outcome == y.Outcome && x.Reason == y.Reason && x.Level == y.Level &&
			slices.Equal(x.Fields, y.Fields) && slices.Equal(x.Hits, y.Hits) && slices.Equal(x.Withheld, y.Withheld) && slices.Equal(x.Past, y.Past)
	})
}

// painted returns the verdict of a revision that was on the screen. It refuses one that
// never was, one too long ago, and one since which the verdict has worsened.
func (e *encounter) painted(revision uint64) (*verdict.Verdict, error) {
	if revision == 0 || revision > e.verdict.Revision {
		return nil, &border.Error{Code: border.Invalid, Op: "decide", Message: "The decision must name the verdict that was on the screen."}
	}
	back := e.verdict.Revision - revision
	if back >= uint64(len(e.shown)) {
		return nil, &border.Error{Code: border.Stale, Op: "decide", Message: "What is on the screen has changed. Read it again, then decide."}
	}
	if worsened(&e.shown[uint64(len(e.shown))-1-back], &e.verdict) {
		return nil, &border.Error{Code: border.Stale, Op: "decide", Message: "The verdict has changed for the worse. Read it again, then decide."}
	}
	return &e.shown[uint64(len(e.shown))-1-back], nil
}

// worsened reports whether a verdict, or any of its checks, advises more caution than the
// one that was painted: who has seen one reason to refer has not seen the other.
func worsened(painted, now *verdict.Verdict) bool {
	for i := range now.Reasons { // both in the order of verdict.All
		if now.Reasons[i].Level.WorseThan(painted.Reasons[i].Level) {
			return true
		}
	}
	return now.Level.WorseThan(painted.Level)
}

func sameParticulars(a, b *Particulars) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// sought reports whether the hub is asked the same about two encounters.
func (e *encounter) sought(other *encounter) bool {
	return slices.Equal(e.blinds, other.blinds) && (e.person == nil) == (other.person == nil) &&
		(e.person == nil || *e.person == *other.person)
}

// shows reports whether a document is among those of the encounter.
func (e *encounter) shows(d *mrz.Document) bool {
	return e.same(d) || slices.ContainsFunc(e.more, func(m paperwork) bool { return m.same(d) })
}

// heads is the direction of an encounter at a counter.
func (e *encounter) heads(counter string) string {
	if e.direction != "" {
		return e.direction
	}
	return counter
}

// protected reports whether a need for protection is noted that nobody has lifted.
func (e *encounter) protected() bool {
	return slices.ContainsFunc(e.needs, unlifted)
}

func unlifted(n border.Need) bool { return n.LiftedBy == "" }

// copy returns an encounter to put new checks to, while the screen goes on showing e.
func (e *encounter) copy() *encounter {
	return &encounter{id: e.id, order: e.order, openedAt: e.openedAt, durable: e.durable, restored: e.restored,
		paperwork: e.paperwork, more: slices.Clone(e.more), identity: e.identity, values: maps.Clone(e.values), needs: slices.Clone(e.needs),
		paper: e.paper, direction: e.direction, referred: e.referred, group: e.group, responsible: e.responsible, fingers: slices.Clone(e.fingers),
		files: slices.Clone(e.files)}
}

func (e *encounter) item() QueueItem {
	return QueueItem{ID: e.id, Surname: e.doc.Surname, GivenNames: e.doc.GivenNames, Level: e.verdict.Level, Restored: e.restored,
		Portrait: e.portrait()}
}

func (w *paperwork) view() DocumentView {
	d, kind := w.doc, ""
	if w.keyed != nil {
		kind = w.keyed.Kind
	}
	v := DocumentView{Kind: kind, Format: string(d.Format), DocumentCode: d.DocumentCode, IssuingState: d.IssuingState,
		DocumentNumber: d.DocumentNumber, Surname: d.Surname, GivenNames: d.GivenNames,
		NamesTruncated: d.NamesTruncated == mrz.TruncationPossible, Nationality: d.Nationality, BirthDate: d.BirthDate,
		Sex: d.Sex, ExpiryDate: d.ExpiryDate, OptionalData: d.OptionalData, Wrong: wrongFields(d), Lines: slices.Clone(w.scan.Lines)}
	for _, w := range d.Warnings {
		v.Warnings = append(v.Warnings, w.Code+" "+w.Field)
	}
	for _, p := range d.Proposals {
		v.Proposals = append(v.Proposals, Proposal{Field: p.Field, Original: p.Original, Proposed: p.Proposed})
	}
	return v
}
