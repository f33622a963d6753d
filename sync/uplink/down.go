package uplink

import (
	"github.com/nats-io/nats.go"

	"garita/sync/wire"
)

// down takes a message from the hub. It runs on the connection's goroutine and never
// blocks. What cannot be read is passed over: a hello brings the same.
func (u *Uplink) down(m *nats.Msg) {
	_, station, kind, ok := wire.ParseSubject(m.Subject)
	if !ok || station != u.c.Station || wire.KnownVersion(m.Header) != nil {
		return
	}
	if err := u.c.Believes(m); err != nil {
		u.c.Log.Warn("a message from the hub is not believed", "kind", kind, "err", err)
		return
	}
	switch kind {
	case wire.KindRoster:
		signal(u.officers)
		return
	case wire.KindWatermark:
		w, err := wire.DecodeWatermark(m.Data)
		if err != nil {
			u.c.Log.Warn("unreadable watermark", "err", err)
			return
		}
		now := u.c.Clock.Now()
		u.mu.Lock()
		u.heard = now
		if w.Generation != 0 && w.Generation != u.ledger.generation {
			u.ledger.rehello = u.ledger.generation != 0
		} else {
			for _, h := range w.Holdings {
				u.ledger.hold(h)
			}
		}
		u.mu.Unlock()
	case wire.KindResend:
		r, err := wire.DecodeResend(m.Data)
		if err != nil {
			u.c.Log.Warn("unreadable demand to send again", "err", err)
			return
		}
		u.mu.Lock()
		old, there := u.ledger.again[r.Epoch]
		if there || len(u.ledger.again) < maxAgain {
			if !there || r.After < old {
				u.ledger.again[r.Epoch] = r.After
			}
		}
		u.mu.Unlock()
	}
	signal(u.woke)
}
