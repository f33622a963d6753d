// Package elyctis plays a document reader of Elyctis on a pseudo-terminal, after the
// maker's Scanner Command Set 1.7 as it is known from the web: inquire, continuous reading
// that ends with each document, and the version. It is written from that description, not
// from the driver.
package elyctis

import (
	"strings"
	"sync"
	"time"

	"garita/devices/devicetest"
)

// Reader is the simulated reader. Its methods may be called from several goroutines.
type Reader struct {
	devicetest.Line

	mu       sync.Mutex // guards the rest
	firmware string
	armed    bool
	refuses  bool
	arms     int
	lies     []byte // the zone of the document in the slot; nil if there is none
	read     bool   // it was read continuously already
	asked    []byte
}

// Open plugs a reader in; see [devicetest.OpenLine]. firmware is what it answers when it
// is asked for its version.
func Open(link, firmware string) (*Reader, error) {
	r := &Reader{firmware: firmware}
	return r, r.Line.Open(link, r.hear)
}

// Frame puts data into the frame of a command.
func Frame(command byte, data []byte) []byte {
	return append([]byte{command, byte(len(data) >> 8), byte(len(data))}, data...)
}

// Zone is how the reader sends a document's lines: each ended by CR.
func Zone(lines []string) []byte { return []byte(strings.Join(lines, "\r") + "\r") }

// Put puts a document into the slot, in the place of the one there. It is read at once if
// the reader is armed, else when it is asked for or armed.
func (r *Reader) Put(lines []string) (lastByte time.Time, err error) {
	r.mu.Lock()
	r.lies, r.read = Zone(lines), false
	r.mu.Unlock()
	return r.look()
}

// Take takes the document out of the slot.
func (r *Reader) Take() {
	r.mu.Lock()
	r.lies = nil
	r.mu.Unlock()
}

// Refuse makes the reader answer that it will not read continuously.
func (r *Reader) Refuse(yes bool) {
	r.mu.Lock()
	r.refuses = yes
	r.mu.Unlock()
}

// Armed returns how often continuous reading was asked for since the reader was opened,
// and whether it is on.
func (r *Reader) Armed() (times int, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arms, r.armed
}

// Replug plugs the reader in again, as new: not armed.
func (r *Reader) Replug() error {
	if !r.Plugged() {
		r.mu.Lock()
		r.armed, r.refuses, r.lies, r.asked = false, false, nil, nil
		r.mu.Unlock()
	}
	return r.Line.Replug()
}

// Half begins the frame of a document and stops.
func (r *Reader) Half(lines []string) error {
	b := Frame(0x49, Zone(lines))
	return r.Raw(b[:len(b)/2])
}

// Oversized announces a frame of n bytes and sends them.
func (r *Reader) Oversized(n int) error {
	return r.Raw(Frame(0x49, []byte(strings.Repeat("A", n))))
}

// look reads the document in the slot if the reader should.
func (r *Reader) look() (time.Time, error) {
	r.mu.Lock()
	if !r.armed || r.lies == nil || r.read {
		r.mu.Unlock()
		return time.Time{}, nil
	}
	r.armed, r.read = false, true // continuous reading is good for one document
	b := Frame(0x49, r.lies)
	r.mu.Unlock()
	return r.Send(b)
}

// hear takes what the host sends, and answers each whole command.
func (r *Reader) hear(b []byte) {
	r.mu.Lock()
	r.asked = append(r.asked, b...)
	var commands [][]byte
	for len(r.asked) >= 3 {
		n := 3 + int(r.asked[1])<<8 + int(r.asked[2])
		if len(r.asked) < n {
			break
		}
		commands = append(commands, append([]byte(nil), r.asked[:n]...))
		r.asked = r.asked[n:]
	}
	r.mu.Unlock()
	for _, c := range commands {
		r.answer(c[0], c[3:])
	}
}

func (r *Reader) answer(command byte, data []byte) {
	r.mu.Lock()
	var reply []byte
	switch command {
	case 'I':
		reply = Frame('I', r.lies)
	case 'L':
		reply = Frame('L', nil)
	case 'V':
		reply = Frame('V', []byte(r.firmware))
	case 'C':
		if len(data) == 1 {
			r.armed = data[0] == 1 && !r.refuses
			if r.armed {
				r.arms++
			} else {
				data = []byte{0}
			}
			reply = Frame('C', data)
		}
	}
	r.mu.Unlock()
	if reply != nil {
		_, _ = r.Send(reply) // a reader does not know whether it is heard
	}
	_, _ = r.look()
}
