// Package learn writes the profile of a reader that nobody has a profile for: a technician
// presents a document whose lines are known, and from the bytes that come the framing is
// inferred. Only readers that send documents by themselves as plain text can be learned;
// what cannot be told apart from what came is said in remarks.
//
// The document should be a specimen. Its lines are in no error and no remark.
package learn

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/devices/drivers/framed"
	"garita/devices/drivers/zone"
	"garita/devices/profile"
	"garita/devices/trace"
)

// The bounds of what is learned from.
const (
	MaxPresentations = 8
	MaxBytes         = 16 << 10 // of one presentation
)

// The framing's waits, which a few presentations do not tell.
const (
	idleGapMS = 400
	maxBytes  = 512
)

const op = "learn a reader's framing"

// Heard is what came on a line.
type Heard struct {
	Setting
	// Presentations are the bytes of each presentation of the document, as they come with
	// 8 data bits and no parity.
	Presentations [][]byte
}

// Infer finds the framing in which what was heard is the document of the request, and
// returns a profile that passes profile.Parse and decodes the same bytes to the same lines.
// Errors have code border.Invalid (also border.TooLarge) and say what may be wrong: the
// baud rate, the parity, another document, a framing that cannot be decoded.
func Infer(r border.LearnRequest, h Heard) (border.LearnResult, error) {
	lines, err := clean(r.Lines)
	if err != nil {
		return border.LearnResult{}, err
	}
	if len(h.Presentations) == 0 || len(h.Presentations) > MaxPresentations {
		return border.LearnResult{}, wrong("1 to {0} presentations can be learned from.", MaxPresentations)
	}
	for _, p := range h.Presentations {
		if len(p) > MaxBytes {
			return border.LearnResult{}, &border.Error{Code: border.TooLarge, Op: op, Message: "More came than one presentation can hold. The reader may send without end; unplug it and plug it in again."}
		}
	}
	t := profile.Transport{Kind: "wedge", Layout: h.Layout}
	if h.Layout == "" {
		t = profile.Transport{Kind: "serial", Baud: h.Baud, DataBits: 8, Parity: "none", StopBits: 1}
	}
	heard := h.Presentations
	if h.Layout == "" && !found(heard, lines) {
		if stripped, parity := parityOf(heard, lines); parity != "" {
			heard, t.DataBits, t.Parity = stripped, 7, parity
		}
	}
	for _, strict := range []bool{true, false} {
		for _, f := range candidates(heard, lines) {
			if decodes(f, heard, lines, strict) {
				return write(r, t, f, remarks(f, heard, lines, strict))
			}
		}
	}
	return border.LearnResult{}, diagnose(heard, lines)
}

func wrong(message string, args ...any) error {
	return &border.Error{Code: border.Invalid, Op: op, Message: message, Args: args}
}

// clean takes the lines as a person types them.
func clean(lines []string) ([]string, error) {
	var out []string
	for _, l := range lines {
		if l = strings.ToUpper(strings.TrimSpace(l)); l != "" {
			out = append(out, l)
		}
	}
	checked, err := zone.Check(out)
	if err != nil || slices.ContainsFunc(out, func(l string) bool { return !zone.Printable([]byte(l)) }) {
		return nil, wrong("The lines are those of no document. Type the machine readable zone as it is printed: 2 lines of 44 or of 36, or 3 lines of 30 characters, with every '<'.")
	}
	return checked, nil
}

// candidates are the framings that may be, the surest first.
func candidates(heard [][]byte, lines []string) []profile.Framing {
	var list []profile.Framing
	add := func(f profile.Framing) {
		f.IdleGapMS, f.MaxBytes = idleGapMS, maxBytes
		list = append(list, f)
	}
	before, after := around(heard, lines)
	starts, ends := markers(before), markers(after)
	starts, ends = starts[max(0, len(starts)-maxMarkers):], ends[:min(len(ends), maxMarkers)]
	for _, start := range starts {
		for _, end := range ends {
			if start != end {
				add(profile.Framing{Kind: profile.StxEtx, Start: int(start), End: int(end)})
			}
		}
	}
	for _, end := range ends {
		add(profile.Framing{Kind: profile.LineCR, DocumentEnd: profile.EndByte, End: int(end)})
	}
	add(profile.Framing{Kind: profile.LineCR, DocumentEnd: profile.EndBlank})
	add(profile.Framing{Kind: profile.LineCR, DocumentEnd: profile.EndMRZ})
	add(profile.Framing{Kind: profile.RawIdle})
	add(profile.Framing{Kind: profile.RawLen, Length: len(strings.Join(lines, ""))})
	return list
}

