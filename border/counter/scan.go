package counter

import (
	"context"
	"encoding/json"
	"slices"

	"garita/border"
	"garita/border/journal"
	"garita/border/mrz"
)

// queueLimit bounds how many encounters may wait at one counter.
const queueLimit = 100

// Scan takes what a reader, a wedge or a person's keys delivered. The same document again
// improves the open encounter; another one waits in the queue. An [border.Invalid] error
// says why nothing was opened; the counter's screen says it too.
func (s *Service) Scan(ctx context.Context, scan border.Scan) error {
	p, err := s.place(scan.Counter)
	if err != nil {
		return err
	}
	scan.Lines = slices.Clone(scan.Lines)
	p.work.Lock()
	defer p.work.Unlock()
	today := s.cfg.Clock.Today().In(s.cfg.Zone)
	doc, err := mrz.Parse(scan.Lines, today)
	if err != nil {
		p.change(func() { p.notice = border.MessageOf(err) })
		return err
	}
	e := s.reopen(p, doc)
	again := e != nil
	if !again {
		if s.crowded(p) { // before anything is kept: a draft would come back after a restart
			return &border.Error{Code: border.Conflict, Op: "open an encounter", Message: crowdedMessage}
		}
		id, err := s.cfg.IDs.New()
		if err != nil {
			return err
		}
		p.orders++
		e = &encounter{id: id, order: p.orders, openedAt: s.cfg.Clock.Now()}
	}
	next := encounter{id: e.id, order: e.order, openedAt: e.openedAt, scan: scan, doc: doc} // the screen stays whole until the checks are done
	s.check(ctx, &next)
	s.keep(ctx, p, &next, draft{Order: next.order, OpenedAt: next.openedAt, Source: scan.Source, Scanner: scan.Scanner, Profile: scan.Profile,
		Lines: scan.Lines, Today: today})
	p.change(func() {
		p.notice = ""
		e.take(&next)
		if !again && p.open == nil && len(p.queue) == 0 {
			p.open = e
		} else if !again {
			p.queue = append(p.queue, e)
		}
		s.ask(p, e, false)
		e.judge(s.cfg.Policy, p.direction)
	})
	return nil
}

const crowdedMessage = "Too many travellers wait at this counter. Finish or withdraw some first."

// crowded reports whether nobody more may wait, and says so on the screen. p.work is held,
// so nobody joins the queue meanwhile.
func (s *Service) crowded(p *place) (full bool) {
	p.mu.Lock()
	full = len(p.queue) >= queueLimit
	p.mu.Unlock()
	if full {
		p.change(func() { p.notice = crowdedMessage })
	}
	return full
}

// reopen returns the open or waiting encounter that shows the same document, or nil.
func (s *Service) reopen(p *place, doc *mrz.Document) *encounter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil && p.open.sameDocument(doc) {
		return p.open
	}
	for _, e := range p.queue {
		if e.sameDocument(doc) {
			return e
		}
	}
	return nil
}

// keep writes the draft before the verdict is shown, so that what was on the screen is
// there again after a power cut. A disk that will not take it delays nobody.
func (s *Service) keep(ctx context.Context, p *place, e *encounter, d draft) {
	content, err := json.Marshal(d)
	if err == nil {
		p.mu.Lock()
		ended := p.ended
		p.ended = nil
		p.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), draftDeadline)
		defer cancel()
		err = s.cfg.Journal.SaveDraft(ctx, journal.Draft{Encounter: e.id, Counter: p.id, Content: content}, ended...)
		if err != nil {
			p.mu.Lock()
			p.ended = append(ended, p.ended...)
			p.mu.Unlock()
		}
	}
	e.durable = err == nil
	if err != nil {
		s.cfg.Log.Error("counter: an open encounter is not on the disk", "counter", p.id, "error", err)
	}
}

// CallUp opens the encounter that an officer calls from the queue; the zero id means the
// first. It is checked anew: it may have waited long.
func (s *Service) CallUp(ctx context.Context, c border.CounterID, id border.ID, officer string) error {
	p, err := s.place(c)
	if err != nil {
		return err
	}
	if _, err := s.officer(officer); err != nil {
		return err
	}
	p.work.Lock()
	defer p.work.Unlock()
	p.mu.Lock()
	busy := p.open != nil
	i := slices.IndexFunc(p.queue, func(e *encounter) bool { return id.IsZero() || e.id == id })
	p.mu.Unlock()
	if busy {
		return &border.Error{Code: border.Conflict, Op: "call up an encounter", Message: "Finish the open encounter first."}
	}
	if i < 0 {
		return &border.Error{Code: border.NotFound, Op: "call up an encounter", Message: "Nobody waits at this counter under that number."}
	}
	p.mu.Lock()
	e := p.queue[i]
	next := encounter{id: e.id, openedAt: e.openedAt, scan: e.scan, doc: e.doc, durable: e.durable}
	p.mu.Unlock()
	s.check(ctx, &next)
	p.change(func() {
		e.take(&next)
		p.queue = slices.Delete(p.queue, i, i+1)
		p.open = e
		p.notice = ""
		s.ask(p, e, true) // it may have waited long
		e.judge(s.cfg.Policy, p.direction)
	})
	return nil
}
