package bundle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/trace"
)

// Report says what came of a replay.
type Report struct {
	Scanner string `json:"scanner"`
	Profile string `json:"profile"`
	Garita  string `json:"garita"` // version that recorded

	Connections int `json:"connections"` // that were replayed
	Calls       int `json:"calls"`       // of the driver
	Frames      int `json:"frames"`
	Documents   int `json:"documents"`
	Images      int `json:"images"`

	Remarks     []string     `json:"remarks,omitempty"` // what could not be replayed
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is where the driver of today does something else than the one that was
// recorded. A connection is left at its first one.
type Difference struct {
	Line int    `json:"line"` // of trace.jsonl, from 1
	Text string `json:"text"`
}

// OK reports whether something was replayed, and nothing differed.
func (r *Report) OK() bool { return r.Calls > 0 && len(r.Differences) == 0 }

// stuck is how long a driver may do nothing at all.
const stuck = 40 * time.Second

// Replay runs the driver of the bundle's profile against what was recorded: each call
// that the supervisor made is made again, each byte that the driver sends is held to what
// it sent, and what it makes of the answers to what it made of them: firmware, documents
// by the lengths of their lines, images by their size, errors by their kind, and whether
// the scanner was then ready. It takes about as long as the scanner was busy; idle times
// are shortened.
//
// The error says that the bundle cannot be replayed at all.
func Replay(ctx context.Context, b *Bundle) (Report, error) {
	if b.Profile == nil {
		return Report{}, cannot("The bundle holds no profile, so there is no driver to run. Name one.")
	}
	p, err := profile.Parse(profileFile, b.Profile)
	if err != nil {
		return Report{}, err
	}
	return ReplayWith(ctx, p, b)
}

// ReplayWith is [Replay] with another profile than the bundle's: it shows what a change of
// the profile changes.
func ReplayWith(ctx context.Context, p *profile.Profile, b *Bundle) (Report, error) {
	r := Report{Scanner: b.Manifest.Scanner.ID, Profile: p.ID, Garita: b.Manifest.Garita}
	if p.Transport.Kind == "bridge" {
		return r, cannot("The scanner is driven by a program behind a bridge; what went over its wire is not known here.")
	}
	for from := 0; from < len(b.Trace); {
		to := from + 1
		for to < len(b.Trace) && b.Trace[to].Kind != trace.Open {
			to++
		}
		session := b.Trace[from:to]
		switch {
		case session[0].Kind != trace.Open: // the beginning is not kept, or nothing was opened
		case session[0].Name != p.Driver:
			r.Remarks = append(r.Remarks, fmt.Sprintf("From line %d on the scanner had another profile.", from+1))
		default:
			if err := replay(ctx, p, b, session, from+1, &r); err != nil {
				return r, err
			}
		}
		from = to
	}
	if r.Calls == 0 {
		return r, cannot("The bundle holds no connection from its beginning, so there is nothing to run.")
	}
	return r, nil
}

func cannot(message string) error {
	return &border.Error{Code: border.Invalid, Op: "replay a bundle", Message: message}
}

// rerun is the replay of one connection.
type rerun struct {
	*script
	bundle   *Bundle
	profile  *profile.Profile // with the quirks in force
	opened   *drivers.Opened
	driver   devices.Driver
	firmware string
	served   bool
	report   *Report
}

func replay(ctx context.Context, p *profile.Profile, b *Bundle, events []trace.Event, first int, r *Report) error {
	s := newScript(p, events, first)
	opener := drivers.Opener{
		Stream: func(context.Context, *profile.Profile, devices.Found) (devices.Stream, error) { return player{s}, nil },
		USB:    func(context.Context, *profile.Profile, devices.Found) (devices.USB, error) { return bus{s}, nil },
	}
	opened, err := opener.Open(ctx, p, devices.Found{}, drivers.Taps{})
	if err != nil {
		return err
	}
	defer opened.Close()
	r.Connections++
	play := &rerun{script: s, bundle: b, profile: p, opened: opened, report: r}
	for play.step(ctx) {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	r.Frames += s.frames
	if s.differs != nil {
		r.Differences = append(r.Differences, *s.differs)
	} else if s.at < len(s.events) && s.events[s.at].Kind == trace.Gap {
		r.Remarks = append(r.Remarks, fmt.Sprintf("Lines after %d could not be replayed: %d frames before them were not kept.", first+s.at, s.events[s.at].Times))
	}
	return nil
}

// step makes the next call; false if there is none.
func (r *rerun) step(ctx context.Context) bool {
	r.mu.Lock()
	e := r.head()
	if e == nil || r.differs != nil {
		r.mu.Unlock()
		return false
	}
	if e.Kind == trace.Driver {
		r.driver, r.profile = r.opened.Driver, r.p
		if e.Name != "" {
			r.profile = r.p.For(e.Name)
			r.driver = r.opened.With(r.profile)
		}
		r.next()
		r.mu.Unlock()
		return true
	}
	call := *e
	do := r.call(&call)
	if do == nil || r.driver == nil {
		r.next() // of no call: its beginning is not kept
		r.mu.Unlock()
		return true
	}
	if call.Kind == trace.Serve && !r.served {
		r.served = true
		r.judge()
	}
	calling, cancel := context.WithCancel(ctx)
	defer cancel()
	r.cancel, r.failed = cancel, false
	r.next()
	r.mu.Unlock()

	r.report.Calls++
	done := make(chan outcome, 1)
	go func() { done <- do(calling) }()
	out, ended := r.await(done)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel = func() {}
	if !ended {
		_ = r.differ("the driver neither goes on nor ends")
		return false
	}
	r.compare(calling, &call, out)
	return r.differs == nil
}

// outcome is what a call gave.
type outcome struct {
	firmware string
	image    *border.FingerImage
	err      error
}

// call returns what makes a recorded call again; nil if an event is none.
func (r *rerun) call(e *trace.Event) func(context.Context) outcome {
	d, name := r.driver, e.Name
	switch e.Kind {
	case trace.Start:
		return func(ctx context.Context) outcome {
			about, err := d.Start(ctx)
			return outcome{firmware: about.Firmware, err: err}
		}
	case trace.Test:
		return func(ctx context.Context) outcome { return outcome{err: d.SelfTest(ctx, name)} }
	case trace.Signal:
		return func(ctx context.Context) outcome { return outcome{err: d.Indicate(ctx, devices.Signal(name))} }
	case trace.Serve:
		return func(ctx context.Context) outcome { return outcome{err: d.Serve(ctx, r.emit)} }
	case trace.Capture:
		c, ok := d.(devices.Capturer)
		if !ok {
			return nil
		}
		return func(ctx context.Context) outcome {
			image, err := c.Capture(ctx, border.FingerRequest{})
			return outcome{image: &image, err: err}
		}
	default:
		return nil
	}
}

// await waits for the call, unless its driver does nothing any more.
func (r *rerun) await(done <-chan outcome) (outcome, bool) {
	idle := time.NewTimer(stuck)
	defer idle.Stop()
	for {
		r.mu.Lock()
		moved := r.moved
		r.mu.Unlock()
		select {
		case out := <-done:
			return out, true
		case <-moved:
			idle.Reset(stuck)
		case <-idle.C:
			return outcome{}, false
		}
	}
}

// emit holds a reading to the recorded one.
func (r *rerun) emit(got devices.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.differs != nil {
		return
	}
	var shape []int
	for _, l := range got.Lines {
		shape = append(shape, len(l))
	}
	e := r.head()
	switch {
	case e == nil:
		return
	case e.Kind != trace.Reading:
		_ = r.differ("the driver hands on %s; recorded was %s", reading(shape, trace.Fault(got.Err)), what(e))
	case !slices.Equal(e.Shape, shape) || e.Err != trace.Fault(got.Err) || e.Chatter != got.Chatter:
		_ = r.differ("the driver hands on %s; recorded was %s", reading(shape, trace.Fault(got.Err)), reading(e.Shape, e.Err))
	default:
		if got.Err == nil {
			r.report.Documents++
		}
		r.next()
	}
}

func reading(shape []int, err string) string {
	if err != "" {
		return "an error (" + err + ")"
	}
	return fmt.Sprintf("a document with lines of %d characters", shape)
}

// compare holds what a call gave to what it gave then.
func (r *rerun) compare(ctx context.Context, call *trace.Event, out outcome) {
	e := r.head()
	if r.differs != nil || e == nil {
		return
	}
	if out.image != nil && out.err == nil && e.Kind == trace.Image {
		// The sensor that is swiped gives images as long as the finger moved, which is not kept.
		if r.p.Driver != "egis0570" && (e.Shape[0] != out.image.Width || e.Shape[1] != out.image.Height) {
			_ = r.differ("the driver gives an image of %d × %d pixels; recorded were %d × %d", out.image.Width, out.image.Height, e.Shape[0], e.Shape[1])
			return
		}
		r.report.Images++
		r.next()
		e = r.head()
	}
	for e != nil && (e.Kind == trace.Silence || e.Kind == trace.In && e.Bytes == 0 && (e.Err == trace.Waited || e.Err == trace.Interrupted)) {
		r.next()
		e = r.head()
	}
	got := trace.Fault(out.err)
	if r.failed && got != "" {
		// The scanner is lost. Whether the call was given up at the same moment decides
		// what the driver still tries, all of it in vain, and which of the two it says.
		for e != nil && e.Kind != trace.End && e.Err != "" {
			r.next()
			e = r.head()
		}
		if e != nil && e.Kind == trace.End && e.Err == trace.Interrupted {
			got = trace.Interrupted
		}
	}
	if ctx.Err() != nil && (call.Kind == trace.Serve && out.err == nil || got == trace.Interrupted) {
		got = trace.Interrupted
	}
	switch {
	case e == nil:
	case e.Kind != trace.End:
		_ = r.differ("the driver's %s ended (%s); recorded was then %s", call.Kind, orNone(got), what(e))
	case e.Err != got:
		_ = r.differ("the driver's %s ended with %s; recorded was %s", call.Kind, orNone(got), orNone(e.Err))
	case call.Kind == trace.Start && e.Name != out.firmware && trace.Masked(e.Name) != out.firmware:
		_ = r.differ("the driver finds firmware %q; recorded was %q", out.firmware, e.Name)
	case got != "" && got != trace.Interrupted && !r.failed && e.Text != border.MessageOf(out.err):
		_ = r.differ("the driver says %q; recorded was %q", border.MessageOf(out.err), e.Text)
	default:
		if call.Kind == trace.Start {
			r.firmware = e.Name
		}
		r.next()
	}
}

func orNone(err string) string {
	if err == "" {
		return "no error"
	}
	return err
}

// judge holds the state that the scanner comes to after it was set up to the recorded one.
func (r *rerun) judge() {
	firmware := r.firmware
	if firmware == "" {
		firmware = r.bundle.Device.BCDDevice
	}
	want, text := string(devices.Ready), ""
	if verdict, advice := r.profile.Judge(firmware); verdict == profile.KnownBad || verdict == profile.BelowMinimum {
		want, text = string(devices.Degraded), advice
	}
	for i := r.at; i >= 0; i-- {
		switch e := &r.events[i]; e.Kind {
		case trace.State:
			if e.Name != want || e.Text != text {
				_ = r.differ("the scanner would be %s (%s); recorded was %s (%s)", want, text, e.Name, e.Text)
			}
			return
		case trace.End:
			return
		default:
		}
	}
}
