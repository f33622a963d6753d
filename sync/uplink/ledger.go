package uplink

import (
	"garita/border"
)

// ledger sets what the journal holds of each epoch against what the hub holds. Order is
// that of epochs and seqs alone; no clock takes part. It is guarded by Uplink.mu.
type ledger struct {
	generation uint64
	order      []border.Epoch
	epochs     map[border.Epoch]*account
	again      map[border.Epoch]uint64 // demands of the hub to send again, from after this seq
	rehello    bool                    // the hub named another generation
}

// account is one epoch: 0 ≤ mark, sent, last. Sent may be below mark while the hub's
// demand to send again is obeyed.
type account struct {
	last uint64 // journal holds 1 to last
	mark uint64 // hub holds 1 to mark durably: the watermark
	sent uint64 // 1 to sent were accepted by the broker, or are held by the hub
}

// maxAgain bounds what a hub can make a station remember.
const maxAgain = 1024

func (l *ledger) clear() {
	l.order, l.epochs, l.again, l.rehello = nil, map[border.Epoch]*account{}, map[border.Epoch]uint64{}, false
}

// extents notes what the journal holds.
func (l *ledger) extents(ex []border.Extent) {
	for _, x := range ex {
		a := l.epochs[x.Epoch]
		if a == nil {
			a = &account{}
			l.epochs[x.Epoch] = a
			l.order = append(l.order, x.Epoch)
		}
		a.last = max(a.last, x.Last)
	}
}

// extend notes the journal's head, if its epoch is known. It reports whether it is.
func (l *ledger) extend(head border.Position) bool {
	a := l.epochs[head.Epoch]
	if a == nil {
		return false
	}
	a.last = max(a.last, head.Seq)
	return true
}

// hold notes what the hub holds of an epoch. It reports whether that is news.
func (l *ledger) hold(h border.Holding) bool {
	a := l.epochs[h.Epoch]
	if a == nil || h.Held <= a.mark {
		return false
	}
	a.mark = min(h.Held, a.last)
	a.sent = max(a.sent, a.mark)
	return true
}

func (l *ledger) backlog() uint64 {
	var n uint64
	for _, a := range l.epochs {
		n += a.last - a.mark
	}
	return n
}

// unconfirmed counts what was published and is not yet held by the hub.
func (l *ledger) unconfirmed() uint64 {
	var n uint64
	for _, a := range l.epochs {
		if a.sent > a.mark {
			n += a.sent - a.mark
		}
	}
	return n
}

// held sums up the watermarks; it grows whenever one of them does.
func (l *ledger) held() uint64 {
	var n uint64
	for _, a := range l.epochs {
		n += a.mark
	}
	return n
}

// next names the oldest epoch with events that were not sent yet.
func (l *ledger) next() (epoch border.Epoch, after uint64, ok bool) {
	for _, e := range l.order {
		if a := l.epochs[e]; a.sent < a.last {
			return e, a.sent, true
		}
	}
	return border.Epoch{}, 0, false
}

// obey turns the hub's demands into places to send from.
func (l *ledger) obey() {
	for e, after := range l.again {
		if a := l.epochs[e]; a != nil {
			a.sent = min(a.sent, after)
		}
	}
	clear(l.again)
}
