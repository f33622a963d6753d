package counter

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"slices"
	"time"

	"garita/border"
	"garita/border/fingerprint"
)

const (
	// fingerPatience is how long a scanner waits for one finger.
	fingerPatience = 30 * time.Second
	// liftPause is how long the screen asks to lift the finger before the next image.
	liftPause = 600 * time.Millisecond
	// freePatience is how long a new capture waits for the scanner to leave the one before.
	freePatience = time.Second
)

// capture is a finger of the open encounter that is being taken, beside the request that asked
// for it. What it yields goes to that encounter or nowhere.
type capture struct {
	e      *encounter
	reason string
	cancel context.CancelFunc
	free   chan struct{} // closed when it has let go of the scanner

	// Guarded by place.mu:
	view   CaptureView
	over   bool // its images are not wanted any more, or are being kept
	tried  int  // images that were looked at, and are not yet with the encounter
	attack bool // the sensor called one of them an attack
}

// into adds the images that were looked at to what is known of the finger. place.mu is held.
func (c *capture) into(f *finger) {
	f.Attempts += c.tried
	if c.attack {
		f.Liveness = border.LivenessAttack
	}
	if f.Reason == "" {
		f.Reason = c.reason
	}
}

// stop ends a capture unless it has ended. place.mu is held.
func (c *capture) stop(how CaptureState, message string) {
	if !c.over {
		c.over, c.view.State, c.view.Message = true, how, message
		c.cancel()
	}
}

// cancelCapture ends a capture that is under way, at an officer's word.
func (p *place) cancelCapture(c *capture) {
	p.mu.Lock()
	over := c.over
	p.mu.Unlock()
	if !over {
		p.change(func() { c.stop(CaptureCancelled, "") })
	}
}

// errDegraded: no finger is taken for now.
var errDegraded = &border.Error{Code: border.Conflict, Op: "ask for a finger",
	Message: "The station goes without fingerprints for now. Note the finger as not taken."}

// begin starts to take a finger. p.work is held.
func (s *Service) begin(p *place, e *encounter, position border.FingerPosition, reason string) error {
	if p.captured != nil && !closed(s.ctx, p.captured, freePatience) {
		return &border.Error{Code: border.Unavailable, Op: "ask for a finger",
			Message: "The scanner is still busy with the last finger. Wait a moment and ask again; if this goes on, call the technician."}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	f := e.finger(position)
	c := &capture{e: e, reason: reason, cancel: cancel, free: make(chan struct{}),
		view: CaptureView{Position: position, State: CapturePlace, Attempt: f.Attempts + 1, Attempts: fingerAttempts}}
	started, degraded := false, false
	p.change(func() {
		if degraded = s.degraded() != nil; degraded { // since it was asked
			return
		}
		if started = s.start(func() { s.takeFinger(ctx, p, c) }); started {
			p.capture = c
		}
	})
	if degraded {
		cancel()
		return errDegraded
	}
	if !started {
		cancel()
		return &border.Error{Code: border.Unavailable, Op: "ask for a finger", Message: "The station is shutting down."}
	}
	p.captured = c.free
	return nil
}

// takeFinger takes images of one finger until one is good, and keeps the best.
func (s *Service) takeFinger(ctx context.Context, p *place, c *capture) {
	defer c.cancel()
	var best shot
	tries, failure := 0, ""
	for first := c.view.Attempt; ; {
		got, err := s.shoot(ctx, p, c)
		if err != nil {
			failure = border.MessageOf(err)
			break
		}
		tries++
		if got.betters(&best) {
			clear(best.image.Pixels)
			best = got
		} else {
			clear(got.image.Pixels)
		}
		if got.Finq >= fingerprint.Good && !got.attack() || first+tries > fingerAttempts {
			p.change(func() { c.saw(&got, CaptureKeeping) })
			break
		}
		p.change(func() { c.saw(&got, CaptureLift) })
		if !pause(ctx, liftPause) {
			break
		}
		p.change(func() {
			if !c.over {
				c.view.State, c.view.Attempt = CapturePlace, first+tries
			}
		})
	}
	close(c.free)
	s.settle(p, c, &best, failure)
	clear(best.image.Pixels)
}

// saw counts an image and shows what came of an image. place.mu is held.
func (c *capture) saw(got *shot, next CaptureState) {
	if !c.over {
		c.tried, c.attack = c.tried+1, c.attack || got.attack()
		c.view.State, c.view.Finq, c.view.Problem = next, got.Finq, string(got.Problem)
		if c.view.Liveness != border.LivenessAttack {
			c.view.Liveness = got.image.Liveness
		}
	}
}

// shot is an image with its quality.
type shot struct {
	fingerprint.Quality
	image border.FingerImage
}

// attack reports whether the sensor takes it for no living finger.
func (i *shot) attack() bool { return i.image.Liveness == border.LivenessAttack }

// betters reports whether an image is kept rather than the best one so far. One that the sensor
// calls an attack comes last.
func (i *shot) betters(best *shot) bool {
	switch {
	case !i.Enough():
		return false
	case best.image.Pixels == nil:
		return true
	case i.attack() != best.attack():
		return best.attack()
	}
	return i.Finq > best.Finq
}

// shoot takes one image and judges it.
func (s *Service) shoot(ctx context.Context, p *place, c *capture) (shot, error) {
	waiting, cancel := context.WithTimeout(ctx, fingerPatience)
	defer cancel()
	got, err := s.cfg.Fingers.CaptureFinger(waiting, border.FingerRequest{Counter: p.id, Position: c.view.Position})
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return shot{}, &border.Error{Code: border.Unavailable, Op: "take a fingerprint", Err: err,
			Message: "No finger was placed in time. Ask again, or note why it cannot be taken."}
	case border.MessageOf(err) == "":
		return shot{}, &border.Error{Code: border.CodeOf(err), Op: "take a fingerprint", Err: err,
			Message: "The fingerprint scanner failed. Ask again; if this goes on, call the technician."}
	default:
		return shot{}, err
	}
	q, err := fingerprint.Measure(ctx, got)
	if err != nil {
		clear(got.Pixels)
		return shot{}, err
	}
	return shot{q, got}, nil
}

