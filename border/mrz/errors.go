package mrz

import (
	"errors"

	"garita/border"
)

// ErrorCode says why an input is no zone. It is the error that [Read] returns, and the
// cause inside the error of [Parse].
type ErrorCode string

// The reasons, in the order in which they are looked for.
const (
	Empty            ErrorCode = "empty"             // nothing but spaces and line ends
	InvalidCharacter ErrorCode = "invalid_character" // something else than A–Z, 0–9 and <
	WrongLineCount   ErrorCode = "wrong_line_count"  // neither 2 lines nor 3
	WrongLineLength  ErrorCode = "wrong_line_length" // not 3×30, 2×36 or 2×44
	NotMRZ           ErrorCode = "not_mrz"           // no check digit fits and no date is one
)

// Error gives the code with a word of context, for logs.
func (c ErrorCode) Error() string { return "mrz: " + string(c) }

// static gives the code as an error without allocating: constants need no copy.
func (c ErrorCode) static() error {
	switch c {
	case Empty:
		return Empty
	case InvalidCharacter:
		return InvalidCharacter
	case WrongLineCount:
		return WrongLineCount
	case WrongLineLength:
		return WrongLineLength
	default:
		return NotMRZ
	}
}

// Message gives one or two plain sentences for the person at the counter. Words are kept
// short on purpose: a text that shares eight letters in a row with what was read would
// look like a leak of it.
func (c ErrorCode) Message() string {
	switch c {
	case Empty:
		return "No text was read. Lay the page on the reader again."
	case InvalidCharacter:
		return "A sign was read that no MRZ has: only A–Z, 0–9 and < are legal. Read the page again."
	case WrongLineCount:
		return "An MRZ has 2 or 3 lines. Read the page again."
	case WrongLineLength:
		return "The lines of an MRZ are 3 of 30, 2 of 36 or 2 of 44 signs; these are not. Read the page again."
	case NotMRZ:
		return "This has the size of an MRZ, but no check digit fits and no date is one. Read the page again."
	}
	return "This is no MRZ."
}

// CodeOf returns the code (one of [ErrorCode]) of an error of this package, and "" for
// nil and for other errors.
func CodeOf(err error) string {
	var c ErrorCode
	if errors.As(err, &c) {
		return string(c)
	}
	return ""
}

// wrap makes the domain's error of a code.
func wrap(c ErrorCode) error {
	return &border.Error{Code: border.Invalid, Op: "read MRZ", Message: c.Message(), Err: c}
}
