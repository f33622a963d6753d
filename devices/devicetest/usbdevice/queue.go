package usbdevice

import (
	"context"
	"sync"
)

// Queue holds what an emulated device has for the host on one endpoint: messages, each
// of which ends a transfer. The zero Queue is empty and ready.
type Queue struct {
	mu   sync.Mutex
	list [][]byte
	more chan struct{} // closed when a message comes
}

// Put adds a message. It keeps a copy.
func (q *Queue) Put(b []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, append([]byte(nil), b...))
	if q.more != nil {
		close(q.more)
		q.more = nil
	}
}

// Clear drops everything.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = nil
}

// Take waits for a message and copies what of it fits into b; the rest comes next.
func (q *Queue) Take(ctx context.Context, b []byte) (int, error) {
	for {
		q.mu.Lock()
		if len(q.list) > 0 && ctx.Err() == nil {
			n := copy(b, q.list[0])
			if q.list[0] = q.list[0][n:]; len(q.list[0]) == 0 {
				q.list = q.list[1:]
			}
			q.mu.Unlock()
			return n, nil
		}
		if q.more == nil {
			q.more = make(chan struct{})
		}
		more := q.more
		q.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
