package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/devicetest"
	"garita/devices/profile"
)

// lend plugs a simulated reader in, and lends it for as long as the test runs.
func lend(t *testing.T) (r *devicetest.Reader, node, address string, log *lockedBuffer) {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("generic-framed-mrz")
	dir := t.TempDir()
	node, address = filepath.Join(dir, "tty"), "unix:"+filepath.Join(dir, "s")
	if r, err = devicetest.OpenReader(node, p.Framing); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	log = new(lockedBuffer)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- deviceServeCmd{Profile: p.ID, Path: node, Listen: address}.Run(ctx, &world{out: io.Discard, err: log})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for !strings.Contains(log.String(), "is lent at") {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal(err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return r, node, address, log
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// present presents a document until it has arrived: before the station listens it goes to nobody.
func present(t *testing.T, r *devicetest.Reader, got <-chan devices.Reading) {
	t.Helper()
	for {
		if _, err := r.Present([]string{utopia1, utopia2}); err != nil {
			t.Fatal(err)
		}
		select {
		case d := <-got:
			if d.Err != nil || strings.Join(d.Lines, " ") != utopia1+" "+utopia2 {
				t.Errorf("%+v", d)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func TestDeviceServe(t *testing.T) {
	r, _, address, log := lend(t)
	c, err := bridge.Dial(t.Context(), address, bridge.Options{Software: "test", CancelWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Info().Kind != profile.MRZ {
		t.Errorf("%+v", c.Info())
	}
	if _, err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan devices.Reading, 8)
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(t.Context(), func(d devices.Reading) { got <- d }) }()
	present(t, r, got)
	if err := r.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, devices.ErrUnplugged) {
		t.Error("unplugged at the other end:", err)
	}
	if _, err := c.Start(t.Context()); !errors.Is(err, devices.ErrNotFound) {
		t.Error("while it is unplugged:", err)
	}
	if err := r.Replug(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Start(t.Context()); err != nil {
		t.Error("plugged in again:", err)
	}
	c.Close()
	if s := log.String(); !strings.Contains(s, `"software":"test"`) || strings.Contains(s, "ERIKSSON") {
		t.Error("the log:", s)
	}
}

func TestDeviceBridgeCheck(t *testing.T) {
	_, _, address, _ := lend(t)
	var out bytes.Buffer
	check := deviceBridgeCheckCmd{Address: address, Heartbeat: bridge.MinHeartbeat, CancelWithin: 5 * time.Second}
	if err := check.Run(t.Context(), &world{out: &out}); err != nil || !strings.HasSuffix(out.String(), " passed, 0 failed\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	check.Address += "x"
	out.Reset()
	if err := check.Run(t.Context(), &world{out: &out}); err == nil || !strings.Contains(out.String(), "\n0 passed, ") {
		t.Errorf("nobody there: %v\n%s", err, out.String())
	}
}

func TestPluggedFindsOne(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("digitalpersona-uareu-4000b")
	at := func(port string) devices.Found {
		return devices.Found{Bus: devices.BusUSB, Port: port, VendorID: uint16(p.Match[0].VID), ProductID: uint16(p.Match[0].PID)}
	}
	other := devices.Found{Bus: devices.BusUSB, Port: "1-9", VendorID: 1, ProductID: 2}
	if _, err := plugged(p, "", []devices.Found{other}); !errors.Is(err, devices.ErrNotFound) {
		t.Error("none:", err)
	}
	if f, err := plugged(p, "", []devices.Found{other, at("1-1")}); err != nil || f.Port != "1-1" {
		t.Error("one:", f, err)
	}
	if _, err := plugged(p, "", []devices.Found{at("1-1"), at("1-2")}); !errors.Is(err, devices.ErrBusy) {
		t.Error("two:", err)
	}
	if f, err := plugged(p, "1-2", []devices.Found{at("1-1"), at("1-2")}); err != nil || f.Port != "1-2" {
		t.Error("the one named:", f, err)
	}
}

func TestDeviceServeNeedsAPlace(t *testing.T) {
	err := deviceServeCmd{Profile: "generic-framed-mrz", Listen: "unix:" + filepath.Join(t.TempDir(), "s")}.Run(t.Context(), &world{err: io.Discard})
	if border.CodeOf(err) != border.Invalid || !strings.Contains(border.MessageOf(err), "--path") {
		t.Error(err)
	}
}
