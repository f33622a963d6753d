package bridge

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"garita/devices"
)

// Why a link ends. Compare with [errors.Is].
var (
	errSilent = errors.New("the other end fell silent")
	errFlood  = errors.New("the other end sends too much")
)

// link is one connection as either end has it: frames, heartbeats, and an end that is
// reached once. Times are kept with timers because a connection's own deadlines would
// need the wall clock.
type link struct {
	conn net.Conn
	raw  net.Conn // below TLS; closing it waits for nobody

	beat   time.Duration // set before the first heartbeat
	silent *time.Timer   // ends the link; wound up again by whatever is read

	writing sync.Mutex
	buf     []byte // guarded by writing

	mu    sync.Mutex // guards cause; a leaf
	cause error      // why the link has ended
	ended chan struct{}

	second time.Duration // of the count of frames; touched by read only
	frames int
}

func newLink(conn, raw net.Conn) *link {
	l := &link{conn: conn, raw: raw, ended: make(chan struct{})}
	l.beat = HelloWithin / deadAfter // until the hello has set it
	l.silent = time.AfterFunc(HelloWithin, func() { l.end(errSilent) })
	return l
}

// patience is how long silence may last, and how long a frame may take.
func (l *link) patience() time.Duration { return deadAfter * l.beat }

// end closes the link and says why. Only the first reason counts.
func (l *link) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return
	}
	l.cause = cause
	l.silent.Stop()
	close(l.ended)
	_ = l.raw.Close() // nothing is left to be said
}

// why is the reason of the end, nil before it.
func (l *link) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// firstByte winds the time limit up once, when a frame begins.
type firstByte struct {
	*link
	begun bool
}

// Read reads from the connection.
func (f *firstByte) Read(b []byte) (int, error) {
	n, err := f.conn.Read(b)
	if n > 0 && !f.begun {
		f.begun = true
		f.silent.Reset(f.patience())
	}
	return n, err
}

// read reads one frame: its first byte must come within the patience, and its last as
// long after that. For one goroutine.
func (l *link) read(room func(Header) int) (Frame, error) {
	if l.why() == nil {
		l.silent.Reset(l.patience())
	}
	f, err := ReadFrame(&firstByte{link: l}, room)
	if cause := l.why(); cause != nil {
		return Frame{}, cause
	}
	if err != nil {
		return Frame{}, err
	}
	if now := devices.Monotonic(); now-l.second >= time.Second {
		l.second, l.frames = now, 0
	}
	if l.frames++; l.frames > maxFrames {
		return Frame{}, errFlood
	}
	return f, nil
}

// write sends one frame within the patience.
func (l *link) write(f Frame) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	stuck := time.AfterFunc(l.patience(), func() { l.end(errSilent) })
	defer stuck.Stop()
	b, err := AppendFrame(l.buf[:0], f)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(b)
	clear(b) // it may hold the lines of a document
	l.buf = b
	if err == nil && len(f.Bytes) > 0 {
		_, err = l.conn.Write(f.Bytes)
	}
	if cause := l.why(); cause != nil {
		return cause
	}
	return err
}

// keepAlive sends heartbeats until the link ends.
func (l *link) keepAlive() {
	t := time.NewTicker(l.beat)
	defer t.Stop()
	for {
		select {
		case <-l.ended:
			return
		case <-t.C:
			if err := l.write(Frame{Header: Header{Type: TypeAlive}}); err != nil {
				l.end(err)
				return
			}
		}
	}
}

// part says a last word and waits, shortly and bounded, until the other end has heard it:
// closing at once while bytes of the other end are unread would make the kernel throw
// away what was said.
func (l *link) part(last Frame, cause error) {
	if l.write(last) == nil {
		linger(l.raw)
	}
	l.end(cause)
}

// lingerFor bounds linger.
const lingerFor = time.Second

// linger ends our direction of a connection and reads on until the other end does the
// same. What it reads is thrown away.
func linger(raw net.Conn) {
	half, ok := raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	late := time.AfterFunc(lingerFor, func() { _ = raw.Close() })
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, raw, MaxBytes)
}
