package intake

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

const (
	batchMost  = 2000    // messages in one call of the sink: the register changes each page once for all of them
	batchBytes = 4 << 20 // their event bytes
	tick       = 250 * time.Millisecond
	purgeAfter = 4000 // messages acknowledged, or a tick
	ackTimeout = 5 * time.Second
)

// drain takes messages off the stream until ctx ends, the stream is lost, or the
// connection is down: behind the next connection there may be another stream.
func (in *Intake) drain(ctx context.Context, down <-chan struct{}) error {
	stream, cons, err := in.ensure(ctx)
	if err != nil {
		return err
	}
	// Byte-bounded rather than counted: 4000 events of the largest size are 1 GiB.
	it, err := cons.Messages(jetstream.PullMaxBytes(pullBytes), jetstream.PullExpiry(20*time.Second),
		jetstream.PullHeartbeat(5*time.Second), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "read the stream", Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	box := newInbox()
	lost := make(chan error, 1)
	done := make(chan struct{})
	go func() { // ends when the iterator is stopped or ctx ends, below
		defer close(done)
		for {
			m, err := it.Next(jetstream.NextContext(ctx))
			if err == nil {
				err = box.put(ctx, m)
			}
			if err != nil {
				lost <- err
				return
			}
		}
	}()
	defer func() {
		cancel()
		it.Stop()
		<-done
	}()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	acked := 0
	for {
		select {
		case <-box.ready:
			batch := box.take()
			if len(batch) == 0 {
				continue
			}
			if err := in.take(ctx, batch); err != nil {
				return err
			}
			acked += len(batch)
			if acked >= purgeAfter {
				in.purge(ctx, stream, cons)
				acked = 0
			}
		case <-ticker.C:
			in.askForGaps()
			if acked > 0 {
				in.purge(ctx, stream, cons)
				acked = 0
			}
		case <-down:
			return &border.Error{Code: border.Unavailable, Op: "read the stream", Err: errors.New("the connection to the broker was lost")}
		case err := <-lost:
			return &border.Error{Code: border.Unavailable, Op: "read the stream", Err: err}
		}
	}
}

// take stores one batch, trying again until the register has it, and only then
// acknowledges it. The order of the stream is kept: nothing behind a batch is stored
// before it.
func (in *Intake) take(ctx context.Context, batch []jetstream.Msg) error {
	received := make([]border.Received, len(batch))
	for i, m := range batch {
		env := wire.ReadEnvelope(m.Subject(), m.Headers())
		if env.Problem != "" {
			in.alarm(env.Station, env.Problem)
		}
		received[i] = border.Received{Claimed: env.Claimed, Event: m.Data(), Head: env.Head, Signature: env.Signature, At: in.c.Clock.Now()}
	}
	wait := link.Backoff{Min: 100 * time.Millisecond, Max: 10 * time.Second}
	for {
		sctx, cancel := context.WithTimeout(ctx, in.c.StoreTimeout)
		holdings, err := in.c.Sink.Store(sctx, received)
		cancel()
		if err == nil {
			in.acknowledge(ctx, batch)
			in.tell(holdings)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		in.c.Log.Error("the register cannot store; trying again", "messages", len(batch), "err", err)
		sleep(ctx, wait.Next())
		for _, m := range batch {
			_ = m.InProgress() // else they would be delivered twice; harmless
		}
	}
}

// acknowledge waits until the broker has heard of the whole batch: it handles one
// connection's messages in order, so the answer to the last one covers them all. An
// acknowledgement that is lost costs a second delivery, which the register recognises.
func (in *Intake) acknowledge(ctx context.Context, batch []jetstream.Msg) {
	for _, m := range batch[:len(batch)-1] {
		if err := m.Ack(); err != nil {
			in.c.Log.Debug("not acknowledged", "err", err)
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	if err := batch[len(batch)-1].DoubleAck(ctx); err != nil {
		in.c.Log.Debug("not acknowledged", "err", err)
	}
}

// purge removes what is stored and acknowledged without a gap from the stream.
func (in *Intake) purge(ctx context.Context, stream jetstream.Stream, cons jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	info, err := cons.Info(ctx)
	if err == nil && info.AckFloor.Stream > 0 {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(info.AckFloor.Stream+1))
	}
	if err != nil && ctx.Err() == nil { // the next one makes up for it
		in.c.Log.Warn("the stream was not purged", "err", err)
	}
}
