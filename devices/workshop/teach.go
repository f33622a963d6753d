package workshop

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drafts"
	"garita/devices/drivers"
	"garita/devices/learn"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

var _ border.Learning = (*Workshop)(nil)

// How long a person has to present documents, and how many are asked for.
const (
	teachPatience = 3 * time.Minute
	enough        = 3  // documents in a row that a profile must read well
	mostReadings  = 20 // of one try
)

// lesson is what Teach or Try is doing, or did last.
type lesson struct {
	patience time.Duration

	mu   sync.Mutex // guards the rest; a leaf
	run  *border.LearningRun
	stop context.CancelCauseFunc // nil while nothing is done
}

// errStopped is the cause of a context that a person has ended.
var errStopped = errors.New("stopped")

// Learning says what is being done, and which profiles were learned here.
func (w *Workshop) Learning() border.LearningView {
	v := border.LearningView{Nodes: w.nodes(), Profiles: w.cfg.Drafts.List()}
	w.lesson.mu.Lock()
	defer w.lesson.mu.Unlock()
	if w.lesson.run != nil {
		run := *w.lesson.run
		run.Documents = slices.Clone(run.Documents)
		v.Run = &run
	}
	return v
}

// nodes lists what an unknown reader may be behind.
func (w *Workshop) nodes() []border.LearnNode {
	out := []border.LearnNode{}
	for _, place := range []struct{ pattern, kind string }{{"serial/by-id/*", "serial"}, {"input/by-id/*-event-kbd", "wedge"}} {
		found, err := filepath.Glob(filepath.Join("/dev", place.pattern))
		if err != nil {
			continue // the patterns are right
		}
		for _, path := range w.Free(found) {
			out = append(out, border.LearnNode{Path: path, Kind: place.kind})
		}
	}
	return out
}

// Teach listens to a reader until a document whose lines are known was presented, and keeps
// the profile that reads it as a draft. The node must not be in use.
func (w *Workshop) Teach(ctx context.Context, r border.LearnRequest, by string) (out border.LearnedProfile, err error) {
	const op = "teach a reader"
	if r.Name = strings.TrimSpace(r.Name); r.Name == "" {
		return out, &border.Error{Code: border.Invalid, Op: op, Message: "Give the reader a name, for example its make and model."}
	}
	if r.ID == "" {
		r.ID = idOf(r.Name)
	}
	if len(r.ID) > maxID {
		return out, &border.Error{Code: border.Invalid, Op: op, Message: "The name is too long."}
	}
	if !filepath.IsAbs(r.Path) {
		return out, &border.Error{Code: border.Invalid, Op: op, Message: "The path must begin with '/', for example /dev/serial/by-id/…."}
	}
	if _, taken := w.cfg.Profiles.Get(r.ID); taken || slices.ContainsFunc(w.Scanners(), func(d border.ScannerDetail) bool { return d.ID == r.ID }) {
		return out, &border.Error{Code: border.Conflict, Op: op, Message: "Another profile or scanner of this station has this name. Choose another one."}
	}
	if len(w.Free([]string{r.Path})) == 0 {
		return out, &border.Error{Code: border.Conflict, Op: op, Message: "A scanner of this station has this port. Choose the port of the unknown reader."}
	}
	ctx, end, err := w.begin(ctx, border.LearningRun{Phase: border.LearnListening, Profile: r.ID, Path: r.Path})
	if err != nil {
		return out, err
	}
	defer func() { err = end(err) }()
	result, err := learn.Listen(ctx, r, learn.Settings(r, typed(r.Path)), listenAt(r.Path), func(s learn.Step) {
		w.note(func(run *border.LearningRun) {
			run.Baud, run.Layout, run.Attempt, run.Attempts = s.Baud, s.Layout, s.Attempt, s.Attempts
			if s.Heard {
				run.Bytes, run.Readable, run.Shapes, run.Message = s.Bytes, s.Readable, s.Shapes, s.Text
			}
		})
	})
	if err != nil {
		return out, err
	}
	if out, err = drafts.New(result.TOML, r.Path, result.Remarks); err != nil {
		return out, err
	}
	return w.cfg.Drafts.Put(out, by)
}

// maxID is what a scanner's name may have.
const maxID = 32

