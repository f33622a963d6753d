package honeywell

import (
	"time"

	"garita/devices"
	"garita/devices/drivers/zone"
	"garita/devices/profile"
)

// The bytes that say how a menu command went. The imager echoes the command and puts one
// of them before each punctuation mark in it.
const (
	ack = 0x06
	enq = 0x05 // no such command
	nak = 0x15 // no such value
)

// Decoder turns the stream of bytes of one imager into readings. Depending on firmware and
// template, the lines of a document come each with its CR, or as one line; answers to menu
// commands may stand between them. The decoder is pure: bytes and the time go in, readings
// come out. It holds at most max_bytes of one line and three lines, and takes any bytes. It
// is for one goroutine.
type Decoder struct {
	max int
	gap time.Duration

	line    []byte   // the present line, without its end
	lines   []string // the ended lines of the present document
	status  bool     // the byte before was ACK, ENQ or NAK
	lost    bool     // the present line is too long
	last    time.Duration
	said    error // last error reported since a good document or a silence
	results []devices.Reading
}

// NewDecoder returns a decoder. Of the framing only idle_gap_ms and max_bytes count.
func NewDecoder(f profile.Framing) *Decoder {
	return &Decoder{max: f.MaxBytes, gap: f.IdleGap(), line: make([]byte, 0, f.MaxBytes)}
}

// Feed takes bytes that arrived at now, on a monotonic clock, and returns what they
// complete. An empty b says that the line is silent. The slice is valid until the next
// call; the readings in it may be kept.
func (d *Decoder) Feed(b []byte, now time.Duration) []devices.Reading {
	clear(d.results)
	d.results = d.results[:0]
	if len(b) == 0 {
		if now-d.last >= d.gap {
			if d.lost {
				d.fail(devices.ErrOversize)
			} else if len(d.line) > 0 || len(d.lines) > 0 {
				d.fail(devices.ErrIncomplete)
			}
			d.reset()
			d.said = nil
		}
		return d.results
	}
	d.last = now
	for _, c := range b {
		d.take(c)
	}
	return d.results
}

func (d *Decoder) take(c byte) {
	answered := d.status
	d.status = c == ack || c == enq || c == nak
	switch {
	case answered && (c == '!' || c == '.' || c == ',' || c == ';'):
		d.next() // the line so far was the answer to a menu command
	case c == '\r' || c == '\n':
		if len(d.line) > 0 {
			d.end()
		}
		d.next()
	case len(d.line) >= d.max:
		d.lost = true
	default:
		d.line = append(d.line, c)
	}
}

// end takes a whole line.
func (d *Decoder) end() {
	switch {
	case d.lost:
		d.lines = nil
		d.fail(devices.ErrOversize)
	case !zone.Printable(d.line):
		d.lines = nil
		d.fail(devices.ErrGarbage)
	case zone.Whole(len(d.line)): // all lines of a document in one
		if d.lines != nil {
			d.fail(devices.ErrIncomplete)
		}
		d.document(zone.Cut(string(d.line)))
	default:
		d.lines = append(d.lines, string(d.line))
		d.look()
	}
}

// look says what the lines so far are.
func (d *Decoder) look() {
	first, last := d.lines[0], d.lines[len(d.lines)-1]
	need := zone.LinesFor(len(first))
	switch {
	case need == 0:
		d.lines = nil
		d.fail(devices.ErrGarbage)
	case zone.StartsAfresh(d.lines):
		// Two travellers' lines must never become one document.
		d.lines = []string{last}
		d.fail(devices.ErrIncomplete)
	case len(last) != len(first):
		d.lines = nil
		d.fail(devices.ErrIncomplete)
	case len(d.lines) == need:
		d.document(zone.Check(d.lines))
	default:
	}
}

// document ends the present document, well or not.
func (d *Decoder) document(lines []string, err error) {
	d.lines = nil
	if err != nil {
		d.fail(err)
		return
	}
	d.said = nil
	d.results = append(d.results, devices.Reading{Lines: lines})
}

// fail reports an error, a row of equal ones only once.
func (d *Decoder) fail(err error) {
	if d.said == err { //nolint:errorlint // one of three sentinels
		return
	}
	d.said = err
	d.results = append(d.results, devices.Reading{Err: err})
}

// next begins another line; what was held is personal data, so its bytes are cleared.
func (d *Decoder) next() {
	clear(d.line)
	d.line = d.line[:0]
	d.status, d.lost = false, false
}

// reset begins another document.
func (d *Decoder) reset() {
	d.next()
	d.lines = nil
}
