package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// truth is what the station has acknowledged, by crossing.
type truth struct {
	mu       sync.Mutex // guards all below
	recorded map[border.ID]border.CounterID
	keys     map[border.ID]border.Key
	replayed int // acknowledged as recorded before
	broken   int // requests that were cut or answered with an error of the station's
	took     []time.Duration
	storage  []string // kinds of 5xx problems seen, in order, without repetition
}

func newTruth() *truth {
	return &truth{recorded: make(map[border.ID]border.CounterID), keys: make(map[border.ID]border.Key)}
}

func (u *truth) len() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.recorded)
}

func (u *truth) hurt(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.broken++
	var answer *status
	if errors.As(err, &answer) && !slices.Contains(u.storage, answer.kind) {
		u.storage = append(u.storage, answer.kind)
	}
}

// desk is a counter with an inspector who works through the HTTP interface and trusts
// only what was acknowledged: whatever happens to the station, each traveller's decision
// is tried again until it is certain how it ended.
type desk struct {
	t     *testing.T
	api   *client
	name  string
	truth *truth
	next  func() Specimen
	// pace is the least time between two travellers.
	pace time.Duration
	// before is called before each decision is sent, unless nil.
	before func(border.ID)
}

// line hands specimens out, one at a time.
func line(seed uint64) func() Specimen {
	var mu sync.Mutex
	var left []Specimen
	return func() Specimen {
		mu.Lock()
		defer mu.Unlock()
		if len(left) == 0 {
			seed += 1000
			left = Queue(2000, seed, time.Now())
		}
		s := left[0]
		left = left[1:]
		return s
	}
}

// work serves travellers until enough says so; the one at the counter is finished first.
func (k *desk) work(enough func() bool) {
	for !enough() && !k.t.Failed() {
		start := time.Now()
		k.serve(k.next())
		if rest := k.pace - time.Since(start); rest > 0 {
			time.Sleep(rest)
		}
	}
}

// serve brings one traveller from the scan to an acknowledged record.
func (k *desk) serve(s Specimen) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var open *counter.EncounterView // what a decision was sent for
	for {
		v, err := k.api.view(ctx, k.name)
		switch {
		case ctx.Err() != nil:
			k.t.Errorf("counter %s: a traveller was not served in %v; last: %v", k.name, patience, err)
			return
		case err != nil:
			k.truth.hurt(err)
			time.Sleep(20 * time.Millisecond)
		case v.Encounter != nil:
			if v.Encounter.Document.Surname != s.surname {
				k.t.Errorf("counter %s shows somebody who never stood there", k.name)
				return
			}
			open = v.Encounter
			if k.decide(ctx, open, &s) == ended {
				return
			}
		case len(v.Queue) > 0:
			if err := k.api.callUp(ctx, k.name); err != nil {
				k.truth.hurt(err)
			}
		case open != nil:
			// Decided, not known to be recorded, and not open any more: the same decision
			// again must be answered, with the record. Only an encounter whose draft was
			// not on the disk, as the screen said, may be gone.
			switch k.decide(ctx, open, &s) {
			case ended:
				return
			case gone:
				if open.Durable {
					k.t.Errorf("counter %s: an encounter that was on the disk is gone: neither open, waiting nor recorded", k.name)
					return
				}
				open = nil
			}
		default:
			err := k.api.call(ctx, http.MethodPost, "/api/v1/counters/"+k.name+"/scans",
				map[string]any{"lines": s.Lines, "source": "wedge"}, nil)
			if err != nil {
				k.truth.hurt(err)
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
}

// What became of a decision.
const (
	unclear = iota // try again
	ended          // acknowledged, or the test has failed
	gone           // the station does not know the encounter
)

// decide sends a decision.
func (k *desk) decide(ctx context.Context, e *counter.EncounterView, s *Specimen) int {
	d := admission(e, s)
	if e.ID[15]%8 == 0 || hit(e) { // the same choice at every try, and one that takes no second person
		d.Outcome, d.Values, d.Second = border.Withdrawn, nil, ""
	}
	if k.before != nil {
		k.before(e.ID)
	}
	start := time.Now()
	r, err := k.api.decide(ctx, k.name, d)
	took := time.Since(start)
	var answer *status
	switch {
	case err == nil:
		k.truth.mu.Lock()
		defer k.truth.mu.Unlock()
		if _, twice := k.truth.recorded[e.ID]; twice || r.Crossing != e.ID {
			k.t.Errorf("counter %s: an encounter ended twice, or another one was acknowledged", k.name)
		}
		k.truth.recorded[e.ID], k.truth.keys[e.ID] = border.CounterID(k.name), r.Key
		k.truth.took = append(k.truth.took, took)
		if r.Replayed {
			k.truth.replayed++
		}
		return ended
	case errors.As(err, &answer) && answer.code == http.StatusConflict:
		// The screen has moved on: the encounter waits in the queue, or its verdict changed.
		if !k.known(ctx, e.ID) {
			return gone
		}
		return unclear
	case errors.As(err, &answer) && answer.code < 500:
		k.t.Errorf("counter %s: a decision was refused: %v", k.name, err)
		return ended
	}
	k.truth.hurt(err)
	time.Sleep(20 * time.Millisecond)
	return unclear
}

// known reports whether the station still knows an encounter, if it can be asked.
func (k *desk) known(ctx context.Context, id border.ID) bool {
	v, err := k.api.view(ctx, k.name)
	if err != nil {
		return true
	}
	if v.Encounter != nil && v.Encounter.ID == id || slices.ContainsFunc(v.Queue, func(q counter.QueueItem) bool { return q.ID == id }) {
		return true
	}
	err = k.api.call(ctx, http.MethodGet, "/api/v1/records/"+id.String(), nil, nil)
	var answer *status
	return !errors.As(err, &answer) || answer.code != http.StatusNotFound
}

// desks opens n counters' desks on one truth.
func (s *site) desks(n int, seed uint64) (*truth, []*desk) {
	u, next := newTruth(), line(seed)
	out := make([]*desk, n)
	for i := range out {
		out[i] = &desk{t: s.t, api: s.d.browsers[i], name: counterName(i), truth: u, next: next}
	}
	return u, out
}

// load keeps all desks at work until the returned function is called; it waits for the
// travellers at the counters.
func load(desks []*desk) (finish func()) {
	stop := make(chan struct{})
	enough := func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	var group sync.WaitGroup
	for _, k := range desks {
		group.Go(func() { k.work(enough) })
	}
	return sync.OnceFunc(func() { close(stop); group.Wait() })
}

// serveN serves n travellers, shared between the desks.
func serveN(desks []*desk, n int) {
	var mu sync.Mutex
	left := n
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		left--
		return left < 0
	}
	var group sync.WaitGroup
	for _, k := range desks {
		group.Go(func() { k.work(enough) })
	}
	group.Wait()
}

// show prints quantiles of a series.
func show(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	d = slices.Clone(d)
	q := quantiles(d)
	return fmt.Sprintf("n %d, p50 %.1f ms, p99 %.1f ms, max %.1f ms", len(d), q.P50, q.P99, float64(d[len(d)-1].Microseconds())/1000)
}
