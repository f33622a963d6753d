package watch

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border/watch/match"
)

// What a posting says of a date is never less than what the comparison says.
func TestBriefDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		date := func(name string) match.Date {
			y := rapid.IntRange(1899, 2012).Draw(t, name)
			d := match.Date{Year: int16(y), Until: int16(y + rapid.SampledFrom([]int{0, 0, 0, 1, 4}).Draw(t, "until")), Month: int8(rapid.IntRange(0, 12).Draw(t, "month"))}
			if d.Month != 0 {
				d.Day = int8(rapid.IntRange(0, 31).Draw(t, "day"))
			}
			d.Circa = rapid.IntRange(0, 5).Draw(t, "circa") == 0
			return d
		}
		asked, listed := date("asked"), []match.Date{date("listed")}
		if rapid.Bool().Draw(t, "near") {
			listed[0].Year = asked.Year + int16(rapid.IntRange(-3, 3).Draw(t, "apart"))
			listed[0].Until = listed[0].Year
		}
		if rapid.Bool().Draw(t, "same") {
			listed[0].Month, listed[0].Day = asked.Month, asked.Day
		}
		if time.Date(int(asked.Year), time.Month(asked.Month), int(asked.Day), 0, 0, 0, 0, time.UTC).Day() == int(asked.Day) && asked.Month > 0 && asked.Until == asked.Year && rapid.Bool().Draw(t, "neighbour") {
			day := time.Date(int(asked.Year), time.Month(asked.Month), int(asked.Day)+rapid.SampledFrom([]int{-1, 1}).Draw(t, "way"), 0, 0, 0, 0, time.UTC)
			listed[0] = match.Date{Year: int16(day.Year()), Until: int16(day.Year()), Month: int8(day.Month()), Day: int8(day.Day())}
		}
		if rapid.IntRange(0, 3).Draw(t, "more") == 0 {
			listed = append(listed, date("second"))
		}
		a := &ask{model: match.Default(), date: asked}
		a.dates.set(a.model, asked)
		id, got := identity{}, math.Inf(-1)
		for _, d := range listed {
			id.dates = appendDate(id.dates, d)
		}
		for _, b := range births([]prepared{{dates: listed}}) {
			t := traits(0)
			if slices.ContainsFunc(b.dates, plain) {
				t = 1 << 30
			}
			got = max(got, a.dates.brief(makeBrief(b.dates, t, b.again)))
		}
		if want := a.model.Dates[id.birth(asked, a.model)]; got < want {
			t.Fatalf("asked %v, listed %v: %v, less than %v", asked, listed, got, want)
		}
	})
}

// Identities lie where the table of years says, for regions are cut by it.
func TestIdentitiesLieByYear(t *testing.T) {
	s := &compiled(t, crowd(17, 700)).segment
	for i := range uint32(s.len()) {
		d := match.Date{}
		if x := s.summaries.at(int(2 * i)); !traits(s.summaries.at(int(2*i + 1))).years() {
			d = match.Date{Year: int16(x >> 16), Until: int16(x >> 16), Month: int8(x >> 8), Day: int8(x)}
		}
		dates := []match.Date{d}
		switch {
		case d.Known():
			if x := s.day(int(d.Year), int(d.Month), int(d.Day)); i < x.from || i >= x.to {
				t.Fatalf("identity %d is not among those born on its day", i)
			}
		case traits(s.summaries.at(int(2*i + 1))).years():
			dates[0].Circa = true
		default:
			dates = nil
		}
		if at := place(dates); i < s.years.at(at) || i >= s.years.at(at+1) {
			t.Fatalf("identity %d is not among those born with it", i)
		}
	}
}

// A country is compared as package match does.
func TestNation(t *testing.T) {
	codes := []string{"", "XXX", "D", "UTO", "FRA", "XXB"}
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string) []string { return rapid.SliceOfN(rapid.SampledFrom(codes[2:5]), 0, 3).Draw(t, name) }
		asked, nations, places := rapid.SampledFrom(codes).Draw(t, "asked"), some("nations"), some("places")
		e := &Entry{Source: "a", ID: "b", Handling: Open, Nationalities: nations, BirthPlaces: places}
		var id identity
		id.read(&reader{b: appendRecord(nil, e, nil)})
		if got, want := id.nation(code(asked)), match.CompareNations(asked, nations, places); got != want {
			t.Fatalf("%s: %v, want %v", asked, got, want)
		}
	})
}

// What the base keeps of a word is what a look at the dictionary finds.
func TestKnownWordsAreTheFound(t *testing.T) {
	l := New(compiled(t, crowd(14, 900)))
	d, known := l.base.dict, 0
	s := match.NewScorer(match.Default(), l.overlay.dict, l.base.letters)
	gains := func(find func(n *nearby, w match.Word)) map[uint32]int {
		w := match.Word{Text: d.Text(uint32(known))}
		s.Ask(&match.Traveller{Words: []match.Word{w}})
		n := &nearby{}
		find(n, w)
		out := map[uint32]int{}
		for _, e := range n.words {
			if gain := s.Gain(0, e.initial, d.Rarity(e.id), int(e.cost)); gain >= leastGain && !e.initial {
				out[e.id] = gain
			}
		}
		return out
	}
	for ; known < d.nearAt.len()-1; known++ {
		kept := gains(func(n *nearby, w match.Word) { n.known(s, 0, w.Text, d) })
		found := gains(func(n *nearby, w match.Word) { n.find(s, 0, w, d) })
		if len(d.Text(uint32(known))) > 1 && len(found) <= maxNear && !cmp.Equal(kept, found) {
			t.Fatalf("word %d: %v kept, %v found", known, kept, found)
		}
	}
	if known < 100 {
		t.Errorf("only %d words are known", known)
	}
}

// The letters that differ are counted as Levenshtein does, for beginnings of words as well.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[A-E]{1,9}`).Draw(t, "a"), rapid.StringMatching(`[A-E]{0,12}`).Draw(t, "b")
		whole, beginning := len(a), len(a)
		row := make([]int, len(a)+1)
		for i := range row {
			row[i] = i
		}
		for j := range b {
			last := row[0]
			row[0] = j + 1
			for i := range a {
				c := last
				if a[i] != b[j] {
					c++
				}
				last = row[i+1]
				row[i+1] = min(c, row[i]+1, row[i+1]+1)
			}
			whole = row[len(a)]
			beginning = min(beginning, whole)
		}
		p := newPattern(a)
		if x, y := p.distance(b, false), p.distance(b, true); x != whole || y != beginning {
			t.Fatalf("%s and %s: %d and %d, want %d and %d", a, b, x, y, whole, beginning)
		}
	})
}
