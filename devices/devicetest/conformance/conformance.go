// Package conformance holds the suite that every scanner driver passes, run over a
// profile and its simulated device through the real transport, driver and supervisor.
// Each case also proves that its fault really happened.
//
// It is a package of its own so that programs using the simulated reader do not link
// package testing.
package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// patience is how long a case waits for something that must happen. It is no
// performance figure; it only ends a test that has failed.
const patience = 30 * time.Second

// Run runs the suite over a profile. documents are two different documents that the
// profile's framing can carry.
func Run(t *testing.T, p *profile.Profile, documents [2][]string) {
	cases := []struct {
		name string
		run  func(*bench)
	}{
		{"plugged in before the start", plugBeforeStart},
		{"plugged in while running", plugWhileRunning},
		{"unplugged at every stage of a document", unplugEverywhere},
		{"replugged under another node", replugElsewhere},
		{"garbage", garbage},
		{"truncated document", truncated},
		{"oversized document", oversized},
		{"flood", flood},
		{"slow bytes", slowBytes},
		{"silence", silence},
		{"two identical devices", twins},
		{"stopped at every stage", cancelled},
		{"permission denied", denied},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set, err := profile.NewSet(p)
			if err != nil {
				t.Fatal(err)
			}
			c.run(&bench{T: t, dir: t.TempDir(), profile: p, set: set, a: documents[0], b: documents[1],
				scans: make(chan border.Scan, 1024)})
		})
	}
}

// bench is one case at work.
type bench struct {
	*testing.T
	dir     string
	profile *profile.Profile
	set     profile.Set
	a, b    []string
	scans   chan border.Scan
	sup     *supervisor.Supervisor
	stop    func() // ends the supervisor and waits for it
}

func (b *bench) link(id string) string { return filepath.Join(b.dir, id) }

// plug opens the simulated device of a scanner.
func (b *bench) plug(id string) *devicetest.Reader {
	b.Helper()
	r, err := devicetest.OpenReader(b.link(id), b.profile.Framing)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { b.must(r.Close()) })
	return r
}

// start runs a supervisor for scanners, each with a counter of its own: "1", "2", ….
func (b *bench) start(ids ...string) {
	b.Helper()
	b.startWith(func(_ context.Context, s border.Scan) error {
		b.scans <- s
		return nil
	}, ids...)
}

func (b *bench) startWith(deliver supervisor.Deliver, ids ...string) {
	b.Helper()
	var cfg []supervisor.Scanner
	for i, id := range ids {
		cfg = append(cfg, supervisor.Scanner{ID: id, Profile: b.profile.ID, Path: b.link(id),
			Counter: border.CounterID(fmt.Sprint(i + 1))})
	}
	sup, err := supervisor.New(supervisor.Config{Scanners: cfg, Profiles: b.set, Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.sup = sup
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	stopped := false
	b.stop = func() {
		b.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			b.must(err)
		case <-time.After(patience):
			b.Error("Run did not end after cancel")
		}
	}
	b.Cleanup(b.stop)
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Error(err)
	}
}

func (b *bench) status(id string) border.ScannerStatus {
	for _, s := range b.sup.Status() {
		if s.ID == id {
			return s
		}
	}
	b.Fatalf("no scanner %s", id)
	return border.ScannerStatus{}
}

// until waits for a condition.
func (b *bench) until(what string, ok func() bool) {
	b.Helper()
	limit := time.After(patience)
	for !ok() {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-limit:
			b.Fatalf("never came: %s; status %+v", what, b.sup.Status())
		}
	}
}

func (b *bench) state(id, state string) {
	b.Helper()
	b.until(id+" "+state, func() bool { return b.status(id).State == state })
}

func (b *bench) counts(id string) supervisor.Counts {
	b.Helper()
	c, err := b.sup.Counts(id)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// present shows a document and checks that just this document reaches the counter.
func (b *bench) present(r *devicetest.Reader, lines []string) {
	b.Helper()
	if _, err := r.Present(lines); err != nil {
		b.Fatal(err)
	}
	b.expect(lines)
}

func (b *bench) expect(lines []string) {
	b.Helper()
	select {
	case s := <-b.scans:
		if fmt.Sprint(s.Lines) != fmt.Sprint(lines) {
			b.Errorf("another document than the one presented came: %d lines", len(s.Lines))
		}
		if s.Profile != b.profile.Hash || s.Source != border.SourceReader {
			b.Errorf("scan says profile %q, source %q", s.Profile, s.Source)
		}
	case <-time.After(patience):
		b.Fatalf("the document did not come; status %+v, counts %+v", b.sup.Status(), b.counts("one"))
	}
}

// quiet waits until the line has been silent for longer than the idle gap, so that what
// came before is settled.
func (b *bench) quiet() {
	time.Sleep(b.profile.Framing.IdleGap() + 2*b.profile.Timing.ReadTimeout())
}

func (b *bench) noScan() {
	b.Helper()
	if n := len(b.scans); n != 0 {
		b.Errorf("%d scans came of what was no whole document", n)
	}
}

// wall is the real clock; the suite runs against real terminals.
type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }
