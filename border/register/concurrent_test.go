package register

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
)

// Stations, screens, a rebuild and an impatient caller at once: nothing is lost and
// nothing counted twice.
func TestEverythingAtOnce(t *testing.T) {
	w := newWorld(t)
	const stations, crossings = 4, 60
	books := make([]*book, stations)
	for i := range books {
		books[i] = w.book(border.StationID(fmt.Sprintf("PUT-%d", i)), i+1, border.Parent{})
		for k := range crossings {
			books[i].add(enters(fmt.Sprintf("U%d", k%7), k))
		}
	}
	ctx := t.Context()
	fail := make(chan error, 64)
	var wg sync.WaitGroup
	for _, b := range books {
		r, wraps := sent(b.events...), w.wraps(b.station)
		wg.Go(func() {
			for i := 0; i < len(r); i += 9 {
				_, err := w.reg.Store(ctx, r[i:min(i+9, len(r))])
				fail <- err
			}
		})
		wg.Go(func() {
			fail <- w.reg.StoreWraps(ctx, wraps)
			_, err := w.reg.Greet(ctx, border.Hello{Station: b.station})
			fail <- err
		})
	}
	wg.Go(func() { fail <- w.reg.Rebuild(ctx) })
	wg.Go(func() {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.reg.Store(gone, sent(books[0].events...)); err == nil {
			fail <- fmt.Errorf("a caller that had gone was served")
		}
	})
	wg.Go(func() {
		for range 20 {
			_, err := w.reg.Stations(ctx)
			fail <- err
			_, err = w.reg.Counts(ctx)
			fail <- err
			_, err = w.reg.AskDocument(ctx, border.DocumentQuestion{Station: "PUT-0"})
			if border.CodeOf(err) != border.Unavailable { // it may be rebuilding
				fail <- err
			}
		}
	})
	done := make(chan struct{})
	go func() { wg.Wait(); close(fail); close(done) }()
	for err := range fail {
		if err != nil {
			t.Error(err)
		}
	}
	<-done
	if c := w.counts(); c.Crossings != stations*crossings || c.Waiting != 0 || c.ProjectionLag != 0 {
		t.Errorf("%+v", c)
	}
	before := w.dump()
	w.must(w.reg.Rebuild(ctx))
	if d := cmp.Diff(before, w.dump(), sorted); d != "" {
		t.Errorf("a rebuild changes (-before +after):\n%s", d)
	}
}
