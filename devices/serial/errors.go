package serial

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// openError gives an error of opening a port its kind and the sentence that helps.
func openError(path string, err error) error {
	e := &border.Error{Code: border.Unavailable, Op: "open serial port " + path}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		e.Code, e.Message = border.NotFound, "The scanner is not plugged in, or has no power."
		e.Err = fmt.Errorf("%w: %w", devices.ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission):
		e.Code = border.Forbidden
		e.Message = "Garita's user may not open " + path + ". Add the user to the group dialout (usermod -aG dialout USER) or install Garita's udev rule, then restart the service."
		e.Err = fmt.Errorf("%w: %w", devices.ErrPermission, err)
	case errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EBUSY):
		e.Message = "Another program, or another scanner of this station, is using " + path + ". Close it or correct the configuration."
		e.Err = fmt.Errorf("%w: %w", devices.ErrBusy, err)
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL):
		e.Message = path + " is not a serial port. Correct the scanner's path in the configuration."
		e.Err = fmt.Errorf("%w: %w", devices.ErrWrongKind, err)
	case errors.Is(err, unix.EIO):
		// The device hung up between the look and the opening.
		e.Code, e.Message = border.NotFound, "The scanner was unplugged while it was being opened."
		e.Err = fmt.Errorf("%w: %w", devices.ErrUnplugged, err)
	case err != nil && strings.Contains(err.Error(), "baud rate"): // the library has no type for it
		e.Code, e.Message = border.Invalid, "The serial library does not know this baud rate. Correct the profile."
		e.Err = err
	default:
		e.Message = "The serial port " + path + " cannot be opened. Unplug the scanner and plug it in again."
		e.Err = err
	}
	return e
}

func unplugged(path string, cause error) error {
	err := devices.ErrUnplugged
	if cause != nil {
		err = fmt.Errorf("%w: %w", devices.ErrUnplugged, cause)
	}
	return &border.Error{Code: border.Unavailable, Op: "read serial port " + path, Message: "The scanner was unplugged.", Err: err}
}
