// Package devicetest holds simulated scanners: pseudo-terminals that send documents, or
// images of fingers, as a real device on a serial line would, and play real devices'
// faults. The station cannot tell them from a device: it opens the same kind of node,
// through the same transport, driver and supervisor. Tests use them, and `garita demo`
// does. Readers of plain text are here; each other family has a folder below.
//
// This package reads the wall clock itself: it stands outside the station, as the
// traveller's hand does, and times the station from there.
package devicetest

import (
	"bytes"
	"sync"
	"time"

	"garita/devices/profile"
)

// maxAsked is how much of what the host sent a reader keeps to find questions in it.
const maxAsked = 4096

// Reader is a simulated reader that sends documents by itself as plain text. Its methods
// may be called from several goroutines; writes take turns.
type Reader struct {
	Line
	framing profile.Framing

	asking  sync.Mutex // guards the rest
	asked   []byte
	answers []answer
}

type answer struct{ question, reply []byte }

// OpenReader plugs a simulated reader in; see [OpenLine].
func OpenReader(link string, framing profile.Framing) (*Reader, error) {
	r := &Reader{framing: framing}
	return r, r.Open(link, r.hear)
}

// Answer makes the reader send a reply whenever the host has sent a question.
func (r *Reader) Answer(question, reply []byte) {
	r.asking.Lock()
	r.answers = append(r.answers, answer{question, reply})
	r.asking.Unlock()
}

// hear looks for questions in what the host sends.
func (r *Reader) hear(b []byte) {
	r.asking.Lock()
	r.asked = append(r.asked, b...)
	var replies [][]byte
	for again := true; again; {
		again = false
		for _, a := range r.answers {
			if i := bytes.Index(r.asked, a.question); i >= 0 {
				r.asked = r.asked[i+len(a.question):]
				replies = append(replies, a.reply)
				again = true
			}
		}
	}
	if n := len(r.asked) - maxAsked; n > 0 {
		r.asked = r.asked[n:]
	}
	r.asking.Unlock()
	for _, b := range replies {
		_, _ = r.Send(b) // a reader does not know whether it is heard
	}
}

// Present shows a document to the reader: its lines go out in the reader's framing. It
// returns the moment just before the write that held the last byte, so a latency
// measured from there includes that write.
func (r *Reader) Present(lines []string) (lastByte time.Time, err error) {
	return r.Send(Encode(r.framing, lines))
}
