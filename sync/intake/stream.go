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
	cons, err := renew(ctx, st)
	if err != nil {
		return fail(err)
	}
	return st, cons, nil
}

// renew makes the consumer anew behind what the old one had acknowledged. What was
// delivered and not acknowledged then comes again at once, not when ackWait is over: a
// process that died had it in its hands.
func renew(ctx context.Context, st jetstream.Stream) (jetstream.Consumer, error) {
	c := jetstream.ConsumerConfig{
		Durable:       wire.Consumer,
		AckPolicy:     jetstream.AckExplicitPolicy,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: maxAckPending,
	}
	switch old, err := st.Consumer(ctx, wire.Consumer); {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
	case err != nil:
		return nil, err
	default:
		info, err := st.Info(ctx)
		if err != nil {
			return nil, err
		}
		floor := old.CachedInfo().AckFloor.Stream
		if floor > 0 && floor <= info.State.LastSeq { // else the stream lost its end: take all of it
			c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, floor+1
		}
		if err := st.DeleteConsumer(ctx, wire.Consumer); err != nil {
			return nil, err
		}
	}
	return st.CreateConsumer(ctx, c)
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
