package counter

import (
	"context"
	"slices"

	"garita/border"
	"garita/border/journal"
)

// officer finds an officer by badge who may decide at a counter.
func (s *Service) officer(badge string) (Officer, error) {
	o := s.find(func(o Officer) bool { return o.Badge == badge })
	if slices.Contains(o.Roles, "inspector") || slices.Contains(o.Roles, "supervisor") {
		return o, nil
	}
	return Officer{}, &border.Error{Code: border.Forbidden, Op: "find the officer",
		Message: "This officer may not work at a counter of this post."}
}

// supervisor finds an officer by badge who may agree to a refusal or lift a need.
func (s *Service) supervisor(badge string) (Officer, error) {
	o, err := s.officer(badge)
	if err == nil && slices.Contains(o.Roles, "supervisor") {
		return o, nil
	}
	return Officer{}, &border.Error{Code: border.Forbidden, Op: "find the supervisor",
		Message: "This needs a supervisor. Ask the duty supervisor to agree."}
}

// known finds an officer by pseudonym; the zero Officer if there is none any more.
func (s *Service) known(pseudonym string) Officer {
	return s.find(func(o Officer) bool { return s.cfg.Blinder.Officer(o.Badge) == pseudonym })
}

// Take makes an officer the holder of a counter: at the beginning of work, or to relieve
// another one. It is recorded. The first to take a counter opens the shift if none is open.
func (s *Service) Take(ctx context.Context, at At) error {
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
	p.work.Lock()
	defer p.work.Unlock()
	return s.take(ctx, p, o)
}

// take records the new holder. p.work is held.
func (s *Service) take(ctx context.Context, p *place, o Officer) error {
	p.mu.Lock()
	before := p.holder
	p.mu.Unlock()
	if before != nil && before.Badge == o.Badge {
		return nil
	}
	return s.hold(ctx, p, o, p.direction)
}

// hold records who holds a counter from now on, and the direction if it is not the configured
// one: after a power cut the counter goes on as it was. p.work is held.
func (s *Service) hold(ctx context.Context, p *place, o Officer, direction string) error {
	h := s.header(border.TypeCounterTaken, p.id, o)
	if direction != p.begins {
		h.Direction = direction
	}
	since := h.OccurredAt
	if before := p.holder; before != nil && before.Badge == o.Badge {
		since = before.Since
	} else if before != nil {
		h.From = s.cfg.Blinder.Officer(before.Badge)
	}
	if _, err := s.append(ctx, o, &journal.Entry{Header: h}); err != nil {
		return err
	}
	p.change(func() {
		if p.holder != nil && p.holder.Badge != o.Badge && p.capture != nil { // who asked for it looks no more whose finger it is
			p.capture.stop(CaptureCancelled, "")
		}
		p.holder = &Holder{Badge: o.Badge, Name: o.Name, Language: o.Language, Since: since}
	})
	return nil
}

// work runs what an officer does at a counter. Who works where nobody does takes the counter
// with it; where somebody else does, it must be taken first. What is refused leaves no trace.
func (s *Service) work(ctx context.Context, op string, at At, f func(ctx context.Context, p *place, o Officer) error) error {
	p, err := s.place(at.Counter)
	if err != nil {
		return err
	}
	o, err := s.officer(at.Officer)
	if err != nil {
		return err
	}
	p.work.Lock()
	defer p.work.Unlock()
	if err := p.free(op, o); err != nil {
		return err
	}
	// What an officer has begun is not undone by a browser that hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	if err := f(ctx, p, o); err != nil {
		return err
	}
	return s.take(ctx, p, o)
}

// free refuses work at a counter that somebody else holds.
func (p *place) free(op string, o Officer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holder != nil && p.holder.Badge != o.Badge {
		return &border.Error{Code: border.Conflict, Op: op,
			Message: "This counter is held by {0}. Take it over first; it is recorded.", Args: []any{p.holder.Name}}
	}
	return nil
}

// record records what the holder of a counter does; an officer who works where nobody does
// takes the counter first. p.work is held.
func (s *Service) record(ctx context.Context, p *place, o Officer, e *journal.Entry) (journal.Receipt, error) {
	if err := s.take(ctx, p, o); err != nil {
		return journal.Receipt{}, err
	}
	return s.append(ctx, o, e)
}

// restoreHolder reads who held a counter when the station stopped, and its direction.
func (s *Service) restoreHolder(ctx context.Context, p *place) error {
	p.work.Lock()
	defer p.work.Unlock()
	ev, err := s.cfg.Journal.State(ctx, journal.StateHolder(p.id))
	if border.CodeOf(err) == border.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := ev.ReadHeader()
	if err != nil {
		return err
	}
	o := s.known(h.Officer)
	p.change(func() {
		if h.Direction == border.Entry || h.Direction == border.Exit {
			p.direction = h.Direction
		}
		if p.holder = nil; o.Badge != "" {
			p.holder = &Holder{Badge: o.Badge, Name: o.Name, Language: o.Language, Since: h.OccurredAt}
		}
	})
	return nil
}
