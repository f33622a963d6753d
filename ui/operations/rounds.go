package operations

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"garita/border/access"
	"garita/ui/i18n"
)

// rest is the shortest time between two paintings of the same screen.
const rest = 100 * time.Millisecond

// rounds paints the screen for all streams of one language and the same roles together. Whoever asks
// while it is being painted waits for the next painting, which is for all who came meanwhile: five hundred
// operators ask the database no more often than one does, and nobody gets a state older than their question.
type rounds struct {
	paint func(ctx context.Context) ([]byte, error)
	turn  chan struct{} // holds one token while a round is painted and rests
	mu    sync.Mutex    // guards next; a leaf
	next  *round        // not begun yet; nil: nobody waits
}

// round is one painting. Its fields are set before done is closed.
type round struct {
	done chan struct{}
	data []byte
	err  error
}

func newRounds(paint func(ctx context.Context) ([]byte, error)) *rounds {
	return &rounds{paint: paint, turn: make(chan struct{}, 1)}
}

// get returns what was painted after it was called.
func (r *rounds) get(ctx context.Context) ([]byte, error) {
	r.mu.Lock()
	mine := r.next
	first := mine == nil
	if first {
		mine = &round{done: make(chan struct{})}
		r.next = mine
	}
	r.mu.Unlock()
	if first {
		r.run(ctx, mine)
	}
	select {
	case <-mine.done:
		return mine.data, mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run paints a round when it is its turn: the first of those who wait does it for all. A turn is short,
// for a painting has a deadline.
func (r *rounds) run(ctx context.Context, mine *round) {
	defer close(mine.done)
	r.turn <- struct{}{}
	defer time.AfterFunc(rest, func() { <-r.turn })
	r.mu.Lock()
	r.next = nil // who comes from here on may have seen more
	r.mu.Unlock()
	mine.data, mine.err = r.paint(ctx)
}

// screens are the rounds of a screen by language and roles. Both are few.
type screens struct {
	mu  sync.Mutex // guards all; a leaf
	all map[string]*rounds
}

// of returns the rounds of a language and roles.
func (s *screens) of(lang i18n.Lang, roles []access.Role, paint func(ctx context.Context) ([]byte, error)) *rounds {
	words := []string{string(lang)}
	for _, r := range roles {
		words = append(words, string(r))
	}
	slices.Sort(words[1:])
	key := strings.Join(words, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[string]*rounds)
	}
	r, ok := s.all[key]
	if !ok {
		r = newRounds(paint)
		s.all[key] = r
	}
	return r
}
