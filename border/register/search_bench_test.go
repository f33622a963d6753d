package register

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/seal"
)

// BenchmarkFindNamed looks for names among a million people, with GARITA_SOAK; without, among 50,000. Their words are
// invented from syllables, a few of them common and most rare, and written by the code that projects crossings;
// each has one crossing, whose particulars cannot be opened. It prints how long each question takes.
func BenchmarkFindNamed(b *testing.B) {
	people := 50_000
	if os.Getenv("GARITA_SOAK") != "" {
		people = 1_000_000
	}
	w := newWorld(b)
	real, err := seal.NewBlinder(make([]byte, 32))
	w.must(err)
	w.reg.blinder = real
	w.reg.speller, err = newSpeller(real)
	w.must(err)
	const seed = 20261123
	r := rand.New(rand.NewPCG(seed, 1))
	surnames, given := inventedWords(r, people/8), inventedWords(r, people/40)
	pick := func(all []string) string {
		x := r.Float64()
		return all[int(float64(len(all))*x*x*x*x)]
	}
	var some [][2]string // of people that are there
	start := time.Now()
	for done := 0; done < people; {
		w.must(w.reg.write(context.Background(), "fill", func(t tx) error {
			for range min(2000, people-done) {
				name := [2]string{pick(surnames) + " " + pick(surnames), pick(given)}
				if len(some) < 1000 {
					some = append(some, name)
				}
				var id border.ID
				for j := range id {
					id[j] = byte(r.Uint32())
				}
				who := border.BlindIndex(id)
				c := &crossingRow{Crossing: Crossing{ID: id, Arrival: int64(done + 1), Key: border.Key{Station: "P00-1", Seq: uint64(done + 1)}, Post: "P00", OccurredAt: w.clock.Now(), Direction: border.Entry,
					Outcome: string(border.Admitted), BirthYear: 1940 + r.IntN(80), Part: partNoKey}}
				c.who = &who
				if err := t.putCrossing(c); err != nil {
					return err
				}
				var all []nameWord
				for _, x := range words(name[0], name[1]) {
					all = append(all, nameWord{blind: real.Name(x), text: x, speller: w.reg.speller})
				}
				if err := t.putWords(who, all); err != nil {
					return err
				}
				done++
			}
			return nil
		}))
	}
	w.reg.behind.Store(false)
	b.Logf("%d people with %d words, seed %d, written in %s", people, len(surnames)+len(given), seed, time.Since(start).Round(time.Second))
	someone := func() [2]string { return some[r.IntN(len(some))] }
	first := func(s string) string { return strings.Fields(s)[0] }
	swap := func(s string) string { i := 1 + r.IntN(len(s)-1); return s[:i] + "E" + s[i:] }
	questions := []struct {
		name string
		ask  func() (string, int)
	}{
		{"all words", func() (string, int) { n := someone(); return n[0] + " " + n[1], 0 }},
		{"surname and given name", func() (string, int) { n := someone(); return first(n[0]) + " " + n[1], 0 }},
		{"a surname", func() (string, int) { return first(someone()[0]), 0 }},
		{"a surname spelt wrong, and a given name", func() (string, int) { n := someone(); return swap(first(n[0])) + " " + n[1], 0 }},
		{"three letters", func() (string, int) { return first(someone()[0])[:3], 0 }},
		{"three letters of each", func() (string, int) { n := someone(); return first(n[0])[:3] + " " + n[1][:3], 0 }},
		{"the commonest words", func() (string, int) { return surnames[0] + " " + given[0], 0 }},
		{"the commonest given name, of a year", func() (string, int) { return given[0], 1941 }},
		{"nobody's", func() (string, int) { return "QQWWXX", 0 }},
	}
	for b.Loop() {
		var report strings.Builder
		for _, q := range questions {
			took, before, most := make([]time.Duration, 60), processor(b), 0
			for i := range took {
				name, year := q.ask()
				start := time.Now()
				found, _, err := w.reg.FindNamed(context.Background(), name, year, 50)
				took[i] = time.Since(start)
				w.must(err)
				most = max(most, len(found))
			}
			slices.Sort(took)
			fmt.Fprintf(&report, "\n%-42s p50 %6.1f ms  p95 %6.1f ms  processor %6.1f ms, found at most %d", q.name, took[30].Seconds()*1e3, took[57].Seconds()*1e3,
				(processor(b)-before).Seconds()*1e3/float64(len(took)), most)
		}
		fmt.Println(report.String())
	}
	if f, err := os.Stat(filepath.Join(w.dir, "hub.db")); err == nil {
		b.Logf("the database has %d MB", f.Size()>>20)
	}
	for _, table := range []string{"name", "word", "spelling"} {
		var n int64
		w.must(w.reg.store.(*sqliteStore).readers.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n))
		b.Logf("%s: %d rows", table, n)
	}
}

// inventedWords makes so many distinct words of two to four syllables.
func inventedWords(r *rand.Rand, n int) (out []string) {
	syllables := strings.Fields("BA BE BO CA CO CHA DA DE DI DO EL FA FE FI GA GO GU HA HE JA JO KA KO LA LE LI LO MA ME MI MO NA NE NI NO OR PA PE PI PO RA RE RI RO SA SE SI SO TA TE TI TO VA VE VI WA YA ZA ZE ZI KOW RON MAN SKI TON BERG SON LEZ DEZ REZ")
	seen := map[string]bool{}
	for len(out) < n {
		var w string
		for range 2 + r.IntN(3) {
			w += syllables[r.IntN(len(syllables))]
		}
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
