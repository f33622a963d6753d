// Package conformance holds the suite that every scanner driver passes, run over a
// profile and its simulated devices through the real driver and supervisor, and the real
// transport where there can be one. Each case also proves that its fault really happened.
//
// It is a package of its own so that programs using the simulated reader do not link
// package testing.
package conformance

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// patience is how long a case waits for something that must happen. It is no
// performance figure; it only ends a test that has failed.
const patience = 30 * time.Second

// atOnce is how many cases run at the same time: they wait far more than they work, so it
// is more than there are processors.
const atOnce = 8

// Run runs the suite over a subject.
func Run(t *testing.T, s Subject) {
	cases := []struct {
		name string
		run  func(*bench)
	}{
		{"plugged in before the start", plugBeforeStart},
		{"plugged in while running", plugWhileRunning},
		{"unplugged in every state", unplugEverywhere},
		{"replugged under another node", replugElsewhere},
		{"slow bytes", slowBytes},
		{"stuck busy at the start", stuckAtStart},
		{"stuck busy while ready", stuckWhileReady},
		{"firmware too old", oldFirmware},
		{"firmware known to be bad", badFirmware},
		{"two identical devices", twins},
		{"one of two stuck", oneStuck},
		{"stopped in every state", stopped},
		{"permission denied", denied},
	}
	for _, f := range []Fault{Garbage, Truncated, Oversized, WrongSum, Refusal, Disorder, Late} {
		cases = append(cases, struct {
			name string
			run  func(*bench)
		}{string(f), func(b *bench) { harm(b, f) }})
	}
	if s.Profile.Kind == profile.Fingerprint {
		cases = append(cases, []struct {
			name string
			run  func(*bench)
		}{
			{"capture cancelled while waiting", cancelWaiting},
			{"capture cancelled in the image", cancelImage},
		}...)
	} else {
		cases = append(cases, struct {
			name string
			run  func(*bench)
		}{"flood", flood})
	}
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, atOnce)
	for _, c := range cases {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			t.Run(c.name, func(t *testing.T) {
				c.run(&bench{T: t, Subject: s, scans: make(chan border.Scan, 1024)})
			})
		})
	}
}

// bench is one case at work.
type bench struct {
	*testing.T
	Subject
	rig   Rig
	scans chan border.Scan
	sup   *supervisor.Supervisor
	stop  func() // ends the supervisor and waits for it
}

// need skips a case that this kind of device cannot have.
func (b *bench) need(f Fault) {
	b.Helper()
	if why, lacks := b.Lacks[f]; lacks {
		b.Skip("cannot happen: " + why)
	}
}

// place prepares places for n devices.
func (b *bench) place(n int) {
	b.Helper()
	b.rig = b.Rig(b.T, n)
	if len(b.rig.IDs) != n {
		b.Fatalf("the rig has %d places, not %d", len(b.rig.IDs), n)
	}
}

// plug makes the device of a place appear.
func (b *bench) plug(place int) Device {
	b.Helper()
	d, err := b.rig.Plug(place)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { b.must(d.Close()) })
	return d
}

// one plugs a device in, starts the station and waits until the device is ready.
func (b *bench) one() Device {
	b.Helper()
	b.place(1)
	d := b.plug(0)
	b.start()
	b.ready(0)
	return d
}

// start runs a supervisor whose scanners have counters of their own: "1", "2", ….
func (b *bench) start() {
	b.Helper()
	b.startWith(func(_ context.Context, s border.Scan) error {
		b.scans <- s
		return nil
	})
}

func (b *bench) startWith(deliver supervisor.Deliver) {
	b.Helper()
	set, err := profile.NewSet(b.Profile)
	if err != nil {
		b.Fatal(err)
	}
	var counters []border.CounterID
	for i := range b.rig.IDs {
		counters = append(counters, counter(i))
	}
	sup, err := supervisor.New(supervisor.Config{Scanners: b.rig.Scanners, Counters: counters, Profiles: set, Bus: b.rig.Bus,
		Opener: b.rig.Opener, Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.sup = sup
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	over := false
	b.stop = func() {
		b.Helper()
		if over {
			return
		}
		over = true
		cancel()
		select {
		case err := <-ended:
			b.must(err)
		case <-time.After(patience):
			b.Error("Run did not end after cancel")
		}
	}
	b.Cleanup(b.replays)
	b.Cleanup(b.stop)
}

func counter(place int) border.CounterID { return border.CounterID(fmt.Sprint(place + 1)) }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Error(err)
	}
}

