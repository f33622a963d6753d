package journal

import (
	"encoding/json"
	"errors"
	"time"

	"garita/border"
)

// transaction is what a job sees: the store inside BEGIN and COMMIT, and the head of the
// chain as it will be.
type transaction struct {
	w        *writer
	head     border.Position
	last     border.Digest
	now      time.Time
	restored bool
}

// append seals an entry, chains it and inserts it. Errors that are not of the database
// leave no trace.
func (t *transaction) append(e *Entry) (Receipt, error) {
	s := t.w.store
	if !e.Crossing.IsZero() {
		v, ok, err := s.one(s.findCrossing, e.Crossing[:])
		if err != nil {
			return Receipt{}, err
		}
		if ok {
			pos, isNumber := v.(int64)
			if !isNumber {
				return Receipt{}, errDamaged
			}
			return t.replay(pos)
		}
	}
	cfg := &t.w.j.cfg
	key := border.Key{Station: cfg.Station, Epoch: t.head.Epoch, Seq: t.head.Seq + 1}
	h := e.Header
	h.Station, h.Epoch, h.Seq = key.Station, key.Epoch, key.Seq
	h.Post, h.Software = cfg.Post, cfg.Software
	h.RecordedAt = t.now
	if h.OccurredAt.IsZero() {
		h.OccurredAt = t.now
	}
	header, err := json.Marshal(&h)
	if err != nil {
		return Receipt{}, &border.Error{Code: border.Internal, Op: "write event header", Err: err}
	}
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
	pos := posOf(t.w.ordinal, key.Seq)
	if err := s.exec(s.insertEvent, pos, record); err != nil {
		return Receipt{}, err
	}
	if !e.Crossing.IsZero() {
		if err := s.exec(s.insertCrossing, e.Crossing[:], pos); err != nil {
			return Receipt{}, err
		}
	}
	if e.Document != nil {
		if err := s.exec(s.insertDocument, e.Document[:], pos); err != nil {
			return Receipt{}, err
		}
	}
	t.head.Seq, t.last = key.Seq, ev.Hash
	return Receipt{Key: key, RecordedAt: t.now, Header: h}, nil
}

// replay returns the receipt of what is recorded already. What is visible here is
// durable: a failed commit closes the database before anything else is read.
func (t *transaction) replay(pos int64) (Receipt, error) {
	ev, err := t.w.store.event(pos)
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
	restored := t.restored
	err := work()
	if isDatabase(err) {
		return err // the transaction is lost
	}
	if err != nil {
		t.restored = restored
		if back := s.exec(s.rollbackTo); back != nil {
			return back
		}
	}
	if released := s.exec(s.release); released != nil {
		return released
	}
	return err
}

// restore inserts an event that the hub gave back, if it continues what is held.
func (t *transaction) restore(ordinal int64, ev *border.Event, record []byte) error {
	s := t.w.store
	pos := posOf(ordinal, ev.Key.Seq)
	if err := s.exec(s.insertEvent, pos, record); err != nil {
		return err
	}
	t.restored = true
	if ev.Type != border.TypeCrossingRecorded {
		return nil
	}
	h, err := ev.ReadHeader()
	if err != nil || h.Crossing == nil {
		return nil // kept byte for byte all the same; there is nothing to index
	}
	_, held, err := s.one(s.findCrossing, h.Crossing[:])
	if err != nil {
		return err
	}
	if !held {
		if err := s.exec(s.insertCrossing, h.Crossing[:], pos); err != nil {
			return err
		}
	}
	if err := s.exec(s.dropDraft, h.Crossing[:]); err != nil {
		return err
	}
	if t.w.j.cfg.Index != nil {
		if blind, ok := t.w.j.cfg.Index(ev); ok {
			return s.exec(s.insertDocument, blind[:], pos)
		}
	}
	return nil
}

var errTooLarge = &border.Error{Code: border.TooLarge, Op: "append event", Message: "The record is larger than a record may be."}

var errChain = errors.New("the event does not continue the chain that this journal holds")
