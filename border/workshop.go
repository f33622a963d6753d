package border

import (
	"context"
	"io"
	"time"
)

// Workshop is a station's scanners as a technician sees them. Implemented by
// devices/supervisor, used by border/api and ui/workshop.
type Workshop interface {
	// Scanners lists what is configured and what was found, in a stable order.
	Scanners() []ScannerDetail
	// Subscribe gives a channel that carries one signal after one or more changes. stop
	// gives it back.
	Subscribe() (changes <-chan struct{}, stop func())
	// Frames returns the last frames of a scanner, oldest first, personal data masked.
	Frames(id string) ([]ScannerFrame, error)
	// SelfTest runs the profile's steps while the scanner is taken out of service.
	SelfTest(ctx context.Context, id string) ([]SelfTestStep, error)
	// Identify makes the scanner blink or beep.
	Identify(ctx context.Context, id string) error
	// Assign gives a scanner to a counter, durably; "" takes it away.
	Assign(ctx context.Context, id string, counter CounterID) error
	// CaptureFinger takes a finger image for the technician to look at; it is not kept.
	CaptureFinger(ctx context.Context, r FingerRequest) (FingerImage, error)
	// Learn listens to a serial reader while the technician presents a document whose
	// lines are known, and writes a profile that reads it. The document should be a
	// specimen. path is the serial node.
	Learn(ctx context.Context, r LearnRequest) (LearnResult, error)
	// Bundle writes the diagnostic file of a scanner (docs/SCANNERS.md).
	Bundle(ctx context.Context, id string, w io.Writer) error
}

// ScannerDetail is everything the workshop shows of one scanner.
type ScannerDetail struct {
	ScannerStatus
	ProfileName  string `json:"profile_name,omitempty"`
	ProfileHash  string `json:"profile_hash,omitempty"`
	Evidence     string `json:"evidence,omitempty"`
	Why          string `json:"why,omitempty"` // why this profile: the rule that matched
	Firmware     string `json:"firmware,omitempty"`
	Advice       string `json:"advice,omitempty"` // about the firmware
	Bus          string `json:"bus"`
	Port         string `json:"port,omitempty"`       // USB socket, or path of the node
	VendorID     string `json:"vendor_id,omitempty"`  // four hexadecimal digits
	ProductID    string `json:"product_id,omitempty"` // four hexadecimal digits
	Serial       string `json:"serial,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Product      string `json:"product,omitempty"`
	AssignedBy   string `json:"assigned_by,omitempty"` // serial, port, configuration, automatic

	Counts map[string]uint64 `json:"counts,omitempty"`
}

// ScannerFrame is one frame on the wire, masked: letters of a document are A, its digits
// 0, pixels are left out.
type ScannerFrame struct {
	At        time.Time `json:"at"`
	Direction string    `json:"direction"` // in, out or note
	Endpoint  string    `json:"endpoint,omitempty"`
	Hex       string    `json:"hex,omitempty"` // at most 512 bytes as hexadecimal pairs
	Bytes     int       `json:"bytes"`         // of the whole frame
	Note      string    `json:"note,omitempty"`
}

// SelfTestStep is the outcome of one step.
type SelfTestStep struct {
	Step   string `json:"step"`
	OK     bool   `json:"ok"`
	TookMS int64  `json:"took_ms"`
	Reason string `json:"reason,omitempty"` // plain words: what is wrong and what to do
}

// LearnRequest asks for a framing to be inferred.
type LearnRequest struct {
	Path  string   `json:"path"` // serial node
	Bauds []int    `json:"bauds,omitempty"`
	Lines []string `json:"lines"` // of the specimen, as printed
	ID    string   `json:"id"`    // of the profile to write
	Name  string   `json:"name"`
}

// LearnResult is the profile that was inferred.
type LearnResult struct {
	TOML    string   `json:"toml"`
	Remarks []string `json:"remarks,omitempty"` // what could not be told apart
}
