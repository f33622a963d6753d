package journal

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"garita/border"
)

func (t *transaction) restoreAll(records [][]byte) error {
	for _, record := range records {
		if err := t.restoreOne(record); err != nil {
			return err
		}
	}
	return nil
}

// restoreOne checks one event that the hub gave back and inserts it. It must be intact,
// of this station, and continue an epoch that is held or begin one.
func (t *transaction) restoreOne(record []byte) error {
	refuse := func(err error) error {
		return &border.Error{Code: border.Invalid, Op: "restore an event", Err: err}
	}
	ev, err := border.DecodeEvent(record)
	if err != nil {
		return err
	}
	if err := ev.Verify(); err != nil {
		return err
	}
	if ev.Key.Station != t.w.j.cfg.Station {
		return refuse(errors.New("the event is of another station"))
	}
	ordinal, last, own, err := t.epoch(ev.Key.Epoch)
	if err != nil {
		return err
	}
	if ordinal == 0 {
		return t.restoreEpoch(&ev, record)
	}
	if ev.Key.Seq <= last {
		return t.holdOrMend(ordinal, last, own, &ev, record)
	}
	if ev.Key.Epoch == t.head.Epoch {
		return refuse(errors.New("the current epoch cannot have lost events"))
	}
	if ev.Key.Seq != last+1 {
		return refuse(fmt.Errorf("%s: %w", ev.Key, errChain))
	}
	before, found, err := t.hashBefore(ordinal, ev.Key.Seq)
	if err != nil {
		return err
	}
	if !found || before != ev.Prev {
		return refuse(fmt.Errorf("%s: %w", ev.Key, errChain))
	}
	return t.restore(ordinal, own, &ev, record)
}

// restoreEpoch makes an epoch known that a lost copy had opened.
func (t *transaction) restoreEpoch(ev *border.Event, record []byte) error {
	h, err := ev.ReadHeader()
	if err != nil || ev.Key.Seq != 1 || h.Parent == nil || ev.Prev != h.Parent.Hash {
		return &border.Error{Code: border.Invalid, Op: "restore an event", Err: fmt.Errorf("%s: %w", ev.Key, errChain)}
	}
	p := h.Parent
	s := t.w.store
	if err := s.exec(s.insertEpoch, ev.Key.Epoch[:], p.Epoch[:], int64(p.Seq), p.Hash[:], int64(1)); err != nil {
		return err
	}
	ordinal, _, own, err := t.epoch(ev.Key.Epoch)
	if err != nil {
		return err
	}
	return t.restore(ordinal, own, ev, record)
}

// epoch returns an epoch's ordinal and last seq, and whether this journal opened it;
// ordinal 0 if it is not known.
func (t *transaction) epoch(id border.Epoch) (ordinal int64, last uint64, own bool, err error) {
	rows, err := t.w.store.conn.Query(`SELECT ordinal,
		coalesce((SELECT max(pos) FROM event WHERE pos > ordinal << 40 AND pos < (ordinal + 1) << 40), 0), restored
		FROM epoch WHERE id = ?`, []driver.Value{id[:]})
	if err != nil {
		return 0, 0, false, err
	}
	row := make([]driver.Value, 3)
	switch err = rows.Next(row); {
	case err == nil:
		o, isNumber := row[0].(int64)
		pos, isPos := row[1].(int64)
		if !isNumber || !isPos {
			err = errDamaged
		}
		ordinal, last, own = o, seqOf(pos), row[2] == int64(0)
	case errors.Is(err, io.EOF):
		err = nil
	}
	return ordinal, last, own, errors.Join(err, rows.Close())
}
