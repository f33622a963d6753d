package elyctis

import (
	"bytes"
	"crypto/sha256"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/zone"
)

// The commands (Elyctis Scanner Command Set 1.7). Each frame is the command, the length of
// its data in two bytes with the high one first, and the data; answers have the same form.
const (
	inquire    = 0x49 // the machine readable zone of the document that lies there
	oneLine    = 0x4c // the zone of a document with one line
	continuous = 0x43 // data 1: read the next document by itself; 0: do not
	version    = 0x56 // these four answer with text
	ocrVersion = 0x57
	serial     = 0x52
	product    = 0x54
)

const headerBytes = 3

// These are readings that say nothing bad about the reader.
var (
	errNoDocument error = &border.Error{Code: border.Invalid, Op: "read a document", Err: devices.ErrGarbage,
		Message: "The reader found no machine readable zone. Present the document again."}
	errOneLine error = &border.Error{Code: border.Invalid, Op: "read a document", Err: devices.ErrGarbage,
		Message: "The reader read a zone of one line, as on a driving licence. That is no travel document."}
)

// Decoder turns the stream of bytes of one reader into readings. It is pure: bytes and the
// time go in, readings come out. It holds at most one frame of max bytes of data, and
// takes any bytes. It is for one goroutine.
type Decoder struct {
	max  int           // bytes of data of one frame
	gap  time.Duration // silence that ends a frame
	once bool          // inquire mode: a document that lies there is reported once

	buf     []byte // the present frame
	skip    bool   // the frames' beginnings are lost; drop bytes until a silence
	last    time.Duration
	said    error // last error reported since a good document or a silence
	lies    [sha256.Size]byte
	results []devices.Reading
}

// NewDecoder returns a decoder of frames with at most max bytes of data. gap is the
// silence after which a frame that has not ended never will. once says that the reader is
// asked again and again: a document that still lies there is reported only once, and that
// none lies there is not reported.
func NewDecoder(max int, gap time.Duration, once bool) *Decoder {
	return &Decoder{max: max, gap: gap, once: once, buf: make([]byte, 0, headerBytes+max)}
}

// Feed takes bytes that arrived at now, on a monotonic clock, and returns what they
// complete. An empty b says that the line is silent. The slice is valid until the next
// call; the readings in it may be kept.
func (d *Decoder) Feed(b []byte, now time.Duration) []devices.Reading {
	clear(d.results)
	d.results = d.results[:0]
	if len(b) == 0 {
		if now-d.last >= d.gap {
			if len(d.buf) > 0 && !d.skip {
				d.fail(devices.ErrIncomplete, false)
			}
			d.reset()
			d.skip, d.said = false, nil
		}
		return d.results
	}
	d.last = now
	for len(b) > 0 && !d.skip {
		b = d.take(b)
	}
	return d.results
}

// take adds bytes to the present frame, and returns those behind it.
func (d *Decoder) take(b []byte) []byte {
	if len(d.buf) < headerBytes {
		d.buf = append(d.buf, b[0])
		if len(d.buf) == 1 && !known(b[0]) {
			d.lose(devices.ErrGarbage)
		}
		if len(d.buf) == headerBytes && d.length() > d.max {
			d.lose(devices.ErrOversize)
		}
		b = b[1:]
	}
	if len(d.buf) < headerBytes || d.skip {
		return b
	}
	n := min(len(b), headerBytes+d.length()-len(d.buf))
	d.buf = append(d.buf, b[:n]...)
	if len(d.buf) == headerBytes+d.length() {
		d.frame(d.buf[0], d.buf[headerBytes:])
		d.reset()
	}
	return b[n:]
}

func (d *Decoder) length() int { return int(d.buf[1])<<8 | int(d.buf[2]) }

func known(command byte) bool {
	switch command {
	case inquire, oneLine, continuous, version, ocrVersion, serial, product:
		return true
	default:
		return false
	}
}

// frame reads one whole frame. Answers to other commands may come late; they are no
// documents.
func (d *Decoder) frame(command byte, data []byte) {
	switch {
	case command == oneLine:
		d.fail(errOneLine, true)
	case command != inquire:
	case len(data) == 0:
		d.lies = [sha256.Size]byte{}
		if !d.once {
			d.fail(errNoDocument, true)
		}
	default:
		lines, err := document(data)
		if err != nil {
			d.fail(err, false)
			return
		}
		d.said = nil
		sum := sha256.Sum256(data)
		if d.once && sum == d.lies {
			return
		}
		d.lies = sum
		d.results = append(d.results, devices.Reading{Lines: lines})
	}
}

// document returns the lines in the data of an answer: separated by CR, LF or both, or by
// nothing.
func document(data []byte) ([]string, error) {
	text := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	lines := zone.Split(text)
	for _, l := range lines {
		if !zone.Printable([]byte(l)) {
			return nil, devices.ErrGarbage
		}
	}
	if len(lines) == 1 && zone.Whole(len(lines[0])) {
		return zone.Cut(lines[0])
	}
	return zone.Check(lines)
}

// lose reports that the frames' beginnings are lost.
func (d *Decoder) lose(err error) {
	d.fail(err, false)
	d.reset()
	d.skip = true
}

// fail reports an error, a row of equal ones only once.
func (d *Decoder) fail(err error, chatter bool) {
	if d.said == err { //nolint:errorlint // one of a few sentinels
		return
	}
	d.said = err
	d.results = append(d.results, devices.Reading{Err: err, Chatter: chatter})
}

// reset forgets the frame in hand; it is personal data, so its bytes are cleared.
func (d *Decoder) reset() {
	clear(d.buf)
	d.buf = d.buf[:0]
}
