package counter

import (
	"context"

	"garita/border"
	"garita/border/journal"
)

// LastShift reports on the shift that is open or, if none is, on the one that was closed last, as it
// was closed. [border.NotFound]: there never was one.
func (s *Service) LastShift(ctx context.Context) (ShiftReport, error) {
	const op = "report on the last shift"
	s.shifting.RLock()
	defer s.shifting.RUnlock()
	if s.shift != nil {
		return s.report(ctx, s.shift)
	}
	closing, err := s.cfg.Journal.State(ctx, journal.StateShift)
	if border.CodeOf(err) == border.NotFound {
		return ShiftReport{}, &border.Error{Code: border.NotFound, Op: op, Message: "No shift has been open here yet."}
	}
	if err != nil {
		return ShiftReport{}, err
	}
	end, err := closing.ReadHeader()
	if err != nil {
		return ShiftReport{}, err
	}
	sh, err := s.opening(ctx, &closing, end.Shift)
	if err != nil {
		return ShiftReport{}, err
	}
	r, err := s.report(ctx, sh)
	if err != nil {
		return ShiftReport{}, err
	}
	// What was signed when it closed, not what a later count would say.
	r.Counts, r.Open = end.Counts, end.Open
	r.ClosedAt, r.ClosedBy = end.OccurredAt, s.known(end.Officer).Name
	return r, nil
}

// opening finds the beginning of a shift before an event.
func (s *Service) opening(ctx context.Context, before *border.Event, id string) (*shift, error) {
	var found *shift
	err := s.cfg.Journal.Back(ctx, border.Position{Epoch: before.Key.Epoch, Seq: before.Key.Seq}, func(ev border.Event) (bool, error) {
		if ev.Type != border.TypeShiftOpened {
			return true, nil
		}
		h, err := ev.ReadHeader()
		if err != nil || h.Shift != id {
			return true, err
		}
		found = &shift{id: id, openedAt: h.OccurredAt, openedBy: s.known(h.Officer), from: border.Position{Epoch: ev.Key.Epoch, Seq: ev.Key.Seq}}
		return false, nil
	})
	if err == nil && found == nil {
		err = &border.Error{Code: border.NotFound, Op: "report on the last shift", Message: "The beginning of the last shift is not in this journal."}
	}
	return found, err
}
