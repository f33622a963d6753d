package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"garita/devices"
	"garita/devices/drivers/uareu"
	"garita/devices/profile"
	"garita/devices/trace"
)

// Of the rounds of an idle driver so many are replayed; and so many silences where
// nothing follows from how long they were.
const (
	maxRounds   = 3
	maxSilences = 6
)

// patience is how long the script waits for the driver to do what comes next.
const patience = 5 * time.Second

// errDiffers ends everything after the first difference.
var errDiffers = errors.New("the replay differs from the recording")

// script is what was recorded of one connection. The transports below play the scanner's
// part of it and hold the driver to its own.
type script struct {
	p      *profile.Profile
	events []trace.Event
	first  int // line of the trace that events begins at, from 1

	mu      sync.Mutex // guards the rest
	at      int
	read    int         // bytes of the event there that the driver has taken already
	silent  int         // silences of the event there that it has taken, or waited in vain
	rounds  map[int]int // by position of an Again
	cancel  func()      // ends the call under way
	moved   chan struct{}
	frames  int
	failed  bool // a transfer of the call under way failed
	differs *Difference
}

func newScript(p *profile.Profile, events []trace.Event, first int) *script {
	s := &script{p: p, events: events, first: first, rounds: map[int]int{}, cancel: func() {}, moved: make(chan struct{})}
	s.skip()
	return s
}

// head is the event that comes next; nil at the end and at a gap.
func (s *script) head() *trace.Event {
	if s.at >= len(s.events) || s.events[s.at].Kind == trace.Gap {
		return nil
	}
	return &s.events[s.at]
}

// next goes on to the next event.
func (s *script) next() {
	switch s.events[s.at].Kind {
	case trace.In, trace.Out, trace.Control:
		s.frames++
	default:
	}
	s.at++
	s.skip()
}

// skip passes over what drivers have no part in, and goes through rounds again.
func (s *script) skip() {
	s.read, s.silent = 0, 0
	for e := s.head(); e != nil; e = s.head() {
		switch {
		case e.Kind == trace.State || e.Kind == trace.Note || e.Name == trace.Aside || e.Kind == trace.Open || e.Kind == trace.Close:
			s.at++
		case e.Kind == trace.Cancel:
			s.cancel()
			s.at++
		case e.Kind == trace.Again && s.rounds[s.at] < min(e.Times, maxRounds) && e.Of <= s.at:
			s.rounds[s.at]++
			s.at -= e.Of
		case e.Kind == trace.Again:
			s.at++
		default:
			if e.Kind == trace.End && e.Err == trace.Interrupted {
				s.cancel()
			}
			s.wake()
			return
		}
	}
	s.cancel() // there is no more
	s.wake()
}

func (s *script) wake() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// differ notes the first difference.
func (s *script) differ(format string, args ...any) error {
	if s.differs == nil {
		s.differs = &Difference{Line: s.first + min(s.at, len(s.events)-1), Text: fmt.Sprintf(format, args...)}
		s.cancel()
		s.wake()
	}
	return errDiffers
}

// ended plays the end of a transfer whose wait ended: by the driver's own limit, or
// because the call was given up. Called with the lock, which is released meanwhile.
func (s *script) ended(ctx context.Context, e *trace.Event) error {
	if e.Err == trace.Interrupted {
		s.cancel()
	}
	s.mu.Unlock()
	timer := time.NewTimer(2 * patience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	s.mu.Lock()
	if ctx.Err() == nil {
		return s.differ("the driver waits on where it had ended its wait")
	}
	s.next()
	return ctx.Err()
}

// what says in words what an event is.
func what(e *trace.Event) string {
	if e == nil {
		return "the end of the recording"
	}
	switch e.Kind {
	case trace.In:
		return fmt.Sprintf("a read of %d bytes", e.Bytes)
	case trace.Out:
		return fmt.Sprintf("sending % X", clip(e.Data))
	case trace.Control:
		return fmt.Sprintf("control request %02X %02X, value %04X", e.Setup.RequestType, e.Setup.Request, e.Setup.Value)
	case trace.Silence:
		return "silence"
	case trace.Reading:
		return "handing a document on"
	case trace.End:
		return "the end of the call"
	default:
		return string(e.Kind)
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 32)] }

