package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"garita/border"
)

// The hash of an event checks its row whenever it is read: SQLite's own checks do not find a bit
// that turned on the disk. What is found is noted here until it is mended with the bytes that the
// hub holds. One damaged row stops nothing but what is about it.

// maxDamaged bounds how many damaged events are noted; with more the disk is what must be mended.
const maxDamaged = 10_000

// checkRecord decodes the event of a row and checks it against its hash and its place.
func (j *Journal) checkRecord(pos int64, record []byte) (border.Event, error) {
	ev, err := soundRecord(pos, record, j.cfg.Station)
	if err != nil {
		j.noteDamage(pos)
	}
	return ev, err
}

func soundRecord(pos int64, record []byte, station border.StationID) (border.Event, error) {
	ev, err := border.DecodeEvent(record)
	if err == nil {
		err = ev.Verify()
	}
	if err == nil && (ev.Key.Seq != seqOf(pos) || ev.Key.Station != station) {
		err = errors.New("the event is of another place")
	}
	if err != nil {
		return border.Event{}, &border.Error{Code: border.Internal, Op: fmt.Sprintf("read event %d/%d", ordinalOf(pos), seqOf(pos)), Err: err,
			Message: "This record has been damaged on the disk of this station. It is mended by itself as soon as the hub is reached. If this repeats, call the technician."}
	}
	return ev, nil
}

// sound gives the events of rows that are sound, in their order, and notes the others.
func (j *Journal) sound(rows []pendingEvent) []border.Event {
	out := make([]border.Event, 0, len(rows))
	for _, p := range rows {
		if ev, err := j.checkRecord(p.pos, p.record); err == nil {
			out = append(out, ev)
		}
	}
	return out
}

func (j *Journal) noteDamage(positions ...int64) {
	j.mu.Lock()
	fresh := 0
	for _, pos := range positions {
		if _, known := j.damaged[pos]; !known && len(j.damaged) < maxDamaged {
			j.damaged[pos] = struct{}{}
			fresh++
		}
	}
	j.mu.Unlock()
	if fresh > 0 {
		j.cfg.Log.Error("journal: events are damaged on the disk", "events", fresh)
		signal(j.changes)
	}
}

func (j *Journal) isDamaged() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.damaged) > 0
}

func (j *Journal) mended(pos int64) {
	j.mu.Lock()
	delete(j.damaged, pos)
	j.mu.Unlock()
}

