package counter_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/watch"
)

// told is what the hub has told the station.
type told struct {
	mu   sync.Mutex
	open []counter.LateHit
	by   string
}

func (t *told) Open() []counter.LateHit {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.open)
}

func (t *told) Acknowledge(_ context.Context, id border.ID, officer string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.open, func(h counter.LateHit) bool { return h.ID == id })
	if i < 0 {
		return &border.Error{Code: border.NotFound, Op: "acknowledge"}
	}
	t.open, t.by = slices.Delete(t.open, i, i+1), officer
	return nil
}

// A late hit is shown to the duty supervisor, to all while there is none or none answers, and
// to nobody once it is acknowledged.
func TestLateHit(t *testing.T) {
	id := border.ID{1}
	hub := &told{}
	r := newRig(t)
	r.with(func(c *counter.Config) { c.LateHits = hub })
	hub.open = []counter.LateHit{{ID: id, Handling: watch.Open, Since: r.clock.Now(), Crossing: border.ID{9}, Surname: "UTOPIAN"}}
	seen := func(c border.CounterID) bool { return len(r.view(c).LateHits) == 1 }
	check(t, r.s.Take(t.Context(), counter.At{Counter: "1", Officer: "17"}))
	if !seen("1") || !seen("2") {
		t.Error("without a supervisor every counter shows it")
	}
	check(t, r.s.Take(t.Context(), counter.At{Counter: "3", Officer: "50"}))
	if seen("1") || !seen("3") {
		t.Error("with a supervisor only their counter shows it, and those where nobody is")
	}
	wantCode(t, r.s.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: "17"}, id), border.Forbidden)
	r.wall.pass(6 * time.Minute)
	if !seen("1") {
		t.Error("a supervisor who does not answer is not waited for")
	}
	if err := r.s.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: "18"}, id); border.CodeOf(err) != border.Conflict {
		t.Errorf("at somebody else's counter: %v", err)
	}
	check(t, r.s.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: "17"}, id))
	if seen("1") || seen("3") || hub.by == "" || hub.by == "17" {
		t.Errorf("acknowledged by %q, a pseudonym, it is gone", hub.by)
	}
	if err := r.s.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: "17"}, id); border.CodeOf(err) != border.NotFound {
		t.Errorf("again: %v", err)
	}
}

// One acknowledgement takes a late hit off the screens of all posts: nobody gives it for what
// cannot be read here.
func TestUnreadableLateHit(t *testing.T) {
	hub := &told{}
	r := newRig(t)
	r.with(func(c *counter.Config) { c.LateHits = hub })
	hub.open = []counter.LateHit{{ID: border.ID{1}, Handling: watch.Refer, Since: r.clock.Now()}}
	wantCode(t, r.s.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: "50"}, border.ID{1}), border.Conflict)
	if len(r.view("1").LateHits) != 1 {
		t.Error("it is gone")
	}
}
