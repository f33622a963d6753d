// Package profile reads firmware profiles: one TOML file that says all there is to know
// about one scanner model, so that a technician can add a model without a programmer.
//
// Reading is strict. An unknown key, a value of the wrong kind or out of range, or a
// missing key is an error of the form file:line:column: what is wrong and what is
// allowed. A profile that was read without error can be used without further checks.
package profile

import (
	"time"
)

// Schema is the version of the file format that this package reads.
const Schema = 1

// MaxFileBytes is the largest profile file that is read. With the limit on its keys it
// keeps the worst file below a second.
const MaxFileBytes = 16 << 10

// Evidence says how a profile is known to work. We never claim more.
type Evidence string

// The kinds of evidence.
const (
	Recorded      Evidence = "recorded"       // replays what a real device sent
	Emulated      Evidence = "emulated"       // tested against our own emulation of its description
	FieldVerified Evidence = "field-verified" // somebody used it on a real device, named in EvidenceSource
)

// ScannerKind is what a scanner gives.
type ScannerKind string

// The kinds of scanner.
const (
	MRZ         ScannerKind = "mrz"         // gives the text lines of a document
	Fingerprint ScannerKind = "fingerprint" // gives images of fingers
)

// Profile is one firmware profile. It is not changed after it was read, so it may be
// shared between goroutines.
type Profile struct {
	// Schema is the version of the file format; 1.
	Schema int `toml:"schema"`
	// ID names the profile in a station's configuration: 1 to 64 of a–z, 0–9 and '-'.
	ID string `toml:"id"`
	// Name is what people read.
	Name string `toml:"name"`
	// Kind is what the scanner gives.
	Kind ScannerKind `toml:"kind"`
	// Driver is the wire protocol, a folder of devices/drivers: "framed", "elyctis",
	// "honeywell", "uareu", "r30x", "egis0570" or "bridge".
	Driver string `toml:"driver"`
	// Evidence says how the profile is known to work.
	Evidence Evidence `toml:"evidence"`
	// EvidenceSource says where that knowledge comes from.
	EvidenceSource string `toml:"evidence_source"`

	// Match says which USB devices the profile is for; none for one that is only named
	// in the configuration.
	Match     []Match   `toml:"match"`
	Transport Transport `toml:"transport"`
	Timing    Timing    `toml:"timing"`
	// Framing is for the driver "framed" only.
	Framing Framing `toml:"framing"`
	// Init is sent after opening, Rearm after each reading, in order.
	Init     []Exchange `toml:"init"`
	Rearm    []Exchange `toml:"rearm"`
	Identify Identify   `toml:"identify"`
	// Indicators are what to send for each signal.
	Indicators Indicators `toml:"indicators"`
	Image      Image      `toml:"image"`
	Quirks     []Quirk    `toml:"quirk"`
	// SelfTest names the steps, in order: "enumerate", "identify", "echo",
	// "blank-capture".
	SelfTest []string `toml:"self_test"`
	Limits   Limits   `toml:"limits"`

	// Hash is the SHA-256 of the file's bytes in hexadecimal; it goes into every capture.
	Hash string `toml:"-"`
	// Source is where the file was read from: "firmware-profiles/x.toml", or a path.
	Source string `toml:"-"`
}

// Match is one rule: every condition that is given must hold.
type Match struct {
	Bus string `toml:"bus"` // "usb"
	VID int    `toml:"vid"`
	PID int    `toml:"pid"`
	// InterfaceClass that one of the device's interfaces must have; nil for any.
	InterfaceClass *int `toml:"interface_class"`
	// BCDDevice is a range of releases, "01.00-01.99"; "" for any.
	BCDDevice Range `toml:"bcd_device"`
	// Serial is the serial number, with '*' for any run of characters; "" for any.
	Serial string `toml:"serial"`

	// Line is where the rule stands in its file, from 1.
	Line int `toml:"-"`
}

// Exchange is something to send, and what to wait for.
type Exchange struct {
	Send Hex `toml:"send"`
	// Expect is a regular expression that the answer must match (bytes as Latin-1); ""
	// waits for nothing.
	Expect   string `toml:"expect"`
	WithinMS int    `toml:"within_ms"` // wait for the answer; 0: timing.reply_ms
	PauseMS  int    `toml:"pause_ms"`  // after it
}

// Identify asks the device for its firmware.
type Identify struct {
	// Send is the question; empty if the driver's protocol has its own, or the USB
	// release number is the answer.
	Send Hex `toml:"send"`
	// Pattern is a regular expression with a group named "firmware".
	Pattern string `toml:"pattern"`
	// Minimum is the lowest firmware that is not degraded; "" for none.
	Minimum Version `toml:"minimum"`
	// KnownBad are ranges of firmware that must be replaced.
	KnownBad []Range `toml:"known_bad"`
	// Advice is said when the firmware is too old or bad: where to get another.
	Advice string `toml:"advice"`
}

// Indicators are the bytes that make a signal.
type Indicators struct {
	Good Hex `toml:"good"`
	Bad  Hex `toml:"bad"`
	Here Hex `toml:"here"`
}

// Image is the geometry of what the sensor sends.
type Image struct {
	Width    int    `toml:"width"`  // pixels
	Height   int    `toml:"height"` // pixels
	DPI      int    `toml:"dpi"`
	Bits     int    `toml:"bits"`      // per pixel on the wire: 4 or 8
	Invert   bool   `toml:"invert"`    // the sensor's ridges are bright
	Flip     string `toml:"flip"`      // "", "horizontal", "vertical" or "both"
	Rotate   int    `toml:"rotate"`    // clockwise: 0, 90, 180 or 270; after Flip
	MaxBytes int    `toml:"max_bytes"` // of one transfer, headers included
}

