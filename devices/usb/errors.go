package usb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"garita/border"
	"garita/devices"

	"github.com/google/gousb"
)

var (
	errTooLarge   = errors.New("more bytes than one transfer may have")
	errNoEndpoint = errors.New("no such endpoint")
	errGone       = errors.New("the device at this address is another one now")
)

// kind wraps an error of the library in the one of package devices that it means. The
// library has two types: Error for what it refused at once, TransferStatus for how a
// transfer ended.
func kind(err error) error {
	var sentinel error
	var code gousb.Error
	var status gousb.TransferStatus
	switch {
	case errors.As(err, &code):
		switch code {
		case gousb.ErrorNoDevice:
			sentinel = devices.ErrUnplugged
		case gousb.ErrorPipe:
			sentinel = devices.ErrStalled
		case gousb.ErrorTimeout:
			sentinel = devices.ErrNoReply
		case gousb.ErrorAccess:
			sentinel = devices.ErrPermission
		case gousb.ErrorBusy:
			sentinel = devices.ErrBusy
		case gousb.ErrorNotFound:
			sentinel = devices.ErrNotFound
		case gousb.ErrorOverflow:
			sentinel = devices.ErrProtocol
		default:
		}
	case errors.As(err, &status):
		switch status {
		case gousb.TransferNoDevice:
			sentinel = devices.ErrUnplugged
		case gousb.TransferStall:
			sentinel = devices.ErrStalled
		case gousb.TransferCancelled, gousb.TransferTimedOut: // nobody but our own limit cancels
			sentinel = devices.ErrNoReply
		case gousb.TransferOverflow:
			sentinel = devices.ErrProtocol
		default:
		}
	case errors.Is(err, context.DeadlineExceeded):
		sentinel = devices.ErrNoReply
	}
	if sentinel == nil {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

// kindOfText is kind for the steps of opening in which the library keeps only its error's
// text.
func kindOfText(err error) error {
	if wrapped := kind(err); errors.Unwrap(wrapped) != nil && wrapped != err { //nolint:errorlint // was it wrapped?
		return wrapped
	}
	for code, sentinel := range map[gousb.Error]error{
		gousb.ErrorNoDevice: devices.ErrUnplugged,
		gousb.ErrorAccess:   devices.ErrPermission,
		gousb.ErrorBusy:     devices.ErrBusy,
	} {
		if strings.Contains(err.Error(), code.Error()) {
			return fmt.Errorf("%w: %w", sentinel, err)
		}
	}
	return err
}

// openError gives an error of opening its code and the sentence that helps.
func openError(name string, err error) error {
	e := &border.Error{Code: border.Unavailable, Op: "open USB device " + name, Err: err}
	switch {
	case errors.Is(err, devices.ErrNotFound):
		e.Code, e.Message = border.NotFound, "The scanner is not plugged in, or has no power."
	case errors.Is(err, devices.ErrPermission):
		e.Code = border.Forbidden
		e.Message = "Garita's user may not open the scanner. Install the udev rules that `garita profile udev` writes, then unplug the scanner and plug it in again."
	case errors.Is(err, devices.ErrBusy):
		e.Message = "Another program, or another driver of the system, is using the scanner. Close it, or let the profile take the scanner over (auto_detach)."
	case errors.Is(err, devices.ErrUnplugged):
		e.Code, e.Message = border.NotFound, "The scanner was unplugged while it was being opened."
	case errors.Is(err, devices.ErrWrongKind):
		e.Code, e.Message = border.Invalid, "The scanner has no such interface. Correct the profile."
	default:
		e.Message = "The scanner cannot be opened. Unplug it and plug it in again."
	}
	return e
}
