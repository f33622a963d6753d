package counter

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"garita/border"
	"garita/border/journal"
)

// recordDeadline bounds how long an officer waits for the disk.
const recordDeadline = 10 * time.Second

// noteLimit is the longest note in bytes.
const noteLimit = 500

// Decide records how the open encounter, or a member of the group, ended. When it returns nil
// the crossing is durable. It may be retried without limit: an encounter ends once.
//
// [border.Stale]: the verdict has worsened since the revision that was painted; look
// again. [border.Conflict]: it has ended otherwise, waits to be called up, or the counter is
// held by somebody else. [border.Invalid]: the outcome is none that is possible here, or the
// record is not complete. [border.NotDurable], [border.StorageFull], [border.Unavailable]: see
// journal.Append.
func (s *Service) Decide(ctx context.Context, d Decision) (Recorded, error) {
	const op = "decide"
	p, err := s.place(d.Counter)
	if err != nil {
		return Recorded{}, err
	}
	officer, err := s.officer(d.Officer)
	if err != nil {
		return Recorded{}, err
	}
	if err := plausible(op, d.Values); err != nil {
		return Recorded{}, err
	}
	// An officer who has decided is not undone by a browser that hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	p.work.Lock()
	defer p.work.Unlock()
	e, err := p.inHand(op, d.Encounter)
	if err != nil {
		if p.waits(d.Encounter) {
			return Recorded{}, &border.Error{Code: border.Conflict, Op: op, Message: "Call the traveller up before you decide."}
		}
		return s.decided(ctx, d)
	}
	if err := p.free(op, officer); err != nil {
		return Recorded{}, err
	}
	r, err := s.end(ctx, p, e, &d, officer)
	if err == nil && e.group != nil {
		s.keepParty(ctx, p)
	}
	return r, err
}

// end records the outcome of an encounter that is in hand. p.work is held.
func (s *Service) end(ctx context.Context, p *place, e *encounter, d *Decision, officer Officer) (Recorded, error) {
	keys, err := s.cfg.Keys.Ready(ctx, s.bucket())
	if err != nil {
		return Recorded{}, err
	}
	near := s.near(officer, d.Agreement, s.beside(officer))
	p.mu.Lock()
	n, err := s.judged(p, e, d, officer, near)
	var entry *journal.Entry
	if err == nil {
		entry, err = s.entry(n, keys)
	}
	p.mu.Unlock()
	if err != nil {
		return Recorded{}, err
	}
	receipt, err := s.record(ctx, p, officer, entry)
	if err != nil {
		p.change(func() { p.notice = border.MessageOf(err) })
		return Recorded{}, err
	}
	p.change(func() { s.finish(p, e, receipt) })
	s.mark(&receipt.Header)
	return recorded(receipt, d)
}

func (p *place) waits(id border.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.queue, func(q *encounter) bool { return q.id == id })
}

// finish shows what was recorded and makes room for the next traveller. p.mu is held.
func (s *Service) finish(p *place, e *encounter, r journal.Receipt) {
	if p.open == e {
		p.open = nil
	}
	p.notice = ""
	p.ended = append(p.ended, e.id)
	if e.group != nil {
		e.outcome = border.Outcome(r.Header.Outcome) // stays in the group's list until that is closed
	}
	p.last = &LastRecorded{Crossing: e.id, Surname: e.doc.Surname, GivenNames: e.doc.GivenNames,
		Outcome: border.Outcome(r.Header.Outcome), Direction: r.Header.Direction, RecordedAt: r.RecordedAt}
	if day := s.cfg.Journal.Today(r.Header.OccurredAt); day != p.day && r.Header.Sheet == "" {
		p.day, p.today = day, Today{}
	}
	if s.cfg.Journal.Today(r.Header.OccurredAt) == p.day {
		p.today.add(border.Outcome(r.Header.Outcome), 1)
	}
}

// recorded answers a decision. If a first try was recorded after all, with another
// outcome, the second is refused: the record stands.
func recorded(r journal.Receipt, d *Decision) (Recorded, error) {
	if r.Replayed && (r.Header.Type != border.TypeCrossingRecorded || r.Header.Outcome != string(d.Outcome) || r.Header.Ground != d.Ground) {
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
