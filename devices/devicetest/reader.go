// Package devicetest holds the simulated document reader: a pseudo-terminal that sends
// documents as a real reader on a serial line would, and plays a real reader's faults. The
// station cannot tell it from a device: it opens the same kind of node, through the same
// transport, driver and supervisor. Tests use it, and `garita demo` does.
//
// This package reads the wall clock itself: it stands outside the station, as the
// traveller's hand does, and times the station from there.
package devicetest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"garita/border"
	"garita/devices/profile"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// WriteTimeout bounds every write: a station that does not read fills the terminal's
// buffer, and a real reader would go on without it too.
const WriteTimeout = 5 * time.Second

// Reader is a simulated reader. Its methods may be called from several goroutines;
// writes take turns.
type Reader struct {
	link    string
	framing profile.Framing

	write sync.Mutex // held during a presentation or fault; taken before mu

	mu     sync.Mutex // guards the rest
	master *os.File   // nil while unplugged
	slave  *os.File   // kept open so that the line settings outlive the station's closing
	silent bool
	closed bool
}

// OpenReader plugs a simulated reader in. link is the stable path under which the
// station finds it, as udev makes one in /dev/serial/by-id: a symbolic link to the
// terminal's node that goes away on [Reader.Unplug]. A link left there by an earlier
// run is replaced; anything else there is an error. Close the reader to remove it.
func OpenReader(link string, framing profile.Framing) (*Reader, error) {
	abs, err := filepath.Abs(link)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open simulated reader", Err: err}
	}
	if s, err := os.Lstat(abs); err == nil && s.Mode()&os.ModeSymlink == 0 {
		return nil, &border.Error{Code: border.Conflict, Op: "open simulated reader", Message: "There is something else at " + abs + "; choose another path."}
	}
	r := &Reader{link: abs, framing: framing}
	if err := r.Replug(); err != nil {
		return nil, err
	}
	return r, nil
}

// Path is the absolute path of the link.
func (r *Reader) Path() string { return r.link }

// Replug plugs the reader in again, on a new terminal. A reader that is plugged in is
// left alone, but is no longer silent.
func (r *Reader) Replug() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = false
	if r.closed {
		return errClosed
	}
	if r.master != nil {
		return nil
	}
	master, slave, err := pty.Open()
	if err != nil {
		return failed("open a pseudo-terminal", err)
	}
	if err = setRaw(slave); err == nil {
		err = relink(slave.Name(), r.link)
	}
	if err != nil {
		_, _ = master.Close(), slave.Close()
		return failed("set up a pseudo-terminal", err)
	}
	r.master, r.slave = master, slave
	return nil
}

// Unplug pulls the cable: the line hangs up, then the link goes away. A write under way
// fails.
func (r *Reader) Unplug() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.master == nil {
		return nil
	}
	err1, err2 := r.master.Close(), r.slave.Close()
	r.master, r.slave = nil, nil
	err3 := os.Remove(r.link)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return failed("unplug", err)
		}
	}
	return nil
}

// Close unplugs the reader for good.
func (r *Reader) Close() error {
	err := r.Unplug()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return err
}

// Silence makes the reader mute, as one whose firmware hangs: the line stays open, and
// nothing comes any more until [Reader.Replug].
func (r *Reader) Silence() {
	r.mu.Lock()
	r.silent = true
	r.mu.Unlock()
}

// Present shows a document to the reader: its lines go out in the reader's framing. It
// returns the moment just before the write that held the last byte, so a latency
// measured from there includes that write.
func (r *Reader) Present(lines []string) (lastByte time.Time, err error) {
	return r.send(Encode(r.framing, lines))
}

var (
	errClosed    = &border.Error{Code: border.Unavailable, Op: "simulated reader", Message: "The simulated reader was closed."}
	errUnplugged = &border.Error{Code: border.Unavailable, Op: "simulated reader", Message: "The simulated reader is unplugged."}
	errSilent    = &border.Error{Code: border.Unavailable, Op: "simulated reader", Message: "The simulated reader is silent; unplug it and plug it in again."}
)

func failed(op string, err error) error {
	return &border.Error{Code: border.Unavailable, Op: "simulated reader: " + op, Err: err}
}

// send writes bytes in one go.
func (r *Reader) send(b []byte) (time.Time, error) {
	r.write.Lock()
	defer r.write.Unlock()
	return r.sendLocked(b)
}

func (r *Reader) sendLocked(b []byte) (time.Time, error) {
	r.mu.Lock()
	master, silent := r.master, r.silent
	r.mu.Unlock()
	if master == nil {
		return time.Time{}, errUnplugged
	}
	if silent {
		return time.Time{}, errSilent
	}
	if err := master.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
		return time.Time{}, failed("write", err)
	}
	at := time.Now()
	if n, err := master.Write(b); err != nil {
		return time.Time{}, failed(fmt.Sprintf("write: %d of %d bytes went out", n, len(b)), err)
	}
	return at, nil
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
