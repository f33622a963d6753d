package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers"
	"garita/devices/profile"
)

// startTimeout bounds opening, identifying and testing a scanner; what the profile's own
// sequences may take is added.
const startTimeout = 15 * time.Second

// deafAfter is how long a driver may go on after its context has ended before its
// connection is closed under it.
const deafAfter = 150 * time.Millisecond

// lateAfter is how long a counter may take for a document before those behind it are
// thrown away: their travellers may have gone.
const lateAfter = time.Second

// session is the time from one opening to its end. What it holds belongs to the unit's
// goroutine; requests come in from others.
type session struct {
	u        *unit
	at       devices.Found
	profile  *profile.Profile
	driver   devices.Driver
	line     *meter // nil without a line
	stale    bool   // what the driver still holds was presented long ago
	health   health
	base     devices.State // when its health is good: ready, or degraded for its firmware
	advice   string
	requests chan *request
	busy     atomic.Bool // a request is under way
	ended    chan struct{}
	over     context.Context // ends with the session; its cause says why
}

// live opens the scanner and serves it until it fails or ctx ends. served says whether
// it got as far as being ready. fresh says that nothing has gone wrong since it was
// plugged in.
func (u *unit) live(ctx context.Context, p *profile.Profile, at devices.Found, fresh bool) (served bool, err error) {
	life := ctx
	ctx, cancel := context.WithCancelCause(life)
	defer cancel(nil)
	u.mu.Lock()
	u.gone = func() {
		cancel(&border.Error{Code: border.Unavailable, Op: "serve the scanner", Message: "The scanner was unplugged.", Err: devices.ErrUnplugged})
	}
	if u.conf == nil && (u.found == nil || !samePlugging(u.found, &at) || u.profile != p) {
		u.gone() // it went between the look and now
	}
	u.mu.Unlock()
	defer func() {
		u.mu.Lock()
		u.gone, u.session = nil, nil
		u.mu.Unlock()
		if cause := context.Cause(ctx); errors.Is(cause, devices.ErrUnplugged) {
			err = cause
		}
	}()

	if fresh && at.Bus != devices.BusBridge {
		u.enter(devices.Initialising, "")
	}
	s := &session{u: u, at: at, profile: p, base: devices.Ready, health: health{limits: p.Limits},
		requests: make(chan *request), ended: make(chan struct{}), over: ctx}
	defer close(s.ended)
	starting, stop := context.WithTimeout(ctx, startTimeout+2*sequence(p))
	defer stop()
	opened, err := u.sup.cfg.Opener.Open(starting, p, at, drivers.Taps{Stream: s.tap, USB: s.tapUSB, Note: u.ring.Note})
	if err != nil {
		return false, err
	}
	defer func() {
		u.ring.Closed()
		if e := opened.Close(); e != nil {
			u.sup.cfg.Log.Debug("close scanner", "scanner", u.id, "err", e) // it is gone either way
		}
	}()
	defer watch(ctx, opened)()
	u.count(func(c *Counts) { c.Opened++ })
	watched := watch(starting, opened)
	err = s.bring(starting, opened)
	watched()
	if err != nil {
		return false, err
	}
	stop()
	u.mu.Lock()
	u.session = s
	u.mu.Unlock()
	s.settle()
	u.sup.cfg.Log.Info("scanner ready", "scanner", u.id, "profile", s.profile.ID)
	return true, s.serve(ctx, life)
}

// sequence is how long the profile's init exchanges may take.
func sequence(p *profile.Profile) (t time.Duration) {
	for _, x := range p.Init {
		within := x.WithinMS
		if within == 0 {
			within = p.Timing.ReplyMS
		}
		t += time.Duration(within+x.PauseMS) * time.Millisecond
	}
	return t
}

// watch closes the connection under a driver that does not obey the end of ctx: in the
// kernel or in a library something hangs. The returned function ends the watch.
func watch(ctx context.Context, opened *drivers.Opened) (end func()) {
	var late *time.Timer
	armed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		late = time.AfterFunc(deafAfter, func() {
			_ = opened.Close() // what it says is the session's end's to tell
		})
		close(armed)
	})
	return func() {
		if !stop() {
			<-armed
			late.Stop()
		}
	}
}

