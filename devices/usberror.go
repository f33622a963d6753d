package devices

import (
	"errors"

	"garita/border"
)

// USBError gives the error of a transfer its code and the sentence for the officer. Every
// kind of [USB] uses it, so that all say the same.
func USBError(op string, err error) error {
	e := &border.Error{Code: border.Unavailable, Op: op, Err: err}
	switch {
	case errors.Is(err, ErrUnplugged):
		e.Message = "The scanner was unplugged."
	case errors.Is(err, ErrNoReply):
		e.Message = "The scanner does not answer. Unplug it and plug it in again."
	case errors.Is(err, ErrStalled):
		e.Message = "The scanner refused a request. Unplug it and plug it in again."
	case errors.Is(err, ErrProtocol):
		e.Message = "The scanner sent more than it was asked for. Unplug it and plug it in again."
	}
	return e
}
