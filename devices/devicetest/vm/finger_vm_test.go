//go:build vm

package vm

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
)

// draw draws a finger: what the sensor sees, and the image that must come of it.
func draw(number int) (wire, image []byte) {
	wire = uareu.Wire(fingers.Draw(number, uareu.Width, uareu.Height), uareu.U4000B)
	image = uareu.Seen(wire, true)
	for i := range image {
		image[i] = 255 - image[i]
	}
	return wire, image
}

// captured is how a capture ended.
type captured struct {
	image border.FingerImage
	err   error
	at    time.Time
}

// capture asks a scanner for a finger; the result comes in the channel.
func (s *station) capture(port string) <-chan captured {
	done := make(chan captured, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		image, err := s.CaptureFinger(ctx, border.FingerRequest{Scanner: socket(port), Position: 2})
		done <- captured{image, err, time.Now()}
	}()
	return done
}

// takes lays a finger on a scanner, and demands its image.
func (s *station) takes(sc *scanner, number int) border.FingerImage {
	s.t.Helper()
	wire, want := draw(number)
	done := s.capture(sc.port)
	until(s.t, "a finger awaited", func() bool { return sc.Mode() == 0x10 })
	sc.Touch(wire)
	got := <-done
	sc.Lift()
	if got.err != nil {
		s.t.Errorf("the capture in %s failed: %v", sc.port, got.err)
	} else if got.image.Width != uareu.Width || got.image.Height != uareu.Height || !bytes.Equal(got.image.Pixels, want) {
		s.t.Errorf("the image from %s is another than the finger: %d × %d pixels", sc.port, got.image.Width, got.image.Height)
	}
	return got.image
}

func TestVMFinger(t *testing.T) {
	s := startStation(t, "", "1")
	sc := plugScanner(t, 0, uareu.Faults{})
	s.state(sc.port, "ready")
	if got, want := s.seen(socket(sc.port)), []string{"absent", "matched", "initialising", "ready"}; !follows(want, got) {
		t.Errorf("the states were %v, want %v", got, want)
	}
	image := s.takes(sc, 1)
	if image.DPI != 512 || image.Profile == "" || image.Scanner != socket(sc.port) {
		t.Errorf("the image has %d dpi, profile %q and scanner %q", image.DPI, image.Profile, image.Scanner)
	}
	s.takes(sc, 2)
}

// The plug is pulled while a part of an image has gone over the cable; the scanner then
// comes back in the same socket.
func TestVMFaultFingerUnplugged(t *testing.T) {
	s := startStation(t, "", "1")
	sc := plugScanner(t, 0, uareu.Faults{})
	s.state(sc.port, "ready")
	const part = 40_000
	sc.mu.Lock()
	sc.hold = part
	sc.mu.Unlock()
	done := s.capture(sc.port)
	until(t, "a finger awaited", func() bool { return sc.Mode() == 0x10 })
	wire, _ := draw(1)
	sc.Touch(wire)
	until(t, "a part of the image in an open transfer", func() bool { return sc.underway() == part })
	var pulled time.Time
	before := sc.order()
	inject(t, "unplug in the middle of an image", func() error {
		pulled = time.Now()
		return sc.unplug()
	}, func() bool { return sc.gone() && sc.underway() == part })
	got := <-done
	if !errors.Is(got.err, devices.ErrUnplugged) || got.image.Pixels != nil {
		t.Errorf("the capture ended with %v and %d pixels", got.err, len(got.image.Pixels))
	}
	if border.MessageOf(got.err) == "" {
		t.Errorf("no plain words in %v", got.err)
	}
	soon(t, "the capture ended", got.at.Sub(pulled), 200*time.Millisecond)
	s.state(sc.port, "absent")
	soon(t, "reported as absent", s.since(sc.port).Sub(pulled), 200*time.Millisecond)

	port := sc.port
	plugged := time.Now()
	again := plugScanner(t, 0, uareu.Faults{})
	s.state(port, "ready")
	soon(t, "ready again", s.since(port).Sub(plugged), 2*time.Second)
	if again.port != port || again.order() == before {
		t.Errorf("plugged into %s as device %d, then into %s as device %d", port, before, again.port, again.order())
	}
	s.takes(again, 3)
}

