package follow

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

// ListStatus is what a station knows of its way to a list's newest release.
type ListStatus struct {
	List string `json:"list"`
	// Head is the newest release that the hub has announced; Held the one in force here.
	Head    border.ListPosition `json:"head"`
	Held    border.ListPosition `json:"held"`
	Seen    time.Time           `json:"seen"`    // when the head was looked at last; zero: never
	Refused uint64              `json:"refused"` // releases that the replica refused since the start
	// Carried is why a release was refused on its way, before the replica could judge it:
	// truncated, or unreadable; "" if none was since the last one that came into force.
	Carried   string    `json:"carried,omitempty"`
	CarriedAt time.Time `json:"carried_at,omitzero"`
	Problem   string    `json:"problem,omitempty"` // plain words
}

// Lists tells the state of every list.
func (f *Follower) Lists() []ListStatus {
	out := make([]ListStatus, 0, len(f.lists))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lists {
		out = append(out, l.status)
	}
	return out
}

// Report adds to what the replica says of its lists what was refused on the way to it.
func (f *Follower) Report(held []border.ListReport) []border.ListReport {
	out := slices.Clone(held)
	for _, s := range f.Lists() {
		if s.Carried == "" {
			continue
		}
		at := slices.IndexFunc(out, func(r border.ListReport) bool { return r.Position.List == s.List })
		if at < 0 {
			out = append(out, border.ListReport{Position: border.ListPosition{List: s.List}})
			at = len(out) - 1
		}
		if r := &out[at]; r.Refused == "" || r.RefusedAt.Before(s.CarriedAt) {
			r.Refused, r.RefusedAt = s.Carried, s.CarriedAt
		}
	}
	return out
}

// follower brings one list up to date. It belongs to its goroutine; status is guarded by
// Follower.mu.
type follower struct {
	f      *Follower
	list   string
	woke   chan struct{} // there is a new head
	link   chan struct{} // the connection came or went
	status ListStatus
	life   context.Context // of run; what is done at the station alone outlives a connection
	// refused is the head, by its place in the stream, that led to a release which the
	// replica refuses: nothing is tried again until there is another.
	refused uint64
	older   uint64 // the head, by its place in the stream, that named an older release than ours
}

// carried is a refusal before the replica could judge.
type carried struct {
	why string
	err error
}

func (c carried) Error() string { return c.why + ": " + c.err.Error() }
func (c carried) Unwrap() error { return c.err }

// errRefused ends a pursuit for good, until there is another head.
var errRefused = errors.New("refused")

func (l *follower) note(change func(*ListStatus)) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	change(&l.status)
}

func (l *follower) run(ctx context.Context, nc *nats.Conn) {
	l.life = ctx
	back := link.Backoff{Min: 500 * time.Millisecond, Max: l.f.c.RetryMax}
	for ctx.Err() == nil {
		cctx, cancel, up := l.f.connected(ctx)
		if !up {
			l.note(func(s *ListStatus) { s.Problem = "There is no connection to the hub." })
			select {
			case <-l.link:
				back.Reset()
			case <-ctx.Done():
			}
			continue
		}
		err := l.follow(cctx, &shelf{nc})
		cut := cctx.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			back.Reset()
			if wait(ctx, spread(l.f.c.Check), l.link, l.woke) {
				wait(ctx, rand.N(l.f.c.Jitter+1), l.link, nil) //nolint:gosec // jitter, not a secret
			}
		case cut:
			l.f.c.Log.Info("a list was interrupted", "list", l.list)
		default:
			d := back.Next()
			l.f.c.Log.Warn("a list could not be brought up to date", "list", l.list, "wait", d.String(), "err", err)
			l.note(func(s *ListStatus) { s.Problem = plain(err) })
			wait(ctx, d, l.link, nil)
		}
	}
}

func plain(err error) string {
	if m := border.MessageOf(err); m != "" {
		return m
	}
	return "The list could not be fetched; it is tried again."
}

