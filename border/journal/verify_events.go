package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"garita/border"
	"garita/border/checkpoint"
)

// chain is where the verification stands: the last event it saw.
type chain struct {
	ordinal int64
	seq     uint64
	hash    border.Digest
	known   bool // hash is that of an intact event

	tree  checkpoint.Tree
	whole bool   // tree holds every event of the epoch so far
	nodes []byte // reused
}

// events streams through all events in the order of their positions.
func (v *verifier) events(ctx context.Context) error {
	var at chain
	for after := int64(-1 << 63); ; {
		page, err := v.page(ctx, after)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for _, p := range page {
			after = p.pos
			if err := v.event(ctx, &at, p); err != nil {
				return err
			}
		}
	}
}

func (v *verifier) page(ctx context.Context, after int64) ([]pendingEvent, error) {
	tree := "tree"
	if !v.hasLog() {
		tree = "NULL"
	}
	rows, err := v.db.QueryContext(ctx, `SELECT pos, record, `+tree+` FROM event WHERE pos > ? AND pos <= ? ORDER BY pos LIMIT ?`,
		after, v.until, verifyPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []pendingEvent
	for rows.Next() {
		var p pendingEvent
		if err := rows.Scan(&p.pos, &p.record, &p.tree); err != nil {
			return nil, err
		}
		if p.pos <= after { // a damaged page could send the reader round in circles
			return nil, errDamaged
		}
		after = p.pos
		out = append(out, p)
	}
	return out, rows.Err()
}

// event checks one event: its place, its content, its link to the one before.
func (v *verifier) event(ctx context.Context, at *chain, p pendingEvent) error {
	v.report.Events++
	ordinal, seq := ordinalOf(p.pos), seqOf(p.pos)
	epoch, ok := v.epochs[ordinal]
	if !ok {
		v.broken("event at %d/%d: no such epoch", ordinal, seq)
		return nil
	}
	epoch.events, epoch.last = epoch.events+1, seq
	v.epochs[ordinal] = epoch
	if ordinal != at.ordinal {
		*at = chain{ordinal: ordinal, whole: true, nodes: at.nodes}
	}
	if seq != at.seq+1 {
		v.report.Gaps++
		v.fault("epoch %s: events are missing between %d and %d", epoch.id, at.seq, seq)
		at.known, at.whole = false, false
	}
	before := *at // the tree is that of the events before; what is missing or damaged ends it
	at.seq, at.known, at.whole = seq, false, false

	ev, err := border.DecodeEvent(p.record)
	if err != nil {
		v.broken("event %s/%d: %v", epoch.id, seq, err)
		return nil
	}
	want := border.Key{Station: v.station, Epoch: epoch.id, Seq: seq}
	h, headErr := ev.ReadHeader()
	switch {
	case ev.Verify() != nil:
		v.broken("event %s/%d: its content does not fit its hash", epoch.id, seq)
		return nil //nolint:nilerr // a fault found is a finding, not a failure to look
	case ev.Key != want:
		v.broken("event %s/%d: its header names another place", epoch.id, seq)
		return nil
	case headErr != nil:
		v.broken("event %s/%d: its header cannot be read", epoch.id, seq)
		return nil //nolint:nilerr // a fault found is a finding, not a failure to look
	case before.known && ev.Prev != before.hash:
		v.broken("event %s/%d: it does not continue the event before", epoch.id, seq)
	case seq == 1:
		if err := v.first(ctx, ordinal, &epoch, &ev, &h); err != nil {
			return err
		}
	}
	at.hash, at.known, at.whole = ev.Hash, true, before.whole
	v.logged(at, p, &ev)
	return v.derived(ctx, p, &h)
}

// hasLog reports whether the journal's schema has the log.
func (v *verifier) hasLog() bool { return v.schema >= 3 }

// logged adds an intact event to the tree of its epoch, and compares the inner nodes that its row
// holds with those that it completes.
func (v *verifier) logged(at *chain, p pendingEvent, ev *border.Event) {
	if !at.whole {
		return
	}
	at.nodes = at.tree.Add(at.nodes[:0], ev.Hash)
	if v.hasLog() && (p.tree == nil || !bytes.Equal(p.tree, at.nodes)) {
		v.broken("event %s: the log holds other nodes than its events make", ev.Key)
	}
}

// first checks the first event of an epoch and the parent that it names.
func (v *verifier) first(ctx context.Context, ordinal int64, epoch *epochRow, ev *border.Event, h *border.Header) error {
	if ev.Type != border.TypeEpochOpened || h.Parent == nil || *h.Parent != epoch.parent || ev.Prev != epoch.parent.Hash {
		v.broken("epoch %s: its first event does not name the parent that is stored", epoch.id)
		return nil
	}
	if epoch.parent == (border.Parent{}) {
		if _, older := v.epochs[ordinal-1]; older && !epoch.restored {
			v.broken("epoch %s: it names no parent, though epochs were there", epoch.id)
		}
		return nil
	}
	parent, ok := v.ids[epoch.parent.Epoch]
	if !ok {
		v.broken("epoch %s: its parent epoch %s is missing", epoch.id, epoch.parent.Epoch)
		return nil
	}
	var record []byte
	err := v.db.QueryRowContext(ctx, `SELECT record FROM event WHERE pos = ?`, posOf(parent, epoch.parent.Seq)).Scan(&record)
	if errors.Is(err, sql.ErrNoRows) {
		v.broken("epoch %s: its parent %s/%d is missing", epoch.id, epoch.parent.Epoch, epoch.parent.Seq)
		return nil
	}
	if err != nil {
		return err
	}
	if e, err := border.DecodeEvent(record); err != nil || e.Hash != epoch.parent.Hash {
		v.broken("epoch %s: its parent %s/%d has another hash", epoch.id, epoch.parent.Epoch, epoch.parent.Seq)
	}
	return nil
}

// ends looks for epochs without events (opening one and its first event are one commit)
// and for cursors beyond the end.
func (v *verifier) ends(context.Context) error {
	for ordinal, e := range v.epochs {
		if e.events == 0 {
			v.broken("epoch %s: it has no events", e.id)
		}
		for projection, cursors := range v.cursors {
			if cursors[ordinal] > e.last {
				v.projection(projection, "%s: the cursor of epoch %s is beyond its end", projection, e.id)
			}
		}
	}
	return nil
}
