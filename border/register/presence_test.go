package register

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/flows"
)

// TestPresence: while a station is silent nobody is certainly here, and it is said since when.
func TestPresence(t *testing.T) {
	w := newWorld(t)
	w.clock.add(40 * 24 * time.Hour)
	b := w.book("PUT-1", 1, border.Parent{})
	in := entered(1)
	in.PermittedUntil = "2026-11-25"
	b.write(in, anna)
	b.write(entered(2), somebody{document: "U2", born: "1980-01-01", sex: "M"})
	w.whole(b)
	w.store(sent(b.events...)...)
	w.hears(b, 0)
	w.present(flows.Presence{Inside: flows.Certainty{Certain: 2}, Overstays: flows.Certainty{Certain: 1}, AsOf: w.clock.Now(), Late: []flows.Late{}})
	heard := w.clock.Now()
	w.clock.add(time.Hour)
	p, err := w.reg.Presence(t.Context())
	w.must(err)
	if p.Inside != (flows.Certainty{Uncertain: 2}) || p.Overstays != (flows.Certainty{Uncertain: 1}) || !p.AsOf.Equal(heard) || p.StaleS != 3600 ||
		len(p.Late) != 1 || p.Late[0].Post != "PUT" {
		t.Errorf("a station is silent: %+v", p)
	}
	b.write(left(3), anna.with("Z9")) // somebody of Anna's birth date left, on a document that never entered
	w.store(sent(b.events[3:]...)...)
	w.hears(b, 0)
	w.present(flows.Presence{Inside: flows.Certainty{Certain: 1, Uncertain: 1}, Overstays: flows.Certainty{Uncertain: 1}, AsOf: w.clock.Now(), Late: []flows.Late{}})
}

// present waits until doubts are counted of the stays as they are.
func (w *world) present(want flows.Presence) {
	w.t.Helper()
	for end := time.After(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, err := w.reg.Presence(w.t.Context())
		w.must(err)
		d := cmp.Diff(want, got)
		if d == "" {
			return
		}
		select {
		case <-end:
			w.t.Fatalf("(-want +got)\n%s", d)
		default:
		}
	}
}

// slowDoubts counts doubts when it is let.
type slowDoubts struct {
	store
	let     chan struct{}
	running atomic.Int32
	most    atomic.Int32 // that ran at once
}

func (s *slowDoubts) read(ctx context.Context, fn func(reader) error) error {
	return s.store.read(ctx, func(r reader) error { return fn(slowReader{r, s}) })
}

type slowReader struct {
	reader
	slow *slowDoubts
}

func (r slowReader) doubted(ctx context.Context, on string) (inside, overstays int64, err error) {
	r.slow.most.Store(max(r.slow.most.Load(), r.slow.running.Add(1)))
	defer r.slow.running.Add(-1)
	select {
	case <-r.slow.let:
		return r.reader.doubted(ctx, on)
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
}

// TestDoubtsKeepNobodyWaiting: while doubts are counted for the first time, or anew after a rebuild, answers say so at
// once, and whoever asks for something else finds a reader.
func TestDoubtsKeepNobodyWaiting(t *testing.T) {
	w := newWorld(t)
	w.clock.add(40 * 24 * time.Hour)
	b := w.book("PUT-1", 1, border.Parent{})
	b.write(entered(1), anna)
	w.whole(b)
	w.store(sent(b.events...)...)
	w.hears(b, 0)
	slow := &slowDoubts{store: w.reg.store, let: make(chan struct{})}
	w.reg.store = slow
	counting := flows.Presence{Inside: flows.Certainty{Uncertain: 1}, AsOf: w.clock.Now(), Late: []flows.Late{}, Counting: true}
	askAll := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				got, err := w.reg.Presence(ctx)
				if d := cmp.Diff(counting, got); d != "" || err != nil {
					t.Errorf("%s: %v (-want +got)\n%s", what, err, d)
				}
				if _, err := w.reg.Counts(ctx); err != nil {
					t.Errorf("%s: nothing else is answered: %v", what, err)
				}
			})
		}
		wg.Wait()
	}
	askAll("the first count")
	w.must(w.reg.Rebuild(t.Context())) // what is counted meanwhile is of other stays
	slow.let <- struct{}{}
	askAll("after a rebuild")
	close(slow.let)
	w.present(flows.Presence{Inside: flows.Certainty{Certain: 1}, AsOf: w.clock.Now(), Late: []flows.Late{}})
	if slow.most.Load() != 1 {
		t.Errorf("%d counts at once", slow.most.Load())
	}
	slow.let = make(chan struct{})
	b.write(entered(2), somebody{document: "U2", born: "1980-01-01", sex: "M"})
	w.store(sent(b.events[len(b.events)-1])...)
	w.hears(b, 0)
	if got, err := w.reg.Presence(t.Context()); err != nil || got.Counting { // the last count stands, and closing ends the new one
		t.Errorf("%+v %v", got, err)
	}
}
