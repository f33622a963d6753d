package counter

import (
	"cmp"
	"context"
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
)

// degradedLimit is how long a station may go without fingerprints by one word.
const degradedLimit = 24 * time.Hour

// degradation is a time for which the station goes without fingerprints.
type degradation struct {
	since, until time.Time
	ends         time.Duration // by the monotonic clock
	reason       string
	by           string // name of the supervisor
}

// degradation is one that is in force now. It ends by whichever clock comes first: a wall clock that is put back
// makes it no longer while the station runs, and after a restart by no more than was agreed.
func (s *Service) degradation(since, until time.Time, reason, by string) *degradation {
	left := min(until.Sub(s.cfg.Clock.Now()), until.Sub(since))
	return &degradation{since: since, until: until, ends: s.mono() + left, reason: reason, by: by}
}

// mono is the monotonic clock; it stands still if there is none.
func (s *Service) mono() time.Duration {
	if s.cfg.Mono == nil {
		return 0
	}
	return s.cfg.Mono()
}

// degraded returns the degradation that is in force; nil if fingers are taken.
func (s *Service) degraded() *degradation {
	d := s.biometrics.Load()
	if d == nil {
		return nil
	}
	if now := s.cfg.Clock.Now(); now.Before(d.since) || !now.Before(d.until) || s.mono() >= d.ends && s.cfg.Mono != nil {
		return nil
	}
	return d
}

func (s *Service) degradedView() *Degraded {
	d := s.degraded()
	if d == nil {
		return nil
	}
	return &Degraded{Since: d.since, Until: d.until, Reason: d.reason, By: d.by}
}

// Degradation lets the station go without fingerprints.
type Degradation struct {
	At
	Agreement               // of a supervisor
	Reason    string        // of the form's list
	For       time.Duration // whole minutes, at most 24 hours
}

// DegradeBiometrics lets the whole station go without fingerprints for a while, by a supervisor's word. It is
// recorded, shown at every counter, and ends by itself. Captures under way are cancelled. One that is in
// force is replaced.
func (s *Service) DegradeBiometrics(ctx context.Context, d Degradation) error {
	const op = "go without fingerprints"
	if !s.cfg.Form.Fingerprints() {
		return &border.Error{Code: border.Conflict, Op: op, Message: "This country's form asks for no fingerprints."}
	}
	if err := s.coded(op, form.Degraded, d.Reason, ""); err != nil {
		return err
	}
	if d.For < time.Minute || d.For > degradedLimit {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Say for how long: from one minute to 24 hours."}
	}
	o, err := s.officer(d.Officer)
	if err != nil {
		return err
	}
	a, err := s.bySupervisor(op, actDegrade, o, d.Agreement, s.near(o, d.Agreement, s.supervisor))
	if err != nil {
		return err
	}
	return s.switchBiometrics(ctx, d.At, func(h *border.Header) (*degradation, error) {
		h.Type, h.Ground = border.TypeBiometricsDegraded, d.Reason
		s.note(&a, h, nil)
		h.Until = h.OccurredAt.Add(d.For.Truncate(time.Minute))
		return s.degradation(h.OccurredAt, h.Until, d.Reason, cmp.Or(a.by.Name, o.Name)), nil
	})
}

// RestoreBiometrics has fingers taken again before the time is over. Any officer may: it is the safe side.
func (s *Service) RestoreBiometrics(ctx context.Context, at At) error {
	return s.switchBiometrics(ctx, at, func(h *border.Header) (*degradation, error) {
		if s.degraded() == nil {
			return nil, &border.Error{Code: border.Conflict, Op: "take fingerprints again", Message: "The station takes fingerprints."}
		}
		h.Type = border.TypeBiometricsRestored
		return nil, nil //nolint:nilnil // none is in force then
	})
}

// switchBiometrics records what is to hold from now on, then lets it hold.
func (s *Service) switchBiometrics(ctx context.Context, at At, to func(*border.Header) (*degradation, error)) error {
	p, err := s.place(at.Counter)
	if err != nil {
		return err
	}
	o, err := s.officer(at.Officer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	s.degrading.Lock()
	defer s.degrading.Unlock()
	h := s.header("", p.id, o)
	d, err := to(&h)
	if err != nil {
		return err
	}
	if _, err := s.append(ctx, o, &journal.Entry{Header: h}); err != nil {
		return err
	}
	s.biometrics.Store(d)
	for _, id := range s.order {
		p := s.places[id]
		p.change(func() {
			if d != nil && p.capture != nil {
				p.capture.stop(CaptureCancelled, "")
			}
		})
	}
	return nil
}

// restoreBiometrics reads whether the station went without fingerprints when it stopped.
func (s *Service) restoreBiometrics(ctx context.Context) error {
	ev, err := s.cfg.Journal.State(ctx, journal.StateBiometrics)
	if border.CodeOf(err) == border.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := ev.ReadHeader()
	if err != nil || ev.Type != border.TypeBiometricsDegraded {
		return err
	}
	until := h.Until
	if longest := h.OccurredAt.Add(degradedLimit); until.After(longest) {
		until = longest
	}
	s.degrading.Lock()
	defer s.degrading.Unlock()
	s.biometrics.Store(s.degradation(h.OccurredAt, until, h.Ground, s.known(h.Second).Name))
	return nil
}
