package trace

import (
	"context"
	"errors"

	"garita/devices"
)

// faults are the errors that drivers tell apart.
var faults = []struct {
	name string
	err  error
}{
	{"unplugged", devices.ErrUnplugged}, {"closed", devices.ErrClosed}, {"stalled", devices.ErrStalled}, {"no-reply", devices.ErrNoReply},
	{"protocol", devices.ErrProtocol}, {"unsupported", devices.ErrUnsupported}, {"not-found", devices.ErrNotFound},
	{"permission", devices.ErrPermission}, {"busy", devices.ErrBusy}, {"wrong-kind", devices.ErrWrongKind},
	{"incomplete", devices.ErrIncomplete}, {"oversize", devices.ErrOversize}, {"garbage", devices.ErrGarbage},
}

// Fault names the kind of an error; "" for nil, "other" for one that drivers do not know.
func Fault(err error) string {
	if err == nil {
		return ""
	}
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return f.name
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Interrupted
	}
	return "other"
}

// Failure is an error of the kind that [Fault] names.
func Failure(name string) error {
	for _, f := range faults {
		if f.name == name {
			return f.err
		}
	}
	if name == "" {
		return nil
	}
	return errors.New("an error that is not told apart: " + name)
}
