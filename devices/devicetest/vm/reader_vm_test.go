//go:build vm

package vm

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"garita/devices/devicetest/gadget"
	"garita/devices/serial"
)

// reader is a serial document reader: the kernel's gadget, played by the test.
type reader struct {
	*gadget.ACM
	far    *os.File // nil while unplugged: the kernel hangs this side up too
	serial string
	port   string // the kernel's name of its socket, of the last plugging
}

var readers int // made so far; names and serial numbers are used once

// newReader makes a reader that is not plugged in. socket counts from 0.
func newReader(t *testing.T, socket int) *reader {
	t.Helper()
	return newReaderNamed(t, socket, fmt.Sprintf("R%04d", readers+1))
}

func newReaderNamed(t *testing.T, socket int, serial string) *reader {
	t.Helper()
	readers++
	r := &reader{serial: serial}
	acm, err := gadget.NewACM(fmt.Sprintf("reader%d", readers), fmt.Sprintf("dummy_udc.%d", socket),
		gadget.Identity{VendorID: 0x1209, ProductID: 1, BCDDevice: 0x0100, Manufacturer: "Garita", Product: "Reader", Serial: r.serial})
	must(t, err)
	r.ACM = acm
	t.Cleanup(func() {
		must(t, errors.Join(r.unplug(), acm.Close()))
		until(t, "the reader gone", r.gone) // the next test must not find it
	})
	return r
}

// plug puts the plug in and returns the socket and the node that the kernel gave.
func (r *reader) plug(t *testing.T) (port, node string) {
	t.Helper()
	return r.plugBeside(t, "")
}

// plugBeside is plug where a twin with the same serial number may be in another socket.
func (r *reader) plugBeside(t *testing.T, twin string) (port, node string) {
	t.Helper()
	must(t, r.Plug())
	until(t, "the reader's far side", func() (ok bool) {
		far, err := r.Open()
		if err == nil {
			r.far = far
		}
		return err == nil
	})
	until(t, "the reader's node", func() bool {
		p := slices.DeleteFunc(ports(r.serial), func(port string) bool { return port == twin })
		if len(p) != 1 {
			return false
		}
		nodes := ttys(p[0])
		if len(nodes) != 1 {
			return false
		}
		port, node = p[0], nodes[0]
		_, err := os.Stat(node)
		return err == nil
	})
	r.port = port
	return port, node
}

// unplug pulls the plug out.
func (r *reader) unplug() error {
	if r.far == nil {
		return nil
	}
	err := errors.Join(r.Unplug(), r.far.Close())
	r.far = nil
	return err
}

// gone says what sysfs says: nothing is in the reader's socket.
func (r *reader) gone() bool { return r.port == "" || empty(r.port) }

// send sends bytes as the reader's firmware would.
func (r *reader) send(b []byte) error {
	if err := r.far.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := r.far.Write(b)
	return err
}

// open opens the near side through the station's own transport.
func open(t *testing.T, node string) *serial.Port {
	t.Helper()
	p, err := serial.Open(serial.Config{Path: node, Baud: 9600, ReadTimeout: 200 * time.Millisecond})
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}
