//go:build vm

package vm

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/devicetest/vhci"
)

// scanner is an emulated fingerprint scanner in a socket of the kernel's virtual
// controller, with faults on its way to the host.
type scanner struct {
	*uareu.Reader
	port   string // the kernel's name of its socket while it is plugged in
	detach func() error

	mu    sync.Mutex // guards the rest
	hold  int        // of an image, this much goes into the transfer, which then stays open; 0: all of it
	held  int        // bytes in a transfer that stays open
	late  time.Duration
	lates int // images that were so late
	asked int // control requests that came
}

const images = 0x82 // endpoint of the images

// plugScanner plugs a scanner into a socket, 0 to 7, of the virtual controller.
func plugScanner(t *testing.T, socket int, f uareu.Faults) *scanner {
	t.Helper()
	s := &scanner{Reader: uareu.New(uareu.U4000B, f)}
	s.plug(t, socket)
	t.Cleanup(func() {
		must(t, s.unplug())
		until(t, "the scanner gone", s.gone) // the next test must not find it
	})
	return s
}

func (s *scanner) plug(t *testing.T, socket int) {
	t.Helper()
	until(t, "the socket free", s.gone)
	before := vendor("05ba")
	detach, err := vhci.Attach(s, socket)
	must(t, err)
	s.detach = detach
	until(t, "the scanner in sysfs", func() bool {
		now := slices.DeleteFunc(vendor("05ba"), func(port string) bool { return slices.Contains(before, port) })
		if len(now) == 1 {
			s.port = now[0]
		}
		return len(now) == 1
	})
}

// unplug pulls the plug out; again, it does nothing.
func (s *scanner) unplug() error {
	if s.detach == nil {
		return nil
	}
	err := s.detach()
	s.detach = nil
	return err
}

// gone says what sysfs says: nothing is in the scanner's socket.
func (s *scanner) gone() bool { return s.port == "" || empty(s.port) }

// order is the number that the kernel gave to the plugging: higher is later.
func (s *scanner) order() int {
	n, _ := strconv.Atoi(attribute(s.port, "devnum"))
	return n
}

// underway says how many bytes of an image are in a transfer that stays open.
func (s *scanner) underway() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// requests says how many control requests came.
func (s *scanner) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

var _ usbdevice.Device = (*scanner)(nil)

// In gives an image as the faults allow. The kernel asks for a whole image in one
// transfer.
func (s *scanner) In(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	if endpoint != images {
		return s.Reader.In(ctx, endpoint, b)
	}
	s.mu.Lock()
	hold, late := s.hold, s.late
	s.mu.Unlock()
	if hold > 0 {
		b = b[:min(len(b), hold)]
	}
	n, err := s.Reader.In(ctx, endpoint, b)
	if err != nil {
		return n, err
	}
	if hold > 0 {
		s.mu.Lock()
		s.held = n
		s.mu.Unlock()
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if late > 0 {
		select {
		case <-time.After(late):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		s.mu.Lock()
		s.lates++
		s.mu.Unlock()
	}
	return n, nil
}

// Control counts what is asked.
func (s *scanner) Control(ctx context.Context, setup devices.Setup, data []byte) (int, error) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	return s.Reader.Control(ctx, setup, data)
}

// vendor lists the sockets with a device of this maker.
func vendor(id string) []string {
	dirs, _ := filepath.Glob(filepath.Join(usbRoot, "*"))
	var found []string
	for _, dir := range dirs {
		if port := filepath.Base(dir); attribute(port, "idVendor") == id {
			found = append(found, port)
		}
	}
	return found
}

// attribute is what sysfs says of the device in a socket.
func attribute(port, name string) string {
	b, _ := os.ReadFile(filepath.Join(usbRoot, port, name))
	return strings.TrimSpace(string(b))
}
