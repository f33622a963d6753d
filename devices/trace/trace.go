// Package trace remembers what went over the wire between a scanner and its driver, and
// what the driver made of it: for the technician's screen, and for the diagnostic file
// that can be replayed.
//
// It keeps no personal data. Documents and images are taken out before a frame is
// remembered, not when it is shown: letters become A or a, digits 0, pixels are left out
// or made flat. What frames a document stays, so that a driver still takes the same way
// through what is left.
package trace

import (
	"sync"
	"time"

	"garita/border"
	"garita/devices"
)

// Kind says what an [Event] is.
type Kind string

// The kinds of event. Calls are made by the supervisor; what follows one, up to its end,
// happened during it.
const (
	Open    Kind = "open"    // the connection was opened; Name: the driver
	Close   Kind = "close"   // and closed
	Driver  Kind = "driver"  // the driver was made; Name: the firmware whose quirks it minds, "" for none
	Start   Kind = "start"   // call: set up and identify
	Serve   Kind = "serve"   // call: read documents, or watch
	Test    Kind = "test"    // call; Name: the step of the self-test
	Signal  Kind = "signal"  // call; Name: the signal
	Capture Kind = "capture" // call: take a finger
	Cancel  Kind = "cancel"  // the call was given up while the driver handed a document on
	End     Kind = "end"     // of the call; Name: the firmware after a start; Err, Text: the error

	In      Kind = "in"      // bytes from the scanner, or the error that came instead
	Out     Kind = "out"     // bytes to the scanner
	Control Kind = "control" // a control transfer
	Silence Kind = "silence" // Times read timeouts of a line without a byte
	Reading Kind = "reading" // a document, as the lengths of its lines, or the error
	Image   Kind = "image"   // a finger image: width and height

	State Kind = "state" // Name: the scanner's state; Text: its reason
	Note  Kind = "note"  // Text
	Again Kind = "again" // the Of events before this one came Times times more
	Gap   Kind = "gap"   // Times events are missing here, for there was no more room
)

// Event is one thing that happened between scanner and driver. It holds no personal data.
type Event struct {
	At   time.Time
	Kind Kind
	Name string

	Endpoint uint8          // of a USB transfer
	Setup    *devices.Setup // of a control transfer
	Data     []byte         // masked; what was left out at its end is in Runs
	Runs     []Run
	Bytes    int // of the whole transfer

	Shape   []int // of a reading: length of each line; of an image: width, height
	Chatter bool  // of a reading: the scanner itself says that this is no document
	Err     string
	Text    string
	Times   int
	Of      int
}

// Run is a number of equal bytes.
type Run struct {
	N     int  `json:"n"`
	Value byte `json:"value"`
}

// The errors that events have besides those of [Fault]: the caller gave up (the session's
// end, a request, a cancel), and a wait of the driver's own came to its end.
const (
	Interrupted = "interrupted"
	Waited      = "waited"
)

// Whole returns an event's bytes with its runs written out.
func (e *Event) Whole() []byte {
	b := make([]byte, 0, max(e.Bytes, len(e.Data)))
	b = append(b, e.Data...)
	for _, r := range e.Runs {
		for range r.N {
			b = append(b, r.Value)
		}
	}
	return b
}

// Ring holds the record of one scanner. It may be used from several goroutines.
type Ring struct {
	clock border.Clock

	mu    sync.Mutex // guards the rest
	rec   record
	mask  mask
	call  call
	aside bool
}

// Aside is the Name of bytes and silences that the driver never saw; see [Ring.SetAside].
const Aside = "aside"

// SetAside says whether the line is read beside the driver from now on, to throw away
// what nobody waits for.
func (r *Ring) SetAside(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aside = yes
}

// New makes an empty ring.
func New(clock border.Clock) *Ring { return &Ring{clock: clock, mask: hidden{}} }

// Note remembers an event that is no frame. It must hold no personal data.
func (r *Ring) Note(text string) { r.add(Event{Kind: Note, Text: text}) }

// State remembers that the scanner came to a state.
func (r *Ring) State(state, reason string) { r.add(Event{Kind: State, Name: state, Text: reason}) }

// Closed remembers that the connection was closed.
func (r *Ring) Closed() { r.add(Event{Kind: Close}) }

// Record returns all that is remembered, oldest first: at most [MaxBytes] of it.
func (r *Ring) Record() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Event, len(r.rec.events))
	for i, e := range r.rec.events {
		e.Data = append([]byte(nil), e.Data...) // what is masked now may be shown later
		all[i] = e
	}
	return all
}

func (r *Ring) add(e Event) {
	e.At = r.clock.Now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(e)
}

func (r *Ring) addLocked(e Event) {
	if e.At.IsZero() {
		e.At = r.clock.Now().UTC()
	}
	if r.aside && (e.Kind == In || e.Kind == Silence) {
		e.Name = Aside
	}
	r.rec.add(e, r.call.kind == Serve)
}
