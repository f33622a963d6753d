package devices

import (
	"errors"

	"garita/border"
)

// What can be wrong with the way to a scanner, whatever its cable. Transports wrap one of
// these where it is the case; compare with [errors.Is]. The plain sentence for the
// technician is [border.MessageOf] of the error that wraps it.
var (
	// ErrNotFound: the device is not there.
	ErrNotFound = errors.New("no such device")
	// ErrPermission: the device is there and this user may not open it.
	ErrPermission = errors.New("no permission for the device")
	// ErrBusy: another program, another driver of the kernel, or another configured
	// scanner holds the device.
	ErrBusy = errors.New("device in use")
	// ErrWrongKind: the node is there and is no device of the kind that was asked for.
	ErrWrongKind = errors.New("not a device of this kind")
	// ErrUnplugged: an open device has gone.
	ErrUnplugged = errors.New("device unplugged")
	// ErrClosed: the connection was closed by its owner.
	ErrClosed = errors.New("device closed")
	// ErrStalled: the device refused a request (a USB stall, a negative reply).
	ErrStalled = errors.New("device refused the request")
	// ErrNoReply: the device did not answer within the profile's time.
	ErrNoReply = errors.New("device does not answer")
	// ErrProtocol: the device's answer is none in its protocol: wrong length, checksum,
	// order or type.
	ErrProtocol = errors.New("answer outside the protocol")
	// ErrUnsupported: this kind of device cannot do what was asked.
	ErrUnsupported = errors.New("not possible with this device")
)

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