// idOf makes an id of a name: "Acme 9000 (USB)" is "learned-acme-9000-usb".
func idOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	id := strings.Join(append([]string{"learned"}, words...), "-")
	return strings.TrimRight(id[:min(len(id), maxID)], "-")
}

// Try opens the reader with a draft until three documents in a row were read well.
func (w *Workshop) Try(ctx context.Context, id, by string) (out border.LearnedProfile, err error) {
	draft, err := w.cfg.Drafts.Get(id)
	if err != nil {
		return out, err
	}
	p, err := profile.Parse(id+".toml", []byte(draft.TOML))
	if err != nil {
		return out, err
	}
	ctx, end, err := w.begin(ctx, border.LearningRun{Phase: border.LearnTrying, Profile: id, Path: draft.Path, Baud: p.Transport.Baud, Layout: p.Transport.Layout})
	if err != nil {
		return out, err
	}
	defer func() { err = end(err) }()
	t := trial{legible: w.cfg.Legible}
	if err = t.run(ctx, p, draft.Path, func() {
		w.note(func(run *border.LearningRun) { run.Documents = slices.Clone(t.read) })
	}); err != nil {
		return out, err
	}
	return w.cfg.Drafts.Tried(id, by, t.read[len(t.read)-enough:])
}

// trial reads documents with a draft.
type trial struct {
	legible func([]string) error
	read    []border.TriedReading
	seen    map[[32]byte]bool // digests of documents, while the trial lasts
	good    int               // in a row
}

