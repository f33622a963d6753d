package counter

import (
	"context"
	"slices"

	"garita/border"
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
	read := paperwork{scan: scan, doc: doc, readOn: today}
	e := p.showing(doc)
	if e == nil {
		return s.arrive(ctx, p, &encounter{paperwork: read, identity: identityOf(scan.Source)})
	}
	next := e.copy() // the screen stays whole until the checks are done
	if next.same(doc) {
		next.paperwork, next.identity = read, identityOf(scan.Source)
	} else {
		next.more[slices.IndexFunc(next.more, func(m paperwork) bool { return m.same(doc) })] = read
	}
	return s.recheck(ctx, p, e, next)
}

const crowdedMessage = "Too many travellers wait at this counter. Finish or abandon some first."

// crowded reports whether nobody more may wait, and says so on the screen. p.work is held,
// so nobody joins the queue meanwhile.
func (s *Service) crowded(p *place) (full bool) {
	p.mu.Lock()
	full = len(p.queue) >= queueLimit || p.group != nil && len(p.group.members) >= groupLimit
	p.mu.Unlock()
	if full {
		p.change(func() { p.notice = crowdedMessage })
	}
	return full
}

// showing returns the encounter at this counter that shows the same document, or nil. Who has
// an outcome does not count: the same document again is a new crossing.
func (p *place) showing(doc *mrz.Document) *encounter {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]*encounter{}, p.queue...)
	if p.open != nil {
		all = append(all, p.open)
	}
	if p.group != nil {
		all = append(all, p.group.members...)
	}
	for _, e := range all {
		if e.outcome == "" && e.paper == nil && e.shows(doc) {
			return e
		}
	}
	return nil
}

// CallUp opens the encounter that an officer calls from the queue; the zero id means the
// first. It is checked anew: it may have waited long.
func (s *Service) CallUp(ctx context.Context, c border.CounterID, id border.ID, officer string) error {
	const op = "call up an encounter"
	return s.work(ctx, op, At{c, officer}, func(ctx context.Context, p *place, _ Officer) error {
		p.mu.Lock()
		busy := p.open != nil
		i := slices.IndexFunc(p.queue, func(e *encounter) bool { return id.IsZero() || e.id == id })
		p.mu.Unlock()
		if busy {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Finish the open encounter first."}
		}
		if i < 0 {
			return &border.Error{Code: border.NotFound, Op: op, Message: "Nobody waits at this counter under that number."}
		}
		e := p.queue[i]
		next := e.copy()
		s.check(ctx, next)
		p.change(func() {
			e.take(next)
			p.queue = slices.Delete(p.queue, i, i+1)
			p.open = e
			p.notice = ""
			s.ask(p, e, true) // it may have waited long
			s.judge(p, e)
		})
		return nil
	})
}
