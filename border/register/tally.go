package register

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/flows"
)

// tally is what a crossing is counted under besides the fields of [Crossing].
type tally struct {
	day        int // 20261122, the calendar day at the post; 0 before any
	transport  string
	visaIssuer string
	fingers    string // see flows.Fingers
}

// countKey is a row of the counts by one dimension.
type countKey struct {
	period             int // 20261122, 202611, or 0 for ever
	post               border.PostID
	dimension          flows.Dimension // "": all crossings
	direction, outcome string
	code               string // of all crossings: untrustedCode or ""
}

// untrustedCode tells apart, among all crossings, those by a clock that could not be trusted.
const untrustedCode = "untrusted"

// crossKey is a row of the cross table.
type crossKey struct {
	month                           int
	post                            border.PostID
	direction, outcome              string
	nationality, sex, age, category string
}

// tallyOf takes from a header what [crossingRow.says] does not. The day is the one at the post: by
// its clock, or the one that the officer entered while that could not be trusted; of a station that
// wrote none, the day in UTC.
func tallyOf(h *border.Header) tally {
	on := day(h.LocalDate)
	if stated := day(h.StatedDate); stated != "" && !trusted(string(h.Clock.State)) {
		on = stated
	}
	at, err := time.Parse(time.DateOnly, on)
	if err != nil {
		at = h.OccurredAt.UTC()
	}
	t := tally{day: dayNumber(at), transport: text(h.TransportMode), visaIssuer: text(h.VisaIssuer)}
	switch {
	case h.FingersNotTaken > 0:
		t.fingers = flows.NotTaken
	case h.FingersTaken > 0:
		t.fingers = flows.Taken
	}
	return t
}

// dayNumber writes a calendar day as a number that sorts and reads: 20261122.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return max(0, min(y, 9999))*10_000 + int(m)*100 + d
}

// count adds n crossings like c to what the batch has gathered; n is 1 or -1.
func (p *projection) count(c *crossingRow, n int64) {
	p.flows[flowOf(c)] += n
	month := c.day / 100
	all := ""
	if !trusted(c.ClockState) {
		all = untrustedCode
	}
	key := countKey{post: c.Post, direction: c.Direction, outcome: c.Outcome, code: all}
	p.counts[key] += n // for ever
	age := flows.AgeGroup(c.BirthYear, c.day/10_000)
	for _, key.period = range [...]int{c.day, month} {
		key.dimension, key.code = "", all
		p.counts[key] += n
		for _, by := range [...]struct {
			dimension flows.Dimension
			code      string
		}{
			{flows.Nationality, c.Nationality}, {flows.Residence, c.Residence}, {flows.Sex, c.Sex}, {flows.Age, age},
			{flows.Category, c.Category}, {flows.Purpose, c.Purpose}, {flows.Transport, c.transport},
			{flows.Document, c.DocumentKind}, {flows.Issuer, c.DocumentIssuer}, {flows.Ground, c.Ground},
			{flows.VisaIssuer, c.visaIssuer}, {flows.Fingers, c.fingers},
		} {
			if by.code != "" {
				key.dimension, key.code = by.dimension, by.code
				p.counts[key] += n
			}
		}
	}
	p.crosses[crossKey{month, c.Post, c.Direction, c.Outcome, c.Nationality, c.Sex, age, c.Category}] += n
}

// counted writes what the batch has gathered, in the order of the tables, so that neighbours in the
// database are changed together.
func (p *projection) counted() error {
	for k, n := range p.flows {
		if n != 0 {
			if err := p.t.addFlow(k, n); err != nil {
				return err
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(p.counts), countKey.compare) {
		if n := p.counts[k]; n != 0 {
			if err := p.t.addCount(k, n); err != nil {
				return err
			}
		}
	}
	periods := map[int]bool{}
	for k, n := range p.counts {
		if n != 0 && k.period != 0 && !periods[k.period] {
			periods[k.period] = true
			if err := p.t.changeFlows(k.period); err != nil {
				return err
			}
		}
	}
	country := map[countKey]int64{}
	for k, n := range p.counts {
		if k.post = ""; k.period != 0 {
			country[k] += n
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(country), countKey.compare) {
		if n := country[k]; n != 0 {
			if err := p.t.addCountry(k, n); err != nil {
				return err
			}
		}
	}
	together := map[crossKey]int64{} // of all posts, whose name is empty: a table of the country reads no post's rows
	for k, n := range p.crosses {
		k.post = ""
		together[k] += n
	}
	for _, all := range [...]map[crossKey]int64{p.crosses, together} {
		for k, n := range all {
			if n != 0 {
				if err := p.t.addCross(k, n); err != nil {
					return err
				}
			}
		}
	}
	clear(p.flows)
	clear(p.counts)
	clear(p.crosses)
	return nil
}

func (k countKey) compare(o countKey) int {
	return cmp.Or(cmp.Compare(k.period, o.period), cmp.Compare(k.post, o.post), cmp.Compare(k.dimension, o.dimension),
		cmp.Compare(k.direction, o.direction), cmp.Compare(k.outcome, o.outcome), cmp.Compare(k.code, o.code))
}
