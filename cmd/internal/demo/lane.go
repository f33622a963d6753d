package demo

import (
	"context"
	"errors"
	"sync"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/devices/devicetest"
)

// traveller is one document on its way. done is closed when its crossing is recorded;
// lane.mu guards the rest until then.
type traveller struct {
	Specimen
	lastByte time.Time
	seenAt   time.Time
	took     time.Duration
	level    verdict.Level
	crossing border.ID
	done     chan struct{}
}

// lane is one counter with its reader, its queue of travellers and its inspector.
type lane struct {
	api    *client
	name   string
	reader *devicetest.Reader
	turn   []*traveller

	mu     sync.Mutex // guards the travellers' fields
	byName map[string]*traveller
	latest chan counter.View // capacity 1: the newest view
}

func newLane(api *client, name string, reader *devicetest.Reader) *lane {
	return &lane{api: api, name: name, reader: reader, byName: make(map[string]*traveller), latest: make(chan counter.View, 1)}
}

// run presents every traveller and decides until all are recorded or ctx ends.
func (l *lane) run(ctx context.Context, rate float64) {
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	for _, t := range l.turn {
		l.byName[t.surname] = t
	}
	parts.Go(func() { l.api.watch(ctx, l.name, l.see) })
	parts.Go(func() { l.inspect(ctx) })
	start := time.Now()
	for i, t := range l.turn {
		if rate > 0 {
			pause(ctx, time.Until(start.Add(time.Duration(float64(i)/rate*float64(time.Second)))))
		}
		l.present(ctx, t)
		if rate == 0 && !l.recorded(ctx, t) {
			return
		}
	}
	for _, t := range l.turn {
		if !l.recorded(ctx, t) {
			return
		}
	}
}

// again is how long a document that no screen shows lies on the reader before the
// traveller is asked to put it there again: the station may have been down.
const again = 3 * time.Second

func (l *lane) present(ctx context.Context, t *traveller) {
	at, err := l.reader.Present(t.Lines)
	for err != nil && ctx.Err() == nil {
		pause(ctx, 50*time.Millisecond)
		at, err = l.reader.Present(t.Lines)
	}
	l.mu.Lock()
	t.lastByte = at
	l.mu.Unlock()
}

// recorded waits until a traveller is recorded, presenting again what was never seen.
func (l *lane) recorded(ctx context.Context, t *traveller) bool {
	timer := time.NewTicker(again)
	defer timer.Stop()
	for {
		select {
		case <-t.done:
			return true
		case <-ctx.Done():
			return false
		case <-timer.C:
			l.mu.Lock()
			unseen := t.seenAt.IsZero()
			l.mu.Unlock()
			if unseen {
				l.present(ctx, t)
			}
		}
	}
}

// see notes when each traveller was first on the screen.
func (l *lane) see(s seen) {
	l.mu.Lock()
	if e := s.view.Encounter; e != nil {
		l.note(e.Document.Surname, s.at)
	}
	for _, q := range s.view.Queue {
		l.note(q.Surname, s.at)
	}
	l.mu.Unlock()
	select {
	case <-l.latest: // an older view is of no use any more
	default:
	}
	l.latest <- s.view
}

func (l *lane) note(surname string, at time.Time) {
	if t := l.byName[surname]; t != nil && t.seenAt.IsZero() {
		t.seenAt = at
	}
}

// The badges of the automatic inspector and of the supervisor who agrees to refusals.
const (
	officer    = "1001"
	supervisor = "2001"
)

// admission admits a traveller, or lets one depart, after what the record lacks was asked; who is
// listed, with a supervisor.
func admission(e *counter.EncounterView, s *Specimen) counter.Decision {
	d := counter.Decision{Encounter: e.ID, Revision: e.Verdict.Revision, Outcome: border.Admitted, Officer: officer, Values: s.Missing(e)}
	if e.Direction == border.Exit {
		d.Outcome = border.Departed
	}
	if hit(e) {
		d.Second = supervisor
	}
	return d
}

// refusal refuses entry with a supervisor.
func refusal(e *counter.EncounterView) counter.Decision {
	return counter.Decision{Encounter: e.ID, Revision: e.Verdict.Revision, Outcome: border.Refused, Ground: "other", Officer: officer, Agreement: counter.Agreement{Second: supervisor}}
}

// inspect acts on each view as an inspector would.
func (l *lane) inspect(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-l.latest:
			switch {
			case v.Encounter != nil:
				l.decide(ctx, v.Encounter)
			case len(v.Queue) > 0:
				_ = l.api.callUp(ctx, l.name) // the next view says what came of it
			}
		}
	}
}

// decide admits, or refuses what the verdict says to refer unless it is an own national. It tries again until it knows
// how the station took it: a retry is never recorded twice.
func (l *lane) decide(ctx context.Context, e *counter.EncounterView) {
	l.mu.Lock()
	t := l.byName[e.Document.Surname]
	known := t == nil || !t.crossing.IsZero()
	l.mu.Unlock()
	if known {
		return
	}
	d := admission(e, &t.Specimen)
	if e.Verdict.Level == verdict.Refer && e.Refusable {
		d = refusal(e)
	}
	for ctx.Err() == nil {
		start := time.Now()
		_, err := l.api.decide(ctx, l.name, d)
		took := time.Since(start)
		var answer *status
		switch {
		case err == nil:
			l.mu.Lock()
			t.crossing, t.took, t.level = e.ID, took, e.Verdict.Level
			l.mu.Unlock()
			close(t.done)
			return
		case errors.As(err, &answer) && answer.code < 500:
			return // the screen has moved on: the next view says how
		}
		pause(ctx, 50*time.Millisecond)
	}
}
