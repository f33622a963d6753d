package intake

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/wire"
)

const (
	setupTimeout  = 10 * time.Second
	ackWait       = 30 * time.Second
	maxAckPending = 4000
	pullBytes     = 8 << 20 // buffered in this process
)

// ensure makes the stream and its consumer what they must be. A stream that is there
// keeps what an operator chose for it: replicas, placement, a larger bound.
func (in *Intake) ensure(ctx context.Context) (jetstream.Stream, jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	fail := func(err error) (jetstream.Stream, jetstream.Consumer, error) {
		return nil, nil, &border.Error{Code: border.Unavailable, Op: "set up the stream", Err: err}
	}
	st, err := in.js.Stream(ctx, wire.Stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		st, err = in.js.CreateStream(ctx, required(jetstream.StreamConfig{
			Name: wire.Stream, Storage: jetstream.FileStorage, Replicas: in.c.Replicas, MaxBytes: in.c.StreamBytes,
		}))
	case err == nil:
		have := st.CachedInfo().Config
		want := required(have)
		if have.MaxBytes <= 0 {
			want.MaxBytes = in.c.StreamBytes
		}
		if len(have.Subjects) != 1 || have.Subjects[0] != wire.StreamSubjects || have.Discard != want.Discard ||
			have.AllowAtomicPublish != want.AllowAtomicPublish || have.MaxBytes != want.MaxBytes || have.MaxMsgSize != want.MaxMsgSize {
			st, err = in.js.UpdateStream(ctx, want)
		}
	}
	if err != nil {
		return fail(err)
	}
	cons, err := st.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       wire.Consumer,
		AckPolicy:     jetstream.AckExplicitPolicy,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: maxAckPending,
	})
	if err != nil {
		return fail(err)
	}
	return st, cons, nil
}

// required sets what the protocol relies on. The stream refuses new messages when it is
// full, because the journal behind them can wait; it never discards old ones.
func required(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Subjects = []string{wire.StreamSubjects}
	c.Retention = jetstream.LimitsPolicy
	c.Discard = jetstream.DiscardNew
	c.AllowAtomicPublish = true
	c.MaxMsgSize = border.MaxEvent + 8<<10 // event and headers
	return c
}
