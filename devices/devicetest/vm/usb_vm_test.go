//go:build vm

package vm

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/devicetest/usbsuite"
	"garita/devices/devicetest/vhci"
	"garita/devices/hotplug"
	"garita/devices/usb"
)

// The real library over the real kernel passes the suite of all USB connections.
func TestVMUSBSuite(t *testing.T) {
	w := watch(t, 0)
	usbsuite.Run(t, func(t *testing.T, d usbdevice.Device) usbsuite.Plugged {
		detach, err := vhci.Attach(d, 0)
		must(t, err)
		var at devices.Found
		until(t, "the device found", func() bool {
			list := w.Found()
			i := slices.IndexFunc(list, func(f devices.Found) bool { return f.VendorID == d.Descriptors().VendorID })
			if i >= 0 {
				at = list[i]
			}
			return i >= 0
		})
		return usbsuite.Plugged{
			Open: func(reply time.Duration) (devices.USB, error) {
				return usb.Open(t.Context(), at, usb.Options{Reply: min(reply, 10*time.Second)})
			},
			Unplug: func() {
				if err := detach(); err != nil {
					t.Error(err)
				}
				until(t, "the device gone", func() bool {
					return !slices.ContainsFunc(w.Found(), func(f devices.Found) bool { return f.VendorID == d.Descriptors().VendorID })
				})
			},
		}
	})
}

// The kernel's own events are heard: without them this watcher would look again in an hour.
func TestVMPluggingIsHeard(t *testing.T) {
	w := watch(t, time.Hour)
	<-w.Changes()
	r := newReader(t, 0)
	began := time.Now()
	port, node := r.plug(t)
	for {
		i := slices.IndexFunc(w.Found(), func(f devices.Found) bool { return f.Port == port && hasTTY(f, node) })
		if i >= 0 {
			break
		}
		select {
		case <-w.Changes():
		case <-time.After(patience):
			t.Fatalf("a plugging was not heard; found are %+v", w.Found())
		}
	}
	soon(t, "found", time.Since(began), time.Second)
	f := w.Found()[slices.IndexFunc(w.Found(), func(f devices.Found) bool { return f.Port == port })]
	if f.VendorID != 0x1209 || f.ProductID != 1 || f.BCDDevice != 0x0100 || f.Serial != r.serial || f.Product != "Reader" || f.Manufacturer != "Garita" || len(f.Descriptors) == 0 {
		t.Errorf("found is %+v", f)
	}
	must(t, r.unplug())
	until(t, "an unplugging heard", func() bool {
		return !slices.ContainsFunc(w.Found(), func(f devices.Found) bool { return f.Port == port })
	})
}

func hasTTY(f devices.Found, node string) bool {
	return slices.ContainsFunc(f.Interfaces, func(i devices.Interface) bool { return i.TTY == node && i.Driver == "cdc_acm" })
}

// watch runs a watcher until the test ends.
func watch(t *testing.T, every time.Duration) *hotplug.Watcher {
	t.Helper()
	w := hotplug.New(hotplug.Config{Every: every, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { w.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	return w
}
