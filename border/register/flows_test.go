package register

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/flows"
	"garita/border/seal"
)

// header makes an open header of any kind; a station may write anything into it.
func anyHeader(r *rand.Rand) border.Header {
	of := func(all ...string) string { return all[r.IntN(len(all))] }
	h := border.Header{Type: border.TypeCrossingRecorded, Post: border.PostID(of("PUT", "PUT", "NOR", "SUR")), Counter: "1",
		OccurredAt: hour(r.IntN(24 * 70)), Direction: of(border.Entry, border.Exit), Nationality: of("UTO", "QRU", "XXA", ""),
		Outcome: of(string(border.Admitted), string(border.Admitted), string(border.Departed), string(border.Refused), string(border.Withdrawn)),
		Sex:     of("M", "F", "X", ""), BirthYear: []int{0, 1931, 1974, 2001, 2024, 2090}[r.IntN(6)], Residence: of("UTO", "QSY", ""), Category: of("visitor", "national", ""),
		Purpose: of("holiday", "business", ""), TransportMode: of("air", "foot", ""), DocumentKind: of("P", "I", ""), DocumentIssuer: of("UTO", "QRU"),
		Ground: of("", "", "no_visa", "means"), VisaIssuer: of("", "", "QZE"), FingersTaken: r.IntN(3), FingersNotTaken: r.IntN(2)}
	h.LocalDate = of("", h.OccurredAt.Format(time.DateOnly), h.OccurredAt.Add(-5*time.Hour).Format(time.DateOnly), "not a day")
	if h.Clock.State = border.ClockSynced; r.IntN(5) == 0 {
		h.Clock.State, h.StatedDate = border.ClockUntrusted, of("", h.OccurredAt.AddDate(0, 0, 1).Format(time.DateOnly))
	}
	return h
}

// writeOpen records an event as its header says.
func (b *book) writeOpen(h border.Header) {
	b.w.t.Helper()
	h.Station, h.Epoch, h.Seq = b.station, b.epoch, uint64(len(b.events))+1
	if h.RecordedAt.IsZero() {
		h.RecordedAt = h.OccurredAt.Add(time.Second)
	}
	key := border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}
	set, err := b.w.station(b.station).Ready(b.w.t.Context(), seal.Bucket(h.RecordedAt))
	b.w.must(err)
	part, err := set.Seal(key, border.PartPersonal, fmt.Appendf(nil, `{"document_number":"U%d","issuing_state":"UTO"}`, h.Seq%7))
	b.w.must(err)
	header, err := h.AppendJSON(nil)
	b.w.must(err)
	b.push(header, key, h.Type, part)
}

