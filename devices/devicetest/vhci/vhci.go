// Package vhci plugs emulated USB devices into the running kernel: its virtual host
// controller (vhci_hcd, Debian's kernel has it as a module) takes a socket at whose other
// end a device speaks usbip. Enumeration, usbfs, udev and unplugging are then the
// kernel's own. It needs root, and the module.
package vhci

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"

	"golang.org/x/sys/unix"
)

// controller is where the kernel's controller is told to attach and detach.
const controller = "/sys/devices/platform/vhci_hcd.0"

// Speeds as the kernel numbers them.
const (
	speedFull = 2
	speedHigh = 3
)

// queued bounds the transfers that wait at one endpoint; the kernel cuts one large read
// into several.
const queued = 256

// Available says whether this kernel has the controller.
func Available() bool {
	_, err := os.Stat(filepath.Join(controller, "attach"))
	return err == nil
}

// Attach plugs a device into a port (0 to 7) of the controller. detach pulls it out and
// waits until all goroutines have ended; it may be called again.
func Attach(d usbdevice.Device, port int) (detach func() error, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("vhci: socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "usbip"), os.NewFile(uintptr(fds[1]), "usbip-kernel")
	defer theirs.Close() // the kernel holds its own reference once it is attached
	conn, err := net.FileConn(ours)
	_ = ours.Close() // conn has a copy
	if err != nil {
		return nil, fmt.Errorf("vhci: socket: %w", err)
	}
	speed := speedFull
	if d.Descriptors().HighSpeed {
		speed = speedHigh
	}
	// The device's id on the far side is of our choosing: bus 1, device port+1.
	order := fmt.Sprintf("%d %d %d %d", port, theirs.Fd(), 1<<16|(port+1), speed)
	if err := os.WriteFile(filepath.Join(controller, "attach"), []byte(order), 0); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("vhci: attach to port %d: %w", port, err)
	}
	s := &server{dev: d, conn: conn, queues: map[uint8]chan *urb{}, pending: map[uint32]*urb{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.group.Add(1)
	go s.serve()
	var once sync.Once
	return func() error {
		var err error
		once.Do(func() {
			err = os.WriteFile(filepath.Join(controller, "detach"), []byte(strconv.Itoa(port)), 0)
			s.end()
			s.group.Wait()
		})
		return err
	}, nil
}

// urb is one transfer under way.
type urb struct {
	message
	ctx    context.Context
	cancel context.CancelFunc
}

// server answers for one device.
type server struct {
	dev    usbdevice.Device
	conn   net.Conn
	ctx    context.Context
	stop   context.CancelFunc
	group  sync.WaitGroup
	queues map[uint8]chan *urb // touched by serve only

	mu      sync.Mutex // guards pending, and the order of what is written
	pending map[uint32]*urb
}

// end pulls the cable.
func (s *server) end() {
	s.stop()
	_ = s.conn.Close() // the kernel sees its end hang up
}

// serve reads what the kernel wants until the socket ends.
func (s *server) serve() {
	defer s.group.Done()
	defer s.end()
	for {
		m, err := read(s.conn)
		if err != nil {
			return
		}
		if m.command == cmdUnlink {
			s.unlink(m)
			continue
		}
		u := &urb{message: m}
		u.ctx, u.cancel = context.WithCancel(s.ctx)
		s.mu.Lock()
		s.pending[m.seq] = u
		s.mu.Unlock()
		key := m.endpoint
		if key&0x0F == 0 {
			key = 0 // both directions of control are one queue
		}
		q := s.queues[key]
		if q == nil {
			q = make(chan *urb, queued)
			s.queues[key] = q
			s.group.Add(1)
			go s.endpoint(q)
		}
		select {
		case q <- u:
		case <-s.ctx.Done():
			return
		}
	}
}

// endpoint makes the transfers of one endpoint, one after the other.
func (s *server) endpoint(q chan *urb) {
	defer s.group.Done()
	for {
		select {
		case u := <-q:
			if u.ctx.Err() == nil {
				s.transfer(u)
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// transfer makes one transfer and answers it, unless it was unlinked meanwhile.
func (s *server) transfer(u *urb) {
	var n int
	var err error
	b := u.data
	in := u.endpoint&0x80 != 0
	if in {
		b = make([]byte, u.length)
	}
	switch {
	case u.endpoint&0x0F == 0:
		n, err = usbdevice.Control(u.ctx, s.dev, u.setup, b)
	case in:
		n, err = s.dev.In(u.ctx, u.endpoint, b)
	default:
		n, err = s.dev.Out(u.ctx, u.endpoint, b)
	}
	var status int32
	switch {
	case err == nil:
	case u.ctx.Err() != nil:
		return // unlinked or unplugged: answered elsewhere, or not at all
	case errors.Is(err, devices.ErrUnplugged):
		s.end()
		return
	default:
		status, n = statusStall, 0
	}
	var data []byte
	if in {
		data = b[:n]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending[u.seq] != u {
		return
	}
	delete(s.pending, u.seq)
	u.cancel()
	if _, err := s.conn.Write(reply(retSubmit, u.seq, status, n, data)); err != nil {
		s.stop()
	}
}

// unlink takes a transfer back.
func (s *server) unlink(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status int32 // 0: it had ended before
	if u := s.pending[m.target]; u != nil {
		delete(s.pending, m.target)
		u.cancel()
		status = statusCancelled
	}
	if _, err := s.conn.Write(reply(retUnlink, m.seq, status, 0, nil)); err != nil {
		s.stop()
	}
}
