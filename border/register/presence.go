package register

import (
	"context"
	"sync"
	"time"

	"garita/border/flows"
)

// Presence counts who is inside and who has overstayed, with the age of that truth. Stations whose
// data lack may hold the exit of anybody: while there are any, nobody is counted as certain.
func (r *Register) Presence(ctx context.Context) (out flows.Presence, err error) {
	now := r.clock.Now()
	on := now.Add(-12 * time.Hour).UTC().Format(time.DateOnly) // over at every post
	var cursor int64
	err = r.read(ctx, "count who is here", func(s reader) error {
		var err error
		if out.Inside, out.Overstays, err = s.open(ctx, on); err != nil {
			return err
		}
		if cursor, err = s.projected(ctx); err != nil {
			return err
		}
		if out.Late, err = s.lateStations(ctx, now); err != nil {
			return err
		}
		out.StaleS, _, err = r.staleness(ctx, s)
		return err
	})
	if err != nil {
		return out, err
	}
	doubted, counted := r.doubts.of(ctx, r, cursor, on)
	out.Counting = !counted
	if out.AsOf = now; len(out.Late) > 0 {
		out.AsOf = out.Late[0].Complete
	} else {
		out.Late = []flows.Late{}
	}
	for _, c := range [...]struct {
		in      *flows.Certainty
		doubted int64
	}{{&out.Inside, doubted.inside}, {&out.Overstays, doubted.overstays}} {
		n := min(c.doubted, c.in.Certain)
		if len(out.Late) > 0 || !counted {
			n = c.in.Certain
		}
		c.in.Certain, c.in.Uncertain = c.in.Certain-n, c.in.Uncertain+n
	}
	return out, nil
}

// restFactor bounds the share of time that counting doubts takes: after each count at least so many
// times as long passes until the next.
const restFactor = 20

// quick is how long an answer waits for the count that it asked for.
const quick = 50 * time.Millisecond

// doubtTimeout bounds a count.
const doubtTimeout = 5 * time.Minute

// doubtCount keeps how many open stays other documents put in doubt. To count them takes seconds in a
// large country, and it changes with every crossing a little: one goroutine of the register's counts, and
// answers have the last count. Nobody waits for it with a reading transaction in hand.
type doubtCount struct {
	mu           sync.Mutex // guards all; a leaf
	last         doubted
	counted      bool // last is of the stays as they are, and not of those before they were made anew
	on           string
	cursor       int64 // of the projections then
	began, ended time.Time

	era     int                // counts how often the stays were made anew
	end     context.CancelFunc // ends the count under way; nil: none is
	done    chan struct{}      // closed when that one has ended
	stopped bool               // the register closes
}

// doubted is how many stays that their own document makes certain are in doubt.
type doubted struct{ inside, overstays int64 }

// forget says that the stays have been made anew: a count of those before is none.
func (d *doubtCount) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.era++
	d.counted, d.began, d.ended = false, time.Time{}, time.Time{}
}

// stop ends the count under way, and waits for it.
func (d *doubtCount) stop() {
	d.mu.Lock()
	d.stopped = true
	end, done := d.end, d.done
	d.mu.Unlock()
	if end != nil {
		end()
		<-done
	}
}

// of gives the last count, false if there is none yet. Where that is of another day or of other crossings another one
// is begun, unless it is too early, and waited for a moment if counting is quick.
func (d *doubtCount) of(ctx context.Context, r *Register, cursor int64, on string) (doubted, bool) {
	if done := d.ask(r, cursor, on); done != nil {
		ctx, cancel := context.WithTimeout(ctx, quick)
		defer cancel()
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last, d.counted
}

// ask begins a count if there should be one, and says what to wait for; nil: nothing.
func (d *doubtCount) ask(r *Register, cursor int64, on string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, took := r.clock.Now(), d.ended.Sub(d.began)
	fresh := d.counted && d.on == on && d.cursor == cursor
	early := at.Sub(d.ended) < restFactor*took && !at.Before(d.ended)
	if d.end == nil && !fresh && !early && !d.stopped {
		d.begin(r, on)
	}
	if fresh || d.end == nil || d.counted && took > quick {
		return nil
	}
	return d.done
}

// begin counts in a goroutine of its own. It is called with the lock held.
func (d *doubtCount) begin(r *Register, on string) {
	ctx, end := context.WithTimeout(context.Background(), doubtTimeout)
	done, era, began := make(chan struct{}), d.era, r.clock.Now()
	d.end, d.done = end, done
	go func() {
		defer close(done)
		defer end()
		var cursor int64
		var n doubted
		err := r.read(ctx, "count doubts", func(s reader) (err error) {
			if cursor, err = s.projected(ctx); err != nil {
				return err
			}
			n.inside, n.overstays, err = s.doubted(ctx, on)
			return err
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		d.end = nil
		if d.era != era {
			return
		}
		d.began, d.ended = began, r.clock.Now() // after one that fails no sooner again than after one that succeeds
		if err != nil {
			r.log.Warn("register: doubts could not be counted; the last count stands", "error", err)
			return
		}
		d.last, d.counted, d.on, d.cursor = n, true, on, cursor
	}()
}