// bring starts the driver, judges the firmware and runs the self-test.
func (s *session) bring(ctx context.Context, opened *drivers.Opened) error {
	if s.line != nil {
		// The reader may have kept a document for whoever opens it next.
		if _, err := s.line.drain(ctx); err != nil {
			return err
		}
	}
	s.driver = s.u.ring.Driver(opened.Driver, "")
	about, err := s.driver.Start(ctx)
	if err != nil {
		return err
	}
	firmware := about.Firmware
	if firmware == "" && s.at.Bus == devices.BusUSB {
		firmware = string(profile.Release(s.at.BCDDevice))
	}
	if slices.ContainsFunc(s.profile.Quirks, func(q profile.Quirk) bool { return q.Firmware.Contains(profile.Version(firmware)) }) {
		// The firmware has quirks: set it up again, as they ask.
		s.profile = s.profile.For(firmware)
		s.driver = s.u.ring.Driver(opened.With(s.profile), firmware)
		if _, err = s.driver.Start(ctx); err != nil {
			return err
		}
	}
	verdict, advice := s.profile.Judge(firmware)
	if verdict == profile.KnownBad || verdict == profile.BelowMinimum {
		s.base, s.advice = devices.Degraded, advice
		s.u.sup.cfg.Log.Warn("scanner firmware", "scanner", s.u.id, "firmware", firmware, "verdict", string(verdict))
	}
	s.u.mu.Lock()
	s.u.firmware, s.u.advice = firmware, advice
	s.u.mu.Unlock()
	for _, step := range s.selfTest(ctx) {
		if !step.OK {
			return &border.Error{Code: border.Unavailable, Op: "self-test " + step.Step, Message: step.Reason}
		}
	}
	return ctx.Err()
}

// serve lets the driver serve, and interrupts it for requests, until it fails or ctx ends.
// What was read whole is delivered within life, even if the scanner is pulled out then.
func (s *session) serve(ctx, life context.Context) error {
	for {
		serving, interrupt := context.WithCancel(ctx)
		var asked *request
		waited := make(chan struct{})
		go func() { // ends with serving
			defer close(waited)
			select {
			case asked = <-s.requests:
				interrupt()
			case <-serving.Done():
			}
		}()
		err := s.driver.Serve(serving, func(r devices.Reading) { s.take(life, r) })
		interrupt()
		<-waited
		if asked != nil {
			if err == nil && ctx.Err() == nil {
				s.busy.Store(true)
				err = asked.run(ctx, s)
				s.busy.Store(false)
			} else {
				asked.finish(plain(cmp.Or(context.Cause(ctx), err)))
			}
		} else if err == nil && ctx.Err() == nil {
			err = &border.Error{Code: border.Internal, Op: "serve the scanner", Message: "The scanner's driver stopped. Unplug the scanner and plug it in again."}
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// settle brings state and counts into line with the scanner's health.
func (s *session) settle() {
	if s.health.floods > 0 {
		n := s.health.floods
		s.u.count(func(c *Counts) { c.Floods += n })
		s.health.floods = 0
	}
	state, reason := s.health.state()
	if state == devices.Ready && s.base != devices.Ready {
		state, reason = s.base, s.advice
	}
	if s.u.enter(state, reason) && state == devices.Degraded {
		s.u.sup.cfg.Log.Warn("scanner in trouble", "scanner", s.u.id, "state", string(state), "reason", reason)
	}
}

// take deals with one reading.
func (s *session) take(ctx context.Context, r devices.Reading) {
	if ctx.Err() != nil {
		return // nobody waits for it any more; the next traveller must not get it
	}
	if s.stale {
		clear(r.Lines)
		return
	}
	u := s.u
	at := u.sup.cfg.Clock.Now().UTC()
	if !r.Chatter {
		s.health.reading(r)
	}
	defer s.settle()
	if r.Err != nil {
		u.count(func(c *Counts) {
			switch {
			case r.Chatter:
				c.Chatter++
			case errors.Is(r.Err, devices.ErrIncomplete):
				c.Incomplete++
			case errors.Is(r.Err, devices.ErrOversize):
				c.Oversize++
			default:
				c.Garbage++
			}
		})
		if !r.Chatter {
			u.say(border.MessageOf(r.Err))
		}
		return
	}
	u.mu.Lock()
	counter := u.counter
	if counter == "" {
		u.counts.Unassigned++
		n := u.counts.Unassigned
		u.mu.Unlock()
		u.say(fmt.Sprintf("The scanner belongs to no counter; documents ignored so far: %d. Assign it to a counter.", n))
		return
	}
	u.mu.Unlock()

	within, cancel := context.WithTimeout(ctx, DeliverTimeout)
	began := devices.Monotonic()
	err := u.sup.cfg.Deliver(within, border.Scan{Counter: counter, Source: border.SourceReader, Scanner: u.id,
		Profile: s.profile.Hash, Lines: r.Lines, ReceivedAt: at})
	cancel()
	if err != nil || devices.Monotonic()-began >= lateAfter {
		s.discard(ctx)
	}
	if err != nil {
		u.count(func(c *Counts) { c.Refused++ })
		u.say("The last document did not reach the counter. Present it again.")
		u.sup.cfg.Log.Warn("scan not accepted", "scanner", u.id, "counter", string(counter), "err", err)
		return
	}
	u.count(func(c *Counts) { c.Delivered++ })
	u.say("")
}

// discard throws away what was presented while the counter was busy: it must not come up
// before somebody else. It is called by the driver's own goroutine, between two reads.
func (s *session) discard(ctx context.Context) {
	s.stale = s.line != nil // until the driver reads on
	if s.line == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if n, err := s.line.drain(within); n > 0 && err == nil {
		s.u.ring.Note("documents behind one that the counter was slow to take were thrown away")
	}
}
