package intake

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// inbox stands between the reader of the stream and the register: while one batch is
// being stored the next one grows, up to a number and a size.
type inbox struct {
	ready chan struct{} // there is something to take
	room  chan struct{} // there is room again

	mu   sync.Mutex // guards msgs and size
	msgs []jetstream.Msg
	size int
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put adds a message. It waits while the inbox is full and fails when ctx ends. It has
// one caller at a time.
func (b *inbox) put(ctx context.Context, m jetstream.Msg) error {
	for {
		b.mu.Lock()
		if len(b.msgs) < batchMost && b.size < batchBytes {
			b.msgs = append(b.msgs, m)
			b.size += len(m.Data())
			b.mu.Unlock()
			signal(b.ready)
			return nil
		}
		b.mu.Unlock()
		select {
		case <-b.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take empties the inbox: what is queued now, and never a wait for more. Nil if nothing is.
func (b *inbox) take() []jetstream.Msg {
	b.mu.Lock()
	defer b.mu.Unlock()
	msgs := b.msgs
	b.msgs, b.size = nil, 0
	signal(b.room)
	return msgs
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