// run reads until enough documents were read well.
func (t *trial) run(ctx context.Context, p *profile.Profile, path string, tell func()) (err error) {
	bus := devices.BusSerial
	if p.Transport.Kind == "wedge" {
		bus = devices.BusInput
	}
	opened, err := drivers.Opener{}.Open(ctx, p, devices.Found{Bus: bus, Path: path}, drivers.Taps{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if _, err := opened.Driver.Start(ctx); err != nil {
		return err
	}
	t.seen = make(map[[32]byte]bool)
	serving, over := context.WithCancel(ctx)
	defer over()
	err = opened.Driver.Serve(serving, func(r devices.Reading) {
		if r.Chatter || t.over() {
			return
		}
		t.take(r)
		tell()
		if t.over() {
			over()
		}
	})
	switch {
	case t.good == enough:
		return nil
	case t.over():
		return &border.Error{Code: border.Invalid, Op: "try a profile", Message: "The reader does not read three documents in a row well. Look at what did not count, and teach it again."}
	case err == nil:
		err = context.Cause(ctx)
	}
	if err == nil {
		err = &border.Error{Code: border.Internal, Op: "try a profile", Message: "The scanner's driver stopped. Unplug the scanner and plug it in again."}
	}
	return err
}

// over reports whether there is no more to read.
func (t *trial) over() bool { return t.good == enough || len(t.read) == mostReadings }

// take judges one reading.
func (t *trial) take(r devices.Reading) {
	reading := border.TriedReading{OK: true}
	for _, l := range r.Lines {
		reading.Lines = append(reading.Lines, len(l))
	}
	err := r.Err
	if err == nil && t.legible != nil {
		err = t.legible(r.Lines)
	}
	if err != nil {
		t.good = 0
		reading.OK, reading.Reason = false, border.MessageOf(err)
		if reading.Reason == "" {
			reading.Reason = "What came is no whole document. Present it again."
		}
	} else {
		t.good++
		digest := sha256.Sum256([]byte(strings.Join(r.Lines, "\n")))
		reading.Again = t.seen[digest]
		t.seen[digest] = true
	}
	t.read = append(t.read, reading)
}

// StopTeaching ends what Teach or Try is doing.
func (w *Workshop) StopTeaching() {
	w.lesson.mu.Lock()
	defer w.lesson.mu.Unlock()
	if w.lesson.stop != nil {
		w.lesson.stop(errStopped)
	}
}

// begin starts a lesson, of which there is one at a time; end says what came of it and must be
// called.
func (w *Workshop) begin(ctx context.Context, run border.LearningRun) (in context.Context, end func(error) error, err error) {
	if !w.learning.TryLock() {
		return nil, nil, &border.Error{Code: border.Conflict, Op: "teach a reader", Message: "Another reader is being learned. Wait until that has ended."}
	}
	in, timeout := context.WithTimeout(ctx, w.lesson.patience)
	in, stop := context.WithCancelCause(in)
	var watching sync.WaitGroup
	watching.Go(func() { // until end
		select {
		case <-w.cfg.Stop:
			stop(errStopped)
		case <-in.Done():
		}
	})
	run.Since = w.cfg.Clock.Now().UTC()
	run.Until = run.Since.Add(w.lesson.patience)
	w.lesson.mu.Lock()
	w.lesson.run, w.lesson.stop = &run, stop
	w.lesson.mu.Unlock()
	w.Notify()
	return in, func(err error) error {
		phase, err := outcome(in, err)
		stop(nil)
		timeout()
		watching.Wait()
		w.note(func(run *border.LearningRun) {
			if run.Phase = phase; phase != border.LearnDone {
				run.Message = border.MessageOf(err)
			}
		})
		w.lesson.mu.Lock()
		w.lesson.stop = nil
		w.lesson.mu.Unlock()
		w.learning.Unlock()
		return err
	}, nil
}

// outcome says what became of a lesson, and its error in plain words.
func outcome(ctx context.Context, err error) (phase string, _ error) {
	const op = "teach a reader"
	switch cause := context.Cause(ctx); {
	case err == nil:
		return border.LearnDone, nil
	case errors.Is(cause, errStopped):
		return border.LearnStopped, &border.Error{Code: border.Conflict, Op: op, Message: "It was stopped.", Err: err}
	case ctx.Err() != nil && border.MessageOf(err) != "": // what was wrong with what came last
		return border.LearnTimedOut, err
	case ctx.Err() != nil:
		return border.LearnTimedOut, &border.Error{Code: border.Unavailable, Op: op, Err: err,
			Message: "Nothing came from the reader. Check cable and path, then try again and present the specimen."}
	}
	return border.LearnFailed, err
}

// note changes what is said of the lesson.
func (w *Workshop) note(with func(*border.LearningRun)) {
	w.lesson.mu.Lock()
	with(w.lesson.run)
	w.lesson.mu.Unlock()
	w.Notify()
}

// Propose hands a draft that passed on to a second person.
func (w *Workshop) Propose(ctx context.Context, id, by string) (border.LearnedProfile, error) {
	if err := ctx.Err(); err != nil {
		return border.LearnedProfile{}, err
	}
	defer w.Notify()
	return w.cfg.Drafts.Propose(id, by)
}

// Decide puts a proposed profile in force at this station, or turns it down.
func (w *Workshop) Decide(ctx context.Context, id, hash, by string, accept bool) (border.LearnedProfile, error) {
	if err := ctx.Err(); err != nil {
		return border.LearnedProfile{}, err
	}
	defer w.Notify()
	added := false
	p, err := w.cfg.Drafts.Decide(id, hash, by, accept, func(p border.LearnedProfile) error {
		err := w.enforce(p)
		added = err == nil
		return err
	})
	if err != nil && added {
		err = errors.Join(err, w.Remove(id))
	}
	return p, err
}

func (w *Workshop) enforce(l border.LearnedProfile) error {
	p, err := profile.Parse("learned/"+l.ID+".toml", []byte(l.TOML))
	if err != nil {
		return err
	}
	return w.Add(supervisor.Scanner{ID: l.ID, Profile: l.ID, Path: l.Path}, p)
}

// Withdraw takes a profile out of force, or a proposal back. What is neither is deleted.
func (w *Workshop) Withdraw(ctx context.Context, id, by string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer w.Notify()
	was, err := w.cfg.Drafts.Withdraw(id, by)
	if err != nil || was.State != border.ProfileInForce {
		return err
	}
	if err := w.Remove(id); border.CodeOf(err) != border.NotFound { // it may not have come up: its name was taken
		return err
	}
	return nil
}

// Resume takes up the readers whose learned profiles are in force; it comes before the scanners run.
// A fault is that of one reader, which then is not served.
func (w *Workshop) Resume() (faults []error) {
	for _, p := range w.cfg.Drafts.List() {
		if p.State == border.ProfileInForce {
			if err := w.enforce(p); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return faults
}
