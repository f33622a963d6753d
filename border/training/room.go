// Package training is where officers practise: a counter's service of its own with a journal, keys, a list and
// invented travellers of its own, in a folder outside the station's data. Nothing of it reaches the station's
// record or the hub. The folder is removed when the last officer has left, after an hour without use, at
// the end of the program, and at the next start if the program had no end.
//
// What is training is decided by the counter's name alone ([border.CounterID.IsTraining]).
package training

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/verdict"
)

const (
	// patience is how long a room stays open without use.
	patience = time.Hour
	// grace is how long it stays open after the last has left: who takes over a counter comes just after that.
	grace = time.Second
	// refreshEvery is how often its screens learn of ages that grow.
	refreshEvery = 2 * time.Second
)

// Config says what a room works with. All but Folder and Log is required.
type Config struct {
	Places   []counter.Place // the station's counters; each has a training counter beside it
	Zone     *time.Location  // of the post
	Post     border.PostID
	Policy   *verdict.Policy
	Form     *form.Form
	Clock    counter.Clock
	Mono     func() time.Duration // monotonic
	Officers func() []counter.Officer
	Attended *Attended
	Folder   string       // where the room's own folder is made, outside the station's data; "": the machine's for temporary files
	Log      *slog.Logger // nil: no log
}

// Room is the training of a station. It is empty until somebody enters. Safe for concurrent use.
type Room struct {
	cfg      Config
	invented map[string]bool // issuing states whose documents are taken

	mu     sync.Mutex // held while a desk is opened
	desk   *Desk      // nil: nobody trains
	closed bool
	used   time.Duration // monotonic, of the last request
}

// New makes a room, and removes what training left behind that ended without an end.
func New(cfg Config) (*Room, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Room{cfg: cfg, invented: inventedFor(cfg.Form)}, sweep(cfg.Folder)
}

// Counters lists the training counters in the order of the station's.
func (r *Room) Counters() []border.CounterID {
	out := make([]border.CounterID, len(r.cfg.Places))
	for i, p := range r.cfg.Places {
		out[i] = p.ID.Training()
	}
	return out
}

// Specimens lists the invented travellers that can be put on a training counter's reader, by their index.
func (r *Room) Specimens() []Specimen { return r.specimens() }

// Enter gives the service of the training counters for one request, and opens it if nobody trains yet. leave
// must be called when the request is done. [border.Unavailable]: it is just being closed.
func (r *Room) Enter(ctx context.Context) (d *Desk, leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := access.From(ctx); p != nil && p.Counter.IsTraining() {
		r.cfg.Attended.here(p.Session)
	}
	if r.closed {
		return nil, nil, over
	}
	if r.desk == nil {
		if r.desk, err = r.open(ctx); err != nil {
			return nil, nil, err
		}
		r.cfg.Log.Info("training: opened")
	}
	r.used = r.cfg.Mono()
	leave, err = r.desk.Stay()
	return r.desk, leave, err
}

var over = &border.Error{Code: border.Unavailable, Op: "train", Message: "The training has ended. Load the page again to begin anew."}

// Run closes the room when the last officer has left it or nobody has used it for an hour, until ctx ends.
// Then it closes it for good.
func (r *Room) Run(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.Close()
		case <-r.cfg.Attended.empty:
			if r.returned(ctx) {
				continue
			}
		case <-tick.C:
			if !r.abandoned() {
				r.refresh()
				continue
			}
		}
		if err := r.end(); err != nil {
			r.cfg.Log.Error("training: it could not be removed in full; the next start removes the rest", "error", err)
		}
	}
}

// returned reports whether somebody trains again soon after the last has left.
func (r *Room) returned(ctx context.Context) bool {
	soon := time.NewTimer(grace)
	defer soon.Stop()
	select {
	case <-ctx.Done():
	case <-soon.C:
	}
	return r.cfg.Attended.any()
}

// abandoned reports whether nobody has used the room for long.
func (r *Room) abandoned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.desk != nil && r.cfg.Mono()-r.used >= patience
}

// refresh tells the open screens of ages that have grown.
func (r *Room) refresh() {
	r.mu.Lock()
	d := r.desk
	r.mu.Unlock()
	if d == nil {
		return
	}
	if leave, err := d.Stay(); err == nil {
		d.Refresh()
		leave()
	}
}

// end closes the desk, if there is one, and removes all that it kept.
func (r *Room) end() error {
	r.mu.Lock()
	d := r.desk
	r.desk = nil
	r.cfg.Attended.forget() // who goes on comes in anew
	r.mu.Unlock()
	if d == nil {
		return nil
	}
	err := d.close()
	r.cfg.Log.Info("training: closed")
	return err
}

// Close ends the training for good.
func (r *Room) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	if err := r.end(); err != nil {
		return errors.Join(&border.Error{Code: border.Internal, Op: "close the training"}, err)
	}
	return nil
}
