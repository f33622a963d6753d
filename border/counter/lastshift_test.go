package counter_test

import (
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// The report of a shift that is over is found again, also after a restart, as it was when it closed;
// while another one is open, that one is meant. Who passed with nobody to agree is counted.
func TestLastShift(t *testing.T) {
	r := newRig(t)
	r.listed()
	if _, err := r.s.LastShift(t.Context()); border.CodeOf(err) != border.NotFound {
		t.Errorf("before the first: %v", err)
	}
	d := r.hitAt("1")
	d.Agreement = counter.Agreement{Awaiting: "The supervisor is on the other side of the river."}
	_, err := r.s.Decide(t.Context(), d)
	check(t, err)
	open, err := r.s.LastShift(t.Context())
	check(t, err)
	if !open.ClosedAt.IsZero() || open.Awaiting != 1 || len(open.By) != 1 || len(open.Counts) != 1 || open.Counts[0].N != 1 {
		t.Errorf("the open shift: %+v", open)
	}
	r.wall.pass(time.Hour)
	closed, err := r.s.CloseShift(t.Context(), "50")
	check(t, err)
	same := func(when string) {
		t.Helper()
		got, err := r.s.LastShift(t.Context())
		check(t, err)
		if got.ID != closed.ID || !got.OpenedAt.Equal(closed.OpenedAt) || !got.ClosedAt.Equal(closed.ClosedAt) || got.OpenedBy != closed.OpenedBy ||
			got.ClosedBy != closed.ClosedBy || got.Awaiting != 1 || !slices.Equal(got.Counts, closed.Counts) || !slices.Equal(got.By, closed.By) {
			t.Errorf("%s: %+v, it closed as %+v", when, got, closed)
		}
	}
	same("closed")
	r.restart()
	same("after a restart")
	check(t, r.s.OpenShift(t.Context(), "17"))
	next, err := r.s.LastShift(t.Context())
	check(t, err)
	if next.ID == closed.ID || len(next.Counts) != 0 || next.Awaiting != 0 || len(next.By) != 0 {
		t.Errorf("the next shift: %+v", next)
	}
}
