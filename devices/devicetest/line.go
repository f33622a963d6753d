package devicetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"garita/border"

	"golang.org/x/sys/unix"
)

// WriteTimeout bounds every write: a station that does not read fills the terminal's
// buffer, and a real device would go on without it too.
const WriteTimeout = 5 * time.Second

// Line is the device's end of a simulated serial line: a pseudo-terminal under a stable
// path. Its methods may be called from several goroutines; writes take turns.
type Line struct {
	link   string
	handle func([]byte)

	write sync.Mutex // held during a write; taken before mu

	mu        sync.Mutex // guards the rest
	master    *os.File   // nil while unplugged
	slave     *os.File   // kept open so that the line settings outlive the station's closing
	gone      chan struct{}
	listening sync.WaitGroup
	silent    bool
	closed    bool
	gap       time.Duration // between two bytes
	late      time.Duration // before what the host sent is handled
	unplug    struct{ sent, received int }
	count     struct{ sent, received int } // since the last plugging
}

// OpenLine plugs a device in. link is the stable path under which the station finds it, as
// udev makes one in /dev/serial/by-id: a symbolic link to the terminal's node that goes
// away on [Line.Unplug]. A link left there by an earlier run is replaced; anything else
// there is an error. handle gets what the station sends, piece by piece as it comes, and
// may answer with [Line.Send]; nil ignores it. Close the line to remove it.
func OpenLine(link string, handle func([]byte)) (*Line, error) {
	l := new(Line)
	return l, l.Open(link, handle)
}

// Open makes a line ready that is part of a device; see [OpenLine].
func (l *Line) Open(link string, handle func([]byte)) error {
	abs, err := filepath.Abs(link)
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: "open simulated device", Err: err}
	}
	if s, err := os.Lstat(abs); err == nil && s.Mode()&os.ModeSymlink == 0 {
		return &border.Error{Code: border.Conflict, Op: "open simulated device", Message: "There is something else at " + abs + "; choose another path."}
	}
	l.link, l.handle = abs, handle
	return l.Replug()
}

// Path is the absolute path of the link.
func (l *Line) Path() string { return l.link }

// Replug plugs the device in again, on a new terminal, as new: no fault stays. A device
// that is plugged in is left alone, but is no longer silent.
func (l *Line) Replug() error {
	if l.Plugged() {
		l.mu.Lock()
		l.silent = false
		l.mu.Unlock()
		return nil
	}
	master, slave, err := terminal()
	if err != nil {
		return failed("open a pseudo-terminal", err)
	}
	return l.plug(master, slave)
}

// plug puts an unplugged device on a terminal, which it takes over.
func (l *Line) plug(master, slave *os.File) error {
	l.listening.Wait() // what the last plugging still had to answer goes nowhere
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.master != nil {
		_, _ = master.Close(), slave.Close()
		if l.closed {
			return errClosed
		}
		return nil
	}
	err := setRaw(slave)
	if err == nil {
		err = relink(slave.Name(), l.link)
	}
	if err != nil {
		_, _ = master.Close(), slave.Close()
		return failed("set up a pseudo-terminal", err)
	}
	l.master, l.slave, l.gone = master, slave, make(chan struct{})
	l.silent, l.gap, l.late = false, 0, 0
	l.count.sent, l.count.received = 0, 0
	gone := l.gone
	l.listening.Go(func() { l.listen(master, gone) })
	return nil
}

// Unplug pulls the cable: the link goes away and the line hangs up. A write under way
// fails.
func (l *Line) Unplug() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.master == nil {
		return nil
	}
	close(l.gone)
	// The link goes first: another device may get the terminal's number at once, and a link
	// that is left would lead a station to it.
	err3 := os.Remove(l.link)
	err1, err2 := l.master.Close(), l.slave.Close()
	l.master, l.slave = nil, nil
	l.unplug.sent, l.unplug.received = 0, 0
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return failed("unplug", err)
		}
	}
	return nil
}

// Move unplugs the device and plugs it in again on a terminal of another number, as
// happens when another device has taken the first meanwhile.
func (l *Line) Move() error {
	master, slave, err := terminal() // another, since the first is still taken
	if err != nil {
		return failed("open a pseudo-terminal", err)
	}
	if err := l.Unplug(); err != nil {
		_, _ = master.Close(), slave.Close()
		return err
	}
	return l.plug(master, slave)
}

// Deny takes from every user but root the right to open the device, or gives it back.
func (l *Line) Deny(yes bool) error {
	mode := os.FileMode(0o600)
	if yes {
		mode = 0
	}
	if err := os.Chmod(l.link, mode); err != nil {
		return failed("change the rights", err)
	}
	return nil
}

// Close unplugs the device for good.
func (l *Line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.Unplug()
	l.listening.Wait()
	return err
}

// Plugged reports whether the device is plugged in.
func (l *Line) Plugged() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.master != nil
}

// Silence makes the device mute and deaf, as one whose firmware hangs: the line stays
// open, and nothing comes any more until [Line.Replug].
func (l *Line) Silence() {
	l.mu.Lock()
	l.silent = true
	l.mu.Unlock()
}