// maxMarkers bounds the bytes on each side that may be the mark, the nearest ones: noise
// holds hundreds, and every pair has to be tried.
const maxMarkers = 8

// markers are the bytes that no document contains, in the order in which they first stand.
func markers(b []byte) (m []byte) {
	for _, c := range b {
		if (c < 0x20 || c > 0x7e) && c != '\r' && c != '\n' && !bytes.Contains(m, []byte{c}) {
			m = append(m, c)
		}
	}
	return m
}

// around returns what stood before and after the first document of the first presentation
// that has one: up to its beginning, and up to the next document or the end.
func around(heard [][]byte, lines []string) (before, after []byte) {
	for _, p := range heard {
		from, to, ok := locate(p, lines)
		if !ok {
			continue
		}
		after = p[to:]
		if next, _, again := locate(after, lines); again {
			after = after[:next]
		}
		return p[:from], after
	}
	return nil, nil
}

// locate finds the lines in bytes, with nothing or line ends between them.
func locate(b []byte, lines []string) (from, to int, ok bool) {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte(lines[0]))
		if i < 0 {
			return 0, 0, false
		}
		at += i
		end, whole := at+len(lines[0]), true
		for _, l := range lines[1:] {
			for end < len(b) && (b[end] == '\r' || b[end] == '\n') {
				end++
			}
			if whole = bytes.HasPrefix(b[end:], []byte(l)); !whole {
				break
			}
			end += len(l)
		}
		if whole {
			return at, end, true
		}
	}
}

// found reports whether the document is in every presentation.
func found(heard [][]byte, lines []string) bool {
	for _, p := range heard {
		if _, _, ok := locate(p, lines); !ok {
			return false
		}
	}
	return true
}

// decodes reports whether a framing makes the document, and nothing else, of every
// presentation. Not strictly, it may report unreadable bytes besides.
func decodes(f profile.Framing, heard [][]byte, lines []string, strict bool) bool {
	if f.Kind == profile.RawIdle && slices.ContainsFunc(heard, func(p []byte) bool { return len(p) > 90 }) {
		strict = true // several documents in a row cannot be told apart
	}
	d, now := framed.NewDecoder(f), time.Hour
	for _, p := range heard {
		readings := slices.Clone(d.Feed(p, now))
		now += time.Minute
		readings = append(readings, d.Feed(nil, now)...)
		good := 0
		for _, r := range readings {
			if r.Err == nil && slices.Equal(r.Lines, lines) {
				good++
			} else if r.Err == nil || strict {
				return false
			}
		}
		if good == 0 {
			return false
		}
	}
	return true
}

// parityOf looks for the document below a parity bit: it returns the bytes without it and
// the parity, or "".
func parityOf(heard [][]byte, lines []string) ([][]byte, string) {
	even, odd := true, true
	stripped := make([][]byte, len(heard))
	for i, p := range heard {
		stripped[i] = make([]byte, len(p))
		for k, c := range p {
			stripped[i][k] = c & 0x7f
			ones := 0
			for ; c != 0; c &= c - 1 {
				ones++
			}
			even, odd = even && ones%2 == 0, odd && ones%2 == 1
		}
	}
	switch {
	case !found(stripped, lines):
		return nil, ""
	case even:
		return stripped, "even"
	case odd:
		return stripped, "odd"
	default:
		return nil, ""
	}
}