// player is the line of a script.
type player struct{ *script }

var _ devices.Stream = player{}

// Read gives what was read.
func (p player) Read(ctx context.Context, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.differs != nil {
		return 0, errDiffers
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	e := p.head()
	switch {
	case e == nil, e.Kind == trace.End && e.Err == trace.Interrupted:
		return 0, p.given(ctx)
	case e.Kind == trace.In:
		return p.give(ctx, e, b)
	case e.Kind == trace.Silence:
		return 0, p.silence(ctx, e)
	case e.Kind == trace.Out && p.silent < int(patience/max(p.p.Timing.ReadTimeout(), 50*time.Millisecond)):
		return 0, p.silence(ctx, nil) // the driver's time to do something has not come
	default:
		return 0, p.differ("the driver reads; recorded was %s", what(e))
	}
}

// given waits for the end of a call that is over.
func (p player) given(ctx context.Context) error {
	p.cancel()
	p.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	p.mu.Lock()
	if ctx.Err() == nil {
		return p.differ("the driver reads on after the end of the recording")
	}
	return ctx.Err()
}

// give hands out the bytes of an event, as many as the driver wants.
func (p player) give(ctx context.Context, e *trace.Event, b []byte) (int, error) {
	all := e.Whole()
	n := copy(b, all[p.read:])
	if p.read += n; p.read < len(all) {
		return n, nil
	}
	switch e.Err {
	case "":
		p.next()
		return n, nil
	case trace.Interrupted, trace.Waited:
		return n, p.ended(ctx, e)
	default:
		p.failed = true
		p.next()
		return n, fmt.Errorf("replay: %w", trace.Failure(e.Err))
	}
}

// silence plays a read timeout. How many there were matters only where the driver does
// something because of it.
func (p player) silence(ctx context.Context, e *trace.Event) error {
	p.mu.Unlock()
	timer := time.NewTimer(p.p.Timing.ReadTimeout())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	p.mu.Lock()
	p.silent++
	if e != nil && p.head() == e {
		most := e.Times
		if following := p.after(); following == nil || following.Kind != trace.Out {
			most = min(most, maxSilences)
		}
		if p.silent >= most {
			silent := p.silent
			p.next()
			p.silent = max(0, silent-e.Times)
		}
	}
	return ctx.Err()
}

// after is the event behind the head.
func (s *script) after() *trace.Event {
	for i := s.at + 1; i < len(s.events); i++ {
		if k := s.events[i].Kind; k != trace.State && k != trace.Note && k != trace.Again && s.events[i].Name != trace.Aside {
			return &s.events[i]
		}
	}
	return nil
}

// Write holds what the driver sends to what it sent.
func (p player) Write(ctx context.Context, b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.differs != nil {
		return errDiffers
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e := p.head()
	for e != nil && (e.Kind == trace.Silence || e.Kind == trace.In && e.Err == trace.Waited && e.Bytes == 0) {
		p.next()
		e = p.head()
	}
	if e == nil {
		return p.given(ctx)
	}
	if e.Kind != trace.Out || !bytes.Equal(e.Data, b) {
		return p.differ("the driver sends % X; recorded was %s", clip(b), what(e))
	}
	switch e.Err {
	case "":
		p.next()
		return nil
	case trace.Interrupted, trace.Waited:
		return p.ended(ctx, e)
	default:
		p.failed = true
		p.next()
		return fmt.Errorf("replay: %w", trace.Failure(e.Err))
	}
}

// Close does nothing.
func (player) Close() error { return nil }

// bus is the USB connection of a script.
type bus struct{ *script }

var _ devices.USB = bus{}

// Control holds a request to the recorded one and gives its answer.
func (u bus) Control(ctx context.Context, setup devices.Setup, data []byte) (int, error) {
	in := setup.RequestType&0x80 != 0
	asked := fmt.Sprintf("makes control request %02X %02X, value %04X", setup.RequestType, setup.Request, setup.Value)
	return u.transfer(ctx, asked, func(e *trace.Event) bool { return e.Kind == trace.Control }, func(e *trace.Event) (int, error) {
		if *e.Setup != setup {
			return 0, u.differ("the driver %s; recorded was %s", asked, what(e))
		}
		if in {
			return copy(data, e.Whole()), nil
		}
		if e.Bytes != len(data) || !bytes.HasPrefix(data, e.Data) {
			return 0, u.differ("the driver sends % X with a control request; recorded was % X", clip(data), clip(e.Data))
		}
		return len(data), nil
	})
}

// Read gives what an endpoint sent.
func (u bus) Read(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	is := func(e *trace.Event) bool { return e.Kind == trace.In && e.Endpoint == endpoint }
	return u.transfer(ctx, fmt.Sprintf("reads endpoint %02X", endpoint), is, func(e *trace.Event) (int, error) {
		all := e.Whole()
		if u.p.Driver == "uareu" && endpoint == uint8(u.p.Transport.In) {
			uareu.Refill(all, u.p.Image, u.keys())
		}
		return copy(b, all), nil
	})
}

// Write holds what the driver sends to an endpoint to what it sent.
func (u bus) Write(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	is := func(e *trace.Event) bool { return e.Kind == trace.Out && e.Endpoint == endpoint }
	return u.transfer(ctx, fmt.Sprintf("sends % X to endpoint %02X", clip(b), endpoint), is, func(e *trace.Event) (int, error) {
		if !bytes.Equal(e.Data, b) {
			return 0, u.differ("the driver sends % X; recorded was % X", clip(b), clip(e.Data))
		}
		return len(b), nil
	})
}

// Close does nothing.
func (bus) Close() error { return nil }

// transfer waits for the script to come to a transfer of a kind: transfers of several
// endpoints may be under way at once. Then it plays it.
func (u bus) transfer(ctx context.Context, doing string, is func(*trace.Event) bool, play func(*trace.Event) (int, error)) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		e := u.head()
		switch {
		case u.differs != nil:
			return 0, errDiffers
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case e != nil && is(e):
			n, err := play(e)
			switch {
			case err != nil:
				return n, err
			case e.Err == trace.Interrupted || e.Err == trace.Waited:
				return n, u.ended(ctx, e)
			}
			u.next()
			if e.Err != "" {
				u.failed = true
				return n, devices.USBError("replay", trace.Failure(e.Err))
			}
			return n, nil
		}
		if e == nil {
			u.cancel()
		}
		moved := u.moved
		u.mu.Unlock()
		late := false
		select {
		case <-moved:
		case <-ctx.Done():
		case <-limit.C:
			late = true
		}
		u.mu.Lock()
		if late {
			return 0, u.differ("the driver %s; recorded was %s", doing, what(u.head()))
		}
	}
}

// Registers of the reader that hand out its keys; see devices/drivers/uareu.
const (
	seedRegister = 0x33
	keyRegister  = 0x34
)

// keys are those that the recorded driver asked for after the image at the head.
func (u bus) keys() map[uint8]uint32 {
	keys := make(map[uint8]uint32)
	var number uint8
	var seed uint32
	for _, e := range u.events[u.at:] {
		switch {
		case e.Kind == trace.End:
			return keys
		case e.Kind != trace.Control:
		case e.Setup.Value == seedRegister && len(e.Data) == 5:
			number, seed = e.Data[0], binary.LittleEndian.Uint32(e.Data[1:])
			keys[number] = keys[number] | 1 // any will do if the answer never came
		case e.Setup.Value == keyRegister && len(e.Data) == 4:
			keys[number] = binary.LittleEndian.Uint32(e.Data) ^ seed
		}
	}
	return keys
}
