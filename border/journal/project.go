package journal

import (
	"database/sql/driver"
	"time"
)

// projection is a table that follows the events by cursor, one for each epoch.
type projection struct {
	name  string
	write func([]pendingEvent) error // inside a transaction, oldest position first
	wrote func([]pendingEvent, bool) // told what is durable, and whether that is all; may be nil

	failed time.Time     // when it last failed, on the monotonic clock
	pause  time.Duration // how long it is left alone since then; 0: it works
}

// projectLimit bounds how many events one transaction of a projection takes, so that
// crossings never wait long behind it.
const projectLimit = 256

// projectRoom is the free space in bytes below which projections wait: what is left is
// for crossings.
const projectRoom = 8 << 20

// follow moves the projections on while nobody waits for the writer.
func (w *writer) follow() {
	for _, p := range []*projection{w.counts, w.index} {
		for len(w.j.queue) == 0 && w.advance(p) {
			select {
			case <-w.j.stop:
				return
			default:
			}
		}
	}
}

// advance moves a projection on by one transaction and reports whether more may wait.
// When that fails the record goes on without it: the database is opened again only if the
// commit itself failed, and the next try comes after a pause, so that a damaged page of a
// projection does not begin a new epoch every second.
func (w *writer) advance(p *projection) bool {
	if w.store == nil || w.reserve.released || w.j.Storage().Free < projectRoom || p.pause > 0 && time.Since(p.failed) < p.pause {
		return false
	}
	n, unsure, err := w.project(p)
	if err == nil {
		p.pause = 0
		return n == projectLimit
	}
	p.failed = time.Now() //nolint:forbidigo // monotonic pause, not a time of record
	p.pause = min(max(2*p.pause, tick), time.Minute)
	if unsure {
		_ = w.reopenAfter(err) // its error is kept in the storage state
	} else {
		w.j.cfg.Log.Error("journal: a projection cannot follow; the record goes on", "projection", p.name, "error", err)
	}
	return false
}

// project moves a projection on by at most projectLimit events and returns by how many.
// Its rows and its cursor change in one transaction, so each event counts once. unsure
// says that the error leaves open what is on the disk.
func (w *writer) project(p *projection) (n int, unsure bool, err error) {
	events, err := w.pending(p.name, 0)
	if err != nil {
		return 0, false, err
	}
	if len(events) > 0 {
		unsure, err = w.projectSome(p, events)
	}
	if err == nil && p.wrote != nil {
		p.wrote(events, len(events) < projectLimit)
	}
	return len(events), unsure, err
}

func (w *writer) projectSome(p *projection, events []pendingEvent) (unsure bool, err error) {
	s := w.store
	if err := s.exec(s.begin); err != nil {
		return false, err
	}
	if err := w.write(p, events); err != nil {
		return s.exec(s.rollback) != nil, err
	}
	return true, s.exec(s.commit)
}

// write makes a projection's rows of some events and puts its cursors behind them.
func (w *writer) write(p *projection, events []pendingEvent) error {
	if err := p.write(events); err != nil {
		return err
	}
	for i, e := range events {
		if i+1 < len(events) && ordinalOf(events[i+1].pos) == ordinalOf(e.pos) {
			continue
		}
		if err := w.store.exec(w.store.putCursor, p.name, ordinalOf(e.pos), int64(seqOf(e.pos))); err != nil {
			return err
		}
	}
	return nil
}

type pendingEvent struct {
	pos    int64
	record []byte
	tree   []byte // read by verification only
}

// selectPending selects events behind the cursors of projection ?1 and at or after
// position ?2, lowest position first, at most ?3.
const selectPending = `
	SELECT event.pos, event.record FROM epoch
	LEFT JOIN cursor ON cursor.projection = ?1 AND cursor.ordinal = epoch.ordinal
	JOIN event ON event.pos > max((epoch.ordinal << 40) + coalesce(cursor.seq, 0), ?2 - 1) AND event.pos < ((epoch.ordinal + 1) << 40)
	ORDER BY event.pos LIMIT ?3`

// pending returns the next events behind a projection's cursors, from a position on.
func (w *writer) pending(projection string, from int64) ([]pendingEvent, error) {
	rows, err := w.store.conn.Query(selectPending, []driver.Value{projection, from, int64(projectLimit)})
	if err != nil {
		return nil, err
	}
	return readPending(rows)
}
