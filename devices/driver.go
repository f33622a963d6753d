package devices

import (
	"context"

	"garita/border"
)

// Driver speaks one wire protocol on one open connection. A driver is made anew at each
// opening (devices/drivers); the supervisor calls its methods from one goroutine, one at a
// time, and closes the connection itself. Every method ends within 100 ms of ctx's end,
// and leaves the device so that another method can be called.
type Driver interface {
	// Start brings the device to where it can be used (the profile's init sequence) and
	// asks who it is. Errors wrap ErrNoReply, ErrProtocol or what the transport gave.
	Start(ctx context.Context) (About, error)
	// Serve works until ctx ends (it returns nil then) or the device fails. Document
	// readers hand over each reading through emit; fingerprint scanners only watch that
	// the device is still there. emit may take up to 2 s.
	Serve(ctx context.Context, emit func(Reading)) error
	// SelfTest makes one step of the profile's self-test: "identify", "echo",
	// "blank-capture". ErrUnsupported for a step this family does not have.
	SelfTest(ctx context.Context, step string) error
	// Indicate shows a signal to the officer: lamp or beeper, as the profile says.
	// ErrUnsupported if the device has none.
	Indicate(ctx context.Context, s Signal) error
}

// Capturer is a driver of a fingerprint scanner.
type Capturer interface {
	Driver
	// Capture waits for a finger and returns its image: size, pixels, resolution and
	// liveness. Position, Scanner, Profile and TakenAt are the supervisor's to fill in.
	// It gives up when ctx ends.
	Capture(ctx context.Context, want border.FingerRequest) (border.FingerImage, error)
}

// About is what a device says of itself. The zero About says nothing.
type About struct {
	Firmware string // version as the profile's pattern finds it; "" if it cannot be asked
	Text     string // the whole answer, printable, at most 200 bytes; no personal data
}

// Signal is something an officer should notice at the device.
type Signal string

// The signals.
const (
	SignalGood Signal = "good" // the document or finger was taken
	SignalBad  Signal = "bad"  // present it again
	SignalHere Signal = "here" // the technician asks which of the devices this is
)

// Reading is what a driver made of the bytes of one presentation: the lines of one whole
// document, or the error that says why there is none. Never both.
//
// The lines are personal data and are never logged; Err carries none.
type Reading struct {
	Lines []string
	Err   error // wraps one of ErrIncomplete, ErrOversize, ErrGarbage
	// Chatter says that the error is about bytes that the scanner itself marks as no
	// document ("no document present"); it is no sign of bad health.
	Chatter bool
}
