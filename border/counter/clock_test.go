package counter_test

import (
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/counter"
	"garita/border/verdict"
)

// Whatever the clock does, nothing is blocked, order is kept, and date checks say that
// they were not made.
func TestBadClock(t *testing.T) {
	at := bordertest.Start
	for name, now := range map[string]time.Time{
		"ten years on": at.AddDate(10, 0, 0), "ten years back": at.AddDate(-10, 0, 0), "five hours on": at.Add(5 * time.Hour),
		"an hour back": at.Add(-time.Hour), "2000-01-01": time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		"1970": time.Unix(0, 0).UTC(), "2106": time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC),
	} {
		for _, when := range []string{"while it runs", "at start"} {
			t.Run(name+" "+when, func(t *testing.T) {
				if name == "five hours on" && when == "at start" {
					t.Skip("a station may be off for five hours: nothing speaks against this clock")
				}
				r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample", "7,,,,,U00000002,UTO,open")} })
				r.scan("1", passport(1))
				if x := r.result("1", verdict.Expiry); x.Outcome != verdict.Clear {
					t.Fatalf("before: %+v", x)
				}
				r.decide(r.decision("1", border.Admitted))
				if r.wall.set(now); when == "at start" {
					r.restart()
				}
				for n := 2; n <= 4; n++ {
					lines := passport(n)
					if n == 4 {
						lines = passportOf(n, "UTOPIAN", "FRANKOWA", "990101")
					}
					r.scan("1", lines)
					if x := r.result("1", verdict.Expiry); x.Outcome != verdict.NotChecked || x.Reason != verdict.ReasonClock {
						t.Errorf("expiry of document %d: %+v", n, x)
					}
					for _, k := range []verdict.Check{verdict.DocumentList, verdict.NameList} {
						x := r.result("1", k)
						if n == 2 && k == verdict.DocumentList {
							if x.Outcome != verdict.Hit {
								t.Errorf("a hit is lost: %+v", x)
							}
						} else if x.Outcome == verdict.Clear {
							t.Errorf("%s says clear under a clock that knows no list's age: %+v", k, x)
						}
						if x.AgeS < 0 {
							t.Errorf("%s: age %d", k, x.AgeS)
						}
					}
					rec := r.decide(r.decision("1", border.Admitted))
					if _, h := r.event(rec.Crossing); h.Clock.State != border.ClockUntrusted || h.Seq != rec.Key.Seq || h.BirthYear != 1974 {
						t.Errorf("header: clock %+v, birth year %d", h.Clock, h.BirthYear)
					}
				}
				if v := r.view("1"); v.Status.Clock.State != border.ClockUntrusted || v.Status.Clock.Reason == "" {
					t.Errorf("the screen says %+v", v.Status.Clock)
				}
				r.clock.Measured(0) // the hub says that the clock is right after all
				r.scan("1", passport(5))
				if x := r.result("1", verdict.Expiry); x.Reason == verdict.ReasonClock {
					t.Errorf("after a measurement: %+v", x)
				}
			})
		}
	}
}

// The day of expiry is that of the post, to its end.
func TestExpiryDay(t *testing.T) {
	for _, c := range []struct {
		now    time.Time
		expiry string
		want   verdict.Outcome
	}{
		{time.Date(2026, 11, 2, 23, 59, 59, 0, time.UTC), "261102", verdict.Clear},
		{time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), "261102", verdict.Wrong},
	} {
		r := newRig(t, func(r *rig) { r.wall.now = c.now })
		r.scan("1", passportOf(1, "UTOPIAN", "FRANKOWA", c.expiry))
		if x := r.result("1", verdict.Expiry); x.Outcome != c.want {
			t.Errorf("%s: %+v", c.now, x)
		}
	}
}
