package supervisor

import (
	"cmp"
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/devices"
)

// grace is how long a request may go on after its caller gave up: the time a driver has
// to obey its context.
const grace = 100 * time.Millisecond

// request is something asked of a scanner beside serving: a capture, a self-test, a
// signal. The unit's goroutine runs it.
type request struct {
	ctx  context.Context // the caller's
	do   func(ctx context.Context, s *session) error
	done chan error // holds one
}

func (r *request) finish(err error) { r.done <- err }

// run makes the request with the driver and returns the error that ends the session, or
// nil if the session can go on.
func (r *request) run(session context.Context, s *session) error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	stop := context.AfterFunc(session, cancel)
	defer stop()
	err := r.do(ctx, s)
	if session.Err() != nil {
		err = context.Cause(session)
	}
	r.finish(plain(err))
	switch {
	case session.Err() != nil:
		return err
	case err == nil, r.ctx.Err() != nil, errors.Is(err, devices.ErrUnsupported):
		return nil
	default:
		return err // the device is opened anew: what it still has to say must not reach the next
	}
}

// plain gives an error that has none the words for a person.
func plain(err error) error {
	if err == nil || border.MessageOf(err) != "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &border.Error{Code: border.Unavailable, Op: "use the scanner", Err: err, Message: "The scanner failed. Try again; if this goes on, unplug it and plug it in again."}
	switch {
	case errors.Is(err, devices.ErrUnplugged):
		e.Message = "The scanner was unplugged."
	case errors.Is(err, devices.ErrNoReply):
		e.Message = "The scanner does not answer. Unplug it and plug it in again."
	case errors.Is(err, devices.ErrUnsupported):
		e.Code, e.Message = border.Invalid, "This scanner cannot do that."
	}
	return e
}

// turnLimit is how long a request waits for its turn with a scanner that does nothing else: on a
// machine with much to do it takes a moment until a scanner that is ready is also served.
const turnLimit = 2 * time.Second

