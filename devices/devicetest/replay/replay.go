// Package replay plays recorded USB traffic to real code: the test runs itself again
// under umockdev-run, where libusb finds the recorded device and gets the recorded
// answers, as long as it sends exactly the recorded bytes in the recorded order. So a
// recording is a conformance test.
//
// Only what goes through the C library is replayed, that is libusb; Go's own file system
// calls see the real machine. Time is not replayed.
package replay

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/devices"
)

// Recording is a device and its traffic, as files.
type Recording struct {
	Device string // description in umockdev's format
	Sys    string // the device's folder: "/sys/devices/…"
	Pcap   string // traffic in pcapng, link type 220 (USB_LINUX_MMAPPED)
}

// inside is the variable by which the test knows that it runs under umockdev-run.
const inside = "GARITA_REPLAY_INSIDE"

// patience ends a replay that is stuck, as one is whose driver sends another byte.
const patience = 60 * time.Second

// Under runs body against the recorded device. It must be called from a test function
// itself, not from a subtest.
func Under(t *testing.T, r Recording, body func(t *testing.T, f devices.Found)) {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		body(t, found(t, r))
		return
	}
	if out, err := Run(t, r); err != nil {
		t.Errorf("under umockdev: %v\n%s", err, out)
	}
}

// Run runs the calling test under umockdev-run and returns its output, and an error if it
// failed: tests use it to see that a wrong recording is noticed.
func Run(t *testing.T, r Recording) (string, error) {
	t.Helper()
	program, err := exec.LookPath("umockdev-run")
	if err != nil {
		t.Skip("umockdev-run is not installed: apt-get install umockdev")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, program, //nolint:gosec // the test itself, under the program that replays
		"--device="+r.Device, "--pcap="+r.Sys+"="+r.Pcap, "--",
		os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+patience.String())
	c.Env = append(os.Environ(), inside+"="+t.Name())
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	if err == nil && !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("the test did not run under umockdev:\n%s", out)
	}
	return string(out), err
}

// Inside says whether the calling test runs under umockdev-run.
func Inside(t *testing.T) bool { return os.Getenv(inside) == t.Name() }

// found reads what umockdev mocks of the device's folder.
func found(t *testing.T, r Recording) devices.Found {
	t.Helper()
	dir := filepath.Join(os.Getenv("UMOCKDEV_DIR"), r.Sys)
	number := func(file string, base int) int {
		b, err := os.ReadFile(filepath.Join(dir, file)) //nolint:gosec // in the folder that umockdev made
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(strings.TrimSpace(string(b)), base, 16)
		if err != nil {
			t.Fatal(err)
		}
		return int(n)
	}
	return devices.Found{
		Bus: devices.BusUSB, Port: filepath.Base(dir), BusNumber: number("busnum", 10), DeviceNumber: number("devnum", 10),
		VendorID: uint16(number("idVendor", 16)), ProductID: uint16(number("idProduct", 16)), BCDDevice: uint16(number("bcdDevice", 16)),
	}
}
