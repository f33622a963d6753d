package counter

import (
	"cmp"
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/journal"
)

// shift is the open shift of the station. Every event of its time carries its id.
type shift struct {
	id       string
	openedAt time.Time
	openedBy Officer
	from     border.Position // of shift.opened
}

// ShiftReport is what a shift did, counted from the journal.
type ShiftReport struct {
	ID       string    `json:"id"`
	OpenedAt time.Time `json:"opened_at"`
	OpenedBy string    `json:"opened_by"` // name
	ClosedAt time.Time `json:"closed_at"` // zero: it is open
	ClosedBy string    `json:"closed_by"`
	// Counts are by type of event, counter, direction, category and outcome, in that order.
	Counts []border.Count `json:"counts"`
	// Open lists the referrals that are handed over.
	Open []border.ID `json:"open"`
	// Awaiting counts the events that took effect though their second person could not be reached.
	Awaiting int64 `json:"awaiting_second"`
	// By are the names of the officers who recorded something, sorted.
	By []string `json:"by"`
}

// counted are the types of event that a shift's report counts.
var counted = []string{border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended,
	border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned}

// header begins the header of an event that an officer causes now.
func (s *Service) header(typ string, c border.CounterID, o Officer) border.Header {
	now := s.now()
	return border.Header{Type: typ, OccurredAt: now, Clock: s.cfg.Clock.Trust(), LocalDate: s.day(now), Counter: c,
		Officer: s.cfg.Blinder.Officer(o.Badge), Overdue: o.Overdue}
}

// append records an event within the shift: it carries the shift's id, and no shift is closed
// meanwhile. If none is open it begins with this event, so that a report counts it.
func (s *Service) append(ctx context.Context, o Officer, e *journal.Entry) (journal.Receipt, error) {
	for {
		if err := s.ensureShift(ctx, o); err != nil {
			return journal.Receipt{}, err
		}
		if r, within, err := s.appendWithin(ctx, e); within {
			return r, err
		}
	}
}

// appendWithin records an event if a shift is open.
func (s *Service) appendWithin(ctx context.Context, e *journal.Entry) (r journal.Receipt, within bool, err error) {
	s.shifting.RLock()
	defer s.shifting.RUnlock()
	if s.shift == nil || s.unsure { // closed again at this very moment, or perhaps
		return r, false, nil
	}
	e.Header.Shift = s.shift.id
	r, err = s.cfg.Journal.Append(ctx, e)
	return r, true, err
}

// OpenShift begins a shift and takes over the referrals that are open.
func (s *Service) OpenShift(ctx context.Context, officer string) error {
	o, err := s.officer(officer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline) // a browser that hangs up must not leave it open unnoticed
	defer cancel()
	s.shifting.Lock()
	defer s.shifting.Unlock()
	if err := s.settleShift(ctx); err != nil {
		return err
	}
	if s.shift != nil {
		return &border.Error{Code: border.Conflict, Op: "open a shift", Message: "A shift is open already. Close it first."}
	}
	return s.openShift(ctx, o)
}

// ensureShift opens a shift if none is open: work never waits for a formality.
func (s *Service) ensureShift(ctx context.Context, o Officer) error {
	s.shifting.RLock()
	open := s.shift != nil && !s.unsure
	s.shifting.RUnlock()
	if open {
		return nil
	}
	s.shifting.Lock()
	defer s.shifting.Unlock()
	if err := s.settleShift(ctx); err != nil || s.shift != nil {
		return err
	}
	return s.openShift(ctx, o)
}

// settleShift reads from the journal which shift is open, after its beginning or end was
// written and nobody can say whether that is on the disk. s.shifting is held for writing.
func (s *Service) settleShift(ctx context.Context) error {
	if !s.unsure {
		return nil
	}
	sh, err := s.lastShift(ctx)
	if err == nil {
		s.shift, s.unsure = sh, false
	}
	return err
}

// lastShift reads the shift that the journal holds as open; nil if none is.
func (s *Service) lastShift(ctx context.Context) (*shift, error) {
	ev, err := s.cfg.Journal.State(ctx, journal.StateShift)
	if border.CodeOf(err) == border.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := ev.ReadHeader()
	if err != nil || ev.Type != border.TypeShiftOpened {
		return nil, err
	}
	return &shift{id: h.Shift, openedAt: h.OccurredAt, openedBy: s.known(h.Officer), from: border.Position{Epoch: ev.Key.Epoch, Seq: ev.Key.Seq}}, nil
}