// fromEvents counts anew what the register should have counted, from the headers in force of the
// crossings that it holds: slowly, with nothing of what it counts with.
func (w *world) fromEvents() (counts, crosses, quarters map[string]int64) {
	w.t.Helper()
	counts, crosses, quarters = map[string]int64{}, map[string]int64{}, map[string]int64{}
	s := w.reg.store.(*sqliteStore)
	rs, err := s.readers.QueryContext(context.Background(), `SELECT coalesce(a.station, c.station), coalesce(a.epoch, c.epoch), coalesce(a.seq, c.seq)
		FROM crossing c LEFT JOIN amendment a ON a.change = c.change`)
	w.must(err)
	var keys []border.Key
	for rs.Next() {
		var k border.Key
		var epoch []byte
		w.must(rs.Scan(&k.Station, &epoch, &k.Seq))
		copy(k.Epoch[:], epoch)
		keys = append(keys, k)
	}
	w.must(rs.Err())
	w.must(rs.Close())
	for _, k := range keys {
		var b []byte
		w.must(s.readers.QueryRow(`SELECT r.bytes FROM raw_event r JOIN epoch e ON e.no = r.epoch_no WHERE e.station = ? AND e.epoch = ? AND r.seq = ?`,
			string(k.Station), k.Epoch[:], k.Seq).Scan(&b))
		e, err := border.DecodeEvent(b)
		w.must(err)
		h, err := e.ReadHeader()
		w.must(err)
		on, err := time.Parse(time.DateOnly, h.LocalDate)
		if h.Clock.State == border.ClockUntrusted && h.StatedDate != "" {
			on, err = time.Parse(time.DateOnly, h.StatedDate)
		}
		if err != nil {
			on = h.OccurredAt.UTC().Truncate(24 * time.Hour)
		}
		age := ""
		if years := on.Year() - h.BirthYear; h.BirthYear > 0 && years >= 0 {
			age = fmt.Sprintf("Y%dT%d", years-years%5, years-years%5+4)
			if years >= 80 {
				age = "Y_GE80"
			}
		}
		fingers := ""
		if h.FingersTaken > 0 {
			fingers = "taken"
		}
		if h.FingersNotTaken > 0 {
			fingers = "not_taken"
		}
		all := ""
		if h.Clock.State == border.ClockUntrusted {
			all = "untrusted"
		}
		way := fmt.Sprint(h.Direction, " ", h.Outcome, " ")
		counts[fmt.Sprint("0 ", h.Post, "  ", way, all)]++
		for _, period := range []string{on.Format("20060102"), on.Format("200601")} {
			counts[fmt.Sprint(period, " ", h.Post, "  ", way, all)]++
			for d, code := range map[string]string{"nationality": h.Nationality, "residence": h.Residence, "sex": h.Sex, "age": age, "category": h.Category,
				"purpose": h.Purpose, "transport": h.TransportMode, "document": h.DocumentKind, "issuer": h.DocumentIssuer, "ground": h.Ground,
				"visa_issuer": h.VisaIssuer, "fingers": fingers} {
				if code != "" {
					counts[fmt.Sprint(period, " ", h.Post, " ", d, " ", way, code)]++
				}
			}
		}
		crosses[fmt.Sprintf("%s %s %s%q", on.Format("200601"), h.Post, way, []string{h.Nationality, h.Sex, age, h.Category})]++
		quarters[fmt.Sprint(h.OccurredAt.Truncate(15*time.Minute).Unix()/900, " ", h.Post, " ", way, h.Clock.State != border.ClockUntrusted)]++
	}
	return counts, crosses, quarters
}

// sameCounts compares the tables with what they should say.
func (w *world) sameCounts(when string) {
	w.t.Helper()
	wantCounts, wantCrosses, wantQuarters := w.fromEvents()
	country := map[string]int64{}
	for k, n := range wantCounts {
		if period, rest, _ := strings.Cut(k, " "); period != "0" {
			_, rest, _ = strings.Cut(rest, " ")
			country[period+" "+rest] += n
		}
	}
	crosses := map[string]int64{} // and of all posts together
	for k, n := range wantCrosses {
		month, rest, _ := strings.Cut(k, " ")
		_, rest, _ = strings.Cut(rest, " ")
		crosses[k] += n
		crosses[month+"  "+rest] += n
	}
	for q, want := range map[string]map[string]int64{
		`SELECT period || ' ' || dimension || ' ' || direction || ' ' || outcome || ' ' || code, n FROM flow_country`:              country,
		`SELECT period || ' ' || post || ' ' || dimension || ' ' || direction || ' ' || outcome || ' ' || code, n FROM flow_count`: wantCounts,
		`SELECT month || ' ' || post || ' ' || direction || ' ' || outcome || ' ["' || nationality || '" "' || sex || '" "' || age || '" "' || category || '"]', n
			FROM flow_cross`: crosses,
		`SELECT bucket || ' ' || post || ' ' || direction || ' ' || outcome || ' ' || CASE trusted WHEN 1 THEN 'true' ELSE 'false' END, n FROM flow`: wantQuarters,
	} {
		got := map[string]int64{}
		rs, err := w.reg.store.(*sqliteStore).readers.QueryContext(context.Background(), q)
		w.must(err)
		for rs.Next() {
			var k string
			var n int64
			w.must(rs.Scan(&k, &n))
			got[k] = n
		}
		w.must(rs.Err())
		w.must(rs.Close())
		if d := cmp.Diff(want, got); d != "" {
			w.t.Errorf("%s: counts (-from the events +kept):\n%.1500s", when, d)
		}
	}
}

