// Package devices holds what every scanner has in common, whatever its cable and its
// protocol: the states of its life and the readings it gives. Transports, drivers and
// the supervisor live in the packages below; they import the domain's root and each
// other, never a service, a page or the stream.
package devices

import (
	"garita/border"
)

// State is a stage in the life of a configured scanner. Its text form is what
// [border.ScannerStatus] carries.
type State string

// The states. A scanner goes absent → matched → initialising → ready; from any of them
// to degraded (a fault that is being worked on, or data that cannot be read) and from
// there to failed (the quick attempts are used up; slow ones go on). An unplugged
// scanner is absent.
const (
	Absent       State = "absent"       // its node does not exist: not plugged in, or no power
	Matched      State = "matched"      // its node is there and its profile is known
	Initialising State = "initialising" // being opened and set up
	Ready        State = "ready"        // waiting for documents
	Degraded     State = "degraded"     // plugged in, and something is wrong: see the reason
	Failed       State = "failed"       // several attempts in a row went wrong: see the reason
)

// Reading is what a driver made of the bytes of one presentation: the lines of one whole
// document, or the error that says why there is none. Never both.
//
// The lines are personal data and are never logged; Err carries none.
type Reading struct {
	Lines []string
	Err   error // wraps one of ErrIncomplete, ErrOversize, ErrGarbage
}

// The ways in which what a scanner sent is not a document. Compare with [errors.Is].
var (
	// ErrIncomplete: the document began and did not end.
	ErrIncomplete error = &border.Error{Code: border.Invalid, Op: "read a document",
		Message: "The reader stopped in the middle of the document. Present it again."}
	// ErrOversize: more bytes than the profile allows for one document.
	ErrOversize error = &border.Error{Code: border.TooLarge, Op: "read a document",
		Message: "The reader sent more than a document can hold. Present it again."}
	// ErrGarbage: bytes that are not a document in the framing of the profile.
	ErrGarbage error = &border.Error{Code: border.Invalid, Op: "read a document",
		Message: "The reader sent something that is not a document. Present it again; if this goes on, check the profile and its baud rate."}
)
