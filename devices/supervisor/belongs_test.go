package supervisor_test

import (
	"context"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// Twins by serial number; the first was assigned while it was alone.
func TestTwinsKeepTheirCountersWhenTheFirstWasAssignedAlone(t *testing.T) {
	t.Parallel()
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "0001"), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "1"); err != nil {
		t.Fatal(err)
	}
	b.plug(t, found("1-2", "0001"), z)
	until(t, s.Supervisor, "usb-1-2", "ready")
	if err := s.Assign(t.Context(), "usb-1-2", "2"); err != nil {
		t.Fatal(err)
	}
	if c := s.present(t, z, "usb-1-2", td3); c != "2" {
		t.Fatalf("Z at %q", c)
	}
	b.unplug("1-1") // A's cable falls out
	time.Sleep(300 * time.Millisecond)
	if c := s.present(t, z, "usb-1-2", td3); c != "2" {
		t.Errorf("Z was assigned to counter 2; its scan came to counter %q", c)
	}
}

// the same, with Z never assigned: it must open nothing.
func TestATwinThatIsLeftAloneInheritsNothing(t *testing.T) {
	t.Parallel()
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "0001"), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "1"); err != nil {
		t.Fatal(err)
	}
	b.plug(t, found("1-2", "0001"), z)
	until(t, s.Supervisor, "usb-1-2", "ready")
	b.unplug("1-1")
	time.Sleep(300 * time.Millisecond)
	if c := s.present(t, z, "usb-1-2", td3); c != "" {
		t.Errorf("Z was never assigned; its scan came to counter %q", c)
	}
}

// both assigned together by socket, one of them is then assigned anew while alone
func TestATwinAssignedAloneTakesNothingFromTheOther(t *testing.T) {
	t.Parallel()
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "0001"), a)
	b.plug(t, found("1-2", "0001"), z)
	until(t, s.Supervisor, "usb-1-1", "ready")
	until(t, s.Supervisor, "usb-1-2", "ready")
	_ = s.Assign(t.Context(), "usb-1-1", "1")
	_ = s.Assign(t.Context(), "usb-1-2", "2")
	b.unplug("1-1")
	time.Sleep(200 * time.Millisecond)
	// the technician presses assign for Z again (same counter), A lying on the bench
	_ = s.Assign(t.Context(), "usb-1-2", "2")
	b.unplug("1-2")
	time.Sleep(200 * time.Millisecond)
	b.plug(t, found("1-1", "0001"), a) // A comes first
	until(t, s.Supervisor, "usb-1-1", "ready")
	if c := s.present(t, a, "usb-1-1", td3); c != "1" {
		t.Errorf("A was assigned to counter 1; its scan came to counter %q", c)
	}
}

// A capture for counter 1; the scanner is given to counter 2 while it waits.
func TestACaptureEndsWhenItsScannerIsGivenAway(t *testing.T) {
	t.Parallel()
	s, f, touch := fingersAtOne(t)
	_ = f
	got := make(chan error, 1)
	go func() {
		_, err := s.CaptureFinger(t.Context(), border.FingerRequest{Counter: "1", Position: 2})
		got <- err
	}()
	time.Sleep(200 * time.Millisecond)
	if err := s.Assign(t.Context(), "usb-1-1", "2"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-got:
		t.Logf("ended by the assignment: %v", err)
		return
	case <-time.After(300 * time.Millisecond):
	}
	touch(1) // the traveller at counter 2
	if err := <-got; err == nil {
		t.Error("the finger of counter 2's traveller went to counter 1")
	}
}

func fingersAtOne(t *testing.T) (*supervisor.Supervisor, *uareu.Reader, func(int)) {
	socket, b := new(usbdevice.Socket), newBus()
	reader := uareu.New(uareu.U4000B, uareu.Faults{})
	at := reader.Descriptors().Found()
	at.Port = "1-1"
	socket.Plug(reader)
	b.plug(t, at, nil)
	s := run(t, supervisor.Config{Profiles: embedded(t), Bus: b, Counters: twoCounters, Opener: drivers.Opener{
		USB: func(_ context.Context, p *profile.Profile, _ devices.Found) (devices.USB, error) {
			return socket.Open(time.Duration(p.Timing.ReplyMS) * time.Millisecond)
		}}})
	until(t, s, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "1"); err != nil {
		t.Fatal(err)
	}
	return s, reader, func(n int) {
		reader.Touch(uareu.Wire(fingers.Draw(n, uareu.Width, uareu.Height), uareu.U4000B))
	}
}

// A7 was assigned in 1-1 and moved; B8 is assigned in 1-1.
func TestAnAssignmentDoesNotEndThatOfWhoMovedAway(t *testing.T) {
	t.Parallel()
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "A7"), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	_ = s.Assign(t.Context(), "usb-1-1", "1")
	b.unplug("1-1")
	until(t, s.Supervisor, "usb-1-1", "absent")
	b.plug(t, found("1-3", "A7"), a)
	until(t, s.Supervisor, "usb-1-3", "ready")
	if c := s.present(t, a, "usb-1-3", td3); c != "1" {
		t.Fatalf("moved A7 at %q", c)
	}
	b.plug(t, found("1-1", "B8"), z)
	until(t, s.Supervisor, "usb-1-1", "ready")
	_ = s.Assign(t.Context(), "usb-1-1", "2")
	if c := s.present(t, a, "usb-1-3", td3); c != "1" {
		t.Errorf("A7 lost its counter: %q", c)
	}
}

// Device number reuse.
func TestTheSameDeviceNumberIsNotTheSameDevice(t *testing.T) {
	t.Parallel()
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "A7"), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	_ = s.Assign(t.Context(), "usb-1-1", "1")
	b.mu.Lock()
	f := found("1-1", "B8")
	f.Bus, f.BusNumber, f.DeviceNumber = devices.BusUSB, 1, b.found[0].DeviceNumber
	f.Interfaces = []devices.Interface{{Class: 2, Driver: "cdc_acm", TTY: node(t, z)}}
	b.found = []devices.Found{f}
	b.mu.Unlock()
	b.signal()
	_ = a.Unplug()
	time.Sleep(time.Second)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if c := s.present(t, z, "usb-1-1", td3); c != "" {
		t.Errorf("B8 was never assigned; its scan came to counter %q, serial shown %q", c, s.detail(t, "usb-1-1").Serial)
	}
}

// Assign to a counter that the station does not have.
func TestNoAssignmentToACounterThatIsNotThere(t *testing.T) {
	t.Parallel()
	b, a := newBus(), openReader(t, "a")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", ""), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "99"); err == nil {
		t.Errorf("assigned to a counter that is not there: %+v", s.Status())
	}
}
