package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"garita/border"
	"garita/devices/devicetest"
)

func plugBeforeStart(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	b.present(r, b.a)
	b.present(r, b.b)
}

func plugWhileRunning(b *bench) {
	b.start("one")
	b.state("one", "absent")
	if b.status("one").Reason == "" {
		b.Error("absent without a reason")
	}
	r := b.plug("one")
	b.state("one", "ready")
	b.present(r, b.a)
}

func unplugEverywhere(b *bench) {
	r := b.plug("one")
	b.start("one")
	size := len(devicetest.Encode(b.profile.Framing, b.a))
	stages := []int{0, 1, 2, size / 4, size/2 - 1, size / 2, size/2 + 1, size - 2, size - 1}
	for _, n := range stages {
		b.state("one", "ready")
		before := b.counts("one").Bytes
		if n > 0 {
			b.must(r.Partial(b.a, n))
			b.until("the bytes were read", func() bool { return b.counts("one").Bytes == before+uint64(n) })
		}
		b.must(r.Unplug())
		b.state("one", "absent")
		b.must(r.Replug())
		b.state("one", "ready")
		b.present(r, b.b) // and nothing of the first one
	}
	b.noScan()
	if c := b.counts("one"); c.Unplugged != uint64(len(stages)) {
		b.Errorf("%d unpluggings were seen, %d made", c.Unplugged, len(stages))
	}
}

func replugElsewhere(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	node, err := os.Readlink(r.Path())
	b.must(err)
	b.must(r.Unplug())
	b.state("one", "absent")
	// Other devices take the free numbers, until ours must get another.
	for i := 0; ; i++ {
		b.plug(fmt.Sprintf("other-%d", i))
		if got, err := os.Readlink(b.link(fmt.Sprintf("other-%d", i))); err != nil {
			b.Fatal(err)
		} else if got == node {
			break
		}
		if i == 64 {
			b.Skip("the node's number was not given out again")
		}
	}
	b.must(r.Replug())
	if now, _ := os.Readlink(r.Path()); now == node {
		b.Fatalf("the fault did not happen: still on %s", node)
	}
	b.state("one", "ready")
	b.present(r, b.a)
}

func garbage(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	seed := uint64(time.Now().UnixNano())
	b.Logf("seed %d", seed)
	b.must(r.Garbage(2000, seed))
	b.until("the garbage was read", func() bool { return b.counts("one").Bytes == 2000 })
	b.quiet()
	b.noScan()
	if c := b.counts("one"); c.Garbage == 0 {
		b.Errorf("2,000 random bytes were not called garbage: %+v", c)
	}
	b.present(r, b.a)
	b.state("one", "ready")
}

func truncated(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	b.must(r.Half(b.a))
	b.until("incomplete", func() bool { return b.counts("one").Incomplete == 1 })
	b.until("a word about it", func() bool { return b.status("one").Reason != "" })
	b.noScan()
	b.present(r, b.b)
	b.until("no more word about it", func() bool { return b.status("one").Reason == "" })
}

func oversized(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	b.must(r.Oversized(b.profile.Framing.MaxBytes + 100))
	b.until("too large, or no document", func() bool { c := b.counts("one"); return c.Oversize+c.Garbage == 1 })
	b.quiet()
	b.noScan()
	b.present(r, b.a)
}

func flood(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	b.must(r.Flood(3 * b.profile.Limits.MaxBytesPerSecond))
	b.until("a flood", func() bool { return b.counts("one").Floods > 0 })
	b.state("one", "ready") // when it is over
	b.quiet()
	b.noScan()
	if c := b.counts("one"); c.Garbage+c.Oversize+c.Incomplete > 3 {
		b.Errorf("one flood became many readings: %+v", c)
	}
	b.present(r, b.a)
}

func slowBytes(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	if _, err := r.Slow(b.a, 5*time.Millisecond); err != nil {
		b.Fatal(err)
	}
	b.expect(b.a)
}

func silence(b *bench) {
	r := b.plug("one")
	b.start("one")
	b.state("one", "ready")
	r.Silence()
	if _, err := r.Present(b.a); err == nil {
		b.Fatal("the fault did not happen: the reader is not silent")
	}
	b.quiet()
	b.noScan()
	b.must(r.Unplug())
	b.state("one", "absent")
	b.must(r.Replug())
	b.state("one", "ready")
	b.present(r, b.b)
}

func twins(b *bench) {
	one, two := b.plug("one"), b.plug("two")
	b.start("one", "two")
	b.state("one", "ready")
	b.state("two", "ready")
	const rounds = 20
	for range rounds {
		if _, err := one.Present(b.a); err != nil {
			b.Fatal(err)
		}
		if _, err := two.Present(b.b); err != nil {
			b.Fatal(err)
		}
		for range 2 {
			select {
			case s := <-b.scans:
				want := map[border.CounterID][]string{"1": b.a, "2": b.b}[s.Counter]
				if fmt.Sprint(s.Lines) != fmt.Sprint(want) {
					b.Fatalf("a scan on the wrong counter, %s", s.Counter)
				}
			case <-time.After(patience):
				b.Fatal("a scan is missing")
			}
		}
	}
	// One goes, the other does not notice.
	b.must(one.Unplug())
	b.state("one", "absent")
	b.present(two, b.b)
	if s := b.status("two"); s.State != "ready" {
		b.Errorf("its twin is %s", s.State)
	}
}

// cancelled stops the station in each state of a scanner. That Run ends, and with it
// every goroutine, is checked by stop and by the package's leak check.
func cancelled(b *bench) {
	stages := []struct {
		name string
		to   func(r *devicetest.Reader)
	}{
		{"absent", func(r *devicetest.Reader) { b.must(r.Unplug()); b.state("one", "absent") }},
		{"ready", func(*devicetest.Reader) {}},
		{"in a document", func(r *devicetest.Reader) {
			b.must(r.Half(b.a))
			b.until("bytes", func() bool { return b.counts("one").Bytes > 0 })
		}},
		{"in a flood", func(r *devicetest.Reader) {
			b.must(r.Flood(2 * b.profile.Limits.MaxBytesPerSecond))
			b.until("a flood", func() bool { return b.counts("one").Floods > 0 })
		}},
		{"at the counter", nil},
	}
	for _, s := range stages {
		r := b.plug("one")
		at := make(chan struct{}, 1)
		b.startWith(func(ctx context.Context, _ border.Scan) error {
			at <- struct{}{}
			<-ctx.Done() // a counter that accepts nothing
			return ctx.Err()
		}, "one")
		b.state("one", "ready")
		if s.to != nil {
			s.to(r)
		} else {
			if _, err := r.Present(b.a); err != nil {
				b.Fatal(err)
			}
			<-at
		}
		began := time.Now()
		b.stop()
		b.Logf("stopped %s in %v", s.name, time.Since(began))
		b.must(r.Close())
	}
}

func denied(b *bench) {
	if os.Getuid() == 0 {
		b.Skip("root may open everything; run the tests as another user for this case")
	}
	r := b.plug("one")
	node, err := os.Readlink(r.Path())
	b.must(err)
	b.must(os.Chmod(node, 0))
	b.start("one")
	b.until("a hint what to do", func() bool {
		s := b.status("one")
		return (s.State == "degraded" || s.State == "failed") && strings.Contains(s.Reason, "udev")
	})
	b.must(os.Chmod(node, 0o600))
	b.state("one", "ready")
	b.present(r, b.a)
}
