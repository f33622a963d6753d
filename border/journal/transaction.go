package journal

import (
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"garita/border"
	"garita/border/checkpoint"
)

// transaction is what a job sees: the store inside BEGIN and COMMIT, and the head of the
// chain as it will be.
type transaction struct {
	w        *writer
	head     border.Position
	last     border.Digest
	now      time.Time
	tree     checkpoint.Tree // of the epoch being written, as it will be
	restored bool

	given map[int64]*checkpoint.Tree // of other epochs, by ordinal
	nodes []byte                     // of one event; reused

	mended  []int64 // positions
	waiting []filed // blind indexes of this transaction; the tail takes them when it is durable
	anew    bool    // the table of blind indexes was made anew: what waited before is in it
}

// prepare writes the header but for what only the writer can give, so that the writer's
// time is not spent on it.
func (j *Journal) prepare(e *Entry) (h border.Header, rest []byte, err error) {
	h = e.Header
	h.Station, h.Epoch, h.Seq, h.RecordedAt = "", border.Epoch{}, 0, time.Time{}
	h.Post, h.Software = j.cfg.Post, j.cfg.Software
	if h.OccurredAt.IsZero() {
		h.OccurredAt = j.cfg.Clock.Now().UTC().Truncate(time.Millisecond)
	}
	if rest, err = h.AppendJSON(make([]byte, 0, 1<<10)); err != nil {
		return h, nil, err
	}
	return h, rest, nil
}

// complete puts the writer's fields before the rest of a header.
func complete(h *border.Header, rest []byte) []byte {
	b := make([]byte, 0, len(rest)+160)
	b = append(b, `{"station":"`...) // names have no character that JSON escapes
	b = append(b, h.Station...)
	b = append(b, `","epoch":"`...)
	b = hex.AppendEncode(b, h.Epoch[:])
	b = append(b, `","seq":`...)
	b = strconv.AppendUint(b, h.Seq, 10)
	b = append(b, `,"recorded_at":"`...)
	b = h.RecordedAt.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `",`...)
	return append(b, rest[1:]...)
}

// append seals an entry, chains it and inserts it. Errors that are not of the database
// leave no trace.
func (t *transaction) append(e *Entry, h border.Header, rest []byte) (Receipt, error) {
	s := t.w.store
	cfg := &t.w.j.cfg
	key := border.Key{Station: cfg.Station, Epoch: t.head.Epoch, Seq: t.head.Seq + 1}
	pos := posOf(t.w.ordinal, key.Seq)
	h.Station, h.Epoch, h.Seq, h.RecordedAt = key.Station, key.Epoch, key.Seq, t.now
	header := complete(&h, rest)
	ev := border.Event{Key: key, Type: h.Type, Header: header, Prev: t.last}
	for _, p := range []struct {
		name  string
		plain []byte
	}{{border.PartPersonal, e.Personal}, {border.PartProtection, e.Protection}, {border.PartHub, e.HubOnly}} {
		if p.plain == nil {
			continue
		}
		part, err := e.Keys.Seal(key, p.name, p.plain)
		if err != nil {
			return Receipt{}, err
		}
		if len(part.Ciphertext) > border.MaxPart {
			return Receipt{}, errTooLarge // no reader would accept it
		}
		ev.Parts = append(ev.Parts, part)
	}
	ev.Hash = ev.ComputeHash()
	record := ev.Encode()
	if len(header) > border.MaxHeader || len(record) > border.MaxEvent {
		return Receipt{}, errTooLarge
	}
	if id, ok := onceOf(&h); ok {
		fresh, err := s.add(s.insertCrossing, id[:], pos)
		if err != nil {
			return Receipt{}, err
		}
		if !fresh {
			return t.replay(id)
		}
	}
	nodes, err := t.grow(t.w.ordinal, key.Seq, ev.Hash)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.exec(s.insertEvent, pos, record, nodes); err != nil {
		return Receipt{}, err
	}
	if err := t.derive(&h, pos, true); err != nil {
		return Receipt{}, err
	}
	if len(e.Blinds) > 0 {
		t.waiting = append(t.waiting, filed{pos, slices.Clone(e.Blinds)})
	}
	t.head.Seq, t.last = key.Seq, ev.Hash
	return Receipt{Key: key, RecordedAt: t.now, Header: h}, nil
}

// replay returns the receipt of what is recorded already. What is visible here is
// durable: a failed commit closes the database before anything else is read.
func (t *transaction) replay(id border.ID) (Receipt, error) {
	v, _, err := t.w.store.one(t.w.store.findCrossing, id[:])
	if err != nil {
		return Receipt{}, err
	}
	pos, isNumber := v.(int64)
	if !isNumber {
		return Receipt{}, errDamaged
	}
	record, err := t.w.store.record(pos)
	if err != nil {
		return Receipt{}, err
	}
	ev, err := t.w.j.checkRecord(pos, record)
	if err != nil {
		return Receipt{}, err
	}
	h, err := ev.ReadHeader()
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Key: ev.Key, RecordedAt: h.RecordedAt, Header: h, Replayed: true}, nil
}

// whole runs a piece of work of several steps: all of it, or nothing if a step fails.
func (t *transaction) whole(work func() error) error {
	s := t.w.store
	if err := s.exec(s.savepoint); err != nil {
		return err
	}
	restored, mended, waiting, anew := t.restored, t.mended, t.waiting, t.anew
	t.given = nil // what they know may be undone
	err := work()
	if isDatabase(err) {
		return err // the transaction is lost
	}
	if err != nil {
		t.restored, t.mended, t.waiting, t.anew = restored, mended, waiting, anew
		t.given = nil
		if back := s.exec(s.rollbackTo); back != nil {
			return back
		}
	}
	if released := s.exec(s.release); released != nil {
		return released
	}
	return err
}

// restore inserts an event that the hub gave back, if it continues what is held. own: of
// an epoch that this journal opened.
func (t *transaction) restore(ordinal int64, own bool, ev *border.Event, record []byte) error {
	s := t.w.store
	pos := posOf(ordinal, ev.Key.Seq)
	nodes, err := t.grow(ordinal, ev.Key.Seq, ev.Hash)
	if err != nil {
		return err
	}
	if err := s.exec(s.insertEvent, pos, record, nodes); err != nil {
		return err
	}
	t.restored = true
	h, err := ev.ReadHeader()
	if err != nil {
		return nil //nolint:nilerr // kept byte for byte all the same; there is nothing to index
	}
	if err := t.deriveGiven(&h, pos, own); err != nil {
		return err
	}
	if h.Crossing != nil && ends(h.Type) {
		if err := s.exec(s.dropDraft, h.Crossing[:]); err != nil {
			return err
		}
	}
	if index := t.w.j.cfg.Index; index != nil {
		if blinds := index(ev); len(blinds) > 0 {
			t.waiting = append(t.waiting, filed{pos, blinds})
		}
	}
	return nil
}

var errTooLarge = &border.Error{Code: border.TooLarge, Op: "append event", Message: "The record is larger than a record may be."}

var errChain = errors.New("the event does not continue the chain that this journal holds")
