package uplink

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"garita/border"
	"garita/sync/wire"
)

// publishSome publishes the next events, oldest epoch first: one as it is, several as
// an atomic batch. It reports whether it sent any. An error means that the broker did
// not take them; they are still to be sent.
func (u *Uplink) publishSome(ctx context.Context, nc *nats.Conn) (sent bool, err error) {
	window := uint64(u.c.Window)
	if u.cautious {
		window = min(window, wire.MaxBatch)
	}
	u.mu.Lock()
	epoch, after, ok := u.ledger.next()
	away := u.ledger.unconfirmed()
	u.mu.Unlock()
	if !ok || away >= window {
		return false, nil
	}
	events, err := u.c.Source.Read(ctx, epoch, after, int(min(uint64(u.batch), window-away)))
	if err == nil && len(events) == 0 {
		err = errors.New("events that the journal announced are not there")
	}
	if err != nil {
		return false, &border.Error{Code: border.CodeOf(err), Op: "read the journal", Message: "The journal cannot be read.", Err: err}
	}
	head := u.c.Source.Head()
	msgs := make([]*nats.Msg, len(events))
	fresh := false
	var ids []string
	for i, b := range events {
		key := border.Key{Station: u.c.Station, Epoch: epoch, Seq: after + uint64(i) + 1}
		var keys []string
		msgs[i], keys = wire.EventMessage(key, head, b, u.c.Sign)
		for _, id := range keys {
			if !u.wrapped[id] && !u.wrapless[id] {
				fresh = true
				ids = append(ids, id)
			}
		}
	}
	if fresh { // the hub gets the key before the first event that needs it
		if err := u.deliverWraps(ctx, nc); err != nil {
			return false, err
		}
		for _, id := range ids {
			if !u.wrapped[id] {
				u.wrapless[id] = true
			}
		}
	}
	n, err := u.publish(ctx, msgs)
	if err == nil {
		u.batch = min(2*u.batch, wire.MaxBatch)
	} else { // a nearly full stream may take less at a time
		u.batch = max(1, u.batch/2)
	}
	u.mu.Lock()
	if a := u.ledger.epochs[epoch]; a != nil {
		a.sent = max(a.sent, after+uint64(n))
	}
	u.mu.Unlock()
	return n > 0, err
}

// publish gives messages to the broker and returns how many of them, from the first
// on, it has on disk.
func (u *Uplink) publish(ctx context.Context, msgs []*nats.Msg) (int, error) {
	if len(msgs) > 1 {
		bctx, cancel := context.WithTimeout(ctx, u.c.RequestTimeout)
		// No acknowledgement of the first message: the wait for it would not heed bctx.
		_, err := jetstreamext.PublishMsgBatch(bctx, u.js, msgs, jetstreamext.BatchFlowControl{})
		cancel()
		if err == nil {
			return len(msgs), nil
		}
		// Only what the broker says of this batch can be cured by sending singly; a full
		// stream, a timeout or a lost connection cannot.
		var api *jetstream.APIError
		if !errors.As(err, &api) || api.ErrorCode == codeStoreFull || api.Code >= 500 && api.ErrorCode != codeBatchFailed {
			return 0, refused(err)
		}
		u.c.Log.Warn("a batch was refused; sending singly", "events", len(msgs), "err", err)
	}
	for i, m := range msgs {
		for _, h := range []string{jetstreamext.BatchIDHeader, jetstreamext.BatchSeqHeader, jetstreamext.BatchCommitHeader} {
			m.Header.Del(h)
		}
		m.Reply = ""
		sctx, cancel := context.WithTimeout(ctx, u.c.RequestTimeout)
		_, err := u.js.PublishMsg(sctx, m, jetstream.WithRetryAttempts(0))
		cancel()
		if err != nil {
			return i, refused(err)
		}
	}
	return len(msgs), nil
}

// Error codes of nats-server (errors.json): the stream's store failed or is full; the
// batch as such was not accepted.
const (
	codeStoreFull   jetstream.ErrorCode = 10077
	codeBatchFailed jetstream.ErrorCode = 10201
)

func refused(err error) error {
	return &border.Error{Code: border.Unavailable, Op: "publish events", Message: "The hub takes no events at present; they are kept here.", Err: err}
}
