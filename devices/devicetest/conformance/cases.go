package conformance

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/devices/profile"
)

func plugBeforeStart(b *bench) {
	d := b.one()
	b.takes(0, d, 0)
	b.takes(0, d, 1)
}

func plugWhileRunning(b *bench) {
	b.place(1)
	b.start()
	b.state(0, "absent")
	if b.status(0).Reason == "" {
		b.Error("absent without a reason")
	}
	d := b.plug(0)
	b.ready(0)
	b.takes(0, d, 0)
}

// unplugEverywhere pulls the cable after so many bytes of a life that goes from plugging
// in to one document or image.
func unplugEverywhere(b *bench) {
	d := b.one()
	b.takes(0, d, 0)
	sent, received := d.Moved()
	type stage struct{ sent, received int }
	stages := []stage{{sent: 1}, {sent: 2}, {sent: sent / 4}, {sent: sent / 2}, {sent: sent/2 + 1}, {sent: sent - 1}}
	if received > 1 {
		stages = append(stages, stage{received: 1}, stage{received: received / 2}, stage{received: received - 1})
	}
	for _, s := range stages {
		b.must(d.Unplug())
		b.state(0, "absent")
		d.UnplugAfter(s.sent, s.received)
		b.must(d.Replug())
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { // shows something as soon as it may, until the cable is pulled
			defer close(ended)
			for ctx.Err() == nil && d.Plugged() {
				if b.status(0).State != "ready" {
					time.Sleep(2 * time.Millisecond)
				} else if err := d.Show(0); err == nil && b.Profile.Kind == profile.Fingerprint {
					if _, err := b.capture(ctx, 0); err == nil {
						break
					} else if border.MessageOf(err) == "" && ctx.Err() == nil {
						b.Errorf("a capture ended by unplugging says nothing: %v", err)
					}
				} else {
					time.Sleep(20 * time.Millisecond)
				}
			}
		}()
		b.until("the cable was pulled", func() bool { return !d.Plugged() })
		cancel()
		<-ended
		b.state(0, "absent")
		// Nothing of the first one may be in what comes next.
		for len(b.scans) > 0 {
			<-b.scans
		}
		b.must(d.Replug())
		b.ready(0)
		b.takes(0, d, 1)
		b.noScan()
	}
}

func replugElsewhere(b *bench) {
	d := b.one()
	m, ok := d.(Mover)
	if !ok {
		b.Skip("this device has no node of its own")
	}
	b.takes(0, d, 0)
	b.must(m.Move())
	b.until("the move was seen", func() bool { return b.counts(0).Opened >= 2 })
	b.ready(0)
	b.takes(0, d, 1)
}

// harm makes a fault happen and checks that nothing comes of it but words, and that the
// scanner works again.
func harm(b *bench, f Fault) {
	b.need(f)
	d := b.one()
	before := b.counts(0)
	if b.Profile.Kind == profile.Fingerprint {
		b.must(d.Show(0))
		b.must(d.Break(f))
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := b.capture(ctx, 0)
		if ctx.Err() != nil || err == nil {
			b.Fatalf("the fault did not happen, or was not seen: %v", err)
		}
		cancel()
		if border.MessageOf(err) == "" {
			b.Errorf("the fault has no plain words: %v", err)
		}
		d.Mend()
		b.until("an image again", func() bool { // the device may be opened anew before
			if err := d.Show(1); err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			got, err := b.capture(ctx, 0)
			if err == nil {
				b.same(0, 1, got)
			}
			return err == nil
		})
		b.ready(0)
		return
	}
	b.must(d.Break(f))
	anew := f == Refusal || f == Disorder || f == Late // after a wrong answer the device is opened anew
	b.until("the fault was noted", func() bool {
		c := b.counts(0)
		if anew {
			return c.Opened > before.Opened
		}
		return c.Garbage+c.Incomplete+c.Oversize+c.Chatter > before.Garbage+before.Incomplete+before.Oversize+before.Chatter ||
			slices.Contains([]string{"degraded", "failed"}, b.status(0).State) || c.Opened > before.Opened
	})
	b.until("a word about it", func() bool {
		c := b.counts(0)
		return c.Chatter > before.Chatter || c.Opened > before.Opened || b.status(0).Reason != ""
	})
	b.quiet()
	b.noScan()
	d.Mend()
	if anew {
		b.ready(0)
	} else { // enough unreadable documents degrade it until a good one comes
		b.state(0, "ready", "degraded")
		b.assign(0)
	}
	b.takes(0, d, 1)
	b.until("no more word about it", func() bool { s := b.status(0); return s.State == "ready" && s.Reason == "" })
}

