package register

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

// TestReviews: what took effect without its second person is listed by itself, what an overdue
// officer did by the day, in whatever order it came; a verdict stays, rebuilt or not.
func TestReviews(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	who := w.blinder.Officer("4711")
	add := func(day int, extra map[string]any) border.Event {
		v := enters("L898902C3", 24*day+len(b.events))
		v.extra = map[string]any{"officer": who, "local_date": v.at.Format(time.DateOnly)}
		for k, x := range extra {
			v.extra[k] = x
		}
		return b.add(v)
	}
	add(0, nil)
	override := add(0, map[string]any{"awaiting_second": "hit.override"})
	first := add(1, map[string]any{"overdue": true})
	for range 4 {
		add(1, map[string]any{"overdue": true})
	}
	add(2, map[string]any{"overdue": true, "awaiting_second": "record.late"})
	add(2, map[string]any{"ground": `"awaiting_second":`, "residence": `"overdue":true`})

	all := sent(b.events...)
	slices.Reverse(all)
	w.store(all[3:]...)
	w.store(all[:3]...)
	list, err := w.reg.Reviews(t.Context(), false, 100)
	w.must(err)
	type short struct {
		Kind   ReviewKind
		Action string
		Events int64
		Event  string
	}
	var got []short
	for _, v := range list {
		got = append(got, short{v.Kind, v.Action, v.Events, v.Event})
		if v.Officer != who || v.Station != "PUT-1" || v.Crossing == nil {
			t.Errorf("review %+v", v)
		}
	}
	last := b.events[len(b.events)-2].Key.String()
	want := []short{{ReviewAwaiting, "hit.override", 1, override.Key.String()}, {ReviewOverdue, "", 5, first.Key.String()},
		{ReviewAwaiting, "record.late", 1, last}, {ReviewOverdue, "", 1, last}}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	if a := w.alarms(); a[AlarmAwaiting] != 2 || a[AlarmOverdue] != 2 {
		t.Errorf("alarms %v", a)
	}

	code := func(id, verdict, by string) border.Code {
		return border.CodeOf(w.reg.Review(t.Context(), id, verdict, by))
	}
	for _, c := range []struct {
		id, verdict, by string
		want            border.Code
	}{{list[0].ID, ReviewAccepted, "4711", border.Forbidden}, {list[0].ID, "perhaps", "1", border.Invalid}, {list[0].ID, ReviewAccepted, "", border.Invalid},
		{"none", ReviewAccepted, "1", border.NotFound}, {list[0].ID, ReviewRejected, "1", ""}, {list[0].ID, ReviewAccepted, "2", border.Conflict}, {list[1].ID, ReviewAccepted, "1", ""}} {
		if got := code(c.id, c.verdict, c.by); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	before := w.dump()
	w.must(w.reg.Rebuild(t.Context()))
	if d := cmp.Diff(before["review"], w.dump()["review"]); d != "" {
		t.Error(d)
	}
	open, err := w.reg.Reviews(t.Context(), false, 100)
	w.must(err)
	decided, err := w.reg.Reviews(t.Context(), true, 100)
	w.must(err)
	if len(open) != 2 || len(decided) != 2 || decided[0].Verdict != ReviewRejected || decided[0].By != w.blinder.Officer("1") || !decided[0].DecidedAt.Equal(bordertest.Start) {
		t.Errorf("open %+v, decided %+v", open, decided)
	}
}
