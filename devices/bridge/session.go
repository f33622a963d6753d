package bridge

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// session serves one station: this goroutine reads, another drives the device, a third
// sends heartbeats.
type session struct {
	link   *link
	device Device
	over   func() error // not nil when the session has ended

	wake chan struct{} // a request waits in next

	mu   sync.Mutex // guards what follows and the order of answers; held while they are written
	now  *request   // the last one that came; answered or not
	next *request   // to be driven; nil if the driver has it

	driver devices.Driver // touched by drive only; nil before start
	closer io.Closer
}

// request is one request at work.
type request struct {
	Header
	ctx      context.Context //nolint:containedctx // it is the request that ends
	cancel   context.CancelFunc
	settled  func() bool // takes back what was to happen at ctx's end
	answered bool
}

// serveStation answers requests until the link ends. It returns when the device is closed.
func serveStation(ctx context.Context, k *link, d Device) {
	ctx, cancel := context.WithCancel(ctx)
	s := &session{link: k, device: d, over: ctx.Err, wake: make(chan struct{}, 1)}
	var tasks sync.WaitGroup
	tasks.Go(k.keepAlive)
	tasks.Go(func() { s.drive(ctx) })
	for {
		f, err := k.read(func(Header) int { return -1 }) // stations send no bytes
		if err != nil {
			if errors.Is(err, errMagic) || errors.Is(err, errJSON) || errors.Is(err, errTooLarge) || errors.Is(err, errFlood) {
				k.part(Frame{Header: Header{Type: TypeError, Code: faultOf(err)}}, err)
			}
			k.end(err)
			break
		}
		if err := s.take(ctx, f.Header); err != nil {
			k.end(err)
			break
		}
	}
	cancel()
	tasks.Wait()
}

// take deals with one frame of the station. The error is that of writing.
func (s *session) take(ctx context.Context, h Header) error {
	switch h.Type {
	case TypeAlive, TypeError:
		return nil // an error is never answered by an error
	case TypeCancel:
		s.mu.Lock()
		defer s.mu.Unlock()
		if r := s.now; r != nil && r.ID == h.ID {
			r.cancel() // the answer follows from it
		}
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.objection(h); code != "" {
		return s.link.write(Frame{Header: Header{Type: TypeError, ID: h.ID, Code: code}})
	}
	r := &request{Header: h}
	if h.Type == TypeServe {
		r.ctx, r.cancel = context.WithCancel(ctx)
	} else {
		r.ctx, r.cancel = context.WithTimeout(ctx, time.Duration(h.DeadlineMS)*time.Millisecond)
	}
	// The answer to a cancel, or at the deadline, does not wait for the driver.
	r.settled = context.AfterFunc(r.ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answer(r, Frame{Header: Header{Type: TypeError, Code: codeOf(r.ctx.Err())}})
	})
	s.now, s.next = r, r
	select {
	case s.wake <- struct{}{}:
	default: // it was answered before the driver came to it, and this one takes its place
	}
	return nil
}

// objection says what speaks against a request, "" if nothing does. mu is held.
func (s *session) objection(h Header) string {
	switch h.Type {
	case TypeServe:
	case TypeStart, TypeCapture, TypeSelfTest, TypeIndicate:
		if h.DeadlineMS < 1 || h.DeadlineMS > MaxDeadline.Milliseconds() {
			return CodeBadRequest
		}
	case TypeHello:
		return CodeBadRequest
	default:
		return CodeUnknownType
	}
	switch {
	case h.ID == 0 || h.ID >= 1<<53:
		return CodeBadRequest
	case s.now != nil && !s.now.answered:
		return CodeBusy
	case h.Type == TypeCapture && !h.Position.Valid(),
		h.Type == TypeIndicate && !knownSignal(devices.Signal(h.Signal)),
		h.Type == TypeSelfTest && (h.Step == "" || !printable(h.Step, maxName)):
		return CodeBadRequest
	case h.Type == TypeCapture && (s.device.Info.Kind != profile.Fingerprint || !s.device.Info.offers(h.Position)):
		return CodeUnsupported
	default:
		return ""
	}
}

