package counter

import (
	"context"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// Extend grants more days to somebody who is inside. The entry may have been recorded at
// another post; of one that was recorded here the number of days is worked out. Sent again
// with the same Change it is recorded once.
func (s *Service) Extend(ctx context.Context, x Extension) (Recorded, error) {
	const op = "extend a stay"
	if err := s.coded(op, "extension_reasons", x.Reason, x.Note); err != nil {
		return Recorded{}, err
	}
	if _, err := time.Parse(time.DateOnly, x.Until); err != nil {
		return Recorded{}, &border.Error{Code: border.Invalid, Op: op, Message: "The last day reads year-month-day, like 2026-12-31."}
	}
	if x.Until > s.day(s.cfg.Clock.Now().AddDate(10, 0, 0)) {
		return Recorded{}, &border.Error{Code: border.Invalid, Op: op, Message: "A stay is extended by at most ten years."}
	}
	if x.Change.IsZero() || x.Crossing.IsZero() || x.Change == x.Crossing {
		return Recorded{}, &border.Error{Code: border.Invalid, Op: op, Message: "An extension needs an id of its own, and names the entry."}
	}
	p, err := s.place(x.Counter)
	if err != nil {
		return Recorded{}, err
	}
	o, err := s.officer(x.Officer)
	if err != nil {
		return Recorded{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	s.changing.Lock()
	defer s.changing.Unlock()
	if r, err := s.repeated(ctx, x.Change, x.Crossing); err != nil || r != nil {
		return repeatedAs(r, err)
	}
	h := s.header(border.TypeStayExtended, p.id, o)
	h.Crossing, h.Change, h.PermittedUntil, h.LegalBasis = &x.Crossing, &x.Change, x.Until, ""
	h.Ground = x.Reason
	if err := s.extends(ctx, op, &h); err != nil {
		return Recorded{}, err
	}
	keys, err := s.cfg.Keys.Ready(ctx, s.bucket())
	if err != nil {
		return Recorded{}, err
	}
	personal, err := encode(&border.Personal{Officer: o.Badge, Reason: x.Reason, Note: x.Note})
	if err != nil {
		return Recorded{}, err
	}
	hub, err := seal.HubOnly(nil)
	if err != nil {
		return Recorded{}, err
	}
	r, err := s.append(ctx, o, &journal.Entry{Header: h, Personal: personal, HubOnly: hub, Keys: keys, Crossing: x.Change})
	if err != nil {
		return Recorded{}, err
	}
	return changed(r, x.Change, x.Crossing)
}

// extends looks at the entry, if it was recorded here.
func (s *Service) extends(ctx context.Context, op string, h *border.Header) error {
	ev, err := s.cfg.Journal.Crossing(ctx, *h.Crossing)
	if border.CodeOf(err) == border.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := s.standing(ctx, &ev)
	if err != nil || held == nil {
		return err
	}
	n, ok := daysBetween(held.header.LocalDate, h.PermittedUntil)
	switch {
	case held.header.Direction != border.Entry || held.header.Outcome != string(border.Admitted):
		return &border.Error{Code: border.Conflict, Op: op, Message: "Only the stay of an admitted entry can be extended."}
	case ok && n < 0 || h.PermittedUntil < held.header.PermittedUntil:
		return &border.Error{Code: border.Conflict, Op: op, Message: "The new last day lies before the one that is granted already."}
	case ok:
		h.DaysGranted = n + 1
	}
	h.LegalBasis = held.header.LegalBasis
	return nil
}