// remarks says what the bytes did not tell.
func remarks(f profile.Framing, heard [][]byte, lines []string, strict bool) []string {
	var r []string
	if !strict {
		r = append(r, "The reader sends bytes besides the document that are no part of it; with each document the station notes unreadable bytes. Switch off prefixes, suffixes and code identifiers in the reader's settings, and learn again.")
	}
	if len(heard) == 1 {
		r = append(r, "This was learned from one presentation. Present other documents, of another format too, before you rely on it.")
	}
	switch {
	case f.Kind == profile.StxEtx:
	case f.Kind == profile.LineCR && f.DocumentEnd == profile.EndMRZ:
		r = append(r, "Nothing marks the end of a document, so that a torn one cannot always be told from a whole one. If the reader can send STX and ETX around a document, switch that on and learn again.")
	case f.Kind == profile.LineCR && f.DocumentEnd == profile.EndBlank:
		r = append(r, `An empty line ends the document. If some documents come without it, use document_end = "mrz-lines".`)
	case f.Kind == profile.RawIdle:
		r = append(r, fmt.Sprintf("The reader sends neither line ends nor marks, so that a document ends with a silence of %d ms. If only documents of %d characters will be read, kind = \"raw-len\" with length = %d is faster and stricter.",
			idleGapMS, len(strings.Join(lines, "")), len(strings.Join(lines, ""))))
	case f.Kind == profile.RawLen:
		r = append(r, fmt.Sprintf("Only documents of %d characters can be read in this way. If the reader can send line ends, or STX and ETX, switch that on and learn again.", f.Length))
	}
	return append(r, fmt.Sprintf("The silence that ends an unfinished document (%d ms) was not measured.", idleGapMS))
}

// readable is the share of bytes that can stand in a document or its frame.
func readable(b []byte) float64 {
	if len(b) == 0 {
		return 0
	}
	n := 0
	for _, c := range b {
		if c >= 0x20 && c <= 0x7e || c == '\r' || c == '\n' || c == 0x02 || c == 0x03 {
			n++
		}
	}
	return float64(n) / float64(len(b))
}

// maxShapes is how many characters of what came are shown.
const maxShapes = 160

// Shapes shows what came without telling it: letters are A, digits 0, line ends and marks by their names;
// other bytes are dots.
func Shapes(heard []byte) string {
	var b strings.Builder
	for n, c := range heard {
		if n == maxShapes {
			b.WriteString("…")
			break
		}
		switch {
		case c == 0x7f:
			b.WriteRune('␡')
		case c < 0x20:
			b.WriteRune('␀' + rune(c)) // the control characters' pictures
		case c > 0x7e:
			b.WriteRune('·')
		default:
			b.WriteString(trace.Masked(string(rune(c))))
		}
	}
	return b.String()
}

// diagnose says why no framing was found.
func diagnose(heard [][]byte, lines []string) error {
	all := bytes.Join(heard, nil)
	switch {
	case len(all) == 0:
		return wrong("Nothing came. Check that the reader is switched on, that it is this port, and that its output goes to the serial port by itself.")
	case readable(all) < 0.8:
		return wrong("What came is no text. Most likely the baud rate or the parity is another: look it up in the reader's settings, or let more baud rates be tried.")
	case found(heard, lines):
		before, after := around(heard, lines)
		return wrong("The document is in what came, but the bytes around it ({0} before, {1} after) are no framing that Garita knows. Switch off prefixes, suffixes and code identifiers in the reader's settings; STX and ETX, or a line end after each line, is best.", len(before), len(after))
	case slices.ContainsFunc(lines, func(l string) bool { return bytes.Contains(all, []byte(l)) }):
		return wrong("Only a part of the document came whole, or not every presentation was read. Present it again, flat and still, and check the lines that you typed.")
	case zoned(all):
		return wrong("A document came, but with other lines than those that you typed. Check them character by character (0 and O, 1 and I, the number of '<'), or present the document to which they belong.")
	default:
		return wrong("Text came, but nothing that looks like a machine readable zone. Check that the reader is set to send the zone as plain text, and that the document lay with the zone on the glass.")
	}
}

// zoned reports whether text has a line that could be one of a document.
func zoned(b []byte) bool {
	for _, l := range bytes.FieldsFunc(b, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		if n := len(l); (zone.LinesFor(n) > 0 || zone.Whole(n)) && bytes.ContainsRune(l, '<') {
			return true
		}
	}
	return false
}
