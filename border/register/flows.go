package register

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/flows"
)

// maxFlowDays bounds the days of one question.
const maxFlowDays = 366 * 10

// FlowsBy divides crossings by a dimension. Whole months within the question are counted as such,
// so that years cost no more than weeks.
func (r *Register) FlowsBy(ctx context.Context, q flows.Question, d flows.Dimension) (flows.Table, error) {
	const op = "divide flows"
	t := flows.Table{Dimension: d, Counts: []flows.Count{}}
	from, to, err := days2(op, q.From, q.To)
	if err == nil && !d.Known() {
		err = &border.Error{Code: border.Invalid, Op: op, Message: "Crossings are not counted by that."}
	}
	if err != nil {
		return t, err
	}
	err = r.read(ctx, op, func(s reader) error {
		cq := countQuestion{periods: spans(from, to), posts: onePost(q.Post), group: q.Group, dimension: d, byCode: true}
		said := int64(0)
		if err := s.counted(ctx, cq, func(k countKey, n int64) {
			t.Counts = append(t.Counts, flows.Count{Code: k.code, N: n})
			said += n
		}); err != nil {
			return err
		}
		cq.dimension, cq.byCode = "", false
		err = s.counted(ctx, cq, func(_ countKey, n int64) { t.Total = n })
		t.Unknown = t.Total - said
		return err
	})
	slices.SortFunc(t.Counts, func(a, b flows.Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Code, b.Code)) })
	return t, err
}

// FlowSeries gives crossings by day, week or month, all steps of the question's days in order.
func (r *Register) FlowSeries(ctx context.Context, q flows.Question, step flows.Step) ([]flows.Point, error) {
	const op = "count flows in steps"
	from, to, err := days2(op, q.From, q.To)
	if err == nil && step != flows.Daily && step != flows.Weekly && step != flows.Monthly {
		err = &border.Error{Code: border.Invalid, Op: op, Message: "A series goes by day, week or month."}
	}
	if err != nil {
		return nil, err
	}
	out := []flows.Point{}
	at := map[string]int{} // of steps, by their first day
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		if first := begin(d, step).Format(time.DateOnly); len(out) == 0 || out[len(out)-1].From != first {
			at[first] = len(out)
			out = append(out, flows.Point{From: first})
		}
	}
	cq := countQuestion{posts: onePost(q.Post), group: q.Group, byPeriod: true, byGroup: true}
	if step == flows.Monthly {
		cq.periods = spans(from, to)
	} else {
		for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
			cq.periods = append(cq.periods, dayNumber(d))
		}
	}
	err = r.read(ctx, op, func(s reader) error {
		return s.counted(ctx, cq, func(k countKey, n int64) {
			p := &out[at[begin(dayOf(k.period), step).Format(time.DateOnly)]]
			p.N += n
			switch (flows.Group{Direction: k.direction, Outcome: k.outcome}) {
			case flows.Arrivals():
				p.Entries += n
			case flows.Departures():
				p.Exits += n
			case flows.Refusals():
				p.Refused += n
			}
		})
	})
	return out, err
}

// FlowCross gives the cross table of a month ("2026-11") at one post or ("") all, by nationality,
// sex, age and category.
func (r *Register) FlowCross(ctx context.Context, month string, post border.PostID, g flows.Group) (out []flows.Cross, err error) {
	const op = "cross flows"
	m, err := time.Parse("2006-01", month)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "A month reads year-month, like 2026-11."}
	}
	err = r.read(ctx, op, func(s reader) error {
		out, err = s.cross(ctx, dayNumber(m)/100, post, g)
		return err
	})
	return out, err
}

// FlowCoverage says of each post how far the counts of some days can be relied on: of all that ever
// counted anything, and of all that have greeted.
func (r *Register) FlowCoverage(ctx context.Context, from, to string) ([]flows.Coverage, error) {
	const op = "tell how far flows are complete"
	first, last, err := days2(op, from, to)
	if err != nil {
		return nil, err
	}
	out := []flows.Coverage{}
	err = r.read(ctx, op, func(s reader) error {
		all, err := s.places(ctx)
		if err != nil {
			return err
		}
		counted, err := s.posts(ctx)
		if err != nil {
			return err
		}
		for _, p := range counted {
			if !slices.ContainsFunc(all, func(x placeRow) bool { return x.post == p }) {
				all = append(all, placeRow{post: p})
			}
		}
		slices.SortFunc(all, func(a, b placeRow) int { return cmp.Compare(a.post, b.post) })
		at := map[border.PostID]int{}
		for i, p := range all {
			at[p.post] = i
			end := last.AddDate(0, 0, 1)
			over := time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, zoneOf(p.zone))
			out = append(out, flows.Coverage{Post: p.post, Stations: p.stations, Until: p.complete, Complete: p.stations > 0 && !p.complete.Before(over)})
		}
		return s.counted(ctx, countQuestion{periods: spans(first, last), posts: counted, byPost: true, byCode: true}, func(k countKey, n int64) {
			c := &out[at[k.post]]
			if c.N += n; k.code == untrustedCode {
				c.Untrusted += n
			}
		})
	})
	return out, err
}

// days2 reads the first and the last day of a question.
func days2(op, from, to string) (a, b time.Time, err error) {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	switch {
	case errors.Join(errA, errB) != nil:
		err = &border.Error{Code: border.Invalid, Op: op, Message: "A day reads year-month-day, like 2026-11-22."}
	case b.Before(a):
		err = &border.Error{Code: border.Invalid, Op: op, Message: "The last day lies before the first."}
	case b.Sub(a) > maxFlowDays*24*time.Hour:
		err = &border.Error{Code: border.Invalid, Op: op, Message: "Ask for at most ten years."}
	}
	return a, b, err
}

// spans gives the periods that make up some days: months where they are whole, days elsewhere.
func spans(from, to time.Time) (out []int) {
	for d := from; !d.After(to); {
		if next := d.AddDate(0, 1, 0); d.Day() == 1 && !next.AddDate(0, 0, -1).After(to) {
			out = append(out, dayNumber(d)/100)
			d = next
			continue
		}
		out = append(out, dayNumber(d))
		d = d.AddDate(0, 0, 1)
	}
	return out
}

// dayOf gives the day of a period, the first one of a month.
func dayOf(period int) time.Time {
	if period < 1_000_000 {
		period = period*100 + 1
	}
	return time.Date(period/10_000, time.Month(period/100%100), period%100, 0, 0, 0, 0, time.UTC)
}

// begin gives the first day of the step that a day is in.
func begin(d time.Time, step flows.Step) time.Time {
	switch step {
	case flows.Weekly:
		return d.AddDate(0, 0, -(int(d.Weekday())+6)%7)
	case flows.Monthly:
		return d.AddDate(0, 0, 1-d.Day())
	case flows.Daily:
	}
	return d
}

// postsOf gives the post asked for, or all.
func postsOf(ctx context.Context, s reader, post border.PostID) ([]border.PostID, error) {
	if post != "" {
		return []border.PostID{post}, nil
	}
	return s.posts(ctx)
}

// onePost gives the post asked for; nil for all together.
func onePost(post border.PostID) []border.PostID {
	if post == "" {
		return nil
	}
	return []border.PostID{post}
}

// zoneOf finds a time zone; UTC for one that is not known.
func zoneOf(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil && name != "Local" {
		return z
	}
	return time.UTC
}