// flood only concerns readers: what a fingerprint scanner sends was asked for.
func flood(b *bench) {
	d := b.one()
	f, ok := d.(interface{ Flood(n int) error })
	if !ok {
		b.Skip("cannot send without end")
	}
	b.must(f.Flood(3 * b.Profile.Limits.MaxBytesPerSecond))
	// A reader that floods instead of answering is opened anew before it is a flood.
	b.until("a flood", func() bool { c := b.counts(0); return c.Floods > 0 || c.Opened > 1 })
	b.quiet()
	b.ready(0) // when it is over
	b.noScan()
	if c := b.counts(0); c.Garbage+c.Oversize+c.Incomplete > 3 {
		b.Errorf("one flood became many readings: %+v", c)
	}
	b.takes(0, d, 1)
}

func slowBytes(b *bench) {
	b.need(Slow)
	d := b.one()
	b.must(d.Break(Slow))
	b.takes(0, d, 0)
	d.Mend()
	b.takes(0, d, 1)
}

func stuckAtStart(b *bench) {
	if !b.Asks {
		b.Skip("the driver waits for no answer before the device is ready")
	}
	b.place(1)
	d := b.plug(0)
	b.must(d.Break(Stuck))
	b.start()
	b.state(0, "degraded", "failed")
	if !strings.Contains(b.status(0).Reason, "answer") {
		b.Errorf("the reason does not say what is wrong: %q", b.status(0).Reason)
	}
	b.must(d.Unplug())
	b.state(0, "absent")
	b.must(d.Replug())
	b.ready(0)
	b.takes(0, d, 1)
}

func stuckWhileReady(b *bench) {
	b.need(Stuck)
	d := b.one()
	b.must(d.Break(Stuck))
	if b.Profile.Kind == profile.Fingerprint {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := b.capture(ctx, 0)
		if err == nil || ctx.Err() != nil {
			b.Fatalf("a stuck device is waited for without end: %v", err)
		}
		cancel()
		if border.MessageOf(err) == "" {
			b.Errorf("no plain words: %v", err)
		}
	} else {
		b.quiet()
		b.noScan()
	}
	b.must(d.Unplug())
	b.state(0, "absent")
	b.must(d.Replug())
	b.ready(0)
	b.takes(0, d, 1)
}

func oldFirmware(b *bench) {
	firmware(b, func(p *profile.Profile) { p.Identify.Minimum = "9999" })
}

func badFirmware(b *bench) {
	firmware(b, func(p *profile.Profile) {
		p.Identify.KnownBad = []profile.Range{{From: profile.Version(b.Firmware), To: profile.Version(b.Firmware)}}
	})
}

// firmware checks that a device with firmware that should be replaced says so, and works.
func firmware(b *bench, change func(*profile.Profile)) {
	if b.Firmware == "" {
		b.Skip("this device cannot be asked for its firmware")
	}
	const advice = "Ask the maker of the simulation for another."
	p := *b.Profile
	p.Identify.Advice = advice
	change(&p)
	b.Profile = &p
	b.place(1)
	d := b.plug(0)
	b.start()
	b.state(0, "degraded")
	if s := b.status(0); !strings.Contains(s.Reason, advice) || !strings.Contains(s.Reason, b.Firmware) {
		b.Errorf("the reason names neither firmware nor remedy: %q", s.Reason)
	}
	b.assign(0)
	b.takes(0, d, 1)
}

func twins(b *bench) {
	b.place(2)
	d := [2]Device{b.plug(0), b.plug(1)}
	b.start()
	b.ready(0)
	b.ready(1)
	rounds := 20
	if b.Profile.Kind == profile.Fingerprint {
		rounds = 2
	}
	for range rounds {
		if b.Profile.Kind == profile.Fingerprint {
			both(b, d)
			continue
		}
		b.must(d[0].Show(0))
		b.must(d[1].Show(1))
		for range 2 {
			select {
			case s := <-b.scans:
				i := 0
				if s.Counter == counter(1) {
					i = 1
				}
				if !slices.Equal(s.Lines, b.Documents[i]) {
					b.Fatalf("a scan on the wrong counter, %s", s.Counter)
				}
			case <-time.After(patience):
				b.Fatal("a scan is missing")
			}
		}
	}
	// One goes, the other does not notice.
	b.must(d[0].Unplug())
	b.state(0, "absent")
	b.takes(1, d[1], 1)
	if s := b.status(1); s.State != "ready" {
		b.Errorf("its twin is %s", s.State)
	}
}

// both takes two fingers at two scanners at once.
func both(b *bench, d [2]Device) {
	b.Helper()
	done := make(chan struct{})
	b.must(d[0].Show(0))
	b.must(d[1].Show(1))
	var other border.FingerImage
	var err error
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		defer close(done)
		other, err = b.capture(ctx, 1)
	}()
	b.captures(0, 0)
	<-done
	b.must(err)
	b.same(1, 1, other)
}