// TestCountsAreThoseOfTheCrossings: in whatever order crossings, corrections and duplicates come, and
// come again, what is counted is what the crossings in force say; and after a rebuild, and after
// everybody's particulars are erased, it is the same.
func TestCountsAreThoseOfTheCrossings(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		n := rapid.IntRange(1, 25).Draw(rt, "crossings")
		r := rand.New(rand.NewPCG(seed, 8))
		w := newWorld(t)
		defer w.close()
		books := []*book{w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})}
		var ids []border.ID
		for range n {
			b := books[r.IntN(2)]
			h := anyHeader(r)
			id := b.id()
			if len(ids) > 0 && r.IntN(8) == 0 {
				id = ids[r.IntN(len(ids))] // claimed twice
			}
			ids = append(ids, id)
			h.Crossing = &id
			b.writeOpen(h)
			for r.IntN(3) == 0 {
				c, change := anyHeader(r), b.id()
				c.Type, c.Crossing, c.Change, c.RecordedAt = border.TypeCrossingCorrected, &id, &change, h.OccurredAt.Add(time.Duration(r.IntN(1e6))*time.Second)
				books[r.IntN(10)/9].writeOpen(c) // now and then by a station that may not
			}
		}
		var all []border.Received
		for _, b := range books {
			w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
			all = append(all, sent(b.events...)...)
		}
		all = append(all, all[:len(all)/3]...)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for len(all) > 0 {
			k := min(len(all), 1+r.IntN(12))
			w.store(all[:k]...)
			all = all[k:]
			if r.IntN(4) == 0 {
				w.sameCounts("on the way")
			}
		}
		w.sameCounts("when all has come")
		before := w.projections()
		w.must(w.reg.Rebuild(t.Context()))
		w.sameCounts("rebuilt")
		for _, name := range []string{"flow", "flow_count", "flow_cross"} {
			if d := cmp.Diff(before[name], w.projections()[name]); d != "" || len(before[name]) == 0 {
				t.Errorf("%s after a rebuild:\n%.800s", name, d)
			}
		}
		for _, b := range books {
			for month := range map[string]bool{"2026-11": true, "2026-12": true, "2027-01": true, "2027-02": true} {
				_, err := w.keys.Destroy(t.Context(), b.station, month)
				w.must(err)
			}
		}
		w.must(w.reg.Erased(t.Context()))
		w.sameCounts("erased")
		if after := w.projections(); cmp.Diff(before["flow_count"], after["flow_count"]) != "" || len(after["stay"]) > 0 {
			t.Errorf("after erasure: counts changed, or %d stays are left", len(after["stay"]))
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// flowWorld has three posts in three zones and ten weeks of crossings, one of which runs.
func flowWorld(t *testing.T) (*world, []border.Header) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(11, 22))
	var all []border.Header
	for i, p := range []struct {
		post border.PostID
		zone string
	}{{"NOR", "America/Port-au-Prince"}, {"PUT", "UTC"}, {"SUR", "Asia/Kathmandu"}} {
		zone, err := time.LoadLocation(p.zone)
		w.must(err)
		b := w.book(border.StationID(p.post+"-1"), i+1, border.Parent{})
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
		for range 400 {
			h := anyHeader(r)
			h.Post, h.StatedDate = p.post, ""
			h.LocalDate = h.OccurredAt.In(zone).Format(time.DateOnly)
			id := b.id()
			h.Crossing = &id
			b.writeOpen(h)
			all = append(all, h)
		}
		w.store(sent(b.events...)...)
		w.clock.mu.Lock()
		w.clock.now = hour(24*69 + 13).Add(40 * time.Minute)
		w.clock.mu.Unlock()
		_, err = w.reg.Greet(t.Context(), border.Hello{Station: b.station, Post: p.post, Zone: p.zone, Now: w.clock.Now(),
			Head: border.Position{Epoch: b.epoch, Seq: uint64(len(b.events))}})
		w.must(err)
	}
	return w, all
}

