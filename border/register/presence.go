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
	err = r.read(ctx, "count who is here", func(s reader) error {
		var err error
		if out.Inside, out.Overstays, err = s.open(ctx, on); err != nil {
			return err
		}
		inside, overstays, err := r.doubts.of(ctx, r, s, on)
		if err != nil {
			return err
		}
		for _, c := range [...]struct {
			in      *flows.Certainty
			doubted int64
		}{{&out.Inside, inside}, {&out.Overstays, overstays}} {
			n := min(c.doubted, c.in.Certain)
			c.in.Certain, c.in.Uncertain = c.in.Certain-n, c.in.Uncertain+n
		}
		if out.Late, err = s.lateStations(ctx, now); err != nil {
			return err
		}
		out.StaleS, _, err = r.staleness(ctx, s)
		return err
	})
	out.AsOf = now
	if len(out.Late) == 0 {
		out.Late = []flows.Late{}
		return out, err
	}
	out.AsOf = out.Late[0].Complete
	for _, c := range [...]*flows.Certainty{&out.Inside, &out.Overstays} {
		c.Certain, c.Uncertain = 0, c.Certain+c.Uncertain
	}
	return out, err
}

// restFactor bounds the share of time that counting doubts takes: after each count at least so many
// times as long passes until the next.
const restFactor = 20

// quick is how long a count may have taken that the next answer still waits for one of its own.
const quick = 50 * time.Millisecond

// doubtTimeout bounds a count beside the answers.
const doubtTimeout = 5 * time.Minute

// doubtCount keeps how many open stays other documents put in doubt. To count them takes seconds in a
// large country, and it changes with every crossing a little: answers then have the last count, while
// one goroutine of the register's makes the next.
type doubtCount struct {
	mu                sync.Mutex // guards all; held while an answer counts for itself
	on                string
	cursor            int64 // of the projections then
	began, ended      time.Time
	inside, overstays int64

	end     context.CancelFunc // ends the count beside the answers; nil: none is made
	done    chan struct{}      // closed when that one has ended
	stopped bool               // the register closes
}

// forget makes the next one count: the stays have been made anew.
func (d *doubtCount) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on = ""
}

// stop ends the count beside the answers, and waits for it.
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

// of gives the count as of a day: the one that was made last if nothing has changed since, if it is
// too early for another, or while a long one is being made.
func (d *doubtCount) of(ctx context.Context, r *Register, s reader, on string) (inside, overstays int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cursor, err := s.projected(ctx)
	if err != nil {
		return 0, 0, err
	}
	now := r.clock.Now()
	rest := restFactor * d.ended.Sub(d.began)
	if d.on == on && (d.cursor == cursor || now.Sub(d.ended) < rest && !now.Before(d.ended)) {
		return d.inside, d.overstays, nil
	}
	if d.on != "" && d.ended.Sub(d.began) > quick {
		d.beside(r, on)
		return d.inside, d.overstays, nil
	}
	inside, overstays, err = s.doubted(ctx, on)
	if err == nil {
		d.on, d.cursor, d.began, d.ended, d.inside, d.overstays = on, cursor, now, r.clock.Now(), inside, overstays
	}
	return inside, overstays, err
}

// beside counts in a goroutine of its own, one at a time. It is called with the lock held.
func (d *doubtCount) beside(r *Register, on string) {
	if d.end != nil || d.stopped {
		return
	}
	ctx, end := context.WithTimeout(context.Background(), doubtTimeout)
	d.end, d.done = end, make(chan struct{})
	go func() {
		defer close(d.done)
		defer end()
		began := r.clock.Now()
		var cursor, inside, overstays int64
		err := r.read(ctx, "count doubts", func(s reader) (err error) {
			if cursor, err = s.projected(ctx); err != nil {
				return err
			}
			inside, overstays, err = s.doubted(ctx, on)
			return err
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		d.end = nil
		if err != nil {
			r.log.Warn("register: doubts could not be counted; the last count stands", "error", err)
			d.began, d.ended = began, r.clock.Now() // no sooner again than after one that succeeds
			return
		}
		if d.on != "" { // else the stays have been made anew meanwhile
			d.on, d.cursor, d.began, d.ended, d.inside, d.overstays = on, cursor, began, r.clock.Now(), inside, overstays
		}
	}()
}
