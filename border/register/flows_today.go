package register

import (
	"cmp"
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/flows"
)

// usualWeeks is how many of the last weeks say what is usual.
const usualWeeks = 8

// FlowDay gives the calendar day that runs at a post, "2026-11-22"; for all posts ("") the earliest of those that
// run, so that no count of days up to it takes in one that has not begun somewhere. Where no post is known it is
// the day in UTC.
func (r *Register) FlowDay(ctx context.Context, post border.PostID) (day string, err error) {
	now := r.clock.Now()
	err = r.read(ctx, "tell the day", func(s reader) error {
		zones, err := zonesOf(ctx, s, post)
		day = earliest(zones, now)
		return err
	})
	return day, err
}

// earliest gives the earliest calendar day that runs in some zones.
func earliest(zones []zonePosts, now time.Time) string {
	day := ""
	for _, z := range zones {
		if here := now.In(z.zone).Format(time.DateOnly); day == "" || here < day {
			day = here
		}
	}
	return cmp.Or(day, now.UTC().Format(time.DateOnly))
}

// FlowsToday says by hour how today goes beside the usual, at one post or ("") at all, for a
// group of crossings. Each post's hours are those of its own zone. Crossings by a clock that could
// not be trusted are in no hour.
func (r *Register) FlowsToday(ctx context.Context, post border.PostID, g flows.Group) (out flows.Today, err error) {
	now := r.clock.Now()
	var hours [usualWeeks + 1][24]int64 // of this week and those before
	var until [usualWeeks + 1]int64     // at each post until the end of the hour that runs there
	var known [usualWeeks + 1]bool
	err = r.read(ctx, "compare today", func(s reader) error {
		zones, err := zonesOf(ctx, s, post)
		if err != nil {
			return err
		}
		out.Day = earliest(zones, now)
		for _, z := range zones {
			here := now.In(z.zone)
			out.Now = max(out.Now, here.Hour())
			since, err := firstWeeks(ctx, s, z, here)
			if err != nil {
				return err
			}
			for week := range usualWeeks + 1 {
				known[week] = known[week] || week <= since.any()
				from, to := dayAt(here, week, 0), dayAt(here, week, 1)
				if err := s.quarters(ctx, bucketOf(from), bucketOf(to), z.posts, g, false, func(bucket int64, _ border.PostID, n int64) {
					h := time.Unix(bucket*bucketSeconds, 0).In(z.zone).Hour()
					hours[week][h] += n
					if h <= here.Hour() {
						until[week] += n
					}
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for h := range out.Hours {
		out.Hours[h].N = hours[0][h]
		out.N += hours[0][h]
	}
	var weeks []int
	for week := 1; week <= usualWeeks; week++ {
		if known[week] {
			weeks = append(weeks, week)
		}
	}
	if out.Weeks = len(weeks); out.Weeks == 0 {
		return out, err
	}
	same := make([]int64, len(weeks))
	for h := range out.Hours {
		for i, week := range weeks {
			same[i] = hours[week][h]
		}
		o := &out.Hours[h]
		o.Usual, o.Least, o.Most = median(same), slices.Min(same), slices.Max(same)
	}
	for i, week := range weeks {
		same[i] = until[week]
	}
	out.Usual = median(same)
	return out, err
}

// sinceWeeks says how many whole weeks before today a post had its first crossing by a trusted clock, at most
// usualWeeks: the same weekday of so many weeks says what is usual there, and zero is an answer. A post that never
// had one is not in it.
type sinceWeeks map[border.PostID]int

// any is since when any of the posts had one.
func (s sinceWeeks) any() (weeks int) {
	for _, n := range s {
		weeks = max(weeks, n)
	}
	return weeks
}

// firstWeeks finds the first crossings of a zone's posts.
func firstWeeks(ctx context.Context, s reader, z zonePosts, here time.Time) (sinceWeeks, error) {
	out := sinceWeeks{}
	posts := z.names()
	ever, lately := map[border.PostID]int64{}, map[border.PostID]int64{}
	first, last := dayAt(here, usualWeeks, 0), dayAt(here, 0, 0)
	for _, count := range [...]struct {
		periods []int
		into    map[border.PostID]int64
	}{{[]int{0}, ever}, {spans(utcDay(first), utcDay(last)), lately}} {
		if err := s.counted(ctx, countQuestion{periods: count.periods, posts: posts, byPost: true, byCode: true}, func(k countKey, n int64) {
			if k.code != untrustedCode {
				count.into[k.post] += n
			}
		}); err != nil {
			return nil, err
		}
	}
	var young []border.PostID
	for post, n := range ever {
		if n > lately[post] {
			out[post] = usualWeeks
		} else {
			young = append(young, post)
		}
	}
	if len(young) == 0 {
		return out, nil
	}
	q := countQuestion{posts: young, byPeriod: true, byPost: true, byCode: true}
	days := map[int]int{} // days before today
	for d, n := utcDay(last), 0; !d.Before(utcDay(first)); d, n = d.AddDate(0, 0, -1), n+1 {
		q.periods = append(q.periods, dayNumber(d))
		days[dayNumber(d)] = n
	}
	return out, s.counted(ctx, q, func(k countKey, _ int64) {
		if k.code != untrustedCode {
			out[k.post] = max(out[k.post], days[k.period]/7)
		}
	})
}

// utcDay is a calendar day as days are counted through.
func utcDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// FlowsNow says of each post what passed today, by its own clock. Posts are those that have greeted
// or ever counted anything, by name.
func (r *Register) FlowsNow(ctx context.Context) ([]flows.PostToday, error) {
	now := r.clock.Now()
	out := []flows.PostToday{}
	err := r.read(ctx, "count today", func(s reader) error {
		zones, err := zonesOf(ctx, s, "")
		if err != nil {
			return err
		}
		for _, z := range zones {
			list, err := today(ctx, s, z, now)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b flows.PostToday) int { return cmp.Compare(a.Post, b.Post) })
	return out, err
}

// today counts the posts of one zone.
func today(ctx context.Context, s reader, z zonePosts, now time.Time) ([]flows.PostToday, error) {
	here := now.In(z.zone)
	out := make([]flows.PostToday, len(z.places))
	at := make(map[border.PostID]*flows.PostToday, len(out))
	for i, p := range z.places {
		out[i] = flows.PostToday{Post: p.post, Zone: z.zone.String(), Day: here.Format(time.DateOnly), CompleteAt: p.complete}
		at[p.post] = &out[i]
	}
	err := s.counted(ctx, countQuestion{periods: []int{dayNumber(here)}, posts: z.names(), byPost: true, byGroup: true}, func(k countKey, n int64) {
		p := at[k.post]
		switch (flows.Group{Direction: k.direction, Outcome: k.outcome}) {
		case flows.Arrivals():
			p.Entries += n
		case flows.Departures():
			p.Exits += n
		case flows.Refusals():
			p.Refused += n
		default:
			p.Other += n
		}
	})
	if err != nil {
		return nil, err
	}
	soon := bucketOf(now) + 1 // the quarter of an hour that runs is counted
	if err := s.quarters(ctx, soon-4, soon, z.posts, flows.Group{}, true, func(_ int64, post border.PostID, n int64) {
		if p := at[post]; p != nil {
			p.LastHour = n
		}
	}); err != nil {
		return nil, err
	}
	since, err := firstWeeks(ctx, s, z, here)
	if err != nil {
		return nil, err
	}
	weeks := make(map[border.PostID]*[usualWeeks]int64, len(out))
	for post := range since {
		weeks[post] = new([usualWeeks]int64)
	}
	for week := 1; week <= usualWeeks; week++ {
		from := dayAt(here, week, 0)
		to := time.Date(from.Year(), from.Month(), from.Day(), here.Hour(), here.Minute(), 0, 0, z.zone)
		if err := s.quarters(ctx, bucketOf(from), bucketOf(to)+1, z.posts, flows.Group{}, true, func(_ int64, post border.PostID, n int64) {
			if same := weeks[post]; same != nil {
				same[week-1] = n
			}
		}); err != nil {
			return nil, err
		}
	}
	for post, same := range weeks {
		if p := at[post]; p != nil && since[post] > 0 {
			p.Weeks, p.Usual = since[post], median(same[:since[post]])
		}
	}
	return out, nil
}

// zonePosts are the posts of one time zone; posts is nil if there is no other zone.
type zonePosts struct {
	zone   *time.Location
	posts  []border.PostID
	places []placeRow
}

// names lists the posts, whether there is another zone or not.
func (z *zonePosts) names() (out []border.PostID) {
	for _, p := range z.places {
		out = append(out, p.post)
	}
	return out
}

// zonesOf gathers the post asked for, or all, by time zone.
func zonesOf(ctx context.Context, s reader, post border.PostID) ([]zonePosts, error) {
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := postsOf(ctx, s, post)
	if err != nil {
		return nil, err
	}
	for _, p := range counted {
		if !slices.ContainsFunc(places, func(x placeRow) bool { return x.post == p }) {
			places = append(places, placeRow{post: p})
		}
	}
	var out []zonePosts
	for _, p := range places {
		if post != "" && p.post != post {
			continue
		}
		zone := zoneOf(p.zone)
		i := slices.IndexFunc(out, func(z zonePosts) bool { return z.zone.String() == zone.String() })
		if i < 0 {
			i, out = len(out), append(out, zonePosts{zone: zone})
		}
		out[i].posts, out[i].places = append(out[i].posts, p.post), append(out[i].places, p)
	}
	if len(out) == 1 && post == "" {
		out[0].posts = nil
	}
	return out, nil
}

// dayAt gives the midnight that begins the day of a time, whole weeks before and some days later, in
// the time's zone.
func dayAt(t time.Time, weeksBefore, daysLater int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()-7*weeksBefore+daysLater, 0, 0, 0, 0, t.Location())
}

// median gives the middle one, of an even number the lower of the two. all is not empty.
func median(all []int64) int64 {
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
