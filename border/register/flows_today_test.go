package register

import (
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/flows"
)

// TestToday compares each hour with the same hour of the clock on the same weekday, at the post's own
// clock, counted anew from the headers.
func TestToday(t *testing.T) {
	w, all := flowWorld(t)
	now := w.clock.Now()
	here, err := w.reg.FlowsNow(t.Context())
	w.must(err)
	if len(here) != 3 {
		t.Fatalf("posts: %+v", here)
	}
	for _, p := range here {
		zone, err := time.LoadLocation(p.Zone)
		w.must(err)
		local := now.In(zone)
		got, err := w.reg.FlowsToday(t.Context(), p.Post, flows.Group{})
		w.must(err)
		var weeks [9][24]int64
		var until, last int64
		soFar := map[int]int64{}
		for _, h := range all {
			at := h.OccurredAt.In(zone)
			for week := range 9 {
				if at.Format(time.DateOnly) == local.AddDate(0, 0, -7*week).Format(time.DateOnly) && h.Post == p.Post && h.Clock.State == border.ClockSynced {
					weeks[week][at.Hour()]++
					if !at.After(local.AddDate(0, 0, -7*week)) {
						soFar[week]++
					}
				}
			}
			if q := h.OccurredAt.Truncate(15 * time.Minute); h.Post == p.Post && h.Clock.State == border.ClockSynced && !q.After(now) && q.After(now.Truncate(15*time.Minute).Add(-time.Hour)) {
				last++
			}
		}
		for h, x := range got.Hours {
			var same []int64
			for week := 1; week <= 8; week++ {
				same = append(same, weeks[week][h])
			}
			slices.Sort(same)
			if want := (flows.Hour{N: weeks[0][h], Usual: same[(len(same)-1)/2], Least: same[0], Most: same[len(same)-1]}); x != want || got.Weeks != len(same) {
				t.Errorf("%s at %d h: %+v of %d weeks, want %+v of %d", p.Post, h, x, got.Weeks, want, len(same))
			}
			until += weeks[0][h]
		}
		if got.Day != local.Format(time.DateOnly) || got.Now != local.Hour() || got.N != until || p.Day != got.Day || p.LastHour != last {
			t.Errorf("%s: %s %d h, %d; %+v, want %s %d h, %d, in the last hour %d", p.Post, got.Day, got.Now, got.N, p, local.Format(time.DateOnly), local.Hour(), until, last)
		}
		var usual []int64
		for week := 1; week <= 8; week++ {
			usual = append(usual, soFar[week])
		}
		slices.Sort(usual)
		if p.Weeks != 8 || p.Usual != usual[(len(usual)-1)/2] {
			t.Errorf("%s: usual %d, want the median of %v", p.Post, p.Usual, usual)
		}
	}
	everywhere, err := w.reg.FlowsToday(t.Context(), "", flows.Arrivals())
	w.must(err)
	sum := int64(0)
	for _, p := range here {
		one, err := w.reg.FlowsToday(t.Context(), p.Post, flows.Arrivals())
		w.must(err)
		sum += one.N
	}
	if everywhere.N != sum {
		t.Errorf("all posts %d, one by one %d", everywhere.N, sum)
	}
}

