package journal

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"garita/border"
	"garita/border/checkpoint"
)

// Each epoch has a transparency log (border/checkpoint). Its inner nodes are written in the row of
// the event that completes them, so the log grows in the event's transaction and costs no page.

// hashAt is where an encoded event holds its hash: behind the magic and the hash before.
const hashAt = 4 + len(border.Digest{})

// regrow gives the tree over the first size events of an epoch, from what their rows say.
func (s *store) regrow(ordinal int64, size uint64) (checkpoint.Tree, error) {
	return checkpoint.Regrow(size, func(level int, seq uint64) (tlog.Hash, error) {
		st := s.readNode
		if level == 0 {
			st = s.readHash
		}
		v, ok, err := s.one(st, posOf(ordinal, seq), int64(max(level-1, 0)*tlog.HashSize))
		if err != nil {
			return tlog.Hash{}, err
		}
		b, isBytes := v.([]byte)
		if !ok || !isBytes || len(b) != tlog.HashSize {
			return tlog.Hash{}, fmt.Errorf("the log lacks event %d/%d: %w", ordinal, seq, errDamaged)
		}
		if level == 0 {
			return checkpoint.Leaf(border.Digest(b)), nil
		}
		return tlog.Hash(b), nil
	})
}

// grow adds an event to the tree of its epoch and returns the inner nodes of its row. The epoch that
// this journal writes grows from the head; another one, which the hub gives back, from what its
// rows say.
func (t *transaction) grow(ordinal int64, seq uint64, hash border.Digest) ([]byte, error) {
	tree := &t.tree
	if ordinal != t.w.ordinal {
		if t.given == nil {
			t.given = map[int64]*checkpoint.Tree{}
		}
		if tree = t.given[ordinal]; tree == nil || tree.Size() != seq-1 {
			again, err := t.w.store.regrow(ordinal, seq-1)
			if errors.Is(err, errDamaged) {
				return nil, nil // the event counts; what its log lacks verification says
			}
			if err != nil {
				return nil, err
			}
			tree = &again
			t.given[ordinal] = tree
		}
	}
	t.nodes = tree.Add(t.nodes[:0], hash)
	if t.nodes == nil {
		t.nodes = []byte{} // NULL would say that there was no log
	}
	return t.nodes, nil
}

// logBatch is how many events one transaction takes when the log is made of a journal that had none.
const logBatch = 4096

// makeLog writes the log of events that were recorded before there was one. It goes through them
// in their order, a few thousand in a transaction: cut short, it goes on at the next opening. Behind
// an event that is missing, an epoch has no log.
func (w *writer) makeLog() error {
	v, ok, err := w.store.ask(`SELECT tree IS NULL FROM event ORDER BY pos DESC LIMIT 1`)
	if err != nil || !ok || v != int64(1) {
		return err
	}
	first, _, err := w.store.ask(`SELECT min(pos) FROM event WHERE tree IS NULL`)
	if err != nil {
		return err
	}
	pos, isNumber := first.(int64)
	if !isNumber {
		return errDamaged
	}
	m := logMaker{w: w, ordinal: -1}
	for next := pos; ; {
		page, err := w.hashes(next)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := w.store.exec(w.store.begin); err != nil {
			return err
		}
		for _, p := range page {
			if err := m.add(p); err != nil {
				return errors.Join(err, w.store.exec(w.store.rollback))
			}
		}
		if err := w.store.exec(w.store.commit); err != nil {
			return err
		}
		next = page[len(page)-1].pos + 1
	}
}

type logMaker struct {
	w       *writer
	ordinal int64 // of tree
	tree    checkpoint.Tree
	broken  bool // an event of this epoch is missing
}

func (m *logMaker) add(p pendingEvent) error {
	ordinal, seq := ordinalOf(p.pos), seqOf(p.pos)
	if ordinal != m.ordinal {
		tree, err := m.w.store.regrow(ordinal, seq-1)
		if err != nil && !errors.Is(err, errDamaged) {
			return err
		}
		m.ordinal, m.tree, m.broken = ordinal, tree, err != nil
	}
	if m.broken = m.broken || m.tree.Size() != seq-1; m.broken {
		return nil
	}
	return m.w.store.exec(m.w.store.putTree, m.tree.Add([]byte{}, border.Digest(p.record)), p.pos)
}

// hashes returns the hashes of the next events from a position on.
func (w *writer) hashes(from int64) ([]pendingEvent, error) {
	rows, err := w.store.conn.Query(`SELECT pos, substr(record, ?2, 32) FROM event WHERE pos >= ?1 ORDER BY pos LIMIT ?3`,
		[]driver.Value{from, int64(hashAt + 1), int64(logBatch)})
	if err != nil {
		return nil, err
	}
	out, err := readPending(rows)
	for _, p := range out {
		if len(p.record) != len(border.Digest{}) {
			return nil, errors.Join(errDamaged, err, io.ErrUnexpectedEOF)
		}
	}
	return out, err
}
