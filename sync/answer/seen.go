package answer

import (
	"errors"
	"sync"
	"time"

	"garita/border"
)

// Copies of a request are told from it by its age and its signature. The station signs in the
// hub's time, so its own clock may be wrong by years.
const (
	oldest  = 10 * time.Minute
	maxSeen = 1 << 16
)

// seen remembers the requests of the last minutes.
type seen struct {
	since time.Time // what was signed before may have been taken by a process before this one

	mu     sync.Mutex // guards both below
	at     map[[64]byte]time.Time
	pruned time.Time
}

func newSeen(now time.Time) *seen {
	return &seen{since: now, at: map[[64]byte]time.Time{}, pruned: now}
}

// note refuses what is too old, too far ahead, or was here before. [border.Stale]: the station
// shall ask again.
func (s *seen) note(now, signed time.Time, signature []byte) error {
	stale := func(why string) error {
		return &border.Error{Code: border.Stale, Op: "believe a request", Err: errors.New(why)}
	}
	switch age := now.Sub(signed); {
	case age > oldest:
		return stale("it was signed too long ago")
	case age < -oldest:
		return stale("it was signed in the future")
	case signed.Before(s.since):
		return stale("it was signed before this hub was started")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.pruned) > oldest || len(s.at) >= maxSeen {
		for k, at := range s.at {
			if age := now.Sub(at); age > oldest || age < -oldest {
				delete(s.at, k)
			}
		}
		s.pruned = now
	}
	key := [64]byte(signature)
	if _, known := s.at[key]; known {
		return stale("it is a copy")
	}
	if len(s.at) >= maxSeen {
		return &border.Error{Code: border.Unavailable, Op: "believe a request", Err: errors.New("too many at once")}
	}
	s.at[key] = signed
	return nil
}