// Quirk changes values for a range of firmware. What it does not name stays.
type Quirk struct {
	Firmware     Range   `toml:"firmware"`
	Note         string  `toml:"note"`
	ReplyMS      *int    `toml:"reply_ms"`
	RearmDelayMS *int    `toml:"rearm_delay_ms"`
	Flip         *string `toml:"flip"`
	Invert       *bool   `toml:"invert"`
	SkipInit     *bool   `toml:"skip_init"`
}

// Transport says how the bytes travel. Which keys have a meaning depends on Kind.
type Transport struct {
	Kind     string `toml:"kind"`      // "serial", "usb", "wedge" or "bridge"
	Baud     int    `toml:"baud"`      // serial: bits per second
	DataBits int    `toml:"data_bits"` // serial: 7 or 8
	Parity   string `toml:"parity"`    // serial: "none", "even" or "odd"
	StopBits int    `toml:"stop_bits"` // serial: 1 or 2

	Interface  int  `toml:"interface"`   // usb: number of the interface to claim
	AutoDetach bool `toml:"auto_detach"` // usb: take it from a driver of the kernel
	In         int  `toml:"in"`          // usb: bulk IN endpoint address, 0x81 to 0x8F
	Out        int  `toml:"out"`         // usb: bulk OUT endpoint address, 0x01 to 0x0F; 0: none
	Events     int  `toml:"events"`      // usb: interrupt IN endpoint address; 0: none

	Layout string `toml:"layout"` // wedge: keyboard layout, "us", "de" or "fr"
}

// Timing holds the waits and the retries.
type Timing struct {
	// ReadTimeoutMS is how long one read waits for bytes: 100 to 1,000 ms in steps of
	// 100 ms (the kernel counts in tenths of a second). Bytes that arrive end the wait at
	// once, so it does not delay a document; it bounds how long a stop takes.
	ReadTimeoutMS int `toml:"read_timeout_ms"`
	// RetryFirstMS is the wait before the second attempt to open; it doubles each time
	// up to RetryMaxMS.
	RetryFirstMS int `toml:"retry_first_ms"`
	RetryMaxMS   int `toml:"retry_max_ms"`
	// Attempts is how many attempts may go wrong before the scanner counts as failed.
	Attempts int `toml:"attempts"`
	// ReplyMS is how long an answer may take: 20 to 10,000 ms. Needed where the driver
	// asks questions; also the limit of a USB control transfer.
	ReplyMS int `toml:"reply_ms"`
	// RearmDelayMS is the pause between a reading and the re-arm sequence.
	RearmDelayMS int `toml:"rearm_delay_ms"`
}

// ReadTimeout is ReadTimeoutMS as a duration.
func (t Timing) ReadTimeout() time.Duration { return ms(t.ReadTimeoutMS) }

// Retry is the wait before attempt n+1 after n attempts failed, n ≥ 1.
func (t Timing) Retry(n int) time.Duration {
	d, most := ms(t.RetryFirstMS), ms(t.RetryMaxMS)
	for ; n > 1 && d < most; n-- {
		d *= 2
	}
	return min(d, most)
}

// Kind is a way to tell where a document begins and ends.
type Kind string

// The kinds of framing.
const (
	// StxEtx: a start byte, the lines separated by CR, LF or both, an end byte.
	StxEtx Kind = "stx-etx"
	// LineCR: lines ended by CR, LF or both; DocumentEnd says which line is the last.
	LineCR Kind = "line-cr"
	// RawLen: Length characters without any line end.
	RawLen Kind = "raw-len"
	// RawIdle: characters without any line end until the line falls silent for IdleGapMS.
	// The only kind that has to wait before it can hand a document on.
	RawIdle Kind = "raw-idle"
)

// The values of Framing.DocumentEnd.
const (
	// EndMRZ: the first line's length decides: 30 → 3 lines, 36 or 44 → 2 lines
	// (ICAO Doc 9303-4, -5, -6 and -7).
	EndMRZ = "mrz-lines"
	// EndBlank: an empty line ends the document.
	EndBlank = "blank-line"
	// EndByte: the byte Framing.End ends the document.
	EndByte = "byte"
)

// Framing says where a document begins and ends in the stream of bytes. Whatever the
// kind, a document is 2 lines of 44, 2 of 36 or 3 of 30 printable ASCII characters; a
// reading of another shape is an error, never a document.
type Framing struct {
	Kind Kind `toml:"kind"`
	// Start is the start byte of stx-etx; usually 0x02.
	Start int `toml:"start"`
	// End is the end byte of stx-etx (usually 0x03) and of line-cr with document_end "byte".
	End int `toml:"end"`
	// DocumentEnd says how line-cr knows a document's last line.
	DocumentEnd string `toml:"document_end"`
	// Length is the number of characters of a raw-len document: 72, 88 or 90.
	Length int `toml:"length"`
	// IdleGapMS is the silence after which a document that has not ended never will.
	IdleGapMS int `toml:"idle_gap_ms"`
	// MaxBytes bounds the bytes of one document, line ends included: 96 to 4,096.
	MaxBytes int `toml:"max_bytes"`
}

// IdleGap is IdleGapMS as a duration.
func (f Framing) IdleGap() time.Duration { return ms(f.IdleGapMS) }

// Limits holds what a scanner may do before it counts as misbehaving.
type Limits struct {
	// MaxBytesPerSecond above which the scanner is degraded and read slowly.
	MaxBytesPerSecond int `toml:"max_bytes_per_second"`
	// BadReadings is how many unreadable documents in a row make it degraded.
	BadReadings int `toml:"bad_readings"`
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
