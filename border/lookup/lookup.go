// Package lookup asks other people's services about travellers: whether a document was
// reported stolen or lost, whether a person is wanted, whether a notice names them. It is a
// client only, of shapes that are described in public; nobody has certified it.
//
// An outcome is clear, hit, or not_checked with a reason; never a guess. What did not answer
// in full was not checked.
package lookup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"garita/border"
)

// The outcomes, as border/verdict names them.
const (
	Clear      = "clear"
	Hit        = "hit"
	NotChecked = "not_checked"
)

// The reasons of not_checked. Append-only.
const (
	Timeout     = "timeout"     // no whole answer in time
	Refused     = "refused"     // the service does not answer us: rights, certificate, purpose
	Malformed   = "malformed"   // the answer cannot be read
	Unavailable = "unavailable" // no connection, or a fault of the service
	Limited     = "limited"     // more questions than agreed
	Incomplete  = "incomplete"  // not all of the answer could be had
	NotAsked    = "not_asked"   // too little is known of the traveller
)

// Service is somebody's service.
type Service interface {
	Name() string
	// Ask puts one question. queryID names it in both audits. It ends with ctx at the latest.
	Ask(ctx context.Context, queryID string, q *border.Inquiry) border.LookupAnswer
}

// Record is one query in the audit. It holds nothing of the traveller.
type Record struct {
	QueryID string           `json:"query_id"`
	Service string           `json:"service"`
	Station border.StationID `json:"station"`
	By      string           `json:"by"` // pseudonym of the officer
	Purpose string           `json:"purpose"`
	At      time.Time        `json:"at"`
	TookMS  int64            `json:"took_ms"`
	Outcome string           `json:"outcome"`
	Reason  string           `json:"reason,omitempty"`
	Hits    int              `json:"hits"`
}

// Config says what a desk works with.
type Config struct {
	Services []Service // at most 16; answers come in this order
	Clock    border.Clock
	// Audit keeps the records of one inquiry before its answers are given; if it fails, they are
	// not.
	Audit    func([]Record) error
	Deadline time.Duration // of one inquiry; 0: 10 s
	AtOnce   int           // inquiries under way; 0: 64. More are not_checked(limited)
}

// Desk asks all services about a traveller. Safe for concurrent use.
type Desk struct {
	cfg   Config
	slots chan struct{}
}

// MaxServices bounds the services of a desk.
const MaxServices = 16

// New makes a desk.
func New(cfg Config) (*Desk, error) {
	if cfg.Clock == nil || cfg.Audit == nil || len(cfg.Services) > MaxServices {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the lookups", Err: errors.New("incomplete configuration, or more than 16 services")}
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 10 * time.Second
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 64
	}
	return &Desk{cfg, make(chan struct{}, cfg.AtOnce)}, nil
}

// LookUp asks all services at once and waits for all of them, at most until the deadline.
func (d *Desk) LookUp(ctx context.Context, q *border.Inquiry) ([]border.LookupAnswer, error) {
	answers := make([]border.LookupAnswer, len(d.cfg.Services))
	records := make([]Record, len(d.cfg.Services))
	var asking sync.WaitGroup
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Deadline)
	defer cancel()
	ask := func(i int, s Service, busy bool) {
		at := d.cfg.Clock.Now()
		r := Record{QueryID: newQueryID(), Service: s.Name(), Station: q.Station, By: q.By, Purpose: q.Purpose, At: at.UTC()}
		a := border.LookupAnswer{Outcome: NotChecked, Reason: Limited}
		if !busy {
			a = sound(s.Ask(ctx, r.QueryID, q))
		}
		a.Service, a.AsOf = s.Name(), d.cfg.Clock.Now().UTC()
		r.TookMS, r.Outcome, r.Reason, r.Hits = a.AsOf.Sub(at).Milliseconds(), a.Outcome, a.Reason, len(a.Hits)
		answers[i], records[i] = a, r
	}
	busy := false
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	default:
		busy = true
	}
	for i, s := range d.cfg.Services {
		asking.Go(func() { ask(i, s, busy) })
	}
	asking.Wait()
	if err := d.cfg.Audit(records); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "keep the audit of lookups", Err: err}
	}
	return answers, nil
}

// maxHits bounds the references of one answer, maxReference each in bytes.
const (
	maxHits      = 32
	maxReference = 128
)

// sound keeps an answer to what it may say.
func sound(a border.LookupAnswer) border.LookupAnswer {
	switch a.Outcome {
	case Clear:
		a.Hits, a.Reason = nil, ""
	case Hit:
		if len(a.Hits) > maxHits {
			a.Hits = a.Hits[:maxHits]
		}
		for i, h := range a.Hits {
			if len(h) > maxReference {
				a.Hits[i] = strings.ToValidUTF8(h[:maxReference], "")
			}
		}
	default:
		a.Outcome, a.Hits = NotChecked, nil
	}
	return a
}

func newQueryID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

func notChecked(reason string) border.LookupAnswer {
	return border.LookupAnswer{Outcome: NotChecked, Reason: reason}
}

func clear() border.LookupAnswer { return border.LookupAnswer{Outcome: Clear} }

// found is clear without references, and a hit with them.
func found(hits []string) border.LookupAnswer {
	if len(hits) == 0 {
		return clear()
	}
	return border.LookupAnswer{Outcome: Hit, Hits: hits}
}
