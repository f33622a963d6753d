package demo

import (
	"math/rand/v2"
	"testing"
	"time"

	"garita/border"
	"garita/border/register"
)

func TestStationKilledAtRandom(t *testing.T) { killStation(t, 100) }

func TestSoakStationKilledAtRandom(t *testing.T) {
	soak(t)
	ready := killStation(t, 1000)
	if q := quantiles(ready); q.P99 > 1000 {
		t.Errorf("ready again: p99 %.0f ms, more than 1 s", q.P99)
	}
}

// killStation kills the station again and again under load. It returns how long each took
// from the kill to the first answer of its successor.
func killStation(t *testing.T, kills int) (ready []time.Duration) {
	rng, seed := random(t)
	s := openSite(t, 4, seed)
	u, desks := s.desks(4, seed)
	finish := load(desks)
	defer finish()
	pids := map[int]bool{}
	for range kills {
		time.Sleep(time.Duration(rng.IntN(80)) * time.Millisecond)
		pids[s.pid("post")] = true
		at := s.kill("post")
		s.serving("post")
		ready = append(ready, time.Since(at))
		if t.Failed() {
			break
		}
	}
	finish()
	if len(pids) != kills {
		t.Errorf("%d processes were killed in %d kills", len(pids), kills)
	}
	s.whole(u.recorded)
	if u.broken < kills/10 {
		t.Errorf("only %d requests were hurt by %d kills: there was no load", u.broken, kills)
	}
	t.Logf("kills %d; requests hurt %d, acknowledged as recorded before %d; ready again: %s", kills, u.broken, u.replayed, show(ready))
	return ready
}

func TestHubKilledAtRandom(t *testing.T) { killHub(t, 20) }

func TestSoakHubKilledAtRandom(t *testing.T) {
	soak(t)
	killHub(t, 200)
}

func killHub(t *testing.T, kills int) {
	rng, seed := random(t)
	s := openSite(t, 2, seed)
	u, desks := s.desks(2, seed)
	finish := load(desks)
	defer finish()
	grew := 0
	var before int64
	var ready []time.Duration
	for i := range kills {
		if i%2 == 0 { // in the middle of its work
			s.await("the register grows", func() bool { return s.counts().Crossings > before })
		} else { // or before it has found its feet
			time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
		}
		if n := s.counts().Crossings; n > before {
			before, grew = n, grew+1
		}
		at := s.kill("hub")
		s.serving("hub")
		ready = append(ready, time.Since(at))
	}
	finish()
	s.whole(u.recorded)
	if grew < kills/2 {
		t.Errorf("the register grew before %d of %d kills only: they hit an idle hub", grew, kills)
	}
	t.Logf("hub kills %d, %d of a register that had grown; ready again: %s", kills, grew, show(ready))
}

// TestJudge: a fault test is worth what its judge is.
func TestJudge(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	truth := map[border.ID]border.CounterID{}
	var rows []register.Crossing
	for range 50 {
		var id border.ID
		for i := range id {
			id[i] = byte(rng.Uint32())
		}
		truth[id] = "1"
		rows = append(rows, register.Crossing{ID: id, Counter: "1"})
	}
	if f := judge(truth, rows); len(f) != 0 {
		t.Errorf("faults where there are none: %v", f)
	}
	other := append([]register.Crossing{}, rows...)
	other[7].Counter = "2"
	stranger := register.Crossing{ID: border.ID{1}, Counter: "1"}
	for name, wrong := range map[string][]register.Crossing{
		"one is missing": rows[1:], "one is doubled": append(rows[:50:50], rows[3]),
		"one is at another counter": other, "one is strange": append(rows[:50:50], stranger),
	} {
		if f := judge(truth, wrong); len(f) != 1 {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// TestSettle: what decides the exit code of garita demo.
func TestSettle(t *testing.T) {
	a, b, c := border.ID{1}, border.ID{2}, border.ID{3}
	for name, x := range map[string]struct {
		rows             []border.ID
		lost, duplicated int
	}{
		"whole":    {[]border.ID{b, a}, 0, 0},
		"lost":     {[]border.ID{a}, 1, 0},
		"doubled":  {[]border.ID{a, b, a}, 0, 1},
		"strange":  {[]border.ID{a, b, c}, 0, 1},
		"nothing":  {nil, 2, 0},
		"replaced": {[]border.ID{a, c}, 1, 1},
	} {
		r := Result{}
		r.settle(map[border.ID]bool{a: true, b: true}, x.rows)
		if r.Lost != x.lost || r.Duplicated != x.duplicated || r.Failed() != (x.lost+x.duplicated > 0) {
			t.Errorf("%s: lost %d, duplicated %d, failed %v", name, r.Lost, r.Duplicated, r.Failed())
		}
	}
}
