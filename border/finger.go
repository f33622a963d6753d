package border

import (
	"context"
	"time"
)

// FingerPosition names a finger as ISO/IEC 19794-4:2005, table 5 and ANSI/NIST-ITL do: 0
// unknown, 1 right thumb, 2 right index, 3 right middle, 4 right ring, 5 right little, 6 to
// 10 the left hand in the same order; 13 the four fingers of the right hand, 14 of the
// left, 15 both thumbs.
type FingerPosition uint8

// Valid reports whether the position is one of the above.
func (p FingerPosition) Valid() bool { return p <= 10 || p >= 13 && p <= 15 }

// MaxFingerSide and MaxFingerPixels bound a finger image: pixels of one side, and of all.
// One finger at 1,000 dpi and a slap at 500 dpi are within it.
const (
	MaxFingerSide   = 2000
	MaxFingerPixels = 4_000_000
)

// FingerRequest is what a counter, or the workshop, asks of a fingerprint scanner.
type FingerRequest struct {
	Scanner  string         // the scanner's id; "" for the one assigned to Counter
	Counter  CounterID      // "" from the workshop
	Position FingerPosition // the finger asked for; the scanner cannot check it
}

// LivenessAttack is the flag of a sensor that takes an image for one of no living finger.
const LivenessAttack = "attack"

// FingerImage is one captured image. It is personal data: never logged, never on a disk
// unsealed.
type FingerImage struct {
	Width, Height int
	DPI           int            // pixels per 25.4 mm, both ways
	Pixels        []byte         // Width × Height bytes, row by row from the top; 0 is black (ridge), 255 white
	Position      FingerPosition // as asked for
	// Liveness is the sensor's own presentation attack flag: "live", "attack", or "" if
	// it has none.
	Liveness string
	Scanner  string // the scanner's id
	Profile  string // SHA-256 (hex) of the firmware profile in force
	TakenAt  time.Time
}

// FingerScanners captures fingers for counters. Implemented by devices/supervisor.
type FingerScanners interface {
	// CaptureFinger waits for a finger until ctx ends. Errors: NotFound if the counter has
	// no fingerprint scanner, Conflict if it is taking one already, Unavailable if it is
	// not ready or fails; each says in plain words what to do.
	CaptureFinger(ctx context.Context, r FingerRequest) (FingerImage, error)
}