func TestFlowQuestions(t *testing.T) {
	w, all := flowWorld(t)
	for _, post := range []border.PostID{"", "NOR", "XXX"} {
		for _, g := range []flows.Group{{}, flows.Arrivals(), flows.Departures(), {Direction: border.Exit}} {
			for _, days := range [][2]string{{"2026-11-01", "2026-11-30"}, {"2026-11-27", "2027-01-03"}, {"2026-12-05", "2026-12-05"}, {"2020-01-01", "2028-12-31"}} {
				q := flows.Question{From: days[0], To: days[1], Post: post, Group: g}
				chosen := slices.Collect(func(yield func(border.Header) bool) {
					for _, h := range all {
						if h.LocalDate >= q.From && h.LocalDate <= q.To && (post == "" || h.Post == post) && (g.Direction == "" || h.Direction == g.Direction) &&
							(g.Outcome == "" || h.Outcome == g.Outcome) && !yield(h) {
							return
						}
					}
				})
				name := fmt.Sprint(post, g, days)
				w.asksBy(name, q, chosen)
				w.asksSeries(name, q, chosen)
			}
		}
	}
	cross, err := w.reg.FlowCross(t.Context(), "2026-12", "", flows.Arrivals())
	w.must(err)
	want := map[flows.Cross]int64{}
	for _, h := range all {
		if h.LocalDate[:7] == "2026-12" && h.Direction == border.Entry && h.Outcome == string(border.Admitted) {
			want[flows.Cross{Nationality: h.Nationality, Sex: h.Sex, Age: flows.AgeGroup(h.BirthYear, 2026), Category: h.Category}]++
		}
	}
	got := map[flows.Cross]int64{}
	for _, c := range cross {
		n := c.N
		c.N = 0
		got[c] = n
	}
	if d := cmp.Diff(want, got); d != "" || len(want) < 20 {
		t.Errorf("cross table (-want +got):\n%s", d)
	}
	coverage, err := w.reg.FlowCoverage(t.Context(), "2026-12-01", "2026-12-31")
	w.must(err)
	if len(coverage) != 3 || !coverage[0].Complete || coverage[0].Stations != 1 || coverage[0].N == 0 || coverage[0].Untrusted == 0 || coverage[0].Untrusted >= coverage[0].N {
		t.Errorf("coverage %+v", coverage)
	}
	coverage, err = w.reg.FlowCoverage(t.Context(), "2027-01-25", "2027-01-31")
	w.must(err)
	if coverage[0].Complete {
		t.Errorf("a week that is not over is complete: %+v", coverage[0])
	}
	for what, err := range map[string]error{
		"days the wrong way": second2(w.reg.FlowsBy(t.Context(), flows.Question{From: "2026-12-02", To: "2026-12-01"}, flows.Sex)),
		"no day":             second2(w.reg.FlowsBy(t.Context(), flows.Question{From: "today", To: "2026-12-01"}, flows.Sex)),
		"no dimension":       second2(w.reg.FlowsBy(t.Context(), flows.Question{From: "2026-12-01", To: "2026-12-01"}, "name")),
		"no step":            second2(w.reg.FlowSeries(t.Context(), flows.Question{From: "2026-12-01", To: "2026-12-01"}, "hour")),
		"no grid":            second2(w.reg.FlowGrids(t.Context(), "2026-12-01", "2026-12-01", flows.Division{By: "name"})),
		"too many days":      second2(w.reg.FlowGrids(t.Context(), "2025-12-01", "2026-12-31", flows.Division{By: flows.ByDay})),
		"too long":           second2(w.reg.FlowSeries(t.Context(), flows.Question{From: "0001-12-01", To: "2026-12-01"}, flows.Daily)),
		"no month":           second2(w.reg.FlowCross(t.Context(), "2026-13", "", flows.Arrivals())),
	} {
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second2[T any](_ T, err error) error { return err }

func (w *world) asksBy(name string, q flows.Question, chosen []border.Header) {
	w.t.Helper()
	for d, code := range map[flows.Dimension]func(*border.Header) string{
		flows.Nationality: func(h *border.Header) string { return h.Nationality }, flows.Ground: func(h *border.Header) string { return h.Ground },
		flows.Transport: func(h *border.Header) string { return h.TransportMode },
	} {
		got, err := w.reg.FlowsBy(w.t.Context(), q, d)
		w.must(err)
		want, unknown := map[string]int64{}, int64(0)
		for i := range chosen {
			if c := code(&chosen[i]); c != "" {
				want[c]++
			} else {
				unknown++
			}
		}
		have := map[string]int64{}
		for _, c := range got.Counts {
			have[c.Code] = c.N
		}
		if !maps.Equal(want, have) || got.Unknown != unknown || got.Total != int64(len(chosen)) {
			w.t.Errorf("%s by %s: %+v, want %v, %d unknown of %d", name, d, got, want, unknown, len(chosen))
		}
		grids, err := w.reg.FlowGrids(w.t.Context(), q.From, q.To, flows.Division{Group: q.Group, By: d})
		w.must(err)
		grid := grids[0]
		cells := map[string]int64{}
		for i, row := range grid.N {
			if q.Post != "" && grid.Rows[i] != string(q.Post) {
				continue
			}
			for j, n := range row {
				if n != 0 {
					cells[grid.Rows[i]+"/"+grid.Columns[j]] = n
				}
			}
		}
		wantCells := map[string]int64{}
		for i := range chosen {
			wantCells[string(chosen[i].Post)+"/"+code(&chosen[i])]++
		}
		if !maps.Equal(cells, wantCells) {
			w.t.Errorf("%s by post and %s: %v, want %v", name, d, cells, wantCells)
		}
	}
}

func (w *world) asksSeries(name string, q flows.Question, chosen []border.Header) {
	w.t.Helper()
	for step, first := range map[flows.Step]func(time.Time) time.Time{
		flows.Daily: func(d time.Time) time.Time { return d },
		flows.Weekly: func(d time.Time) time.Time {
			for d.Weekday() != time.Monday {
				d = d.AddDate(0, 0, -1)
			}
			return d
		},
		flows.Monthly: func(d time.Time) time.Time { return time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC) },
	} {
		got, err := w.reg.FlowSeries(w.t.Context(), q, step)
		w.must(err)
		want := map[string]flows.Point{}
		for i := range chosen {
			d, _ := time.Parse(time.DateOnly, chosen[i].LocalDate)
			from := first(d).Format(time.DateOnly)
			p := want[from]
			p.From = from
			p.N++
			switch chosen[i].Direction + chosen[i].Outcome {
			case "entryadmitted":
				p.Entries++
			case "exitdeparted":
				p.Exits++
			case "entryrefused":
				p.Refused++
			}
			want[from] = p
		}
		for i, p := range got {
			if i > 0 && got[i-1].From >= p.From {
				w.t.Errorf("%s by %s: %s follows %s", name, step, p.From, got[i-1].From)
			}
			if x, ok := want[p.From]; ok && x != p || !ok && p != (flows.Point{From: p.From}) {
				w.t.Errorf("%s by %s: %+v, want %+v", name, step, p, x)
			}
			delete(want, p.From)
		}
		if len(want) > 0 {
			w.t.Errorf("%s by %s: steps are missing: %v", name, step, want)
		}
	}
}