func oneStuck(b *bench) {
	b.need(Stuck)
	b.place(2)
	d := [2]Device{b.plug(0), b.plug(1)}
	b.start()
	b.ready(0)
	b.ready(1)
	b.must(d[0].Break(Stuck))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if b.Profile.Kind == profile.Fingerprint {
			_, _ = b.capture(ctx, 0) // fails, sooner or later
		}
	}()
	b.takes(1, d[1], 1)
	b.takes(1, d[1], 0)
	cancel()
	<-done
}

// promptly is how long an end may take here. The goal is 100 ms; a busy machine that runs
// other tests too is no reason to fail.
func promptly() time.Duration {
	if os.Getenv("GARITA_SOAK") != "" {
		return 150 * time.Millisecond
	}
	return 2 * time.Second
}

// stopped stops the station in each state of a scanner. That Run ends, and with it
// every goroutine, is checked by stop and by the package's leak check.
func stopped(b *bench) {
	b.place(1)
	d := b.plug(0)
	finger := b.Profile.Kind == profile.Fingerprint
	hold := make(chan struct{}, 1)
	stages := []struct {
		name string
		to   func()
	}{
		{"absent", func() { b.must(d.Unplug()); b.state(0, "absent") }},
		{"initialising", func() { b.must(d.Replug()); b.state(0, "initialising", "ready") }},
		{"ready", func() { b.ready(0) }},
		{"broken off", func() {
			if _, lacks := b.Lacks[Truncated]; lacks || finger {
				return
			}
			b.ready(0)
			before := b.counts(0).Bytes
			b.must(d.Break(Truncated))
			b.until("bytes", func() bool { return b.counts(0).Bytes > before || b.rig.Bus != nil })
		}},
		{"at work", func() {
			d.Mend()
			b.ready(0)
			if !finger {
				b.must(d.Show(0))
				<-hold // the counter has it, and does not accept it
				return
			}
			go func() { _, _ = b.capture(context.Background(), 0) }() // ends with the session
			b.until("a capture", func() bool { _, r := d.Moved(); return r > 0 })
			time.Sleep(20 * time.Millisecond)
		}},
	}
	for _, s := range stages {
		b.startWith(func(ctx context.Context, _ border.Scan) error {
			hold <- struct{}{}
			<-ctx.Done() // a counter that accepts nothing
			return ctx.Err()
		})
		if s.name == "ready" || s.name == "broken off" || s.name == "at work" {
			b.quiet()
		}
		s.to()
		began := time.Now()
		b.stop()
		took := time.Since(began)
		b.Logf("stopped %s in %v", s.name, took)
		if took > promptly() {
			b.Errorf("stopping %s took %v", s.name, took)
		}
	}
}

func denied(b *bench) {
	if os.Getuid() == 0 {
		b.Skip("root may open everything; run the tests as another user for this case")
	}
	b.place(1)
	d := b.plug(0)
	n, ok := d.(Denier)
	if !ok {
		b.Skip("this device has no rights of its own")
	}
	b.must(n.Deny(true))
	b.start()
	b.until("a hint what to do", func() bool {
		s := b.status(0)
		return (s.State == "degraded" || s.State == "failed") && strings.Contains(s.Reason, "udev")
	})
	b.must(n.Deny(false))
	b.ready(0)
	b.takes(0, d, 1)
}

// cancelWaiting gives up captures while no finger is there.
func cancelWaiting(b *bench) {
	d := b.one()
	for _, after := range []time.Duration{0, time.Millisecond, 30 * time.Millisecond, 150 * time.Millisecond} {
		b.giveUp(0, after, nil)
	}
	b.takes(0, d, 1)
}

// cancelImage gives up captures while the image comes, and takes the other finger next: not
// a byte of the first may be in it.
func cancelImage(b *bench) {
	d := b.one()
	b.must(d.Show(0))
	before, _ := d.Moved()
	b.captures(0, 0)
	after, _ := d.Moved()
	whole := after - before
	for _, part := range []int{10, 4, 2} {
		b.must(d.Show(0))
		if _, lacks := b.Lacks[Slow]; !lacks {
			b.must(d.Break(Slow))
		}
		at, _ := d.Moved()
		b.giveUp(0, 0, func() bool { now, _ := d.Moved(); return now >= at+whole/part })
		d.Mend()
		b.takes(0, d, 1)
	}
}

// giveUp cancels a capture after a time, or when something is the case, and checks that it
// ends.
func (b *bench) giveUp(place int, after time.Duration, when func() bool) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := b.capture(ctx, place)
		ended <- err
	}()
	time.Sleep(after)
	if when != nil {
		b.until("the moment to give up", when)
	}
	cancel()
	began := time.Now()
	err := <-ended
	took := time.Since(began)
	b.Logf("given up in %v: %v", took, err)
	if !errors.Is(err, context.Canceled) {
		b.Errorf("a capture that was given up ended with %v", err)
	}
	if took > promptly() {
		b.Errorf("giving a capture up took %v", took)
	}
	b.ready(place)
}