// status is that of a scanner; one that is not listed is absent.
func (b *bench) status(place int) border.ScannerStatus {
	for _, s := range b.sup.Status() {
		if s.ID == b.rig.IDs[place] {
			return s
		}
	}
	return border.ScannerStatus{ID: b.rig.IDs[place], State: "absent", Reason: "not listed"}
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

func (b *bench) state(place int, states ...string) {
	b.Helper()
	b.until(fmt.Sprint(b.rig.IDs[place], " ", states), func() bool {
		s := b.status(place).State
		for _, want := range states {
			if s == want {
				return true
			}
		}
		return false
	})
}

// ready waits until a scanner is ready, and has its counter.
func (b *bench) ready(place int) {
	b.Helper()
	b.state(place, "ready")
	b.assign(place)
}

func (b *bench) assign(place int) {
	b.Helper()
	if b.status(place).Counter != counter(place) {
		b.must(b.sup.Assign(context.Background(), b.rig.IDs[place], counter(place)))
	}
}

func (b *bench) counts(place int) supervisor.Counts {
	b.Helper()
	c, err := b.sup.Counts(b.rig.IDs[place])
	if err != nil {
		return supervisor.Counts{} // not found yet
	}
	return c
}

// takes shows a document or finger and checks that just this one arrives.
func (b *bench) takes(place int, d Device, i int) {
	b.Helper()
	if b.Profile.Kind == profile.Fingerprint {
		b.must(d.Show(i))
		b.captures(place, i)
		return
	}
	b.must(d.Show(i))
	b.expect(place, i)
}

// captures takes an image and checks that it is that of a finger.
func (b *bench) captures(place, i int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := b.capture(ctx, place)
	if err != nil {
		b.Fatalf("no image: %v; status %+v", err, b.sup.Status())
	}
	b.same(place, i, got)
}

func (b *bench) capture(ctx context.Context, place int) (border.FingerImage, error) {
	return b.sup.CaptureFinger(ctx, border.FingerRequest{Scanner: b.rig.IDs[place], Position: 2})
}

func (b *bench) same(_, i int, got border.FingerImage) {
	b.Helper()
	want := b.Fingers[i]
	if got.Width != want.Width || got.Height != want.Height || !bytes.Equal(got.Pixels, want.Pixels) {
		other := "no image of the suite"
		if bytes.Equal(got.Pixels, b.Fingers[1-i].Pixels) {
			other = "that of the other finger"
		}
		b.Errorf("the image is not that of finger %d: %d×%d, %s", i, got.Width, got.Height, other)
	}
	if got.DPI != b.Profile.Image.DPI || got.Position != 2 || got.TakenAt.IsZero() || got.Profile != b.Profile.Hash {
		b.Errorf("the image says %d dpi, position %d, taken at %v, profile %q", got.DPI, got.Position, got.TakenAt, got.Profile)
	}
}

func (b *bench) expect(place, i int) {
	b.Helper()
	select {
	case s := <-b.scans:
		if fmt.Sprint(s.Lines) != fmt.Sprint(b.Documents[i]) {
			b.Errorf("another document than the one presented came: %d lines", len(s.Lines))
		}
		if s.Profile != b.Profile.Hash || s.Source != border.SourceReader || s.Counter != counter(place) {
			b.Errorf("scan says profile %q, source %q, counter %q", s.Profile, s.Source, s.Counter)
		}
	case <-time.After(patience):
		b.Fatalf("the document did not come; status %+v, counts %+v", b.sup.Status(), b.counts(place))
	}
}

// quiet waits until what came before is settled.
func (b *bench) quiet() {
	gap := b.Profile.Framing.IdleGap()
	if gap == 0 {
		gap = 400 * time.Millisecond
	}
	time.Sleep(gap + 2*b.Profile.Timing.ReadTimeout())
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
