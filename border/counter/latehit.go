package counter

import (
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
)

// LateHit is a traveller who was found to be listed after they had passed, at this post or at
// one from which they are expected to leave. It is shown until somebody, anywhere,
// acknowledges it.
type LateHit struct {
	ID       border.ID      `json:"id"`
	Expected bool           `json:"expected"` // they passed elsewhere, and may leave here
	Handling watch.Handling `json:"handling"` // open or refer
	Urgent   bool           `json:"urgent"`
	Since    time.Time      `json:"since"` // when the hub told this station

	Action      string            `json:"action,omitempty"`
	Instruction map[string]string `json:"instruction,omitempty"` // by language
	Entry       string            `json:"entry,omitempty"`       // "source/id", of an open one
	Owner       string            `json:"owner,omitempty"`       // of an open one

	Crossing  border.ID     `json:"crossing"` // that they passed with; zero: the notice does not open here, and nothing else is known
	Post      border.PostID `json:"post"`
	At        time.Time     `json:"at"`
	Direction string        `json:"direction"`

	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	BirthDate      string `json:"birth_date"` // EDTF
	Nationality    string `json:"nationality"`
	DocumentNumber string `json:"document_number"`
	IssuingState   string `json:"issuing_state"`
}

// LateHits keeps what the hub tells of travellers who have passed.
type LateHits interface {
	// Open lists those that nobody has acknowledged, the oldest first; it costs no I/O.
	Open() []LateHit
	// Acknowledge keeps an officer's acknowledgement durably; twice is once. NotFound: it is
	// no longer open here.
	Acknowledge(ctx context.Context, id border.ID, officer string) error
}

// lateHitPatience is how long a late hit is shown to a supervisor alone.
const lateHitPatience = 5 * time.Minute

// lateHits are those that a counter's screen shows: the duty supervisor's counter all of them,
// the others only while no supervisor holds a counter, or none has answered for a while.
func (s *Service) lateHits(holder *Holder) []LateHit {
	out := []LateHit{}
	if s.cfg.LateHits == nil {
		return out
	}
	mine := holder == nil || s.isSupervisor(holder.Badge) || !s.supervised()
	for _, h := range s.cfg.LateHits.Open() {
		if mine || s.cfg.Clock.Now().Sub(h.Since) > lateHitPatience {
			out = append(out, h)
		}
	}
	return out
}

// supervised reports whether a supervisor holds a counter. It takes each place.mu in turn and
// must be called without any.
func (s *Service) supervised() bool {
	return slices.ContainsFunc(s.order, func(c border.CounterID) bool {
		p := s.places[c]
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.holder != nil && s.isSupervisor(p.holder.Badge)
	})
}

// AcknowledgeLateHit notes that the officer has taken a late hit in hand, who is one of those that
// it is shown to: one acknowledgement takes it off all screens. The hub is told when
// it can be reached.
func (s *Service) AcknowledgeLateHit(ctx context.Context, at At, id border.ID) error {
	const op = "acknowledge a late hit"
	if s.cfg.LateHits == nil {
		return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such late hit."}
	}
	err := s.work(ctx, op, at, func(ctx context.Context, _ *place, o Officer) error {
		is := func(h LateHit) bool { return h.ID == id }
		open := s.cfg.LateHits.Open()
		switch i := slices.IndexFunc(open, is); {
		case i < 0: // somebody else was faster
		case open[i].Crossing.IsZero():
			return &border.Error{Code: border.Conflict, Op: op,
				Message: "This station cannot read who it is about. Ask the hub by telephone; who can read it takes it in hand."}
		case !slices.ContainsFunc(s.lateHits(&Holder{Badge: o.Badge}), is):
			return &border.Error{Code: border.Forbidden, Op: op, Message: "The duty supervisor is asked first. Call them to their counter."}
		}
		return s.cfg.LateHits.Acknowledge(ctx, id, s.cfg.Blinder.Officer(o.Badge))
	})
	if err == nil {
		s.Refresh() // all counters showed it
	}
	return err
}