// Slowly makes every byte follow the one before after a gap, until the next plugging.
func (l *Line) Slowly(gap time.Duration) {
	l.mu.Lock()
	l.gap = gap
	l.mu.Unlock()
}

// Late makes the device think that long before it handles what the host sent, until the
// next plugging.
func (l *Line) Late(by time.Duration) {
	l.mu.Lock()
	l.late = by
	l.mu.Unlock()
}

// UnplugAfter has the cable pulled once the device has sent or received that many bytes
// more; 0 for never. While it is unplugged, they count from the next plugging.
func (l *Line) UnplugAfter(sent, received int) {
	l.mu.Lock()
	if l.master == nil {
		l.count.sent, l.count.received = 0, 0
	}
	l.unplug.sent, l.unplug.received = 0, 0
	if sent > 0 {
		l.unplug.sent = l.count.sent + sent
	}
	if received > 0 {
		l.unplug.received = l.count.received + received
	}
	l.mu.Unlock()
}

// Moved returns how many bytes the device has sent and received since it was plugged in.
func (l *Line) Moved() (sent, received int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count.sent, l.count.received
}

// Send sends bytes, in one go unless the line is slow. It returns the moment just before
// the write that held the last byte.
func (l *Line) Send(b []byte) (lastByte time.Time, err error) {
	l.write.Lock()
	defer l.write.Unlock()
	return l.sendLocked(b)
}

func (l *Line) sendLocked(b []byte) (at time.Time, err error) {
	for i := 0; ; {
		l.mu.Lock()
		master, silent, gap, gone := l.master, l.silent, l.gap, l.gone
		n := len(b) - i
		if gap > 0 {
			n = min(n, 1)
		}
		pull := false
		if l.unplug.sent > 0 && l.count.sent+n >= l.unplug.sent {
			n, pull = l.unplug.sent-l.count.sent, true
		}
		l.mu.Unlock()
		if master == nil {
			return time.Time{}, errUnplugged
		}
		if silent {
			return time.Time{}, errSilent
		}
		if err := master.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
			return time.Time{}, failed("write", err)
		}
		at = time.Now()
		k, err := master.Write(b[i : i+n])
		l.mu.Lock()
		l.count.sent += k
		l.mu.Unlock()
		if err != nil {
			return time.Time{}, failed(fmt.Sprintf("write: %d of %d bytes went out", i+k, len(b)), err)
		}
		if pull {
			return time.Time{}, errors.Join(errUnplugged, l.Unplug())
		}
		if i += n; i >= len(b) {
			return at, nil
		}
		wait(gap, gone)
	}
}

// Wait lets the device wait; unplugging it ends the wait. For use in handlers.
func (l *Line) Wait(d time.Duration) {
	l.mu.Lock()
	gone := l.gone
	l.mu.Unlock()
	wait(d, gone)
}

// Deafen drops what the host has sent and the device has not read yet. For use in
// handlers.
func (l *Line) Deafen() {
	l.mu.Lock()
	master := l.master
	l.mu.Unlock()
	if master == nil || master.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return
	}
	for buf := make([]byte, 4096); ; {
		if _, err := master.Read(buf); err != nil {
			break
		}
	}
	_ = master.SetReadDeadline(time.Time{}) // it failed before, if it does
}

// listen hands what the host sends to the device, until it is unplugged.
func (l *Line) listen(master *os.File, gone <-chan struct{}) {
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		silent, late, pull := l.silent, l.late, false
		if l.unplug.received > 0 && l.count.received+n >= l.unplug.received {
			n, pull = l.unplug.received-l.count.received, true
		}
		l.count.received += n
		l.mu.Unlock()
		wait(late, gone)
		if l.handle != nil && !silent {
			l.handle(buf[:n])
		}
		if pull {
			_ = l.Unplug() // the test sees whether it is gone
			return
		}
	}
}

// wait waits, or less if the device is unplugged.
func wait(d time.Duration, gone <-chan struct{}) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-gone:
	}
}

var (
	errClosed    = &border.Error{Code: border.Unavailable, Op: "simulated device", Message: "The simulated device was closed."}
	errUnplugged = &border.Error{Code: border.Unavailable, Op: "simulated device", Message: "The simulated device is unplugged."}
	errSilent    = &border.Error{Code: border.Unavailable, Op: "simulated device", Message: "The simulated device is silent; unplug it and plug it in again."}
)

func failed(op string, err error) error {
	return &border.Error{Code: border.Unavailable, Op: "simulated device: " + op, Err: err}
}

// setRaw makes the terminal a plain line: no echo, no editing, no signals, no
// translation of line ends, eight bits.
func setRaw(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = c.Control(func(fd uintptr) {
		var t *unix.Termios
		if t, inner = unix.IoctlGetTermios(int(fd), unix.TCGETS); inner != nil {
			return
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
		inner = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	if err != nil {
		return err
	}
	return inner
}

// relink makes link point at target in one step, so that nobody sees half of it.
func relink(target, link string) error {
	tmp := link + ".new"
	if err := os.Remove(tmp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, link)
}
