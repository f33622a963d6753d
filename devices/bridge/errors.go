package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// The codes of error frames.
const (
	CodeNotFound    = "not_found"   // the device is not there
	CodePermission  = "permission"  // the bridge may not open the device
	CodeBusy        = "busy"        // another station has the bridge, another program the device, or a request is under way
	CodeWrongKind   = "wrong_kind"  // what was found is another kind of device
	CodeUnplugged   = "unplugged"   // the device has gone while it was in use
	CodeStalled     = "stalled"     // the device refused
	CodeNoReply     = "no_reply"    // the device does not answer
	CodeProtocol    = "protocol"    // the device's answer makes no sense
	CodeUnsupported = "unsupported" // this device, or this bridge, cannot do that
	CodeNotStarted  = "not_started" // start comes first
	CodeCancelled   = "cancelled"   // as the station asked
	CodeDeadline    = "deadline"    // nothing came in time: no finger
	CodeBadRequest  = "bad_request" // the frame breaks the contract
	CodeTooLarge    = "too_large"   // the frame is beyond the limits
	CodeUnknownType = "unknown_type"
	CodeVersion     = "version"  // no version in common
	CodeInternal    = "internal" // anything else
)

// causes pairs the codes with what drivers return. Order matters for errors that wrap
// several.
var causes = []struct {
	code string
	err  error
}{
	{CodeUnplugged, devices.ErrUnplugged},
	{CodeUnplugged, devices.ErrClosed},
	{CodeNotFound, devices.ErrNotFound},
	{CodePermission, devices.ErrPermission},
	{CodeBusy, devices.ErrBusy},
	{CodeWrongKind, devices.ErrWrongKind},
	{CodeStalled, devices.ErrStalled},
	{CodeNoReply, devices.ErrNoReply},
	{CodeProtocol, devices.ErrProtocol},
	{CodeUnsupported, devices.ErrUnsupported},
	{CodeDeadline, context.DeadlineExceeded},
	{CodeCancelled, context.Canceled},
}

// codeOf is the code for what a driver returned.
func codeOf(err error) string {
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return CodeInternal
}

// remarks are the plain words of each code, as a technician at the station reads them.
var remarks = map[string]string{
	CodeNotFound:    "The bridge runs, and its scanner is not plugged in there, or has no power.",
	CodePermission:  "The bridge runs, and may not open its scanner. Check the permissions on the bridge's machine.",
	CodeBusy:        "Another station, or another program, is using this scanner. It serves one at a time.",
	CodeWrongKind:   "The bridge found another kind of device than it expects. Check its configuration.",
	CodeUnplugged:   "The scanner was unplugged at the bridge.",
	CodeStalled:     "The scanner refused what the bridge asked of it. Unplug it and plug it in again.",
	CodeNoReply:     "The scanner at the bridge does not answer. Unplug it and plug it in again.",
	CodeProtocol:    "The scanner at the bridge answers in a way that the bridge does not understand. Check the bridge's configuration.",
	CodeUnsupported: "The scanner at the bridge cannot do this.",
	CodeDeadline:    "Nothing was presented in time.",
	CodeVersion:     "The bridge and this station have no version of the contract in common. Update the older of the two.",
	CodeInternal:    "The bridge's program has failed. Its own log says why.",
}

// remote makes the error of an answer with a code.
func remote(op string, h Header) error {
	var cause error
	code := CodeInternal
	for _, c := range causes {
		if c.code == h.Code {
			code, cause = h.Code, c.err
			break
		}
	}
	switch h.Code {
	case CodeNotStarted, CodeBadRequest, CodeTooLarge, CodeUnknownType:
		// The bridge takes us to task: one of the two ends is wrong about the contract.
		return broken(op, "answered "+h.Code)
	case CodeVersion:
		code, cause = CodeVersion, devices.ErrProtocol
	default:
	}
	if h.SDKCode != 0 {
		cause = errors.Join(cause, fmt.Errorf("the maker's library gave %d", h.SDKCode))
	}
	return &border.Error{Code: border.Unavailable, Op: op, Message: remarks[code], Err: cause}
}

// broken is the error for a bridge that does not keep to the contract. what is ours, not
// the bridge's, for that may be anybody's data.
func broken(op, what string) error {
	return &border.Error{Code: border.Unavailable, Op: op,
		Message: "The bridge does not keep to the contract. Test it with: garita device bridge-check ADDRESS",
		Err:     fmt.Errorf("%w: the bridge %s", devices.ErrProtocol, what)}
}

// lost makes the error for a connection that has ended, of why it did.
func lost(op string, cause error) error {
	var known *border.Error
	switch {
	case errors.As(cause, &known):
		return cause
	case refusedByPeer(cause) != "":
		return tlsError(op, cause)
	case errors.Is(cause, errMagic), errors.Is(cause, errJSON), errors.Is(cause, errTooLarge):
		return broken(op, "sent a frame that is none")
	case errors.Is(cause, errFlood):
		return broken(op, "sends more than any scanner does")
	case errors.Is(cause, devices.ErrClosed):
		return &border.Error{Code: border.Unavailable, Op: op, Err: devices.ErrClosed}
	default: // silence, an end, a reset: what a pulled cable looks like from here
		return &border.Error{Code: border.Unavailable, Op: op,
			Message: "The connection to the bridge is gone. Check its program, its machine and the cable of the network.",
			Err:     errors.Join(devices.ErrUnplugged, cause)}
	}
}

// isGone reports whether an error is the end of a connection.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}
