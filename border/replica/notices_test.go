package replica_test

import (
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/watch"
	"garita/border/watch/release"
)

func notice(h *hub, n int) []byte {
	b, err := h.keys.SealNotice(bordertest.NoticeID(n), &release.NoticeBody{Case: bordertest.NoticeID(99), Handling: watch.Refer, Role: release.Passage,
		Traveller: release.Traveller{Surname: "UTOPIANX"}})
	if err != nil {
		panic(err)
	}
	return b
}

func TestNotices(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	note := func(n int, order uint64) border.Notice {
		return border.Notice{ID: bordertest.NoticeID(n), Body: notice(h, n), Order: order}
	}
	check(t, r.Notify(t.Context(), []border.Notice{note(2, 2), note(1, 1)}))
	r.clock.advance(time.Minute)
	check(t, r.Notify(t.Context(), []border.Notice{{ID: bordertest.NoticeID(3), Body: notice(h, 4), Order: 3}})) // another's body
	open := r.Notices()
	if len(open) != 3 || open[0].ID != bordertest.NoticeID(1) || open[0].Body.Traveller.Surname != "UTOPIANX" || !open[0].Received.Equal(start) ||
		open[2].Body != nil || !open[2].Received.Equal(start.Add(time.Minute)) {
		t.Fatalf("open are %+v", open)
	}
	if err := r.Acknowledge(t.Context(), bordertest.NoticeID(9), "o-1"); border.CodeOf(err) != border.NotFound {
		t.Errorf("of a notice that is not there: %v", err)
	}
	if err := r.Acknowledge(t.Context(), bordertest.NoticeID(1), ""); border.CodeOf(err) != border.Invalid {
		t.Errorf("by nobody: %v", err)
	}
	for range 2 { // twice is once, and the first officer counts
		check(t, r.Acknowledge(t.Context(), bordertest.NoticeID(1), "o-1"))
	}
	check(t, r.Acknowledge(t.Context(), bordertest.NoticeID(1), "o-2"))
	r.reopen()
	acks, err := r.Acks(t.Context())
	if err != nil || len(acks) != 1 || acks[0].Officer != "o-1" || acks[0].At != start.Add(time.Minute) || acks[0].Station != station {
		t.Errorf("acknowledgements %+v, %v", acks, err)
	}
	// The hub chases what it has not heard of yet: the officer has done enough.
	check(t, r.Notify(t.Context(), []border.Notice{note(1, 4)}))
	if open := r.Notices(); len(open) != 2 {
		t.Errorf("%d are open before the hub has confirmed, want 2", len(open))
	}
	check(t, r.Acked(t.Context(), bordertest.NoticeID(1)))
	if open := r.Notices(); len(open) != 2 {
		t.Errorf("%d are open after the hub has confirmed, want 2", len(open))
	}
	r.clock.advance(time.Minute)
	check(t, r.Notify(t.Context(), []border.Notice{note(1, 5)})) // the case was opened again
	if open := r.Notices(); len(open) != 3 || open[2].ID != bordertest.NoticeID(1) || !open[2].Received.Equal(start.Add(2*time.Minute)) {
		t.Errorf("after it was opened again there are %+v", open)
	}
	check(t, r.Notify(t.Context(), []border.Notice{{ID: bordertest.NoticeID(1), Closed: true, Order: 6}}))
	if err := r.Acknowledge(t.Context(), bordertest.NoticeID(1), "o-1"); border.CodeOf(err) != border.NotFound {
		t.Errorf("of a notice that is closed: %v", err)
	}
	for what, n := range map[string]border.Notice{
		"no order":   {ID: bordertest.NoticeID(5), Body: []byte{1}},
		"huge order": {ID: bordertest.NoticeID(5), Body: []byte{1}, Order: 1 << 60},
		"no id":      {Body: []byte{1}, Order: 9},
		"huge":       {ID: bordertest.NoticeID(5), Body: make([]byte, border.MaxNotice+1), Order: 9},
	} {
		if err := r.Notify(t.Context(), []border.Notice{note(6, 7), n}); err == nil {
			t.Errorf("%s: it was taken", what)
		}
	}
	if held, err := r.NoticesHeld(t.Context()); err != nil || held != 6 {
		t.Errorf("held %d, %v: a part of what was refused was kept", held, err)
	}
	if strings.Contains(r.log.String(), "UTOPIANX") {
		t.Error("the log names the traveller")
	}
}

// A station with more notices than it can show takes further ones as officers acknowledge, before
// the hub has closed any.
func TestNoticesBeyondTheBound(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	many := make([]border.Notice, 10_000)
	body := notice(h, 1)
	for i := range many {
		many[i] = border.Notice{ID: bordertest.NoticeID(i + 1), Body: body, Order: uint64(i + 1)}
	}
	check(t, r.Notify(t.Context(), many))
	next := []border.Notice{{ID: bordertest.NoticeID(20_000), Body: body, Order: 20_000}}
	if err := r.Notify(t.Context(), next); border.CodeOf(err) != border.TooLarge {
		t.Errorf("beyond the bound: %v", err)
	}
	check(t, r.Acknowledge(t.Context(), many[0].ID, "o-1"))
	check(t, r.Notify(t.Context(), next))
}
