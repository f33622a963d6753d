package framed

import (
	"time"

	"garita/devices"
	"garita/devices/drivers/zone"
	"garita/devices/profile"
)

// Decoder turns the stream of bytes of one scanner into readings. It is pure: bytes and
// the time go in, readings come out. It holds at most the profile's max_bytes, never
// blocks and takes any bytes. It is for one goroutine. After an unplugging, make a new one.
type Decoder struct {
	f profile.Framing

	buf     []byte        // the present document, line ends as '\n'
	lineLen int           // characters of the present line; line-cr only
	open    bool          // a document has begun
	skip    bool          // its error was reported; drop bytes up to the next sure beginning
	lastCR  bool          // the byte before was a CR: an LF now belongs to it
	last    time.Duration // when bytes last came
	said    error         // last error reported since a good document or a silence
	results []devices.Reading
}

// NewDecoder returns a decoder for a framing that was checked by package profile.
func NewDecoder(f profile.Framing) *Decoder {
	return &Decoder{f: f, buf: make([]byte, 0, f.MaxBytes)}
}

// Feed takes bytes that arrived at now, on a monotonic clock ([devices.Monotonic]), and
// returns what they complete, in order. An empty b says that the line is silent: call it
// so after each read timeout, since only then a silence is told from a busy host, and a
// half document given up.
//
// The slice is valid until the next call; the readings in it may be kept.
func (d *Decoder) Feed(b []byte, now time.Duration) []devices.Reading {
	clear(d.results) // the lines are personal data: keep no reference to them
	d.results = d.results[:0]
	if len(b) == 0 {
		if now-d.last >= d.f.IdleGap() {
			d.silence()
		}
		return d.results
	}
	d.last = now
	for _, c := range b {
		switch d.f.Kind {
		case profile.StxEtx:
			d.framed(c)
		case profile.LineCR:
			d.lined(c)
		default:
			d.raw(c)
		}
	}
	return d.results
}

// silence ends what the line left open.
func (d *Decoder) silence() {
	if d.f.Kind == profile.RawIdle && d.open && !d.skip {
		d.finish()
	} else if d.open && !d.skip {
		d.fail(devices.ErrIncomplete)
	}
	d.reset()
	d.lineLen, d.lastCR, d.said = 0, false, nil
}

// framed takes one byte of a stx-etx stream.
func (d *Decoder) framed(c byte) {
	switch {
	case int(c) == d.f.Start:
		if d.open && !d.skip {
			d.fail(devices.ErrIncomplete) // the document before never ended
		}
		d.reset()
		d.open = true
	case int(c) == d.f.End:
		switch {
		case d.open && !d.skip:
			d.finish()
		case !d.skip:
			d.fail(devices.ErrGarbage) // the end of something that never began
		}
		d.reset()
	case d.skip:
	case !d.open:
		if c != '\r' && c != '\n' { // line ends between documents are harmless
			d.fail(devices.ErrGarbage)
			d.skip = true
		}
	case c == '\n' && d.lastCR: // of CR LF
	case c == '\r' || c == '\n':
		d.put('\n')
	default:
		d.put(c)
	}
	d.lastCR = c == '\r'
}

// lined takes one byte of a line-cr stream.
func (d *Decoder) lined(c byte) {
	if d.f.DocumentEnd == profile.EndByte && int(c) == d.f.End {
		if d.open && !d.skip {
			d.finish()
		}
		d.reset()
		return
	}
	if c == '\n' && d.lastCR {
		d.lastCR = false
		return
	}
	d.lastCR = c == '\r'
	if c != '\r' && c != '\n' {
		d.lineLen++
		if !d.skip {
			d.put(c)
		}
		return
	}
	blank := d.lineLen == 0
	d.lineLen = 0
	if !d.skip {
		d.lineEnd(blank)
	} else if d.f.DocumentEnd == profile.EndMRZ || d.f.DocumentEnd == profile.EndBlank && blank {
		d.reset() // with mrz-lines each line is a fresh chance; otherwise the document's end
	}
}

