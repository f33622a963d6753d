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

// FlowsToday says by hour how today goes beside the usual, at one post or ("") at all, for a
// group of crossings. Each post's hours are those of its own zone. Crossings by a clock that could
// not be trusted are in no hour.
func (r *Register) FlowsToday(ctx context.Context, post border.PostID, g flows.Group) (out flows.Today, err error) {
	now := r.clock.Now()
	var weeks [usualWeeks][24]int64
	err = r.read(ctx, "compare today", func(s reader) error {
		zones, err := zonesOf(ctx, s, post)
		if err != nil {
			return err
		}
		out.Day = now.UTC().Format(time.DateOnly)
		for _, z := range zones {
			here := now.In(z.zone)
			out.Now = max(out.Now, here.Hour())
			if post != "" {
				out.Day = here.Format(time.DateOnly)
			}
			for week := range usualWeeks + 1 {
				from, to := dayAt(here, week, 0), dayAt(here, week, 1)
				if err := s.quarters(ctx, bucketOf(from), bucketOf(to), z.posts, g, false, func(bucket int64, _ border.PostID, n int64) {
					h := time.Unix(bucket*bucketSeconds, 0).In(z.zone).Hour()
					if week == 0 {
						out.Hours[h].N += n
						out.N += n
					} else {
						weeks[week-1][h] += n
					}
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var known [][24]int64 // a week before the first crossing says nothing
	for _, w := range weeks {
		if slices.Max(w[:]) > 0 {
			known = append(known, w)
		}
	}
	if out.Weeks = len(known); out.Weeks == 0 {
		return out, err
	}
	until := make([]int64, len(known))
	for h := range 24 {
		same := make([]int64, len(known))
		for i := range known {
			same[i] = known[i][h]
			if h <= out.Now {
				until[i] += known[i][h]
			}
		}
		o := &out.Hours[h]
		o.Usual, o.Least, o.Most = median(same), slices.Min(same), slices.Max(same)
	}
	out.Usual = median(until)
	return out, err
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
	posts := z.posts
	if posts == nil {
		for _, p := range z.places {
			posts = append(posts, p.post)
		}
	}
	err := s.counted(ctx, countQuestion{periods: []int{dayNumber(here)}, posts: posts, byPost: true, byGroup: true}, func(k countKey, n int64) {
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
	weeks := make(map[border.PostID][]int64, len(out))
	for week := 1; week <= usualWeeks; week++ {
		from := dayAt(here, week, 0)
		to := time.Date(from.Year(), from.Month(), from.Day(), here.Hour(), here.Minute(), 0, 0, z.zone)
		if err := s.quarters(ctx, bucketOf(from), bucketOf(to)+1, z.posts, flows.Group{}, true, func(_ int64, post border.PostID, n int64) {
			weeks[post] = append(weeks[post], n)
		}); err != nil {
			return nil, err
		}
	}
	for post, same := range weeks {
		if p := at[post]; p != nil {
			p.Usual = median(same)
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
