package supervisor_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/supervisor"
)

// TestChurn plugs, unplugs and floods two readers with garbage, on the bus and on the
// line, in random order: afterwards each still serves its own counter, and no goroutine
// and no file is left over. 500 events; `make soak` makes 10,000.
func TestChurn(t *testing.T) {
	events := 500
	if os.Getenv("GARITA_SOAK") != "" {
		events = 10_000
	}
	churn(t, events)
}

func churn(t *testing.T, events int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d events", seed, events)
	rng := rand.New(rand.NewPCG(seed, 2))
	store, b := storeIn(t), newBus()
	ids := []string{"usb-1-1", "usb-1-2"}
	readers := []*devicetest.Reader{openReader(t, "one"), openReader(t, "two")}
	s := startOn(t, b, store, twoCounters, usbReader(t))
	on := []bool{false, false}
	plug := func(k int) {
		if err := readers[k].Replug(); err != nil {
			t.Fatal(err)
		}
		b.plug(t, found(ids[k][4:], ""), readers[k])
		on[k] = true
	}
	for k := range readers {
		plug(k)
		until(t, s.Supervisor, ids[k], "ready")
		if err := s.Assign(t.Context(), ids[k], twoCounters[k]); err != nil {
			t.Fatal(err)
		}
	}
	files, routines := openFiles(t), runtime.NumGoroutine()

	made := map[string]int{}
	for i := range events {
		k := rng.IntN(2)
		r := readers[k]
		if on[k] && rng.IntN(20) == 0 { // else most of them would find it being opened
			untilStatus(t, s.Supervisor, ids[k], func(st border.ScannerStatus) bool { return st.State == "ready" || st.State == "degraded" })
		}
		switch what := rng.IntN(6); {
		case i%50 == 49: // on a slow machine all the others may find it being opened
			made["felt"]++
			if !on[k] {
				plug(k)
			}
			feel(t, s, ids[k], r, seed+uint64(i))
			b.unplug(ids[k][4:])
			on[k] = false
		case !on[k]:
			made["plug"]++
			plug(k)
		case what == 0:
			made["unplug, line first"]++
			if err := r.Unplug(); err != nil {
				t.Fatal(err)
			}
			b.unplug(ids[k][4:])
			on[k] = false
		case what == 1:
			made["unplug, bus first"]++
			b.unplug(ids[k][4:])
			if err := r.Unplug(); err != nil {
				t.Fatal(err)
			}
			on[k] = false
		case what == 2:
			made["replug unseen by the bus"]++
			if err := r.Unplug(); err != nil {
				t.Fatal(err)
			}
			b.unplug(ids[k][4:])
			plug(k)
		case what == 3:
			made["garbage"]++
			_ = r.Garbage(1+rng.IntN(2000), seed+uint64(i)) // nobody may be listening
		case what == 4:
			made["half a document"]++
			_ = r.Half(td3)
		default:
			made["endless bytes"]++
			_ = r.Flood(1 + rng.IntN(20_000))
		}
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		}
		for len(s.scans) > 0 {
			if got := <-s.scans; got.Lines[0] != td3[0] {
				t.Fatal("a scan of what was never presented whole")
			}
		}
	}
	t.Logf("%v", made)
	for k, r := range readers {
		if on[k] { // it may be degraded by the garbage: begin with a good one
			if err := r.Unplug(); err != nil {
				t.Fatal(err)
			}
			b.unplug(ids[k][4:])
			until(t, s.Supervisor, ids[k], "absent")
		}
		plug(k)
	}
	for k := range readers {
		until(t, s.Supervisor, ids[k], "ready")
		settleLine()
		drain(s)
		if c := s.present(t, readers[k], ids[k], td1); c != twoCounters[k] {
			t.Errorf("%s belongs to counter %q now", ids[k], c)
		}
	}
	checkLeaks(t, files, routines)
}

// feel sends garbage until the scanner's session counts it as such, then pulls the line
// out and waits for the session to count that too.
func feel(t *testing.T, s *rig, id string, r *devicetest.Reader, seed uint64) {
	t.Helper()
	before := counts(t, s.Supervisor, id)
	var sent time.Time
	untilCount(t, s.Supervisor, id, func(c supervisor.Counts) bool {
		if time.Since(sent) > time.Second { // what comes while it is opened is thrown away, and garbage without a silence between counts once
			sent = time.Now()
			seed++ // random bytes may happen to be framed, and are no garbage then
			_ = r.Garbage(200, seed)
		}
		return c.Garbage > before.Garbage
	})
	before = counts(t, s.Supervisor, id)
	if err := r.Unplug(); err != nil {
		t.Fatal(err)
	}
	untilCount(t, s.Supervisor, id, func(c supervisor.Counts) bool { return c.Unplugged > before.Unplugged })
}

// settleLine waits until what was sent before a document is judged and gone.
func settleLine() { time.Sleep(time.Second) }

func drain(s *rig) {
	for {
		select {
		case <-s.scans:
		default:
			return
		}
	}
}

// checkLeaks compares with the counts while the same two readers were open and ready.
func checkLeaks(t *testing.T, files, routines int) {
	t.Helper()
	for range 100 {
		if openFiles(t) <= files && runtime.NumGoroutine() <= routines {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d files open instead of %d, %d goroutines instead of %d", openFiles(t), files, runtime.NumGoroutine(), routines)
}

func openFiles(tb testing.TB) int {
	tb.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", os.Getpid()))
	if err != nil {
		tb.Fatal(err)
	}
	return len(entries)
}