// Damaged lists the events that are known to be damaged or missing in the file, and not mended yet:
// at most 10,000, in their order.
func (j *Journal) Damaged(ctx context.Context) ([]border.Position, error) {
	j.mu.Lock()
	at := make([]int64, 0, len(j.damaged))
	for pos := range j.damaged {
		at = append(at, pos)
	}
	j.mu.Unlock()
	if len(at) == 0 {
		return nil, nil
	}
	slices.Sort(at)
	epochs := map[int64]border.Epoch{}
	err := j.reading("list damaged events", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT ordinal, id FROM epoch`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ordinal int64
			var id []byte
			if err := rows.Scan(&ordinal, &id); err != nil {
				return err
			}
			epochs[ordinal] = border.Epoch(append(id, make([]byte, 16)...)[:16])
		}
		return rows.Err()
	})
	out := make([]border.Position, 0, len(at))
	for _, pos := range at {
		out = append(out, border.Position{Epoch: epochs[ordinalOf(pos)], Seq: seqOf(pos)})
	}
	return out, err
}

// rowsOf reads rows of position and record, and of the log's nodes if the query asks for them.
func (j *Journal) rowsOf(ctx context.Context, op, query string, args ...any) ([]pendingEvent, error) {
	var out []pendingEvent
	err := j.reading(op, func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			var p pendingEvent
			if err := rows.Scan([]any{&p.pos, &p.record, &p.tree}[:len(columns)]...); err != nil {
				return err
			}
			out = append(out, p)
		}
		return rows.Err()
	})
	return out, err
}

// Mend puts events of the hub's in the place of those that are damaged or missing here, all or
// none. Each must continue the event before it, and what is left here must say that it was this
// one: the event behind it, which may be mended with it, or the hash in the damaged row. What is
// held and sound stays as it is; [border.Conflict] if that is another event.
func (j *Journal) Mend(ctx context.Context, events [][]byte) error {
	records := make([][]byte, len(events)) // the caller may be gone before the writer has them
	for i, record := range events {
		records[i] = slices.Clone(record)
	}
	return j.submit(ctx, &job{op: "mend events", essential: true, do: func(t *transaction) error {
		return t.whole(func() error { return t.mendAll(records, false) })
	}})
}

// mendAll goes from the last event to the first: each is vouched for by the one behind it. lenient
// leaves alone what is not of what this journal holds.
func (t *transaction) mendAll(records [][]byte, lenient bool) error {
	for _, record := range slices.Backward(records) {
		if err := t.mendOne(record, lenient); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) mendOne(record []byte, lenient bool) error {
	ev, err := border.DecodeEvent(record)
	if err == nil {
		err = ev.Verify()
	}
	if err != nil {
		return err
	}
	ordinal, last, own, err := t.epoch(ev.Key.Epoch)
	if err != nil {
		return err
	}
	if ev.Key.Station != t.w.j.cfg.Station || ordinal == 0 || ev.Key.Seq > last {
		if lenient {
			return nil
		}
		return &border.Error{Code: border.Invalid, Op: "mend an event", Err: fmt.Errorf("%s is not of what this journal holds", ev.Key)}
	}
	return t.holdOrMend(ordinal, last, own, &ev, record)
}

// holdOrMend is what becomes of an event whose place is within what is held.
func (t *transaction) holdOrMend(ordinal int64, last uint64, own bool, ev *border.Event, record []byte) error {
	pos := posOf(ordinal, ev.Key.Seq)
	held, err := t.w.store.record(pos)
	if err != nil {
		return err
	}
	if _, err := t.w.j.checkRecord(pos, held); err == nil {
		if string(held) != string(record) {
			return &border.Error{Code: border.Conflict, Op: "restore an event", Err: fmt.Errorf("%s: another event is held", ev.Key)}
		}
		return nil
	}
	if err := t.fits(ordinal, last, ev, held); err != nil {
		return err
	}
	if err := t.recount(held, record); err != nil {
		return err
	}
	return t.replace(ordinal, own, ev, record)
}

// fits reports whether an event belongs where it says: it continues the one before, if that is
// sound, and is the one that stood there, in the words of what comes after it or of the damaged row
// itself.
func (t *transaction) fits(ordinal int64, last uint64, ev *border.Event, damaged []byte) error {
	s := t.w.store
	refuse := &border.Error{Code: border.Invalid, Op: "mend an event", Err: fmt.Errorf("%s: %w", ev.Key, errChain)}
	before, found, err := t.hashBefore(ordinal, ev.Key.Seq)
	if err != nil {
		return err
	}
	if found && before != ev.Prev {
		return refuse
	}
	witnesses := 0
	if len(damaged) >= hashAt+len(ev.Hash) && string(damaged[hashAt:hashAt+len(ev.Hash)]) == string(ev.Hash[:]) {
		witnesses++
	}
	if ev.Key.Seq < last {
		record, err := s.record(posOf(ordinal, ev.Key.Seq+1))
		if err != nil {
			return err
		}
		if next, err := soundRecord(posOf(ordinal, ev.Key.Seq+1), record, t.w.j.cfg.Station); err == nil {
			if witnesses++; next.Prev != ev.Hash {
				return refuse
			}
		}
	} else if ordinal == t.w.ordinal {
		if witnesses++; t.last != ev.Hash {
			return refuse
		}
	} else {
		v, ok, err := s.one(s.childHash, ev.Key.Epoch[:], int64(ev.Key.Seq))
		if err != nil {
			return err
		}
		if b, isBytes := v.([]byte); ok && isBytes && string(b) != string(ev.Hash[:]) {
			return refuse
		}
		if found || ok { // the end of an epoch that was continued earlier: only the one before can say
			witnesses++
		}
	}
	if witnesses == 0 {
		return refuse
	}
	return nil
}

// hashBefore is the hash that an event must continue: of the one before, or of the epoch's parent.
func (t *transaction) hashBefore(ordinal int64, seq uint64) (border.Digest, bool, error) {
	s := t.w.store
	if seq == 1 {
		v, ok, err := s.one(s.parentHash, ordinal)
		b, isBytes := v.([]byte)
		if err != nil || !ok || !isBytes || len(b) != len(border.Digest{}) {
			return border.Digest{}, false, err
		}
		return border.Digest(b), true, nil
	}
	record, err := s.record(posOf(ordinal, seq-1))
	if err != nil {
		return border.Digest{}, false, err
	}
	ev, err := soundRecord(posOf(ordinal, seq-1), record, t.w.j.cfg.Station)
	return ev.Hash, err == nil, nil
}

// recount begins the counts anew if nobody can say whether a mended crossing is among them: they may
// have passed it by when it could not be read.
func (t *transaction) recount(damaged, record []byte) error {
	zone := t.w.j.cfg.Zone
	is, id, crossing := countOf(record, zone)
	was, of, readable := countOf(damaged, zone)
	if !crossing || readable && was == is && of == id {
		return nil
	}
	if _, err := t.w.store.conn.Exec(`DELETE FROM crossing_count`, nil); err != nil {
		return err
	}
	_, err := t.w.store.conn.Exec(`DELETE FROM cursor WHERE projection = ?`, []driver.Value{countProjection(zone)})
	return err
}

// replace writes an event in its place, with the nodes of the log and all rows that it has in the
// projections.
func (t *transaction) replace(ordinal int64, own bool, ev *border.Event, record []byte) error {
	s, pos := t.w.store, posOf(ordinal, ev.Key.Seq)
	nodes, err := t.w.nodes(ordinal, ev)
	if err != nil {
		return err
	}
	if err := s.exec(s.putEvent, pos, record, nodes); err != nil {
		return err
	}
	t.mended = append(t.mended, pos)
	h, err := ev.ReadHeader()
	if err != nil {
		return nil //nolint:nilerr // kept byte for byte all the same; there is nothing to index
	}
	if err := t.deriveGiven(&h, pos, own); err != nil {
		return err
	}
	cursor, ok, err := s.one(s.readCursor, indexProjection, ordinal)
	if seq, isNumber := cursor.(int64); err == nil && ok && isNumber && ev.Key.Seq <= uint64(seq) && t.w.j.cfg.Index != nil {
		err = t.w.fileOpened([]pendingEvent{{pos: pos, record: record}})
	}
	return err
}

// nodes makes the inner nodes of an event's row again; nil if the rows before it do not say enough.
func (w *writer) nodes(ordinal int64, ev *border.Event) ([]byte, error) {
	tree, err := w.store.regrow(ordinal, ev.Key.Seq-1)
	if errors.Is(err, errDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return tree.Add([]byte{}, ev.Hash), nil
}

// mendRun bounds how many events are fetched at a time.
const mendRun = 200

// MendFrom fetches what is damaged from the hub and puts it back, run by run, from the last to the
// first. fetch gives events of an epoch with seq > after, ascending, at most limit, as the hub holds
// them. It returns how many are mended; what the hub does not hold, or holds otherwise, stays
// damaged and stops nothing.
func (j *Journal) MendFrom(ctx context.Context, fetch func(ctx context.Context, epoch border.Epoch, after uint64, limit int) ([][]byte, error)) (mended int, err error) {
	damaged, err := j.Damaged(ctx)
	for end := len(damaged); end > 0 && err == nil; {
		first := end - 1
		for first > 0 && end-first < mendRun && damaged[first-1] == (border.Position{Epoch: damaged[first].Epoch, Seq: damaged[first].Seq - 1}) {
			first--
		}
		var events [][]byte
		if events, err = fetch(ctx, damaged[first].Epoch, damaged[first].Seq-1, end-first); err != nil {
			return mended, err
		}
		switch refused := j.Mend(ctx, events); border.CodeOf(refused) {
		case "":
			mended += len(events)
		case border.Invalid, border.Conflict:
			j.cfg.Log.Error("journal: damaged events cannot be mended with what the hub holds", "error", refused)
		default:
			return mended, refused
		}
		end = first
	}
	return mended, err
}
