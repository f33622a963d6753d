package counter

import (
	"encoding/json"
	"slices"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/mrz"
	"garita/border/verdict"
)

// encounter is everything between a traveller's turn and its end. Its fields are guarded
// by place.mu once it is at a place; before that it belongs to the goroutine that makes it.
type encounter struct {
	id       border.ID
	order    uint64 // grows with each encounter of a counter, whatever the clock does
	openedAt time.Time
	scan     border.Scan
	restored bool
	durable  bool
	reread   bool // the document was read anew, differently, and not judged since

	doc   *mrz.Document
	blind *border.BlindIndex // nil: no document number
	lists []border.ListVersion
	// silent holds hits that this station must not show.
	silent []string

	results   map[verdict.Check]verdict.Result
	here      []border.PastCrossing
	elsewhere []border.PastCrossing
	heard     bool // the hub has answered
	asking    bool // a question is under way
	hubMissed bool // the hub could not be asked or did not answer in time

	verdict verdict.Verdict
	shown   []verdict.Verdict // the last revisions, ending with verdict
}

// shownLimit bounds how many revisions of a verdict are remembered. A decision on an older
// one is stale.
const shownLimit = 64

// take puts the outcome of new checks in place. What the hub has answered, and which
// revisions were painted, stays.
func (e *encounter) take(next *encounter) {
	e.reread = e.reread || e.doc != nil && !slices.Equal(e.doc.Lines, next.doc.Lines)
	e.scan, e.doc, e.durable = next.scan, next.doc, next.durable
	e.blind, e.lists, e.silent, e.here = next.blind, next.lists, next.silent, next.here
	e.results = next.results
}

// judge adds the checks up again. The revision grows only if something changed.
func (e *encounter) judge(policy *verdict.Policy, direction string) {
	e.judgeHistory(direction)
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
			slices.Equal(x.Fields, y.Fields) && slices.Equal(x.Hits, y.Hits) && slices.Equal(x.Past, y.Past)
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

// sameDocument reports whether another scan shows the same document.
func (e *encounter) sameDocument(d *mrz.Document) bool {
	return e.doc.DocumentNumber != "" && e.doc.DocumentNumber == d.DocumentNumber && e.doc.IssuingState == d.IssuingState
}

func (e *encounter) view() *EncounterView {
	v := &EncounterView{ID: e.id, OpenedAt: e.openedAt, Source: e.scan.Source, Restored: e.restored, Durable: e.durable,
		Document: documentView(e.doc, e.scan.Lines), Verdict: e.verdict}
	v.Verdict.Reasons = slices.Clone(e.verdict.Reasons)
	return v
}

func documentView(d *mrz.Document, lines []string) DocumentView {
	v := DocumentView{Format: string(d.Format), DocumentCode: d.DocumentCode, IssuingState: d.IssuingState,
		DocumentNumber: d.DocumentNumber, Surname: d.Surname, GivenNames: d.GivenNames,
		NamesTruncated: d.NamesTruncated == mrz.TruncationPossible, Nationality: d.Nationality, BirthDate: d.BirthDate,
		Sex: d.Sex, ExpiryDate: d.ExpiryDate, OptionalData: d.OptionalData, Wrong: wrongFields(d), Lines: slices.Clone(lines)}
	for _, w := range d.Warnings {
		v.Warnings = append(v.Warnings, w.Code+" "+w.Field)
	}
	for _, p := range d.Proposals {
		v.Proposals = append(v.Proposals, Proposal{Field: p.Field, Original: p.Original, Proposed: p.Proposed})
	}
	return v
}

// draft is the form of an open encounter on the disk, sealed. Checks are put again when it
// is restored: lists and history may have changed.
type draft struct {
	Order    uint64            `json:"order"` // place in the counter's queue
	OpenedAt time.Time         `json:"opened_at"`
	Source   border.ScanSource `json:"source"`
	Scanner  string            `json:"scanner,omitempty"`
	Profile  string            `json:"profile,omitempty"`
	Lines    []string          `json:"lines"`
	// Today chose the centuries when the document was read.
	Today time.Time `json:"today"`
}

func (s *Service) readDraft(d journal.Draft) (*encounter, error) {
	var f draft
	if err := json.Unmarshal(d.Content, &f); err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "read a draft"} // the cause could repeat content
	}
	doc, err := mrz.Parse(f.Lines, f.Today)
	if err != nil {
		return nil, err
	}
	return &encounter{id: d.Encounter, order: f.Order, openedAt: f.OpenedAt, restored: true, durable: true, doc: doc,
		scan: border.Scan{Counter: d.Counter, Source: f.Source, Scanner: f.Scanner, Profile: f.Profile, Lines: f.Lines, ReceivedAt: f.OpenedAt}}, nil
}
