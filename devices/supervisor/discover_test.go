package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

var (
	oneCounter  = []border.CounterID{"1"}
	twoCounters = []border.CounterID{"1", "2"}
)

func TestOneScannerAtOneCounterNeedsNoAssignment(t *testing.T) {
	b, r := newBus(), openReader(t, "one")
	s := startOn(t, b, "", oneCounter, usbReader(t))
	b.plug(t, found("1-1", ""), r)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if c := s.present(t, r, "usb-1-1", td3); c != "1" {
		t.Errorf("the scan came to counter %q", c)
	}
	if d := s.detail(t, "usb-1-1"); d.AssignedBy != "automatic" || !strings.Contains(d.Why, "1209:0001") || d.Firmware != "1.17" {
		t.Errorf("detail %+v", d)
	}
	// Pulled out it is still the counter's, and missing.
	if err := r.Unplug(); err != nil {
		t.Fatal(err)
	}
	b.unplug("1-1")
	if st := until(t, s.Supervisor, "usb-1-1", "absent"); st.Counter != "1" || st.Reason == "" {
		t.Errorf("status %+v", st)
	}
}

func TestASecondScannerOfTheKindEndsAutomaticAssignment(t *testing.T) {
	b, one, two := newBus(), openReader(t, "one"), openReader(t, "two")
	s := startOn(t, b, "", oneCounter, usbReader(t))
	b.plug(t, found("1-1", ""), one)
	until(t, s.Supervisor, "usb-1-1", "ready")
	b.plug(t, found("1-2", ""), two)
	until(t, s.Supervisor, "usb-1-2", "ready")
	for id, r := range map[string]*devicetest.Reader{"usb-1-1": one, "usb-1-2": two} {
		if c := s.present(t, r, id, td3); c != "" {
			t.Errorf("%s: opened something at counter %s", id, c)
		}
		untilStatus(t, s.Supervisor, id, func(st border.ScannerStatus) bool { return strings.Contains(st.Reason, "belongs to no counter") })
	}
	b.unplug("1-2")
	untilStatus(t, s.Supervisor, "usb-1-1", func(st border.ScannerStatus) bool { return st.Counter == "1" })
	if _, err := s.Counts("usb-1-2"); border.CodeOf(err) != border.NotFound {
		t.Error("the scanner that went and that nobody assigned is still there")
	}
}

// Two identical readers keep their counters over a reboot that finds them in the other
// order and under each other's node, whatever they say of their serial number.
func TestTwinsKeepTheirCountersOverAReboot(t *testing.T) {
	for _, tc := range []struct{ name, serialA, serialB string }{
		{"without serial numbers", "", ""},
		{"the same serial number", "0001", "0001"},
		{"serial numbers of their own", "A7", "B8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := storeIn(t)
			b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
			b.plug(t, found("1-1", tc.serialA), a)
			b.plug(t, found("1-2", tc.serialB), z)
			s := startOn(t, b, store, twoCounters, usbReader(t))
			until(t, s.Supervisor, "usb-1-1", "ready")
			until(t, s.Supervisor, "usb-1-2", "ready")
			for id, c := range map[string]border.CounterID{"usb-1-1": "1", "usb-1-2": "2"} {
				if err := s.Assign(t.Context(), id, c); err != nil {
					t.Fatal(err)
				}
			}
			s.stop()

			// Both are unplugged and come back in the other order: other device numbers,
			// and each on the terminal that the other had, as after a reboot.
			nodeA, nodeZ := node(t, a), node(t, z)
			swap(t, a, z)
			if node(t, a) != nodeZ || node(t, z) != nodeA {
				t.Skipf("the terminals were not given out in the other order: %s %s", node(t, a), node(t, z))
			}
			b = newBus()
			b.plug(t, found("1-2", tc.serialB), z)
			b.plug(t, found("1-1", tc.serialA), a)
			s = startOn(t, b, store, twoCounters, usbReader(t))
			until(t, s.Supervisor, "usb-1-1", "ready")
			until(t, s.Supervisor, "usb-1-2", "ready")
			if c := s.present(t, a, "usb-1-1", td3); c != "1" {
				t.Errorf("reader A now belongs to counter %q", c)
			}
			if c := s.present(t, z, "usb-1-2", td1); c != "2" {
				t.Errorf("reader Z now belongs to counter %q", c)
			}
		})
	}
}

