package counter

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// recordDeadline bounds how long an officer waits for the disk.
const recordDeadline = 10 * time.Second

// noteLimit is the longest note in bytes.
const noteLimit = 500

// Grounds lists the coded grounds of a refusal or a prevented departure, in the order of
// the screen.
var grounds = []string{"document_invalid", "document_false", "no_visa", "listed", "entry_ban", "purpose", "means", "other"}

// Grounds lists the coded grounds of a refusal or a prevented departure.
func Grounds() []string { return slices.Clone(grounds) }

// Decide records how the open encounter ended. When it returns nil the crossing is
// durable. It may be retried without limit: an encounter ends once.
//
// [border.Stale]: the verdict has worsened since the revision that was painted; look
// again. [border.Conflict]: it has ended otherwise, or waits to be called up.
// [border.NotDurable], [border.StorageFull], [border.Unavailable]: see journal.Append.
func (s *Service) Decide(ctx context.Context, d Decision) (Recorded, error) {
	p, err := s.place(d.Counter)
	if err != nil {
		return Recorded{}, err
	}
	officer, err := s.officer(d.Officer)
	if err != nil {
		return Recorded{}, err
	}
	// An officer who has decided is not undone by a browser that hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	p.work.Lock()
	defer p.work.Unlock()
	p.mu.Lock()
	e, direction := p.open, p.direction
	waits := slices.ContainsFunc(p.queue, func(q *encounter) bool { return q.id == d.Encounter })
	p.mu.Unlock()
	switch {
	case waits:
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "decide", Message: "Call the traveller up before you decide."}
	case e == nil || e.id != d.Encounter:
		return s.decided(ctx, d)
	}
	if err := validate(&d, direction); err != nil {
		return Recorded{}, err
	}
	entry, err := s.entry(ctx, p, e, &d, officer)
	if err != nil {
		return Recorded{}, err
	}
	receipt, err := s.cfg.Journal.Append(ctx, entry)
	if err != nil {
		p.change(func() { p.notice = border.MessageOf(err) })
		return Recorded{}, err
	}
	p.change(func() { s.finish(p, e, receipt) })
	return recorded(receipt, &d)
}

// validate checks what may be decided in a direction.
func validate(d *Decision, direction string) error {
	invalid := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: "decide", Message: message}
	}
	if len(d.Note) > noteLimit {
		return invalid("A note has at most " + strconv.Itoa(noteLimit) + " bytes.")
	}
	if _, err := time.Parse(time.DateOnly, d.StatedDate); err != nil && d.StatedDate != "" {
		return invalid("A date reads year-month-day, like 2026-11-22.")
	}
	needsGround := false
	switch d.Outcome {
	case border.Admitted, border.Refused:
		if direction != border.Entry {
			return invalid("At exit a traveller departs, is prevented from departing, or withdraws.")
		}
		needsGround = d.Outcome == border.Refused
	case border.Departed, border.DeparturePrevented:
		if direction != border.Exit {
			return invalid("At entry a traveller is admitted, refused, or withdraws.")
		}
		needsGround = d.Outcome == border.DeparturePrevented
	case border.Withdrawn:
	default:
		return invalid("The outcome is none that this station can record: admitted, departed, refused, departure_prevented, withdrawn.")
	}
	if needsGround != (d.Ground != "") || needsGround && !slices.Contains(grounds, d.Ground) {
		return invalid("A refusal, and only a refusal, needs one of the coded grounds.")
	}
	return nil
}

// entry builds the journal's entry from the encounter and the verdict that was painted,
// unless that has worsened since.
func (s *Service) entry(ctx context.Context, p *place, e *encounter, d *Decision, officer Officer) (*journal.Entry, error) {
	now := s.cfg.Clock.Now().Truncate(time.Millisecond)
	keys, err := s.cfg.Keys.Ready(ctx, seal.Bucket(now))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	painted, err := e.painted(d.Revision)
	if err != nil {
		return nil, err
	}
	h := border.Header{Type: border.TypeCrossingRecorded, OccurredAt: now, Clock: s.cfg.Clock.Trust(),
		Counter: p.id, Officer: s.cfg.Blinder.Officer(officer.Badge), Crossing: &e.id, Direction: p.direction,
		Outcome: string(d.Outcome), Ground: d.Ground, Nationality: e.doc.Nationality, Sex: e.doc.Sex,
		BirthYear: birthYear(e.doc.BirthDate), DocumentKind: e.doc.DocumentCode, DocumentIssuer: e.doc.IssuingState,
		Source: string(e.scan.Source), Verdict: string(painted.Level), Lists: e.lists, Checks: make(map[string]string, len(painted.Reasons))}
	person := border.Personal{DocumentCode: e.doc.DocumentCode, DocumentNumber: e.doc.DocumentNumber, IssuingState: e.doc.IssuingState,
		Surname: e.doc.Surname, GivenNames: e.doc.GivenNames, Nationality: e.doc.Nationality, BirthDate: e.doc.BirthDate,
		ExpiryDate: e.doc.ExpiryDate, Sex: e.doc.Sex, OptionalData: e.doc.OptionalData, Lines: e.scan.Lines,
		Officer: officer.Badge, Note: d.Note}
	for _, r := range painted.Reasons {
		h.Checks[string(r.Check)] = border.CheckText(string(r.Outcome), r.Reason, r.AgeS)
		person.Hits = append(person.Hits, r.Hits...)
	}
	return sealedEntry(e, h, person, keys)
}

