package wedge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

func invalid(message string, args ...any) error {
	return &border.Error{Code: border.Invalid, Op: "open keyboard scanner", Message: message, Args: args}
}

// openError gives an error of opening a node its kind and the sentence that helps.
func openError(path string, err error) error {
	e := &border.Error{Code: border.Unavailable, Op: "open keyboard scanner " + path}
	kind := error(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		e.Code, e.Message, kind = border.NotFound, "The scanner is not plugged in, or has no power.", devices.ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		e.Code, kind = border.Forbidden, devices.ErrPermission
		e.Message = "Garita's user may not open " + path + ". Add the user to the group input (usermod -aG input USER) or install Garita's udev rule, then restart the service."
	case errors.Is(err, unix.EBUSY):
		kind = devices.ErrBusy
		e.Message = "Another program, or another scanner of this station, holds the keys of " + path + ". Close it or correct the configuration."
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL), errors.Is(err, os.ErrNoDeadline):
		kind = devices.ErrWrongKind
		e.Message = path + " is no keyboard. Correct the scanner's path in the configuration."
	default:
		e.Message = "The scanner at " + path + " cannot be opened. Unplug it and plug it in again."
	}
	if e.Err = err; kind != nil {
		e.Err = fmt.Errorf("%w: %w", kind, err)
	}
	return e
}
