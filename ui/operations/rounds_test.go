package operations

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"garita/border/access"
	"garita/ui/i18n"
)

// TestRounds: many who ask at once are few paintings, and each gets one that began after their question.
func TestRounds(t *testing.T) {
	var state, paintings atomic.Int64
	r := newRounds(func(context.Context) ([]byte, error) {
		paintings.Add(1)
		return strconv.AppendInt(nil, state.Load(), 10), nil
	})
	const askers, questions = 200, 5
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range questions {
				want := state.Add(1)
				got, err := r.get(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := strconv.ParseInt(string(got), 10, 64); err != nil || n < want {
					t.Errorf("asked at %d, got %q", want, got)
				}
			}
		})
	}
	all.Wait()
	if n := paintings.Load(); n > askers {
		t.Errorf("%d paintings for %d askers with %d questions each", n, askers, questions)
	}
}

// TestRoundsFail: a painting that fails fails for all who waited for it, and the next one is tried.
func TestRoundsFail(t *testing.T) {
	fails := true
	r := newRounds(func(context.Context) ([]byte, error) {
		if fails {
			return nil, errors.New("no database")
		}
		return []byte("well"), nil
	})
	if _, err := r.get(t.Context()); err == nil {
		t.Error("it did not fail")
	}
	fails = false
	if got, err := r.get(t.Context()); err != nil || string(got) != "well" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestScreensOf: other roles and other languages are other screens; the order of roles is none.
func TestScreensOf(t *testing.T) {
	var s screens
	a := s.of(i18n.English, []access.Role{access.Operator, access.Auditor}, nil)
	if s.of(i18n.English, []access.Role{access.Auditor, access.Operator}, nil) != a {
		t.Error("the order of roles matters")
	}
	if s.of(i18n.Spanish, []access.Role{access.Operator, access.Auditor}, nil) == a || s.of(i18n.English, []access.Role{access.Operator}, nil) == a {
		t.Error("another reader has the same screen")
	}
}