// answer sends the one answer to a request; later ones are thrown away. mu is held.
func (s *session) answer(r *request, f Frame) {
	if r.answered {
		return
	}
	r.answered = true
	r.settled()
	r.cancel()
	if s.over() != nil {
		return // no station asked for this end, and none must take it for an answer
	}
	f.ID = r.ID
	if err := s.link.write(f); err != nil {
		s.link.end(err)
	}
}

// drive makes the requests one after another. A driver that is slow to end delays the
// next request, and that one's deadline goes on.
func (s *session) drive(ctx context.Context) {
	defer s.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		r := s.next
		s.next = nil
		s.mu.Unlock()
		if r == nil || r.ctx.Err() != nil {
			continue
		}
		f, err := s.do(r)
		if over := r.ctx.Err(); over != nil {
			clear(f.Bytes) // too late: nobody must take it for an answer
			f, err = Frame{}, over
		}
		if err != nil {
			f = Frame{Header: Header{Type: TypeError, Code: codeOf(err)}}
			if f.Code == CodeUnplugged {
				s.close() // the next start opens it again
			}
		}
		s.mu.Lock()
		s.answer(r, f)
		s.mu.Unlock()
		clear(f.Bytes) // personal data
	}
}

// close ends the connection to the device.
func (s *session) close() {
	if s.closer != nil {
		_ = s.closer.Close() // it is given up either way
	}
	s.driver, s.closer = nil, nil
}

// do makes one request.
func (s *session) do(r *request) (Frame, error) {
	if r.Type == TypeStart {
		return s.start(r.ctx)
	}
	if s.driver == nil {
		return Frame{Header: Header{Type: TypeError, Code: CodeNotStarted}}, nil
	}
	switch r.Type {
	case TypeServe:
		err := s.driver.Serve(r.ctx, func(reading devices.Reading) { s.pass(r, reading) })
		if err == nil && r.ctx.Err() == nil {
			err = devices.ErrUnplugged // a driver that stops by itself has lost its device
		}
		return Frame{Header: Header{Type: TypeDone}}, err
	case TypeCapture:
		c, ok := s.driver.(devices.Capturer)
		if !ok {
			return Frame{}, devices.ErrUnsupported
		}
		i, err := c.Capture(r.ctx, border.FingerRequest{Position: r.Position})
		if err == nil && (!fingerSize(i.Width, i.Height) || len(i.Pixels) != i.Width*i.Height) {
			err = devices.ErrProtocol
		}
		return Frame{Header: Header{Type: TypeImage, Width: i.Width, Height: i.Height, DPI: i.DPI,
			Liveness: i.Liveness, Position: r.Position}, Bytes: i.Pixels}, err
	case TypeSelfTest:
		return Frame{Header: Header{Type: TypeDone}}, s.driver.SelfTest(r.ctx, r.Step)
	default: // indicate
		return Frame{Header: Header{Type: TypeDone}}, s.driver.Indicate(r.ctx, devices.Signal(r.Signal))
	}
}

// start opens the device anew.
func (s *session) start(ctx context.Context) (Frame, error) {
	s.close()
	driver, closer, err := s.device.Open(ctx)
	if err != nil {
		return Frame{}, err
	}
	s.driver, s.closer = driver, closer
	about, err := driver.Start(ctx)
	if err != nil {
		s.close()
		return Frame{}, err
	}
	return Frame{Header: Header{Type: TypeStarted, Firmware: cut(about.Firmware, maxName), Text: cut(about.Text, maxAbout)}}, nil
}

// pass sends a reading on, unless serve is over.
func (s *session) pass(r *request, reading devices.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.answered {
		return
	}
	if err := s.link.write(Frame{Header: fromReading(r.ID, reading)}); err != nil {
		s.link.end(err)
	}
}
