package journal

import (
	"database/sql/driver"
	"time"

	"garita/border"
)

// countPrefix and the post's zone make the name of the projection that counts crossings.
const countPrefix = "crossing_count.v1 "

func countProjection(zone *time.Location) string { return countPrefix + zone.String() }

// renameCounts begins the counts anew if they are of another version or another zone.
func (w *writer) renameCounts() error {
	args := []driver.Value{countProjection(w.j.cfg.Zone)}
	if _, err := w.store.conn.Exec(`DELETE FROM crossing_count WHERE EXISTS (SELECT 1 FROM cursor WHERE projection <> ?)`, args); err != nil {
		return err
	}
	_, err := w.store.conn.Exec(`DELETE FROM cursor WHERE projection <> ?`, args)
	return err
}

// projectLimit bounds how many events one transaction of a projection takes, so that
// crossings never wait long behind it.
const projectLimit = 256

// projectRoom is the free space in bytes below which projections wait: what is left is
// for crossings.
const projectRoom = 8 << 20

// follow moves the projections on while nobody waits for the writer. When they fail the
// record goes on without them: the database is opened again only if the commit itself
// failed, and the next try comes after a pause, so that a damaged page of a projection
// does not begin a new epoch every second.
func (w *writer) follow() {
	if w.reserve.released || w.j.Storage().Free < projectRoom ||
		w.behindPause > 0 && time.Since(w.behind) < w.behindPause {
		return
	}
	for len(w.j.queue) == 0 {
		n, unsure, err := w.project()
		if err != nil {
			w.behind = time.Now() //nolint:forbidigo // monotonic pause, not a time of record
			w.behindPause = min(max(2*w.behindPause, tick), time.Minute)
			if unsure {
				_ = w.reopenAfter(err) // its error is kept in the storage state
			} else {
				w.j.cfg.Log.Error("journal: a projection cannot follow; the record goes on", "error", err)
			}
			return
		}
		if w.behindPause = 0; n < projectLimit {
			return
		}
		select {
		case <-w.j.stop:
			return
		default:
		}
	}
}

// project moves the count projection on by at most projectLimit events and returns by how
// many. Counts and cursor change in one transaction, so each event counts once. unsure
// says that the error leaves open what is on the disk.
func (w *writer) project() (n int, unsure bool, err error) {
	pending, err := w.pending()
	if err != nil || len(pending) == 0 {
		return 0, false, err
	}
	s := w.store
	if err := s.exec(s.begin); err != nil {
		return 0, false, err
	}
	if err := w.count(pending); err != nil {
		return 0, s.exec(s.rollback) != nil, err
	}
	return len(pending), true, s.exec(s.commit)
}

type pendingEvent struct {
	pos    int64
	record []byte
}

// pending returns events behind the projection's cursors, oldest epoch first.
func (w *writer) pending() ([]pendingEvent, error) {
	rows, err := w.store.conn.Query(`
		SELECT event.pos, event.record FROM epoch
		LEFT JOIN cursor ON cursor.projection = ? AND cursor.ordinal = epoch.ordinal
		JOIN event ON event.pos > (epoch.ordinal << 40) + coalesce(cursor.seq, 0) AND event.pos < ((epoch.ordinal + 1) << 40)
		ORDER BY event.pos LIMIT ?`, []driver.Value{countProjection(w.j.cfg.Zone), int64(projectLimit)})
	if err != nil {
		return nil, err
	}
	return readPending(rows)
}

func (w *writer) count(events []pendingEvent) error {
	s := w.store
	for i, p := range events {
		c, id, ok := countOf(p.record, w.j.cfg.Zone)
		if ok {
			// A crossing that a lost copy recorded too counts once.
			v, held, err := s.one(s.findCrossing, id[:])
			if err != nil {
				return err
			}
			ok = held && v == p.pos
		}
		if ok {
			if err := s.exec(s.addOne, c.Day, string(c.Counter), c.Direction, string(c.Outcome)); err != nil {
				return err
			}
		}
		if i+1 == len(events) || ordinalOf(events[i+1].pos) != ordinalOf(p.pos) {
			if err := s.exec(s.putCursor, countProjection(w.j.cfg.Zone), ordinalOf(p.pos), int64(seqOf(p.pos))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Count says how many crossings of one kind a day had.
type Count struct {
	Day       string           `json:"day"` // at the post, "2026-11-22"
	Counter   border.CounterID `json:"counter"`
	Direction string           `json:"direction"`
	Outcome   border.Outcome   `json:"outcome"`
	N         int64            `json:"n"`
}

// countOf returns the cell of the count table that a record belongs to, with N = 1, and
// the id of its crossing.
func countOf(record []byte, zone *time.Location) (Count, border.ID, bool) {
	ev, err := border.DecodeEvent(record)
	if err != nil || ev.Type != border.TypeCrossingRecorded {
		return Count{}, border.ID{}, false
	}
	h, err := ev.ReadHeader()
	if err != nil || h.Crossing == nil {
		return Count{}, border.ID{}, false
	}
	return cell(&h, zone), *h.Crossing, true
}

func cell(h *border.Header, zone *time.Location) Count {
	return Count{Day: h.OccurredAt.In(zone).Format(time.DateOnly), Counter: h.Counter, Direction: h.Direction,
		Outcome: border.Outcome(h.Outcome), N: 1}
}