// openShift records the beginning of a shift. s.shifting is held.
func (s *Service) openShift(ctx context.Context, o Officer) error {
	id, err := s.cfg.IDs.New()
	if err != nil {
		return err
	}
	h := s.header(border.TypeShiftOpened, "", o)
	h.Shift, h.Open = id.String(), s.openReferrals()
	r, err := s.cfg.Journal.Append(ctx, &journal.Entry{Header: h})
	if err != nil {
		s.unsure = true
		return err
	}
	s.shift = &shift{id: h.Shift, openedAt: h.OccurredAt, openedBy: o, from: border.Position{Epoch: r.Key.Epoch, Seq: r.Key.Seq}}
	s.announce()
	return nil
}

// CloseShift ends the shift with its counts and hands over the open referrals. Whoever holds
// a counter goes on holding it until another officer takes it.
func (s *Service) CloseShift(ctx context.Context, officer string) (ShiftReport, error) {
	const op = "close the shift"
	o, err := s.officer(officer)
	if err != nil {
		return ShiftReport{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	s.shifting.Lock() // nothing is recorded while the shift is counted
	defer s.shifting.Unlock()
	if err := s.settleShift(ctx); err != nil {
		return ShiftReport{}, err
	}
	if s.shift == nil {
		return ShiftReport{}, &border.Error{Code: border.Conflict, Op: op, Message: "No shift is open. If you have just closed it, its report stands in the journal."}
	}
	r, err := s.report(ctx, s.shift)
	if err != nil {
		return ShiftReport{}, err
	}
	h := s.header(border.TypeShiftClosed, "", o)
	h.Shift, h.Counts, h.Open = s.shift.id, r.Counts, r.Open
	if _, err := s.cfg.Journal.Append(ctx, &journal.Entry{Header: h}); err != nil {
		s.unsure = true
		return ShiftReport{}, err
	}
	r.ClosedAt, r.ClosedBy = h.OccurredAt, o.Name
	s.shift = nil
	s.announce()
	return r, nil
}

// Shift reports on the shift that is open. [border.NotFound]: none is.
func (s *Service) Shift(ctx context.Context) (ShiftReport, error) {
	s.shifting.RLock()
	defer s.shifting.RUnlock()
	if s.shift == nil {
		return ShiftReport{}, &border.Error{Code: border.NotFound, Op: "report on the shift", Message: "No shift is open."}
	}
	return s.report(ctx, s.shift)
}

// report counts a shift's events in the journal. s.shifting is held.
func (s *Service) report(ctx context.Context, sh *shift) (ShiftReport, error) {
	r := ShiftReport{ID: sh.id, OpenedAt: sh.openedAt, OpenedBy: sh.openedBy.Name, Open: s.openReferrals(), By: []string{}}
	cells := make(map[border.Count]int64)
	by := make(map[string]bool)
	err := s.cfg.Journal.Scan(ctx, sh.from, func(ev border.Event) error {
		h, err := ev.ReadHeader()
		if err != nil {
			return err
		}
		if h.Shift != sh.id {
			return nil
		}
		if h.Awaiting != "" {
			r.Awaiting++
		}
		if slices.Contains(counted, ev.Type) {
			by[h.Officer] = true
			cells[border.Count{Type: ev.Type, Counter: h.Counter, Direction: h.Direction, Category: h.Category, Outcome: h.Outcome}]++
		}
		return nil
	})
	if err != nil {
		return ShiftReport{}, err
	}
	r.Counts = make([]border.Count, 0, len(cells))
	for c, n := range cells {
		c.N = n
		r.Counts = append(r.Counts, c)
	}
	for pseudonym := range by {
		if name := s.known(pseudonym).Name; name != "" && !slices.Contains(r.By, name) {
			r.By = append(r.By, name)
		}
	}
	slices.Sort(r.By)
	slices.SortFunc(r.Counts, func(a, b border.Count) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Counter, b.Counter), cmp.Compare(a.Direction, b.Direction),
			cmp.Compare(a.Category, b.Category), cmp.Compare(a.Outcome, b.Outcome))
	})
	return r, nil
}

// restoreShift reads the shift that was open when the station stopped.
func (s *Service) restoreShift(ctx context.Context) error {
	s.shifting.Lock()
	defer s.shifting.Unlock()
	if s.shift != nil {
		return nil
	}
	sh, err := s.lastShift(ctx)
	if err == nil {
		s.shift = sh
	}
	return err
}

// announce wakes the screens of all counters.
func (s *Service) announce() {
	for _, id := range s.order {
		s.places[id].change(func() {})
	}
}