// TestUsual: a week in which nobody came counts as one, unless the post did not exist yet.
func TestUsual(t *testing.T) {
	w := newWorld(t)
	w.clock.add(70 * 24 * time.Hour)
	now := w.clock.Now()
	b := w.book("PUT-1", 1, border.Parent{})
	add := func(post border.PostID, at time.Time, n int) {
		for range n {
			h := entered(0)
			id := b.id()
			h.Crossing, h.Type, h.Post, h.OccurredAt, h.LocalDate, h.Clock.State = &id, border.TypeCrossingRecorded, post, at, at.Format(time.DateOnly), border.ClockSynced
			b.writeOpen(h)
		}
	}
	morning := func(weeks int) time.Time { return now.AddDate(0, 0, -7*weeks).Truncate(24 * time.Hour).Add(time.Hour) }
	add("OLD", morning(9), 1)
	add("OLD", morning(5), 40) // in one of eight mornings
	add("TWO", morning(2).AddDate(0, 0, -1), 1)
	add("TWO", morning(1), 30)
	add("NEW", morning(0), 3)
	w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
	w.store(sent(b.events...)...)
	here, err := w.reg.FlowsNow(t.Context())
	w.must(err)
	got := map[border.PostID]flows.PostToday{}
	for _, p := range here {
		got[p.Post] = p
	}
	for post, want := range map[border.PostID]struct {
		weeks int
		usual int64
		most  int64
	}{"OLD": {8, 0, 40}, "TWO": {2, 0, 30}, "NEW": {0, 0, 0}} {
		day, err := w.reg.FlowsToday(t.Context(), post, flows.Group{})
		w.must(err)
		if p := got[post]; p.Weeks != want.weeks || p.Usual != want.usual || day.Weeks != want.weeks || day.Usual != want.usual || day.Hours[1].Most != want.most {
			t.Errorf("%s: now %d of %d weeks, today %d of %d, at most %d; want %+v", post, p.Usual, p.Weeks, day.Usual, day.Weeks, day.Hours[1].Most, want)
		}
	}
	add("NEW", morning(1), 3) // arrives late
	w.store(sent(b.events[len(b.events)-3:]...)...)
	if day, err := w.reg.FlowsToday(t.Context(), "NEW", flows.Group{}); err != nil || day.Weeks != 1 || day.Usual != 3 {
		t.Errorf("after what came late: %+v %v", day, err)
	}
}

// TestDaysOfPosts: each post has its own day and hour; all together have the earliest day, and as much is usual of
// each as of its day is over.
func TestDaysOfPosts(t *testing.T) {
	w := newWorld(t)
	w.clock.add(70 * 24 * time.Hour)
	w.clock.mu.Lock()
	w.clock.now = w.clock.now.Truncate(24 * time.Hour).Add(time.Hour) // 01:00 in UTC, 20:00 the day before in Panama
	w.clock.mu.Unlock()
	now := w.clock.Now()
	for i, p := range []struct {
		post border.PostID
		zone string
	}{{"PCA", "America/Panama"}, {"UTC", "UTC"}} {
		zone, err := time.LoadLocation(p.zone)
		w.must(err)
		b := w.book(border.StationID(p.post+"-1"), i+1, border.Parent{})
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
		for week := range 10 {
			for _, hour := range []int{0, 10, 18} { // local
				d := now.In(zone)
				at := time.Date(d.Year(), d.Month(), d.Day()-7*week, hour, 30, 0, 0, zone)
				if at.After(now) {
					continue
				}
				h := entered(0)
				id := b.id()
				h.Crossing, h.Type, h.Post, h.OccurredAt, h.LocalDate, h.Clock.State = &id, border.TypeCrossingRecorded, p.post, at.UTC(), at.Format(time.DateOnly), border.ClockSynced
				b.writeOpen(h)
			}
		}
		w.store(sent(b.events...)...)
		_, err = w.reg.Greet(t.Context(), border.Hello{Station: b.station, Post: p.post, Zone: p.zone, Now: now, Head: border.Position{Epoch: b.epoch, Seq: uint64(len(b.events))}})
		w.must(err)
	}
	today, yesterday := now.Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	for post, want := range map[border.PostID]string{"PCA": yesterday, "UTC": today, "": yesterday, "XXX": today} {
		if got, err := w.reg.FlowDay(t.Context(), post); err != nil || got != want {
			t.Errorf("the day of %q is %s, want %s; %v", post, got, want, err)
		}
	}
	all, err := w.reg.FlowsToday(t.Context(), "", flows.Group{})
	w.must(err)
	if all.Day != yesterday || all.N != 4 || all.Usual != 4 { // three of Panama, whose day is nearly over, and one of UTC
		t.Errorf("today everywhere: %s, %d beside %d", all.Day, all.N, all.Usual)
	}
}