func node(tb testing.TB, r *devicetest.Reader) string {
	tb.Helper()
	n, err := os.Readlink(r.Path())
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// swap unplugs both readers and gives each the terminal that the other had: the kernel
// gives out the lowest free number first.
func swap(tb testing.TB, a, z *devicetest.Reader) {
	tb.Helper()
	for _, err := range []error{a.Unplug(), z.Unplug(), z.Replug(), a.Replug()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func TestASerialNumberTakesItsCounterToAnotherSocket(t *testing.T) {
	store, b, r := storeIn(t), newBus(), openReader(t, "one")
	s := startOn(t, b, store, twoCounters, usbReader(t))
	b.plug(t, found("1-1", "A7"), r)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if c := s.present(t, r, "usb-1-1", td3); c != "" {
		t.Errorf("unassigned, it opened something at counter %s", c)
	}
	if err := s.Assign(t.Context(), "usb-1-1", "2"); err != nil {
		t.Fatal(err)
	}
	b.unplug("1-1")
	until(t, s.Supervisor, "usb-1-1", "absent")
	b.plug(t, found("1-3.2", "A7"), r)
	until(t, s.Supervisor, "usb-1-3.2", "ready")
	if c := s.present(t, r, "usb-1-3.2", td3); c != "2" {
		t.Errorf("in another socket it belongs to counter %q", c)
	}
	if len(s.Status()) != 1 {
		t.Errorf("one scanner is listed as %d", len(s.Status()))
	}
}

func TestAnotherDeviceInTheSocketInheritsNothing(t *testing.T) {
	for name, other := range map[string]devices.Found{
		"another model":         {Port: "1-1", VendorID: 0x1209, ProductID: 2},
		"another serial number": found("1-1", "B8"),
	} {
		t.Run(name, func(t *testing.T) {
			q := *usbReader(t)
			q.ID, q.Match = "made-up-other", []profile.Match{{Bus: "usb", VID: 0x1209, PID: 2}}
			b, r := newBus(), openReader(t, "one")
			s := startOn(t, b, storeIn(t), twoCounters, usbReader(t), &q)
			b.plug(t, found("1-1", "A7"), r)
			until(t, s.Supervisor, "usb-1-1", "ready")
			if err := s.Assign(t.Context(), "usb-1-1", "1"); err != nil {
				t.Fatal(err)
			}
			b.unplug("1-1")
			until(t, s.Supervisor, "usb-1-1", "absent")
			b.plug(t, other, r)
			until(t, s.Supervisor, "usb-1-1", "ready")
			if c := s.present(t, r, "usb-1-1", td3); c != "" {
				t.Errorf("it opened something at counter %s", c)
			}
		})
	}
}

func TestAnAssignedScannerIsMissedFromTheStart(t *testing.T) {
	store, b, r := storeIn(t), newBus(), openReader(t, "one")
	s := startOn(t, b, store, twoCounters, usbReader(t))
	b.plug(t, found("1-1", ""), r)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "2"); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s = startOn(t, newBus(), store, twoCounters, usbReader(t))
	if st := until(t, s.Supervisor, "usb-1-1", "absent"); st.Counter != "2" {
		t.Errorf("status %+v", st)
	}
}

func TestUnplugAndReplugUnderAnotherNode(t *testing.T) {
	b, r := newBus(), openReader(t, "one")
	s := startOn(t, b, "", oneCounter, usbReader(t))
	for i := range 5 {
		b.plug(t, found("1-1", ""), r)
		until(t, s.Supervisor, "usb-1-1", "ready")
		if c := s.present(t, r, "usb-1-1", td3); c != "1" {
			t.Fatalf("round %d: counter %q", i, c)
		}
		if i%2 == 0 { // the line hangs up first, or the bus says so first
			if err := r.Unplug(); err != nil {
				t.Fatal(err)
			}
		}
		b.unplug("1-1")
		until(t, s.Supervisor, "usb-1-1", "absent")
		keep := openReader(t, fmt.Sprint("other", i)) // takes the number
		if err := errors.Join(r.Unplug(), r.Replug()); err != nil {
			t.Fatal(err)
		}
		_ = keep
	}
	if c := counts(t, s.Supervisor, "usb-1-1"); c.Unplugged != 5 {
		t.Errorf("%d unpluggings counted", c.Unplugged)
	}
}

func TestOldFirmwareIsDegradedAndStillScans(t *testing.T) {
	for name, set := range map[string]func(*profile.Profile){
		"below the minimum": func(p *profile.Profile) { p.Identify.Minimum = "1.18" },
		"known bad":         func(p *profile.Profile) { p.Identify.KnownBad = []profile.Range{{From: "1.16", To: "1.17"}} },
	} {
		t.Run(name, func(t *testing.T) {
			p := usbReader(t)
			p.Identify.Advice = "Ask the maker for 1.18."
			set(p)
			b, r := newBus(), openReader(t, "one")
			s := startOn(t, b, "", oneCounter, p)
			b.plug(t, found("1-1", ""), r)
			st := until(t, s.Supervisor, "usb-1-1", "degraded")
			if !strings.Contains(st.Reason, "1.17") || !strings.Contains(st.Reason, "Ask the maker") {
				t.Errorf("the reason does not say what to do: %q", st.Reason)
			}
			if c := s.present(t, r, "usb-1-1", td3); c != "1" {
				t.Errorf("it scans no more: %q", c)
			}
			if st := s.detail(t, "usb-1-1"); st.State != "degraded" {
				t.Errorf("a good document made old firmware %s", st.State)
			}
		})
	}
}

func TestADeviceWithoutProfileIsShownInTheWorkshopOnly(t *testing.T) {
	b := newBus()
	s := startOn(t, b, "", oneCounter, usbReader(t))
	changes, stop := s.Subscribe()
	defer stop()
	b.plug(t, devices.Found{Port: "1-4", VendorID: 0xdead, ProductID: 0xbeef}, nil)
	<-changes
	if d := s.detail(t, "usb-1-4"); d.State != "unknown" || d.VendorID != "dead" || d.Reason == "" {
		t.Errorf("detail %+v", d)
	}
	if len(s.Status()) != 0 {
		t.Errorf("the counter shows it: %+v", s.Status())
	}
}

func TestAssignmentsThatCannotBeReadStopTheStart(t *testing.T) {
	store := storeIn(t)
	if err := os.WriteFile(store, []byte(`{"schema":1,"assignments":[{"por`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newOn(t, store); border.CodeOf(err) != border.Internal || border.MessageOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestATwinDoesNotTakeTheCounterOfItsSerialNumber(t *testing.T) {
	b, a, z := newBus(), openReader(t, "a"), openReader(t, "z")
	s := startOn(t, b, storeIn(t), twoCounters, usbReader(t))
	b.plug(t, found("1-1", "0001"), a)
	until(t, s.Supervisor, "usb-1-1", "ready")
	if err := s.Assign(t.Context(), "usb-1-1", "1"); err != nil {
		t.Fatal(err)
	}
	b.plug(t, found("1-2", "0001"), z)
	until(t, s.Supervisor, "usb-1-2", "ready")
	if c := s.present(t, z, "usb-1-2", td3); c != "" {
		t.Errorf("the twin opened something at counter %s", c)
	}
	if c := s.present(t, a, "usb-1-1", td1); c != "1" {
		t.Errorf("the scanner that was assigned belongs to counter %q now", c)
	}
	untilStatus(t, s.Supervisor, "usb-1-2", func(st border.ScannerStatus) bool {
		return strings.Contains(st.Reason, "the same serial number") || strings.Contains(st.Reason, "belongs to no counter")
	})
}

func TestAConfiguredScannerHasNoNameOfASocket(t *testing.T) {
	_, deliver := collect()
	_, err := supervisor.New(supervisor.Config{Scanners: []supervisor.Scanner{{ID: "usb-1-1", Profile: "generic-framed-mrz", Path: "/dev/ttyS0"}},
		Profiles: embedded(t), Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
	if border.CodeOf(err) != border.Invalid {
		t.Errorf("got %v", err)
	}
}

// A self-test is asked for at every moment of a scanner that comes and goes.
func TestASelfTestMayComeAtAnyMoment(t *testing.T) {
	r := openReader(t, "one")
	_, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}}, deliver)
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	defer asking.Wait()
	defer stop()
	for range 8 {
		asking.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.SelfTest(ctx, "left")
			}
		})
	}
	for range 3 {
		until(t, s, "left", "ready")
		if err := r.Unplug(); err != nil {
			t.Fatal(err)
		}
		until(t, s, "left", "absent")
		if err := r.Replug(); err != nil {
			t.Fatal(err)
		}
	}
}