// follow brings the list to its present head. Nil: nothing is left to do until there is
// another.
func (l *follower) follow(ctx context.Context, s *shelf) error {
	raw, seq, err := s.get(ctx, wire.HeadSubject(l.list), l.f.c.RequestTimeout)
	absent := border.CodeOf(err) == border.NotFound
	if err != nil && !absent {
		return err
	}
	now := l.f.c.Clock.Now()
	l.note(func(s *ListStatus) {
		if s.Seen = now; absent {
			s.Problem = "The hub has not published this list."
		}
	})
	if absent {
		return nil
	}
	if seq == l.refused {
		return nil
	}
	head, err := wire.DecodeHead(raw, l.list)
	if err != nil {
		return l.refuse(seq, carried{"unreadable", err})
	}
	l.note(func(s *ListStatus) { s.Head = head.Position })
	err = l.pursue(ctx, s, head, seq)
	switch {
	case errors.Is(err, errRefused):
		return l.refuse(seq, err)
	case err == nil:
		l.note(func(s *ListStatus) { s.Problem = "" })
	}
	return err
}

// refuse leaves it at that until there is another head; therefore it returns nil.
func (l *follower) refuse(seq uint64, err error) error {
	l.refused = seq
	l.f.c.Log.Error("a release was refused; the last good one stays in force", "list", l.list, "err", err)
	var c carried
	errors.As(err, &c)
	now := l.f.c.Clock.Now()
	l.note(func(s *ListStatus) {
		s.Refused++
		if c.why != "" {
			s.Carried, s.CarriedAt = c.why, now
		}
		s.Problem = "A release was refused; the last good one stays in force."
	})
	return nil
}

// pursue takes one release after another until the head is in force: those that lie between,
// or the latest snapshot where they are not there, too many, or do not fit.
func (l *follower) pursue(ctx context.Context, s *shelf, head wire.Head, seq uint64) error {
	snapshot := head.Snapshot // zero once it was tried
	for steps := 2*l.f.c.Far + 16; steps > 0; steps-- {
		at, err := l.f.c.Lists.Position(ctx, l.list)
		if err != nil {
			return err
		}
		l.note(func(s *ListStatus) { s.Held = at })
		if at == head.Position {
			return nil
		}
		same := at.Version > 0 && at.Epoch == head.Position.Epoch
		if same && at.Version >= head.Position.Version {
			// An old head, or a fork: the replica judges, and raises its alarm. But a broker of
			// several servers may answer with a head that it has just replaced.
			if at.Version > head.Position.Version && l.older != seq {
				l.older = seq
				return nil
			}
			_, err := l.take(ctx, s, head.Position)
			return err
		}
		var ways []border.ListPosition
		next := border.ListPosition{List: l.list, Epoch: at.Epoch, Version: at.Version + 1}
		if at.Version > 0 {
			if !same { // a new epoch may begin here, or further on in this one
				ways = append(ways, border.ListPosition{List: l.list, Epoch: head.Position.Epoch, Version: 1})
			}
			ways = append(ways, next)
		}
		if snapshot.Version > 0 {
			far := same && head.Position.Version-at.Version > l.f.c.Far
			if far || !same && snapshot.Epoch == head.Position.Epoch {
				ways = append([]border.ListPosition{snapshot}, ways...)
			} else {
				ways = append(ways, snapshot)
			}
		}
		took := false
		for _, way := range ways {
			if way == snapshot {
				snapshot = border.ListPosition{}
			}
			if way.Version == head.Position.Version && way.Epoch == head.Position.Epoch {
				way = head.Position // whose hash is known
			}
			if took, err = l.take(ctx, s, way); took || err != nil {
				break
			}
		}
		if err != nil {
			return err
		}
		if !took {
			return &border.Error{Code: border.NotFound, Op: "follow a list", Message: "No way leads to the newest release of the list; it is tried again.",
				Err: errors.New("neither a next release nor a snapshot fits")}
		}
	}
	return &border.Error{Code: border.Internal, Op: "follow a list", Err: errors.New("it does not come to an end")}
}
