package exchange

import (
	"context"
	"time"

	"garita/devices"
	"garita/devices/profile"
)

// Service is what reading documents from a line needs.
type Service struct {
	Line *Line
	// Feed is a decoder: it takes bytes, or none for a silence, and the monotonic time,
	// and returns what they complete.
	Feed func(b []byte, now time.Duration) []devices.Reading
	// Rearm is sent Delay after the readings that one read completed; Reply is the time
	// for an answer.
	Rearm        []profile.Exchange
	Delay, Reply time.Duration
	// RearmEvery makes the re-arm exchanges also after this long without a reading; 0 for
	// readers that stay armed.
	RearmEvery time.Duration

	armed time.Duration // when the re-arm exchanges, or Serve, were last begun
	due   bool          // they have not been made since the last readings
}

// Serve reads documents until ctx ends (it returns nil then) or the line fails. What a
// decoder has begun stays with it for the next Serve.
func (s *Service) Serve(ctx context.Context, emit func(devices.Reading)) error {
	err := s.serve(ctx, emit)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end was asked for
	}
	return err
}

func (s *Service) serve(ctx context.Context, emit func(devices.Reading)) error {
	s.Feed(nil, devices.Monotonic()) // what an earlier Serve left open has ended meanwhile, or not
	if s.armed == 0 {
		s.armed = devices.Monotonic()
	}
	for {
		if s.due { // also if the Serve before was ended between a reading and this
			if err := s.rearm(ctx); err != nil {
				return err
			}
		}
		b, err := s.Line.Read(ctx)
		if err != nil {
			return err
		}
		now := devices.Monotonic()
		readings := s.Feed(b, now)
		clear(b) // personal data
		for i, r := range readings {
			emit(r) // what was read whole is handed over, even if ctx has ended meanwhile
			readings[i] = devices.Reading{}
		}
		s.due = len(s.Rearm) > 0 && (len(readings) > 0 || s.RearmEvery > 0 && now-s.armed >= s.RearmEvery)
	}
}

// rearm makes the re-arm exchanges.
func (s *Service) rearm(ctx context.Context) error {
	if err := Pause(ctx, s.Delay); err != nil {
		return err
	}
	if err := s.Line.Run(ctx, s.Rearm, s.Reply); err != nil {
		return err
	}
	s.armed, s.due = devices.Monotonic(), false
	return nil
}

// Reply is how long the answers of a device may take.
func Reply(p *profile.Profile) time.Duration {
	return patience(time.Duration(p.Timing.ReplyMS) * time.Millisecond)
}

// SelfTest makes the steps that a profile alone describes: "identify" and "echo".
func SelfTest(ctx context.Context, l *Line, p *profile.Profile, step string) error {
	defer l.Forget()
	switch {
	case step == "identify" && len(p.Identify.Send) > 0:
		_, err := l.Identify(ctx, p.Identify, Reply(p))
		return err
	case step == "echo" && answers(p.Init):
		return l.Run(ctx, p.Init, Reply(p))
	case step == "echo" && len(p.Identify.Send) > 0:
		_, err := l.Identify(ctx, p.Identify, Reply(p))
		return err
	default:
		return devices.ErrUnsupported
	}
}

func answers(list []profile.Exchange) bool {
	for _, e := range list {
		if e.Expect != "" {
			return true
		}
	}
	return false
}

// Indicate sends the profile's bytes of a signal.
func Indicate(ctx context.Context, l *Line, p *profile.Profile, s devices.Signal) error {
	b := Signal(p, s)
	if len(b) == 0 {
		return devices.ErrUnsupported
	}
	return l.Write(ctx, b, Reply(p))
}

// Signal returns the profile's bytes of a signal; none if the device has no such signal.
func Signal(p *profile.Profile, s devices.Signal) []byte {
	switch s {
	case devices.SignalGood:
		return p.Indicators.Good
	case devices.SignalBad:
		return p.Indicators.Bad
	case devices.SignalHere:
		return p.Indicators.Here
	default:
		return nil
	}
}