// belongs reports whether a scanner is assigned to a counter now.
func (s *Service) belongs(scanner string, c border.CounterID) bool {
	return slices.ContainsFunc(s.cfg.Scanners(), func(st border.ScannerStatus) bool { return st.ID == scanner && st.Counter == c })
}

// closed waits until c is closed; false if that takes too long or ctx ended first.
func closed(ctx context.Context, c <-chan struct{}, patience time.Duration) bool {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// pause waits; false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle keeps the best image, if the encounter is still the one on the screen and nobody has cancelled:
// first the sealed file, then the draft that names it. How many images were looked at is kept in any case.
func (s *Service) settle(p *place, c *capture, best *shot, failure string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), recordDeadline)
	defer cancel()
	p.work.Lock() // nobody decides, refers or calls up meanwhile
	defer p.work.Unlock()
	p.mu.Lock()
	gone, unwanted := p.open != c.e, c.over || p.capture != c
	c.over = true // from here on nobody cancels it: the screen says what came of it
	next := c.e.copy()
	f, tried := next.finger(c.view.Position), c.tried
	c.into(&f)
	p.mu.Unlock()
	if gone || s.ctx.Err() != nil || unwanted && tried == 0 { // the last: it was cancelled before any image, and the screen has said so
		return
	}
	how, replaced := CapturePoor, []border.Digest(nil)
	switch {
	case unwanted || best.image.Pixels == nil:
	case f.Image != nil && !best.betters(&shot{fingerprint.Quality{Finq: f.Image.Finq}, border.FingerImage{Pixels: []byte{}, Liveness: f.Image.Liveness}}):
		how = CaptureKept
	case !s.belongs(best.image.Scanner, p.id):
		failure = "The scanner was given to another counter. The image was thrown away. Ask again."
	default:
		kept, err := s.keepImage(ctx, c.e.id, best)
		if err != nil {
			failure = border.MessageOf(err)
			s.cfg.Log.Error("counter: a finger image is not on the disk", "counter", p.id, "error", err)
			break
		}
		if f.Image != nil {
			replaced = append(replaced, f.Image.Hash)
		}
		how, f.Image, f.Code, f.Reason = CaptureKept, &kept, "", c.reason
	}
	if tried > 0 {
		next.put(f)
		s.keep(ctx, p, next)
	} else {
		next.durable = c.e.durable
	}
	if failure != "" && how != CaptureKept {
		how = CaptureFailed
	}
	if next.durable {
		s.release(ctx, c.e.id, replaced)
	}
	p.change(func() {
		c.e.fingers, c.e.durable, c.tried = next.fingers, next.durable, 0
		if !unwanted {
			c.view.State, c.view.Message = how, failure
		}
	})
}

// keepImage seals an image as a file: a PNG of 8-bit grey, which loses nothing.
func (s *Service) keepImage(ctx context.Context, id border.ID, best *shot) (border.Attachment, error) {
	i := &best.image
	var b bytes.Buffer
	defer func() { clear(b.Bytes()) }()
	grey := &image.Gray{Pix: i.Pixels, Stride: i.Width, Rect: image.Rect(0, 0, i.Width, i.Height)}
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, grey); err != nil {
		return border.Attachment{}, &border.Error{Code: border.Internal, Op: "write a finger image", Err: err}
	}
	a, err := s.cfg.Attachments.Put(ctx, s.bucket(), id, border.KindFinger, b.Bytes())
	if err != nil {
		return border.Attachment{}, err
	}
	a.Position, a.Width, a.Height, a.DPI, a.Finq = i.Position, i.Width, i.Height, i.DPI, best.Finq
	a.Scanner, a.Profile, a.Liveness, a.TakenAt = i.Scanner, i.Profile, i.Liveness, i.TakenAt.UTC().Truncate(time.Millisecond)
	return a, nil
}