// lineEnd handles the end of a line in a line-cr stream.
func (d *Decoder) lineEnd(blank bool) {
	switch {
	case !d.open: // before a document: harmless
	case !blank:
		d.buf = append(d.buf, '\n')
		if d.f.DocumentEnd == profile.EndMRZ {
			d.mrzLine()
		}
	case d.f.DocumentEnd == profile.EndBlank:
		d.finish()
		d.reset()
	case d.f.DocumentEnd == profile.EndMRZ: // no blank line can stand inside an MRZ
		d.fail(devices.ErrIncomplete)
		d.reset()
	default: // EndByte: only that byte ends a document
	}
}

// mrzLine looks at the line just ended and finishes the document if it was the last.
func (d *Decoder) mrzLine() {
	lines := zone.Split(d.buf)
	first, last := lines[0], lines[len(lines)-1]
	need := zone.LinesFor(len(first))
	switch {
	case len(lines) == 1 && zone.Whole(len(first)): // all lines of a document as one
		d.finish()
		d.reset()
	case need == 0:
		d.fail(devices.ErrGarbage)
		d.reset()
	case zone.StartsAfresh(lines):
		// The line cannot belong to the document before it: two travellers' lines must
		// never become one document.
		d.fail(devices.ErrIncomplete)
		d.reset()
		d.open = true
		d.buf = append(append(d.buf, last...), '\n')
	case len(last) != len(first):
		d.fail(devices.ErrIncomplete)
		d.reset()
	case len(lines) == need:
		d.finish()
		d.reset()
	default:
	}
}

// raw takes one byte of a raw-len or raw-idle stream.
func (d *Decoder) raw(c byte) {
	if d.skip {
		return // until silence
	}
	if c == '\r' || c == '\n' {
		if len(d.buf) > 0 {
			d.fail(devices.ErrGarbage) // these readers send no line ends
			d.skip = true
		}
		return
	}
	d.put(c)
	if d.f.Kind == profile.RawLen && !d.skip && len(d.buf) == d.f.Length {
		d.finish()
		d.reset()
	}
}

// put appends one byte to the document, a line end as '\n'.
func (d *Decoder) put(c byte) {
	if c < 0x20 && c != '\n' || c > 0x7e {
		d.fail(devices.ErrGarbage)
		d.drop()
		return
	}
	if len(d.buf) >= d.f.MaxBytes-1 { // one is left for a line end, see lineEnd
		d.fail(devices.ErrOversize)
		d.drop()
		return
	}
	d.open = true
	d.buf = append(d.buf, c)
}

// drop forgets the present document and skips what is left of it.
func (d *Decoder) drop() {
	d.reset()
	d.skip, d.open = true, true
}

// finish reports the document in hand, or why it is none.
func (d *Decoder) finish() {
	lines, err := d.document()
	if err != nil {
		d.fail(err)
		return
	}
	d.said = nil
	d.results = append(d.results, devices.Reading{Lines: lines})
}

// document returns the lines in hand, or the error that says what they are.
func (d *Decoder) document() ([]string, error) {
	if d.f.Kind == profile.RawLen || d.f.Kind == profile.RawIdle {
		return zone.Cut(string(d.buf))
	}
	lines := zone.Split(d.buf)
	if len(lines) == 1 && zone.Whole(len(lines[0])) {
		return zone.Cut(lines[0])
	}
	return zone.Check(lines)
}

// fail reports an error, a row of equal ones only once: a flood of bytes is no flood of
// readings.
func (d *Decoder) fail(err error) {
	if d.said == err { //nolint:errorlint // both are one of three sentinels
		return
	}
	d.said = err
	d.results = append(d.results, devices.Reading{Err: err})
}

// reset forgets the document in hand; it is personal data, so its bytes are cleared.
func (d *Decoder) reset() {
	clear(d.buf)
	d.buf = d.buf[:0]
	d.open, d.skip = false, false
}
