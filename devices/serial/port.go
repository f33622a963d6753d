// Package serial opens and reads serial ports through github.com/tarm/serial and
// contains that library's faults, so that no other package has to know them:
//
//   - A read cannot be ended: it waits for its whole timeout, and closing the port does
//     not wake it. The library keeps its file descriptor to itself, so a second one, the
//     witness, is opened on the same node. Here a Read waits at the witness, which can be
//     woken, and calls the library when the kernel has bytes; so nothing is read that
//     nobody asked for, and an ended Read leaves its bytes in the kernel.
//   - The end of a timeout and an unplugged cable look the same: io.EOF. Here silence is
//     (0, nil) and an unplugged device is [devices.ErrUnplugged]: the witness asks the
//     kernel whether the line was hung up.
//   - A write may block for ever. Here bytes are written through the witness, which does
//     not block.
//   - Two programs may open one port and then steal each other's bytes. Here the witness
//     holds an advisory lock (flock), as other serial programs do.
package serial

import (
	"errors"
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

// drainFor is how long Close lets written bytes go out: 100 at 9600 baud.
const drainFor = 100 * time.Millisecond

// Config says what to open.
type Config struct {
	Path        string // device node, or a link to one as in /dev/serial/by-id
	Baud        int    // bits per second
	DataBits    int    // 7 or 8; 0 means 8
	Parity      string // "none", "even" or "odd"; "" means none
	StopBits    int    // 1 or 2; 0 means 1
	ReadTimeout time.Duration
}

// Port is an open serial port; it is a [devices.Stream].
type Port struct {
	path    string
	timeout time.Duration
	port    *serial.Port
	witness *os.File
	oddEOFs int // in a row; touched by Read only

	mu     sync.Mutex // guards the two below
	users  int        // Reads and Writes under way
	closed bool
}

var _ devices.Stream = (*Port)(nil)

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
	// What does not block goes to Go's poller, so that a wait can be ended.
	f := os.NewFile(uintptr(fd), path)
	if err := f.SetDeadline(time.Time{}); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
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

// poll asks the kernel what there is at the port, without waiting: bytes to read, and
// whether the device behind it has gone.
func (p *Port) poll() (bytes, gone bool) {
	c, err := p.witness.SyscallConn()
	if err == nil {
		err = c.Control(func(fd uintptr) { bytes, gone = pollNow(fd) })
	}
	return bytes, gone || err != nil
}

func pollNow(fd uintptr) (bytes, gone bool) {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(poll, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		got := poll[0].Revents
		return err == nil && got&unix.POLLIN != 0, err != nil || got&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
	}
}

func (p *Port) hungUp() bool {
	_, gone := p.poll()
	return gone
}

// enter notes that a Read or Write begins; false after Close.
func (p *Port) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.users++
	return true
}

// leave notes its end, and says whether the port was closed meanwhile. The last one to
// leave a closed port releases it.
func (p *Port) leave() (closed bool) {
	p.mu.Lock()
	p.users--
	closed, last := p.closed, p.users == 0
	p.mu.Unlock()
	if closed && last {
		_ = p.release() // Close left that to us; it has returned already
	}
	return closed
}

// Close releases the port. It does not wait: if a Read or Write is under way, that one is
// woken and releases the port as it returns. Closing again does nothing.
func (p *Port) Close() error {
	p.mu.Lock()
	again, busy := p.closed, p.users > 0
	p.closed = true
	if !again && busy {
		// Under the lock: the woken one must not release the witness before.
		_ = p.witness.SetDeadline(longAgo)
	}
	p.mu.Unlock()
	if again || busy {
		return nil
	}
	return p.release()
}

func (p *Port) release() error {
	// The kernel would hold the closing of a port whose device takes nothing for 30 s.
	for end := devices.Monotonic() + drainFor; p.unsent() > 0; time.Sleep(drainFor / 20) {
		if devices.Monotonic() >= end {
			p.discard()
			break
		}
	}
	if p.unsent() > 0 {
		// cdc-acm has nothing to discard with, and only root may shorten the kernel's
		// wait: it ends with the unplugging, or after those 30 s.
		go func() { _ = p.shut() }() // nobody waits to hear of a line that is of no more use
		return nil
	}
	return p.shut()
}

// shut closes the descriptors. The witness goes last: its lock must outlive the
// descriptor that reads.
func (p *Port) shut() error { return errors.Join(p.port.Close(), p.witness.Close()) }

// unsent is the number of written bytes that have not gone out; 0 if that cannot be asked.
func (p *Port) unsent() (n int) {
	if c, err := p.witness.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	}
	return n
}

// discard throws away what has not gone out.
func (p *Port) discard() {
	if c, err := p.witness.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _ = unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCOFLUSH) })
	}
}
