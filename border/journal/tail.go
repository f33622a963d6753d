package journal

import (
	"slices"
	"sync"

	"garita/border"
)

// maxBlinds bounds how many blind indexes an entry may have.
const maxBlinds = 512

// filed are the blind indexes of the event at a position.
type filed struct {
	pos    int64
	blinds []border.BlindIndex
}

// tail holds in memory the blind indexes that their table has not reached: what is
// recorded is found at once, though no page with a random key was written for it. It
// knows durable events only. When it is full, events are left out of it: all that it does
// not hold and the table has not reached then lies at or after the position left.
type tail struct {
	limit int

	mu      sync.Mutex // guards what follows; a leaf
	waiting map[int64][]border.BlindIndex
	at      map[border.BlindIndex][]int64
	n       int   // blind indexes held
	left    int64 // 0: nothing was left out
}

func newTail(limit int) *tail {
	return &tail{limit: limit, waiting: map[int64][]border.BlindIndex{}, at: map[border.BlindIndex][]int64{}}
}

// add takes what a commit made durable. anew: the table holds all that came before.
func (t *tail) add(durable []filed, anew bool) {
	if len(durable) == 0 && !anew {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if anew {
		clear(t.waiting)
		clear(t.at)
		t.n, t.left = 0, 0
	}
	for _, f := range durable {
		t.take(f)
	}
}

func (t *tail) take(f filed) {
	if t.n+len(f.blinds) > t.limit {
		t.leaveOut(f.pos)
		return
	}
	t.waiting[f.pos] = f.blinds
	for _, b := range f.blinds {
		t.at[b] = append(t.at[b], f.pos)
	}
	t.n += len(f.blinds)
}

func (t *tail) leaveOut(pos int64) {
	if t.left == 0 || pos < t.left {
		t.left = pos
	}
}

// drop forgets the events that the table has now, in the order of their positions. all:
// the table has reached every event there is.
func (t *tail) drop(events []pendingEvent, all bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range events {
		blinds := t.waiting[p.pos]
		for _, b := range blinds {
			if rest := slices.DeleteFunc(t.at[b], func(pos int64) bool { return pos == p.pos }); len(rest) > 0 {
				t.at[b] = rest
			} else {
				delete(t.at, b)
			}
		}
		delete(t.waiting, p.pos)
		t.n -= len(blinds)
	}
	switch {
	case all:
		t.left = 0
	case t.left > 0 && len(events) > 0:
		t.left = max(t.left, events[len(events)-1].pos+1)
	}
}

// find returns where a blind index waits, and from which position on events were left
// out; 0: none.
func (t *tail) find(blind border.BlindIndex) (at []int64, left int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.at[blind]), t.left
}

// of returns the blind indexes of the event at a position. known is false if it was left
// out and must be opened.
func (t *tail) of(pos int64) (blinds []border.BlindIndex, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	blinds, known = t.waiting[pos]
	return blinds, known || t.left == 0 || pos < t.left
}

// size is how many blind indexes wait.
func (t *tail) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// held returns the blind indexes that are known of the event at a position.
func (t *tail) held(pos int64) ([]border.BlindIndex, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	blinds, ok := t.waiting[pos]
	return blinds, ok
}

// replace takes the content of another tail.
func (t *tail) replace(by *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting, t.at, t.n, t.left = by.waiting, by.at, by.n, by.left
}
