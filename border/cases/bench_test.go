package cases

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/border/seal"
	"garita/border/watch"
)

// nameOf makes a name of n that few others have.
func nameOf(n, syllables int) string {
	rng := rand.New(rand.NewPCG(uint64(n), 417))
	var s []byte
	for range syllables {
		s = append(s, "BCDFGHJKLMNPRSTVXZ"[rng.IntN(18)], "AEIOUY"[rng.IntN(6)])
		if rng.IntN(2) == 0 {
			s = append(s, "LMNRST"[rng.IntN(6)])
		}
	}
	return string(s)
}

func processor(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRescreen looks through past crossings for 10,000 new entries, as one would who runs
// alone on one core (GOMAXPROCS=1). GARITA_CROSSINGS says how many crossings; 20,000 if unset.
// GARITA_TRAVELLERS says how many people they are of; as many if unset. Processor time does not depend on who else works.
func BenchmarkRescreen(b *testing.B) {
	crossings, entries := 20_000, 10_000
	if n, err := strconv.Atoi(os.Getenv("GARITA_CROSSINGS")); err == nil {
		crossings = n
	}
	travellers := crossings
	if n, err := strconv.Atoi(os.Getenv("GARITA_TRAVELLERS")); err == nil {
		travellers = n
	}
	w := newWorld(b)
	k := w.book("PUT-1")
	set, err := w.station("PUT-1").Ready(b.Context(), seal.Bucket(w.clock.Now()))
	w.must(err)
	w.unlock("PUT-1")
	var batch []border.Event
	for i := range crossings {
		n := i % travellers
		s := soul{fmt.Sprintf("U%08d", n), nameOf(3*n, 3), nameOf(3*n+1, 2) + " " + nameOf(3*n+2, 2),
			time.Date(1950, 1, 1+n*7919%20_000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), "FM"[n%2 : n%2+1]}
		if i%5_000 == 17 {
			s = invented(i)
		}
		id := border.ID{6: 0x70, 8: 0x80}
		binary.BigEndian.PutUint32(id[2:], uint32(i))
		h := border.Header{Station: k.station, Epoch: k.epoch, Seq: uint64(len(k.events)) + 1, Type: border.TypeCrossingRecorded, Post: "PUT", Counter: "1",
			OccurredAt: w.clock.Now(), RecordedAt: w.clock.Now(), LocalDate: "2026-11-04", Crossing: &id, Direction: border.Entry, Outcome: "admitted",
			Nationality: "UTO", Sex: s.sex, Category: "visitor", Purpose: "1.1", Residence: "UTO", DocumentKind: "P", DocumentIssuer: "UTO", TransportMode: "land",
			Officer: "0123456789abcdef", Verdict: "proceed", Lists: []border.ListVersion{{List: "national", Version: "1"}}}
		h.Clock.State = border.ClockSynced
		key := border.Key{Station: k.station, Epoch: k.epoch, Seq: h.Seq}
		plain, err := json.Marshal(border.Personal{DocumentCode: "P", DocumentNumber: s.number, IssuingState: "UTO", Surname: s.surname, GivenNames: s.given,
			Nationality: "UTO", BirthDate: s.born, ExpiryDate: "2031-04-15", Sex: s.sex, Officer: "B1", DocumentKind: "P",
			Lines:   []string{fmt.Sprintf("%-44s", "P<UTO"+s.surname), fmt.Sprintf("%-44s", s.number)},
			Answers: map[string]string{"address": "12 Invented Street, Utopia", "flight": "UT 417"}})
		w.must(err)
		personal, err := set.Seal(key, border.PartPersonal, plain)
		w.must(err)
		hidden, err := seal.HubOnly(nil)
		w.must(err)
		hub, err := set.Seal(key, border.PartHub, hidden)
		w.must(err)
		header, err := h.AppendJSON(nil)
		w.must(err)
		e := border.Event{Key: key, Type: h.Type, Header: header, Parts: []border.Part{personal, hub}, Prev: k.events[len(k.events)-1].Hash}
		e.Hash = e.ComputeHash()
		k.events[len(k.events)-1] = border.Event{} // let go of what was sent
		k.events = append(k.events, e)
		if batch = append(batch, e); len(batch) == 2000 || i == crossings-1 {
			w.send(batch...)
			batch = batch[:0]
		}
	}
	began, used := time.Now(), processor(b)
	w.step()
	b.ReportMetric(float64(crossings)/time.Since(began).Seconds(), "followed/s")
	b.ReportMetric((processor(b)-used).Seconds()*1e6/float64(crossings), "follow-cpu-µs")
	var listed []*watch.Entry
	for i := range entries {
		listed = append(listed, entry(fmt.Sprint("e", i), invented(i), watch.Silent))
	}
	w.put(listed...)
	w.must(func() error { _, err := w.cases.Step(b.Context()); return err }()) // the small list is compiled
	b.ResetTimer()
	began, used = time.Now(), processor(b)
	w.step()
	b.ReportMetric(float64(crossings)/time.Since(began).Seconds(), "crossings/s")
	b.ReportMetric((processor(b)-used).Seconds()*1e6/float64(crossings), "cpu-µs/crossing")
	b.ReportMetric(float64(len(w.inbox())), "cases")
}

// invented is a listed person.
func invented(n int) soul {
	return soul{fmt.Sprintf("X%08d", n), nameOf(-2*n-1, 3), nameOf(-2*n-2, 2) + " " + nameOf(-2*n-1000003, 3), time.Date(1945, 1, 1+n*6007%21_000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), "M"}
}
