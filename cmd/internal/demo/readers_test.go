package demo

import (
	"context"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/devices/devicetest"
)

func TestTwoReadersTwoCounters(t *testing.T) { twoReaders(t, 200) }

func TestSoakTwoReadersTwoCounters(t *testing.T) {
	soak(t)
	twoReaders(t, 1000)
}

// twoReaders presents documents on two terminals at once, without waiting for one before
// the next, and looks at every screen and every record for one that is at the wrong counter.
func twoReaders(t *testing.T, scans int) {
	_, seed := random(t)
	s := openSite(t, 2, seed)
	people := Queue(scans, seed, time.Now())
	truth := make(map[border.ID]border.CounterID)
	var mu sync.Mutex // guards truth
	var group sync.WaitGroup
	for i := range 2 {
		k := &crowd{t: t, api: s.d.browsers[i], name: counterName(i), own: map[string]Specimen{}, other: map[string]bool{},
			room: make(chan struct{}, 20), recorded: func(id border.ID) {
				mu.Lock()
				defer mu.Unlock()
				truth[id] = border.CounterID(counterName(i))
			}}
		var queue []Specimen
		for n, p := range people {
			if n%2 == i {
				queue = append(queue, p)
				k.own[p.surname] = p
			} else {
				k.other[p.surname] = true
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		group.Go(func() { k.present(ctx, s.d.readers[i], queue) })
		group.Go(func() { k.inspect(ctx) })
	}
	group.Wait()
	s.whole(truth)
	if len(truth) != scans {
		t.Errorf("%d of %d documents were recorded", len(truth), scans)
	}
}

// crowd is one counter with travellers who do not wait for one another.
type crowd struct {
	t        *testing.T
	api      *client
	name     string
	own      map[string]Specimen // by surname
	other    map[string]bool     // surnames
	room     chan struct{}       // one for each document that waits, well below the queue's limit
	recorded func(border.ID)
}

func (k *crowd) present(ctx context.Context, r *devicetest.Reader, queue []Specimen) {
	for _, p := range queue {
		select {
		case k.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if _, err := r.Present(p.Lines); err != nil {
			k.t.Error(err)
			return
		}
	}
}

// inspect decides until every own document is recorded.
func (k *crowd) inspect(ctx context.Context) {
	for left := len(k.own); left > 0; {
		v, err := k.api.view(ctx, k.name)
		if err != nil {
			k.t.Errorf("counter %s: %d documents are not recorded: %v", k.name, left, err)
			return
		}
		if !k.look(v.View) {
			return
		}
		switch e := v.Encounter; {
		case e != nil:
			one := k.own[e.Document.Surname]
			d := admission(e, &one)
			if e.Verdict.Level == verdict.Refer && e.Refusable {
				d = refusal(e)
			}
			_, err = k.api.decide(ctx, k.name, d)
			if err == nil {
				k.recorded(e.ID)
				left--
				<-k.room
			}
		case len(v.Queue) > 0:
			err = k.api.callUp(ctx, k.name)
		}
		if s, ok := err.(*status); ok && s.code >= 500 {
			k.t.Errorf("counter %s: %v", k.name, err)
		}
	}
}

// look reports false when somebody is on the screen who never stood at this counter.
func (k *crowd) look(v counter.View) bool {
	names := make([]string, 0, len(v.Queue)+2)
	if v.Encounter != nil {
		names = append(names, v.Encounter.Document.Surname)
	}
	if v.Last != nil {
		names = append(names, v.Last.Surname)
	}
	for _, q := range v.Queue {
		names = append(names, q.Surname)
	}
	for _, n := range names {
		if k.other[n] || k.own[n].surname == "" {
			k.t.Errorf("counter %s shows a document of the other reader: %v, or of none", k.name, k.other[n])
			return false
		}
	}
	return true
}
