package supervisor

import (
	"context"
	"errors"

	"garita/border"
	"garita/devices"
)

// SelfTest runs the profile's steps while the scanner is taken out of service.
func (s *Supervisor) SelfTest(ctx context.Context, id string) ([]border.SelfTestStep, error) {
	u, err := s.find(id)
	if err != nil {
		return nil, err
	}
	made := make(chan []border.SelfTestStep, 1)
	err = u.ask(ctx, "test the scanner", func(ctx context.Context, s *session) error {
		steps := s.selfTest(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		made <- steps
		if n := len(steps); n > 0 && !steps[n-1].OK { // it is opened anew: who knows what it is doing
			return &border.Error{Code: border.Unavailable, Op: "self-test " + steps[n-1].Step, Message: steps[n-1].Reason}
		}
		return nil
	})
	select {
	case steps := <-made:
		return steps, nil // one that failed is told as a step
	default:
		return nil, err
	}
}

// selfTest runs the steps of the profile up to the first that fails.
func (s *session) selfTest(ctx context.Context) []border.SelfTestStep {
	var steps []border.SelfTestStep
	for _, name := range s.profile.SelfTest {
		began := devices.Monotonic()
		var err error
		if name == "enumerate" {
			err = s.enumerate()
		} else {
			err = s.driver.SelfTest(ctx, name)
		}
		step := border.SelfTestStep{Step: name, OK: err == nil, TookMS: (devices.Monotonic() - began).Milliseconds()}
		if err != nil {
			if step.Reason = border.MessageOf(err); step.Reason == "" {
				step.Reason = "The scanner did not pass. Unplug it and plug it in again; if this goes on, replace it."
			}
			if errors.Is(err, devices.ErrUnsupported) {
				step.Reason = "The scanner's driver has no such step; take it out of the profile's self_test."
			}
		}
		steps = append(steps, step)
		if err != nil {
			break
		}
	}
	return steps
}

// enumerate checks that the device has the interface that the profile uses.
func (s *session) enumerate() error {
	if s.at.Bus != devices.BusUSB || s.profile.Transport.Kind != "usb" {
		return nil // its node was opened; there is no more to see
	}
	for _, i := range s.at.Interfaces {
		if int(i.Number) == s.profile.Transport.Interface {
			return nil
		}
	}
	return &border.Error{Code: border.Unavailable, Op: "enumerate", Err: devices.ErrWrongKind,
		Message: "The device has no interface of the number that its profile names. It may be another model, or in firmware-update mode."}
}