func sealedEntry(e *encounter, h border.Header, person border.Personal, keys *seal.Set) (*journal.Entry, error) {
	var personal bytes.Buffer
	enc := json.NewEncoder(&personal)
	enc.SetEscapeHTML(false) // an MRZ is full of '<'
	if err := enc.Encode(person); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write the personal part", Err: err}
	}
	hub, err := seal.HubOnly(e.silent)
	if err != nil {
		return nil, err
	}
	return &journal.Entry{Header: h, Personal: personal.Bytes(), HubOnly: hub, Keys: keys, Crossing: e.id, Document: e.blind}, nil
}

// finish shows what was recorded and makes room for the next traveller. p.mu is held.
func (s *Service) finish(p *place, e *encounter, r journal.Receipt) {
	p.open = nil
	p.notice = ""
	p.ended = append(p.ended, e.id)
	p.last = &LastRecorded{Crossing: e.id, Surname: e.doc.Surname, GivenNames: e.doc.GivenNames,
		Outcome: border.Outcome(r.Header.Outcome), Direction: r.Header.Direction, RecordedAt: r.RecordedAt}
	if day := s.cfg.Journal.Today(r.Header.OccurredAt); day != p.day {
		p.day, p.today = day, Today{}
	}
	p.today.add(border.Outcome(r.Header.Outcome), 1)
}

// recorded answers a decision. If a first try was recorded after all, with another
// outcome, the second is refused: the record stands.
func recorded(r journal.Receipt, d *Decision) (Recorded, error) {
	if r.Replayed && (r.Header.Outcome != string(d.Outcome) || r.Header.Ground != d.Ground) {
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "decide",
			Message: "This encounter has ended already, with another outcome or on another ground. See what was recorded last."}
	}
	return Recorded{Crossing: d.Encounter, Key: r.Key, Outcome: border.Outcome(r.Header.Outcome), RecordedAt: r.RecordedAt, Replayed: r.Replayed}, nil
}

// decided answers the retry of a decision whose encounter is no longer open.
func (s *Service) decided(ctx context.Context, d Decision) (Recorded, error) {
	ev, err := s.cfg.Journal.Crossing(ctx, d.Encounter)
	if border.CodeOf(err) == border.NotFound {
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "decide", Message: "This encounter is not open at this counter.", Err: errNoEncounter}
	}
	if err != nil {
		return Recorded{}, err
	}
	h, err := ev.ReadHeader()
	if err != nil {
		return Recorded{}, err
	}
	if h.Counter != d.Counter {
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "decide", Message: "This encounter is not open at this counter.", Err: errNoEncounter}
	}
	return recorded(journal.Receipt{Key: ev.Key, RecordedAt: h.RecordedAt, Header: h, Replayed: true}, &d)
}

// lastRecorded reads a recorded crossing for the screen.
func (s *Service) lastRecorded(ev *border.Event, h border.Header) LastRecorded {
	last := LastRecorded{Crossing: *h.Crossing, Outcome: border.Outcome(h.Outcome), Direction: h.Direction, RecordedAt: h.RecordedAt}
	plain, err := s.cfg.Keys.Open(ev, border.PartPersonal)
	if err != nil {
		return last // its key is gone: the crossing is shown without a name
	}
	var person border.Personal
	if json.Unmarshal(plain, &person) == nil {
		last.Surname, last.GivenNames = person.Surname, person.GivenNames
	}
	return last
}

// birthYear returns the year of an EDTF date, 0 if it is not known.
func birthYear(edtf string) int {
	if len(edtf) < 4 {
		return 0
	}
	y, err := strconv.Atoi(edtf[:4])
	if err != nil {
		return 0
	}
	return y
}
