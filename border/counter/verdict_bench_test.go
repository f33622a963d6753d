package counter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/document"
)

// size reads how large a benchmark is to be.
func size(b *testing.B, name string, usual int) int {
	b.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	check(b, err)
	return n
}

// stranger is the n-th invented person: a name of syllables, the same for the same n.
func stranger(n int) (surname, given string) {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	word := func(syllables int) string {
		var s strings.Builder
		for range syllables {
			s.WriteByte("BDFGKLMNPRSTVZ"[rng.IntN(14)])
			s.WriteByte("AEIOU"[rng.IntN(5)])
		}
		return s.String()
	}
	return word(3 + rng.IntN(2)), word(2 + rng.IntN(2))
}

// BenchmarkVerdict measures the whole local verdict, from a scan to what the screen shows,
// without a hub: the document against a filter of listed documents, the person against a list,
// and the history of document and person in the journal. Half of the travellers have crossed
// before, twice; none is on the list by name. In the time is that the encounter's draft is handed to the disk.
//
// Sizes: GARITA_IDENTITIES (20,000), GARITA_DOCUMENTS (200,000), GARITA_CROSSINGS (4,000). The
// past crossings go through the journal's own door, many at once, so that they share commits.
func BenchmarkVerdict(b *testing.B) {
	identities, documents, crossings := size(b, "GARITA_IDENTITIES", 20_000), size(b, "GARITA_DOCUMENTS", 200_000), size(b, "GARITA_CROSSINGS", 4_000)
	r := newRig(b, func(r *rig) { // the index outlives the journal's memory of its last events
		r.index = func(ev *border.Event) []border.BlindIndex {
			var p border.Personal
			plain, err := r.keys.Open(ev, border.PartPersonal)
			if err != nil || json.Unmarshal(plain, &p) != nil {
				return nil
			}
			return counter.Blinds(r.cfg.Blinder, &p)
		}
	})
	r.wall.now = time.Now().UTC()
	r.lists = []counter.List{large(b, identities, documents)}
	r.with(func(c *counter.Config) { c.IDs = border.NewIDs(r.clock, nil) })
	begun := time.Now()
	r.past(b, crossings)
	for quick := 0; quick < 200; quick++ { // until the index has caught up, the journal itself is searched
		start := time.Now()
		_, err := r.j.Document(b.Context(), border.BlindIndex{byte(quick), 1}, 5)
		check(b, err)
		if time.Since(start) > 5*time.Millisecond {
			quick = 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Logf("%d identities, %d documents; %d past crossings in %.0f s", identities, documents, crossings, time.Since(begun).Seconds())
	var took []time.Duration
	travellers := max(crossings/2, 1)
	step := 0
	for b.Loop() {
		step++
		n := step * 7919 % travellers
		if step%2 == 0 {
			n = travellers + step // nobody knows this one
		}
		surname, given := stranger(n)
		scan := border.Scan{Counter: "1", Source: border.SourceReader, Scanner: "r1", Lines: passportOf(n, surname, given, "320415"), ReceivedAt: r.wall.Now()}
		start := time.Now()
		check(b, r.s.Scan(context.Background(), scan))
		v := r.view("1")
		took = append(took, time.Since(start))
		b.StopTimer()
		if v.Encounter == nil || v.Encounter.Document.Surname != surname {
			b.Fatal("the scan is not on the screen")
		}
		if known := len(v.Encounter.History.Stays) > 0; known != (n < travellers && crossings > 1) {
			b.Fatalf("a history: %v", known)
		}
		check(b, r.s.Abandon(context.Background(), counter.At{Counter: "1", Officer: "17"}, v.Encounter.ID, "left", ""))
		r.wall.pass(time.Second)
		b.StartTimer()
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(len(took)-1, int(q*float64(len(took))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

// large is a list of so many invented persons, none of whom travels here, and documents.
func large(b *testing.B, identities, documents int) counter.List {
	b.Helper()
	entries := make([]*watch.Entry, identities)
	for i := range entries {
		surname, given := stranger(1_000_000_000 + i)
		entries[i] = &watch.Entry{Source: "sample", ID: strconv.Itoa(i), Handling: watch.Refer, Nationalities: []string{"UTO"},
			Names:      []watch.Name{{Surname: surname, GivenNames: given, Quality: watch.Primary}},
			BirthDates: []string{fmt.Sprintf("19%02d-%02d-%02d", 40+i%60, 1+i%12, 1+i%28)}}
	}
	base, err := watch.Compile(watch.Description{Name: "national"}, entries)
	check(b, err)
	l := counter.List{Name: "national", Version: "1", Issued: time.Now(), Watch: watch.New(base)}
	if documents == 0 {
		return l
	}
	key, err := document.DeriveKey(bytes.Repeat([]byte{3}, 32), "national", border.Epoch{1})
	check(b, err)
	rng := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, documents) // as good as those of documents: they are keyed hashes
	for i := range hashes {
		hashes[i] = rng.Uint64()
	}
	f, err := document.Build(border.Epoch{1}, hashes)
	check(b, err)
	l.Documents, err = document.NewSet(key, f, nil)
	check(b, err)
	return l
}

// past records crossings of half as many travellers, each in and out, as the first one was recorded.
func (r *rig) past(b *testing.B, n int) {
	b.Helper()
	if n < 2 {
		return
	}
	surname, given := stranger(-1)
	r.scan("1", passportOf(99_999_999, surname, given, "320415"))
	ev, like := r.event(r.decide(r.decision("1", border.Admitted)).Crossing)
	plain, err := r.keys.Open(&ev, border.PartPersonal)
	check(b, err)
	var person border.Personal
	check(b, json.Unmarshal(plain, &person))
	hub, err := seal.HubOnly(nil)
	check(b, err)
	keys, err := r.keys.Ready(b.Context(), r.wall.Now().Format("2006-01"))
	check(b, err)
	ids := border.NewIDs(r.clock, nil)
	work := make(chan int)
	var group sync.WaitGroup
	for range 512 {
		group.Go(func() {
			for i := range work {
				h, p := like, person
				id, err := ids.New()
				if err != nil {
					b.Error(err)
					return
				}
				h.Crossing = &id
				if i%2 == 1 {
					h.Direction, h.Outcome = border.Exit, string(border.Departed)
				}
				p.Surname, p.GivenNames = stranger(i / 2)
				p.DocumentNumber = fmt.Sprintf("U%08d", i/2)
				p.Lines = passportOf(i/2, p.Surname, p.GivenNames, "320415")
				text, err := json.Marshal(&p)
				if err == nil {
					_, err = r.j.Append(context.Background(), &journal.Entry{Header: h, Personal: text, HubOnly: hub, Keys: keys, Crossing: id,
						Blinds: counter.Blinds(r.cfg.Blinder, &p)})
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for i := range n / 2 * 2 {
		work <- i
	}
	close(work)
	group.Wait()
}
