// Package serial opens and reads serial ports through github.com/tarm/serial and
// contains that library's faults, so that no other package has to know them:
//
//   - A read without a timeout blocks for ever, and closing the port does not wake it.
//     Here every read has a timeout of at most 1 s, and Close never waits for a read: a
//     port that is being read is closed by the read as it returns.
//   - The end of a timeout and an unplugged cable look the same: io.EOF. Here a timeout
//     is (0, nil) and an unplugged device is [devices.ErrUnplugged]. The library keeps its file
//     descriptor to itself, so a second one, the witness, is opened on the same node
//     just to ask the kernel whether the line was hung up.
//   - Two programs may open one port and then steal each other's bytes. Here the witness
//     holds an advisory lock (flock), as other serial programs do.
package serial

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"garita/border"
	"garita/devices"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// MinReadTimeout and MaxReadTimeout bound how long one read may wait. The kernel counts
// in tenths of a second.
const (
	MinReadTimeout = 100 * time.Millisecond
	MaxReadTimeout = time.Second
)

// maxOddEOFs is how many ends of file in a row may come too early, without the kernel
// admitting a hang-up, before the device counts as unplugged all the same.
const maxOddEOFs = 5

// Config says what to open.
type Config struct {
	Path        string // device node, or a link to one as in /dev/serial/by-id
	Baud        int    // bits per second
	DataBits    int    // 7 or 8; 0 means 8
	Parity      string // "none", "even" or "odd"; "" means none
	StopBits    int    // 1 or 2; 0 means 1
	ReadTimeout time.Duration
}

// Port is an open serial port. Read is for one goroutine; Close may come from any.
type Port struct {
	path    string
	timeout time.Duration
	port    *serial.Port
	witness *os.File
	oddEOFs int // in a row; touched by Read only

	mu      sync.Mutex // guards the two below
	reading bool
	closed  bool
}

// Open opens a port, takes its lock and throws away what had arrived before: a document
// presented while nobody listened must not appear later, before another traveller.
//
// Errors wrap devices.ErrNotFound, devices.ErrPermission, devices.ErrBusy, devices.ErrWrongKind or devices.ErrUnplugged where
// one of these is the case.
func Open(c Config) (*Port, error) {
	if c.ReadTimeout < MinReadTimeout || c.ReadTimeout > MaxReadTimeout {
		return nil, &border.Error{Code: border.Invalid, Op: "open serial port", Message: "The read timeout must be 100 to 1,000 ms."}
	}
	parity := serial.ParityNone
	switch c.Parity {
	case "even":
		parity = serial.ParityEven
	case "odd":
		parity = serial.ParityOdd
	default:
	}
	witness, err := openWitness(c.Path)
	if err != nil {
		return nil, openError(c.Path, err)
	}
	port, err := serial.OpenPort(&serial.Config{Name: c.Path, Baud: c.Baud, ReadTimeout: c.ReadTimeout,
		Size: byte(c.DataBits), Parity: parity, StopBits: serial.StopBits(c.StopBits)})
	if err != nil {
		_ = witness.Close() // nothing was written to it
		return nil, openError(c.Path, err)
	}
	p := &Port{path: c.Path, timeout: c.ReadTimeout, port: port, witness: witness}
	if !sameNode(witness, c.Path) || p.hungUp() {
		// Replugged between the two openings: they may be two devices.
		_ = p.Close()
		return nil, openError(c.Path, unix.EIO)
	}
	if err := port.Flush(); err != nil {
		_ = p.Close()
		return nil, openError(c.Path, err)
	}
	return p, nil
}

// openWitness opens the second descriptor and locks the node.
func openWitness(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if _, err = unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func sameNode(f *os.File, path string) bool {
	var a, b unix.Stat_t
	if unix.Stat(path, &b) != nil {
		return false
	}
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var errStat error
	if c.Control(func(fd uintptr) { errStat = unix.Fstat(int(fd), &a) }) != nil || errStat != nil {
		return false
	}
	return a.Dev == b.Dev && a.Ino == b.Ino && a.Rdev == b.Rdev
}

// hungUp asks the kernel whether the device behind the port has gone.
func (p *Port) hungUp() bool {
	c, err := p.witness.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = c.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd)}}
		for {
			_, err := unix.Poll(poll, 0)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			gone = err == nil && poll[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
			return
		}
	})
	return gone || err != nil
}

// Read waits for bytes, at most one read timeout, and returns those that are there.
// (0, nil) means that the line was silent. The error wraps devices.ErrUnplugged when the device
// has gone and is devices.ErrClosed after Close.
func (p *Port) Read(b []byte) (int, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return 0, devices.ErrClosed
	}
	p.reading = true
	p.mu.Unlock()

	began := devices.Monotonic()
	n, err := p.port.Read(b)
	took := devices.Monotonic() - began
	gone := err != nil && p.hungUp()

	p.mu.Lock()
	p.reading = false
	closed := p.closed
	p.mu.Unlock()
	if closed {
		_ = p.release() // Close left that to us; it has returned already
		return 0, devices.ErrClosed
	}
	return p.judge(n, err, took, gone)
}

// judge says what a result of the library's Read means.
func (p *Port) judge(n int, err error, took time.Duration, gone bool) (int, error) {
	if n > 0 {
		p.oddEOFs = 0
		return n, nil // an error beside bytes will come again with the next read
	}
	switch {
	case gone:
		return 0, unplugged(p.path, err)
	case err == nil:
		return 0, nil
	case !errors.Is(err, io.EOF):
		if errors.Is(err, unix.EIO) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV) {
			return 0, unplugged(p.path, err)
		}
		return 0, &border.Error{Code: border.Unavailable, Op: "read serial port " + p.path, Message: "The scanner's serial port gave an error.", Err: err}
	case took >= p.timeout/2:
		p.oddEOFs = 0
		return 0, nil
	}
	// An end of file far too early: an unplugged device, although the kernel does not
	// say so. A few may be chance; a row of them may not, and must not spin either.
	if p.oddEOFs++; p.oddEOFs >= maxOddEOFs {
		return 0, unplugged(p.path, err)
	}
	time.Sleep(p.timeout / 10)
	return 0, nil
}

// Write sends bytes. It may block as long as the device does not take them.
func (p *Port) Write(b []byte) (int, error) {
	n, err := p.port.Write(b)
	if err != nil && p.hungUp() {
		return n, unplugged(p.path, err)
	}
	return n, err
}

// Close releases the port. It does not wait: if a Read is under way, that read releases
// the port when it returns, at most one read timeout later. Closing again does nothing.
func (p *Port) Close() error {
	p.mu.Lock()
	again, reading := p.closed, p.reading
	p.closed = true
	p.mu.Unlock()
	if again || reading {
		return nil
	}
	return p.release()
}

func (p *Port) release() error {
	// The witness goes last: its lock must outlive the descriptor that reads.
	return errors.Join(p.port.Close(), p.witness.Close())
}
