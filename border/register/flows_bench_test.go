package register

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/flows"
	"garita/border/icao"
)

// BenchmarkFlows asks the questions of the hub's pages of a register that holds years of counts, and
// prints how long each takes, also in processor time, which hardly depends on who else works. With GARITA_SOAK it is 20 million crossings of 50 posts in three
// years, or as many as GARITA_CROSSINGS says; without, a fortieth of it. They are counted and written by the code that projects events;
// events, crossings and closed stays behind them are left out, for no question looks at them.
func BenchmarkFlows(b *testing.B) {
	n, posts, days := 500_000, 50, 400
	if os.Getenv("GARITA_SOAK") != "" {
		n, days = 20_000_000, 3*365
	}
	if s := os.Getenv("GARITA_CROSSINGS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	const seed = 20261122
	w := newWorld(b)
	fillFlows(w, seed, n, posts, days)
	ctx, r := context.Background(), rand.New(rand.NewPCG(seed, 2))
	now := w.clock.Now()
	day := func(back int) string { return now.AddDate(0, 0, -back).Format(time.DateOnly) }
	post := func() border.PostID { return border.PostID(fmt.Sprintf("P%02d", r.IntN(posts))) }
	dimension := func() flows.Dimension { return flows.Dimensions()[r.IntN(len(flows.Dimensions()))] }
	month := func() string { return now.AddDate(0, -r.IntN(days/31), 0).Format("2006-01") }
	questions := []struct {
		name string
		ask  func() error
	}{
		{"today beside the usual, all posts", func() error { return second2(w.reg.FlowsToday(ctx, "", flows.Arrivals())) }},
		{"today beside the usual, a post", func() error { return second2(w.reg.FlowsToday(ctx, post(), flows.Group{})) }},
		{"now, all posts", func() error { return second2(w.reg.FlowsNow(ctx)) }},
		{"a day by a dimension, all posts", func() error {
			d := r.IntN(days)
			return second2(w.reg.FlowsBy(ctx, flows.Question{From: day(d), To: day(d)}, dimension()))
		}},
		{"a month by nationality, all posts", func() error {
			d := 31 + r.IntN(days-62)
			return second2(w.reg.FlowsBy(ctx, flows.Question{From: day(d + 30), To: day(d), Group: flows.Arrivals()}, flows.Nationality))
		}},
		{"a year by nationality, all posts", func() error {
			return second2(w.reg.FlowsBy(ctx, flows.Question{From: day(r.IntN(60) + 365), To: day(r.IntN(30))}, flows.Nationality))
		}},
		{"a week by post and nationality", func() error {
			d := r.IntN(days - 7)
			return second2(w.reg.FlowGrids(ctx, day(d+6), day(d), flows.Division{Group: flows.Departures(), By: flows.Nationality}))
		}},
		{"a month by day, all posts", func() error {
			return second2(w.reg.FlowSeries(ctx, flows.Question{From: day(30), To: day(0)}, flows.Daily))
		}},
		{"a year by day, a post", func() error {
			return second2(w.reg.FlowSeries(ctx, flows.Question{From: day(364), To: day(0), Post: post()}, flows.Daily))
		}},
		{"a year by week, all posts", func() error {
			return second2(w.reg.FlowSeries(ctx, flows.Question{From: day(364), To: day(0)}, flows.Weekly))
		}},
		{"three years by month, all posts", func() error {
			return second2(w.reg.FlowSeries(ctx, flows.Question{From: day(days), To: day(0)}, flows.Monthly))
		}},
		{"refusals of a month by ground", func() error {
			return second2(w.reg.FlowsBy(ctx, flows.Question{From: day(40), To: day(10), Group: flows.Refusals()}, flows.Ground))
		}},
		{"the cross table of a month, all posts", func() error { return second2(w.reg.FlowCross(ctx, month(), "", flows.Arrivals())) }},
		{"the cross table of a month, a post", func() error { return second2(w.reg.FlowCross(ctx, month(), post(), flows.Arrivals())) }},
		{"how far a month is covered", func() error { return second2(w.reg.FlowCoverage(ctx, day(30), day(0))) }},
		{"a page of a year, all posts", func() error { return pageOf(w, 365, "") }},
		{"a page of a year, a post", func() error { return pageOf(w, 365, post()) }},
		{"a page of a month, small cells hidden", func() error { return gridsOf(w, 30) }},
		{"a page of a year, small cells hidden", func() error { return gridsOf(w, 365) }},
		{"who is here", func() error { return second2(w.reg.Presence(ctx)) }},
	}
	for b.Loop() {
		var report strings.Builder
		for _, q := range questions {
			took, before := make([]time.Duration, 60), processor(b)
			for i := range took {
				start := time.Now()
				w.must(q.ask())
				took[i] = time.Since(start)
			}
			slices.Sort(took)
			fmt.Fprintf(&report, "\n%-40s p50 %6.1f ms  p95 %6.1f ms  processor %6.1f ms", q.name, took[30].Seconds()*1e3, took[57].Seconds()*1e3,
				(processor(b)-before).Seconds()*1e3/float64(len(took)))
		}
		fmt.Println(report.String()) // a log of a benchmark is cut after ten lines
	}
	if f, err := os.Stat(filepath.Join(w.dir, "hub.db")); err == nil {
		b.Logf("%d crossings, %d posts, %d days; the database has %d MB", n, posts, days, f.Size()>>20)
	}
}

// pageOf asks what the page of flows asks for whoever may see every number, but for today.
func pageOf(w *world, days int, post border.PostID) error {
	ctx, now := context.Background(), w.clock.Now()
	q := flows.Question{From: now.AddDate(0, 0, 1-days).Format(time.DateOnly), To: now.Format(time.DateOnly), Post: post, Group: flows.Arrivals()}
	_, err := w.reg.FlowSeries(ctx, q, flows.Monthly)
	for _, d := range pageDimensions {
		err = errors.Join(err, second2(w.reg.FlowsBy(ctx, q, d)))
	}
	return errors.Join(err, second2(w.reg.FlowCoverage(ctx, q.From, q.To)), second2(w.reg.Presence(ctx)))
}

// gridsOf asks what it asks for whoever may see aggregates only: small numbers are hidden over all posts together.
func gridsOf(w *world, days int) error {
	ctx, now := context.Background(), w.clock.Now()
	q := flows.Question{From: now.AddDate(0, 0, 1-days).Format(time.DateOnly), To: now.Format(time.DateOnly), Group: flows.Arrivals()}
	by := []flows.Division{{By: flows.ByGroup}}
	for _, d := range pageDimensions {
		by = append(by, flows.Division{Group: q.Group, By: d})
	}
	return errors.Join(second2(w.reg.FlowGrids(ctx, q.From, q.To, by...)), second2(w.reg.FlowCoverage(ctx, q.From, q.To)), second2(w.reg.Presence(ctx)))
}

var pageDimensions = []flows.Dimension{flows.Nationality, flows.Sex, flows.Age, flows.Category, flows.Purpose, flows.Transport}

// fillFlows counts n invented crossings as the projection does, a day in a transaction, and writes
// open stays and exits without entry, about one for 50 and one for 200 crossings.
func fillFlows(w *world, seed uint64, n, posts, days int) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	codes := icao.Codes()
	r.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
	skewed := func(n int) int { x := r.Float64(); return int(float64(n) * x * x * x * x) }
	first := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 1-days)
	for d := range days {
		w.must(w.reg.write(context.Background(), "fill", func(t tx) error {
			p := w.reg.newProjection(t)
			at := first.AddDate(0, 0, d)
			for range n / days {
				c := &crossingRow{Crossing: Crossing{Post: border.PostID(fmt.Sprintf("P%02d", skewed(posts*4)%posts)), OccurredAt: at.Add(time.Duration(r.IntN(24*3600)) * time.Second),
					Direction: border.Entry, Outcome: string(border.Admitted), Nationality: codes[skewed(len(codes))], Residence: codes[skewed(len(codes))], Sex: "MFMFMFX"[r.IntN(7):][:1],
					BirthYear: 1940 + r.IntN(85), Category: []string{"national", "visitor", "resident", "transit", "crew", "border_worker"}[skewed(6)],
					Purpose:      []string{"holiday", "visiting", "business", "shopping", "education", "health", "religion", "transit"}[skewed(8)],
					DocumentKind: []string{"P", "I", "V", "C"}[skewed(4)], ClockState: string(border.ClockSynced)},
					tally: tally{day: dayNumber(at), transport: []string{"air", "road_car", "road_bus", "foot", "sea"}[skewed(5)]}}
				c.DocumentIssuer = c.Nationality
				switch r.IntN(100) {
				case 0:
					c.Outcome, c.Ground = string(border.Refused), []string{"no_visa", "means", "overstay", "listed"}[r.IntN(4)]
				case 1:
					c.Outcome = string(border.Withdrawn)
				default:
					if r.IntN(2) == 0 {
						c.Direction, c.Outcome = border.Exit, string(border.Departed)
					}
				}
				p.count(c, 1)
			}
			return p.counted()
		}))
	}
	w.clock.mu.Lock()
	w.clock.now = first.AddDate(0, 0, days-1).Add(17*time.Hour + 20*time.Minute)
	w.clock.mu.Unlock()
	w.must(w.reg.write(context.Background(), "fill stays", func(t tx) error {
		for i := range n / 40 {
			var document, born, crossing [16]byte
			for j := range document {
				document[j], crossing[j] = byte(r.Uint32()), byte(r.Uint32())
			}
			b := r.IntN(25_000) // birth dates
			born[0], born[1] = byte(b), byte(b>>8)
			s := stayRow{place: place{at: micros(first) + r.Int64N(int64(days)*24*3600*1e6), station: "P00-1", seq: uint64(i + 1)}, state: stayInside, until: first.AddDate(0, 0, r.IntN(days*20)).Format(time.DateOnly),
				born: (*border.BlindIndex)(&born), full: true, birthYear: 1940 + b%85, sex: "F"}
			id := border.ID(crossing)
			if s.entry = &id; i%5 == 0 {
				s.state, s.entry, s.exit, s.exitAt, s.until = stayEntryUnknown, nil, &id, s.at, ""
			}
			if err := t.putStay(border.BlindIndex(document), s); err != nil {
				return err
			}
		}
		return nil
	}))
}