// A scanner takes as long for an image as its profile just allows.
func TestVMFaultFingerSlow(t *testing.T) {
	s := startStation(t, "", "1")
	sc := plugScanner(t, 0, uareu.Faults{})
	s.state(sc.port, "ready")
	const late = 1500 * time.Millisecond
	var took time.Duration
	inject(t, "an image that comes late", func() error {
		sc.mu.Lock()
		sc.late = late
		sc.mu.Unlock()
		began := time.Now()
		s.takes(sc, 1)
		took = time.Since(began)
		return nil
	}, func() bool {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		return sc.lates == 1 && took >= late
	})
	if st := s.status(socket(sc.port)); st.State != "ready" {
		t.Errorf("a slow scanner is %s: %s", st.State, st.Reason)
	}
}

// A scanner whose registers never answer is named as such, and its twin is not held up.
func TestVMFaultFingerStuck(t *testing.T) {
	s := startStation(t, "", "1")
	good := plugScanner(t, 1, uareu.Faults{})
	var stuck *scanner
	inject(t, "a scanner that does not answer", func() error {
		stuck = plugScanner(t, 0, uareu.Faults{Busy: true})
		return nil
	}, func() bool { return stuck != nil && stuck.requests() > 0 && !stuck.gone() })
	s.state(good.port, "ready")
	s.takes(good, 1)
	until(t, "the stuck scanner in trouble", func() bool {
		u := s.status(socket(stuck.port))
		return (u.State == "degraded" || u.State == "failed") && u.Reason != ""
	})
	t.Log(s.status(socket(stuck.port)).Reason)
	s.takes(good, 2)
	// It comes to its senses.
	stuck.SetFaults(uareu.Faults{})
	s.state(stuck.port, "ready")
	s.takes(stuck, 3)
}

// Two scanners with one serial number keep their counters although the kernel finds them
// in the other order after a restart.
func TestVMFaultFingerTwinsSwapped(t *testing.T) {
	store := filepath.Join(t.TempDir(), "assignments")
	left, right := plugScanner(t, 0, uareu.Faults{}), plugScanner(t, 1, uareu.Faults{})
	if attribute(left.port, "serial") != attribute(right.port, "serial") {
		t.Fatal("these are no twins")
	}
	ports := [2]string{left.port, right.port}
	t.Run("assigned", func(t *testing.T) {
		s := startStation(t, store, "1", "2")
		s.state(left.port, "ready")
		s.state(right.port, "ready")
		must(t, s.Assign(t.Context(), socket(left.port), "1"))
		must(t, s.Assign(t.Context(), socket(right.port), "2"))
	})
	inject(t, "the other order", func() error {
		if err := errors.Join(left.unplug(), right.unplug()); err != nil {
			return err
		}
		until(t, "both gone", func() bool { return left.gone() && right.gone() })
		right, left = plugScanner(t, 1, uareu.Faults{}), plugScanner(t, 0, uareu.Faults{})
		return nil
	}, func() bool { return left.order() > right.order() && [2]string{left.port, right.port} == ports })
	s := startStation(t, store, "1", "2")
	for counter, sc := range map[border.CounterID]*scanner{"1": left, "2": right} {
		s.state(sc.port, "ready")
		wire, want := draw(5)
		done := make(chan captured, 1)
		go func() {
			image, err := s.CaptureFinger(t.Context(), border.FingerRequest{Counter: counter, Position: 7})
			done <- captured{image: image, err: err}
		}()
		until(t, "a finger awaited by counter "+string(counter), func() bool { return sc.Mode() == 0x10 })
		sc.Touch(wire)
		if got := <-done; got.err != nil || !bytes.Equal(got.image.Pixels, want) || got.image.Scanner != socket(sc.port) {
			t.Errorf("counter %s: %v, scanner %s, want that in %s", counter, got.err, got.image.Scanner, sc.port)
		}
		sc.Lift()
	}
}
