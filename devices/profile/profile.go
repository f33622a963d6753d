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

// MaxFileBytes is the largest profile file that is read. The strict decoder's time grows
// with the square of the number of unknown keys; this keeps the worst below a second.
const MaxFileBytes = 16 << 10

// Evidence says how a profile is known to work. We never claim more.
type Evidence string

// The kinds of evidence.
const (
	Recorded      Evidence = "recorded"       // replays what a real device sent
	Emulated      Evidence = "emulated"       // tested against our own emulation of its description
	FieldVerified Evidence = "field-verified" // somebody used it on a real device, named in EvidenceSource
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
	// Driver is the wire protocol: "framed".
	Driver string `toml:"driver"`
	// Evidence says how the profile is known to work.
	Evidence Evidence `toml:"evidence"`
	// EvidenceSource says where that knowledge comes from.
	EvidenceSource string `toml:"evidence_source"`

	Transport Transport `toml:"transport"`
	Timing    Timing    `toml:"timing"`
	Framing   Framing   `toml:"framing"`
	Limits    Limits    `toml:"limits"`

	// Hash is the SHA-256 of the file's bytes in hexadecimal; it goes into every scan.
	Hash string `toml:"-"`
}

// Transport says how the bytes travel.
type Transport struct {
	Kind     string `toml:"kind"`      // "serial"
	Baud     int    `toml:"baud"`      // bits per second
	DataBits int    `toml:"data_bits"` // 7 or 8
	Parity   string `toml:"parity"`    // "none", "even" or "odd"
	StopBits int    `toml:"stop_bits"` // 1 or 2
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
