package trace

import (
	"fmt"
	"strconv"
	"strings"

	"garita/border"
)

// Kept is how many frames are shown.
const Kept = 50

// maxShown is how many bytes of a frame are shown.
const maxShown = 512

// Frames returns the last frames as people read them, oldest first.
func (r *Ring) Frames() []border.ScannerFrame {
	r.mu.Lock()
	defer r.mu.Unlock()
	var shown []border.ScannerFrame
	from := len(r.rec.events)
	for n := 0; from > 0 && n < Kept; from-- {
		if _, ok := r.rec.events[from-1].frame(); ok {
			n++
		}
	}
	for i := range r.rec.events[from:] {
		if f, ok := r.rec.events[from+i].frame(); ok {
			shown = append(shown, f)
		}
	}
	return shown
}

// frame is an event in a technician's words; false for what is of no interest to people.
func (e *Event) frame() (border.ScannerFrame, bool) {
	f := border.ScannerFrame{At: e.At, Direction: "note", Bytes: e.Bytes}
	switch e.Kind {
	case In, Out, Control:
		f.Direction = string(e.Kind)
		if e.Kind == Control {
			f.Direction, f.Endpoint = "out", "control"
			if e.Setup.RequestType&0x80 != 0 {
				f.Direction = "in"
			}
			f.Note = fmt.Sprintf("request %02X, value %04X, index %04X", e.Setup.Request, e.Setup.Value, e.Setup.Index)
		} else if e.Endpoint != 0 {
			f.Endpoint = fmt.Sprintf("%02X", e.Endpoint)
		}
		f.Hex = hexOf(e)
		if e.Name == Aside {
			f.Note = "thrown away"
		}
		if e.Err != "" {
			f.Note = strings.TrimPrefix(f.Note+"; ended: "+e.Err, "; ")
		}
		return f, e.Err != Interrupted && e.Err != Waited || e.Bytes > 0
	case State:
		f.Note = e.Name
		if e.Text != "" {
			f.Note += ": " + e.Text
		}
	case Open:
		f.Note = "opened"
	case Close:
		f.Note = "closed"
	case Note:
		f.Note = e.Text
	case Test:
		f.Note = "self-test: " + e.Name
	case Capture:
		f.Note = "a finger is asked for"
	case Signal:
		f.Note = "signal: " + e.Name
	case Reading:
		f.Note = reading(e)
	case Image:
		f.Note = fmt.Sprintf("finger image, %d × %d pixels", e.Shape[0], e.Shape[1])
	case Again:
		f.Note = fmt.Sprintf("the last %d frames came %d times more", e.Of, e.Times)
	case Gap:
		f.Note = fmt.Sprintf("%d older frames are not kept", e.Times)
	default: // calls and silences
		return f, false
	}
	return f, true
}

func reading(e *Event) string {
	if e.Err != "" {
		return "no document: " + e.Err
	}
	lengths := make([]string, len(e.Shape))
	for i, n := range e.Shape {
		lengths[i] = strconv.Itoa(n)
	}
	return "document with lines of " + strings.Join(lengths, ", ") + " characters"
}

func hexOf(e *Event) string {
	b := e.Data
	if len(e.Runs) > 0 {
		b = e.Whole()
	}
	return fmt.Sprintf("% X", b[:min(len(b), maxShown)])
}