// ask has the unit's goroutine do something with the driver. It fails at once if the
// scanner is not serving, within grace if it is doing something else already, and returns within
// grace of ctx's end.
func (u *unit) ask(ctx context.Context, op string, do func(context.Context, *session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u.mu.Lock()
	s, reason := u.session, u.reason
	u.mu.Unlock()
	if s == nil {
		if reason == "" {
			reason = "The scanner is not ready yet."
		}
		return &border.Error{Code: border.Unavailable, Op: op, Message: reason}
	}
	r := &request{ctx: ctx, do: do, done: make(chan error, 1)}
	if err := s.turn(ctx, op, r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	case <-s.over.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-r.done:
		return err
	case <-late.C: // the driver hangs; what it finds later goes nowhere
		return plain(cmp.Or(ctx.Err(), context.Cause(s.over)))
	}
}

// turn hands a request to the session when it is the request's turn.
func (s *session) turn(ctx context.Context, op string, r *request) error {
	waiting := time.NewTicker(grace)
	defer waiting.Stop()
	for left := turnLimit; ; left -= grace {
		select {
		case s.requests <- r:
			return nil
		case <-s.ended:
			return &border.Error{Code: border.Unavailable, Op: op, Message: "The scanner has just failed. Try again when it is ready."}
		case <-ctx.Done():
			return ctx.Err()
		case <-waiting.C:
			if s.busy.Load() || left <= 0 {
				return &border.Error{Code: border.Conflict, Op: op, Message: "The scanner is doing something else. Wait until it has ended, or cancel that first."}
			}
		}
	}
}

// CaptureFinger takes one image; see [border.FingerScanners].
func (s *Supervisor) CaptureFinger(ctx context.Context, want border.FingerRequest) (border.FingerImage, error) {
	const op = "take a fingerprint"
	if !want.Position.Valid() {
		return border.FingerImage{}, &border.Error{Code: border.Invalid, Op: op, Message: "There is no such finger position."}
	}
	u, err := s.fingerScanner(want)
	if err != nil {
		return border.FingerImage{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if want.Counter != "" {
		stop, err := u.whileAt(want.Counter, func() { cancel(errReassigned) })
		if err != nil {
			return border.FingerImage{}, err
		}
		defer stop()
	}
	taken := make(chan border.FingerImage, 1)
	err = u.ask(ctx, op, func(ctx context.Context, s *session) error {
		c, ok := s.driver.(devices.Capturer)
		if !ok {
			return &border.Error{Code: border.Invalid, Op: op, Message: "This scanner takes no fingerprints.", Err: devices.ErrUnsupported}
		}
		got, err := c.Capture(ctx, want)
		if err != nil {
			return err
		}
		if err := checkImage(got); err != nil {
			return err
		}
		got.Profile = s.profile.Hash
		taken <- got
		return nil
	})
	if cause := context.Cause(ctx); errors.Is(cause, errReassigned) {
		err = cause // also if the image came a moment before: whose finger it is cannot be told
	}
	if err != nil {
		u.count(func(c *Counts) { c.CapturesFailed++ })
		return border.FingerImage{}, err
	}
	image := <-taken
	u.count(func(c *Counts) { c.Captures++ })
	image.Position, image.Scanner, image.TakenAt = want.Position, u.id, s.cfg.Clock.Now().UTC()
	return image, nil
}

// errReassigned ends a capture whose scanner was given to another counter.
var errReassigned error = &border.Error{Code: border.Conflict, Op: "take a fingerprint",
	Message: "The scanner was given to another counter meanwhile. Take the finger again."}

// whileAt calls moved once if the scanner's counter becomes another one, until stop is
// called. It fails if it is another one already.
func (u *unit) whileAt(counter border.CounterID, moved func()) (stop func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.counter != counter {
		return nil, errReassigned
	}
	if u.moved == nil {
		u.moved = make(chan struct{})
	}
	ch, stopped, ended := u.moved, make(chan struct{}), make(chan struct{})
	go func() { // ends with stop
		defer close(ended)
		select {
		case <-ch:
			moved()
		case <-stopped:
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}, nil
}

// fingerScanner finds the scanner that a request means.
func (s *Supervisor) fingerScanner(want border.FingerRequest) (*unit, error) {
	const op = "take a fingerprint"
	if want.Scanner != "" {
		u, err := s.find(want.Scanner)
		if err != nil {
			return nil, err
		}
		if want.Counter != "" && u.counterNow() != want.Counter {
			return nil, &border.Error{Code: border.Forbidden, Op: op, Message: "This scanner belongs to another counter."}
		}
		return u, nil
	}
	if want.Counter == "" {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Name a scanner or a counter."}
	}
	var fit *unit
	for _, u := range s.list() {
		u.mu.Lock()
		mine := u.counter == want.Counter && u.profile.Kind == "fingerprint"
		working := u.session != nil
		u.mu.Unlock()
		if mine && (fit == nil || working) {
			if fit = u; working {
				break
			}
		}
	}
	if fit == nil {
		return nil, &border.Error{Code: border.NotFound, Op: op, Message: "This counter has no fingerprint scanner. Assign one to it in the workshop."}
	}
	return fit, nil
}

// checkImage holds a driver, or a program behind the bridge, to the bounds.
func checkImage(i border.FingerImage) error {
	if i.Width < 1 || i.Height < 1 || i.Width > border.MaxFingerSide || i.Height > border.MaxFingerSide ||
		len(i.Pixels) != i.Width*i.Height || i.DPI < 100 || i.DPI > 2000 {
		return &border.Error{Code: border.Invalid, Op: "take a fingerprint", Err: devices.ErrProtocol,
			Message: "The scanner sent an image of impossible size. Present the finger again; if this goes on, check the profile."}
	}
	return nil
}

// Identify makes the scanner blink or beep.
func (s *Supervisor) Identify(ctx context.Context, id string) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	return u.ask(ctx, "identify the scanner", func(ctx context.Context, s *session) error {
		err := s.driver.Indicate(ctx, devices.SignalHere)
		if errors.Is(err, devices.ErrUnsupported) && border.MessageOf(err) == "" { // in other words than plain has
			return &border.Error{Code: border.Invalid, Op: "identify the scanner", Err: err, Message: "This scanner has no lamp or beeper that its profile knows."}
		}
		return err
	})
}
