package counter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/seal"
)

// sensor is a fingerprint scanner at each counter. It waits for a finger as a real one does.
type sensor struct {
	mu      sync.Mutex
	fingers map[border.CounterID]chan border.FingerImage
	fault   error
	away    bool // it belongs to no counter
	linger  time.Duration
}

func newSensor() *sensor {
	return &sensor{fingers: map[border.CounterID]chan border.FingerImage{"1": make(chan border.FingerImage), "2": make(chan border.FingerImage), "3": make(chan border.FingerImage)}}
}

// fails makes the sensor fail from the next image on; nil: it works again.
func (s *sensor) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

func (s *sensor) status() (all []border.ScannerStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.fingers {
		st := border.ScannerStatus{ID: "finger-" + string(c), Counter: c, Kind: "fingerprint", State: "ready"}
		if s.away {
			st.Counter = ""
		}
		all = append(all, st)
	}
	return all
}

func (s *sensor) CaptureFinger(ctx context.Context, r border.FingerRequest) (border.FingerImage, error) {
	s.mu.Lock()
	fault, fingers, linger := s.fault, s.fingers[r.Counter], s.linger
	s.mu.Unlock()
	if fault != nil {
		return border.FingerImage{}, fault
	}
	select {
	case i := <-fingers:
		i.Pixels = bytes.Clone(i.Pixels) // whoever gets it wipes it
		time.Sleep(linger)               // reading it takes time, and cannot be stopped
		i.Position, i.Scanner, i.Profile, i.TakenAt = r.Position, "finger-"+string(r.Counter), strings.Repeat("ab", 32), time.Unix(1_790_000_000, 0)
		return i, nil
	case <-ctx.Done():
		return border.FingerImage{}, ctx.Err()
	}
}

// press puts a finger on a counter's sensor when that waits for one.
func (r *rig) press(c border.CounterID, i border.FingerImage) {
	r.t.Helper()
	select {
	case r.sensor.fingers[c] <- i:
	case <-time.After(20 * time.Second):
		r.t.Fatal("no finger was asked for")
	}
}

// ridges draws nobody's finger, on the upper part of the glass: 1 covers it, a fifth is just
// enough, 0 is none.
func ridges(part float64, dpi int) border.FingerImage {
	width, height := dpi*16/25, dpi*18/25
	i := border.FingerImage{Width: width, Height: height, DPI: dpi, Liveness: "live", Pixels: make([]byte, width*height)}
	for y := range height {
		for x := range width {
			i.Pixels[y*width+x] = 230
			if float64(y) < part*float64(height) {
				r := math.Hypot(float64(x-width/2)*1.2, float64(y)-0.55*float64(height)) / (0.018 * float64(dpi))
				i.Pixels[y*width+x] = byte(140 + 90*math.Sin(2*math.Pi*r))
			}
		}
	}
	return i
}

var (
	sharp = ridges(1, 500)
	poor  = ridges(0.25, 500)
	blank = ridges(0, 500)
	quick = ridges(1, 250)
)

func (r *rig) ask(c border.CounterID, position border.FingerPosition) error {
	r.t.Helper()
	return r.s.AskFinger(r.t.Context(), counter.At{Counter: c, Officer: "17"}, r.view(c).Encounter.ID, position, "enrolment")
}

// captured waits until a capture has ended, and returns what is shown of it.
func (r *rig) captured(c border.CounterID) counter.CaptureView {
	r.t.Helper()
	var got counter.CaptureView
	r.wait("the end of a capture", func() bool {
		e := r.view(c).Encounter
		if e == nil || e.Fingers.Capture == nil {
			return false
		}
		got = *e.Fingers.Capture
		return got.State != counter.CapturePlace && got.State != counter.CaptureLift && got.State != counter.CaptureKeeping
	})
	return got
}

func (r *rig) files() []border.Digest {
	r.t.Helper()
	list, err := seal.ListAttachments(filepath.Join(r.dir, seal.AttachmentsDir))
	check(r.t, err)
	return list
}

func (r *rig) personal(ev *border.Event) (p border.Personal) {
	r.t.Helper()
	plain, err := r.keys.Open(ev, border.PartPersonal)
	check(r.t, err)
	check(r.t, json.Unmarshal(plain, &p))
	return p
}

// From the sensor to the record: judged, sealed as a file, named by the crossing, counted in
// its header, and readable again for that encounter alone.
func TestFingerTaken(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	before := toJSON(t, r.view("1").Encounter.Verdict)
	if next := r.view("1").Encounter.Fingers.Next; next != 2 {
		t.Errorf("first proposed is %d, want the right index finger", next)
	}
	check(t, r.ask("1", 2))
	if c := r.view("1").Encounter.Fingers.Capture; c == nil || c.State != counter.CapturePlace || c.Attempt != 1 || c.Attempts != 3 {
		t.Errorf("shown: %+v", c)
	}
	wantCode(t, r.ask("1", 1), border.Conflict) // one at a time
	r.press("1", sharp)
	if c := r.captured("1"); c.State != counter.CaptureKept || c.Finq < 55 {
		t.Fatalf("it ended %+v", c)
	}
	v := r.view("1").Encounter.Fingers
	if len(v.Asked) != 1 || !v.Asked[0].Taken || v.Asked[0].Attempts != 1 || v.Next != 1 {
		t.Errorf("shown: %+v", v)
	}
	if now := toJSON(t, r.view("1").Encounter.Verdict); now != before {
		t.Error("a finger changed the verdict")
	}
	r.restart() // the draft names it, so it is there again and is not swept
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	if v := r.view("1").Encounter.Fingers; len(v.Asked) != 1 || !v.Asked[0].Taken {
		t.Fatalf("after a restart: %+v", v)
	}
	at := counter.At{Counter: "1", Officer: "17"}
	check(t, r.s.FingerNotTaken(t.Context(), at, r.view("1").Encounter.ID, 7, "enrolment", "missing"))
	rec := r.decide(r.decision("1", border.Admitted))
	ev, h := r.event(rec.Crossing)
	p := r.personal(&ev)
	if h.FingersTaken != 1 || h.FingersNotTaken != 1 || len(p.Attachments) != 1 || len(p.FingersNotTaken) != 1 {
		t.Fatalf("header %d and %d, personal %+v, %+v", h.FingersTaken, h.FingersNotTaken, p.Attachments, p.FingersNotTaken)
	}
	if n := p.FingersNotTaken[0]; n.Position != 7 || n.Code != "missing" || n.Reason != "enrolment" || strings.Contains(string(ev.Header), "missing") {
		t.Errorf("not taken: %+v; the header: %s", n, ev.Header)
	}
	a := p.Attachments[0]
	if a.Position != 2 || a.Width != 320 || a.Height != 360 || a.DPI != 500 || a.Finq < 55 || a.Scanner != "finger-1" || len(a.Profile) != 64 ||
		a.Liveness != "live" || a.Attempts != 1 || a.Reason != "enrolment" || a.TakenAt.IsZero() {
		t.Errorf("the record: %+v", a)
	}
	files, err := seal.OpenAttachments(r.dir, r.keys)
	check(t, err)
	plain, err := files.Open(rec.Crossing, &a)
	check(t, err)
	image, err := png.Decode(bytes.NewReader(plain))
	check(t, err)
	for _, at := range [][2]int{{0, 0}, {160, 200}, {319, 359}} {
		if g, _, _, _ := image.At(at[0], at[1]).RGBA(); byte(g>>8) != sharp.Pixels[at[1]*320+at[0]] {
			t.Error("the image is not the one that was taken")
		}
	}
	if _, err := files.Open(border.ID{1}, &a); err == nil {
		t.Error("it opens for another encounter")
	}
	clearOf(t, r.dir, sharp.Pixels[1000:1100])
}

// clearOf looks for bytes in every file below a folder.
func clearOf(t *testing.T, dir string, needle []byte) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, needle) || bytes.Contains(b, []byte("\x89PNG")) {
			t.Errorf("%s holds an image in the clear", d.Name())
		}
		return err
	}))
}

// Three images are looked at, and the best is kept; a better one later takes its file's place.
func TestBestOfThree(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	for _, i := range []border.FingerImage{blank, poor, blank} {
		r.press("1", i)
	}
	c := r.captured("1")
	if c.State != counter.CaptureKept || c.Attempt != 3 {
		t.Fatalf("it ended %+v", c)
	}
	f := r.view("1").Encounter.Fingers.Asked[0]
	if f.Attempts != 3 || !f.Taken || f.Finq < 25 || f.Finq >= 55 || len(r.files()) != 1 {
		t.Errorf("kept: %+v, %d files", f, len(r.files()))
	}
	wantCode(t, r.ask("1", 2), border.Conflict) // three were enough

	check(t, r.ask("1", 1))
	for range 3 {
		r.press("1", blank)
	}
	if c := r.captured("1"); c.State != counter.CapturePoor || c.Problem != "no_finger" {
		t.Errorf("three blank images: %+v", c)
	}
	check(t, r.ask("1", 3))
	r.press("1", poor)
	r.sensor.mu.Lock()
	r.sensor.fault = &border.Error{Code: border.Unavailable, Message: "The scanner was unplugged. Plug it in again."}
	r.sensor.mu.Unlock()
	if c := r.captured("1"); c.State != counter.CaptureKept {
		t.Errorf("unplugged after a first image: %+v", c)
	}
	check(t, r.ask("1", 4))
	if c := r.captured("1"); c.State != counter.CaptureFailed || !strings.Contains(c.Message, "unplugged") {
		t.Errorf("unplugged: %+v", c)
	}
	r.sensor.mu.Lock()
	r.sensor.fault = nil
	r.sensor.mu.Unlock()
	check(t, r.ask("1", 3))
	r.press("1", sharp)
	r.captured("1")
	if len(r.files()) != 2 { // of index and middle: the first image of the middle finger is gone
		t.Errorf("%d files", len(r.files()))
	}
	rec := r.decide(r.decision("1", border.Admitted))
	ev, h := r.event(rec.Crossing)
	p := r.personal(&ev)
	if h.FingersTaken != 2 || h.FingersNotTaken != 1 || p.FingersNotTaken[0].Position != 1 || p.FingersNotTaken[0].Code != "" || p.FingersNotTaken[0].Attempts != 3 {
		t.Errorf("recorded: %+v, %+v", p.Attachments, p.FingersNotTaken)
	}
}

func TestFingerRefused(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.scan("1", passport(2))
	e, at := r.view("1").Encounter.ID, counter.At{Counter: "1", Officer: "17"}
	waiting := r.view("1").Queue[0].ID
	ctx := t.Context()
	wantCode(t, r.s.AskFinger(ctx, at, e, 0, "enrolment"), border.Invalid)
	wantCode(t, r.s.AskFinger(ctx, at, e, 13, "enrolment"), border.Invalid)
	wantCode(t, r.s.AskFinger(ctx, at, e, 2, "curiosity"), border.Invalid)
	wantCode(t, r.s.AskFinger(ctx, at, waiting, 2, "enrolment"), border.Conflict)
	wantCode(t, r.s.AskFinger(ctx, counter.At{Counter: "2", Officer: "17"}, e, 2, "enrolment"), border.Conflict)
	wantCode(t, r.s.AskFinger(ctx, counter.At{Counter: "1", Officer: "99"}, e, 2, "enrolment"), border.Forbidden)
	wantCode(t, r.s.FingerNotTaken(ctx, at, e, 2, "enrolment", "dislike"), border.Invalid)
	wantCode(t, r.s.FingerNotTaken(ctx, at, e, 2, "enrolment", form.NotTakenDegraded), border.Conflict)
	if f := r.view("1").Encounter.Fingers; len(f.Asked) != 0 || f.Capture != nil || r.j.Head().Seq != 1 {
		t.Error("what was refused left a trace")
	}
	check(t, r.s.FingerNotTaken(ctx, at, e, 2, "enrolment", "bandage"))
	check(t, r.ask("1", 2)) // it came off after all
	r.press("1", sharp)
	r.captured("1")
	if f := r.view("1").Encounter.Fingers.Asked; len(f) != 1 || !f[0].Taken || f[0].Code != "" {
		t.Errorf("%+v", f)
	}
	wantCode(t, r.s.FingerNotTaken(ctx, at, e, 2, "enrolment", "missing"), border.Conflict)
}

// A capture that is cancelled, or whose scanner goes to another counter, leaves no image.
func TestFingerThrownAway(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	at := counter.At{Counter: "1", Officer: "17"}
	e := r.view("1").Encounter.ID
	check(t, r.s.CancelFinger(t.Context(), at, e)) // none is under way
	check(t, r.ask("1", 2))
	r.press("1", poor) // would be enough
	r.wait("the first image", func() bool { return r.view("1").Encounter.Fingers.Capture.State == counter.CaptureLift })
	check(t, r.s.CancelFinger(t.Context(), at, e))
	if c := r.captured("1"); c.State != counter.CaptureCancelled {
		t.Errorf("%+v", c)
	}
	r.wait("the count of images", func() bool { f := r.view("1").Encounter.Fingers.Asked; return len(f) == 1 && f[0].Attempts == 1 })
	if f := r.view("1").Encounter.Fingers.Asked[0]; f.Taken || len(r.files()) != 0 {
		t.Errorf("cancelled, and kept: %+v", f)
	}
	check(t, r.ask("1", 1))
	r.sensor.mu.Lock()
	r.sensor.away = true
	r.sensor.mu.Unlock()
	r.press("1", sharp)
	if c := r.captured("1"); c.State != counter.CaptureFailed || !strings.Contains(c.Message, "another counter") {
		t.Errorf("%+v", c)
	}
	if n := len(r.files()); n != 0 {
		t.Errorf("%d images were kept", n)
	}
}

// Whatever happens at the very moment when an image arrives, it lands with the person it was asked of
// or nowhere: nobody else's record names a finger, and no file is left over that a record does not name.
func TestFingerNeverLandsElsewhere(t *testing.T) {
	r := newRig(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	at := counter.At{Counter: "1", Officer: "17"}
	asked := map[border.ID]border.FingerPosition{}
	rounds := 40
	if os.Getenv("GARITA_SOAK") != "" {
		rounds = 1000
	}
	r.sensor.linger = 300 * time.Microsecond
	stop := make(chan struct{})
	var pressing sync.WaitGroup
	pressing.Go(func() { // somebody's finger lies on the glass all the time
		for {
			select {
			case r.sensor.fingers["1"] <- quick:
			case <-stop:
				return
			}
		}
	})
	kept := 0
	for n := range rounds {
		r.wall.pass(time.Millisecond) // the rig's ids repeat within a moment
		r.scan("1", passport(n))
		if r.view("1").Encounter == nil {
			check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
		}
		d := r.decision("1", border.Admitted)
		position := border.FingerPosition(1 + n%10)
		asked[d.Encounter] = position
		check(t, r.s.AskFinger(t.Context(), at, d.Encounter, position, "enrolment"))
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		switch random.IntN(4) {
		case 0:
			check(t, r.s.Refer(t.Context(), counter.Referral{At: at, Encounter: d.Encounter, Reason: "document"}))
		case 1:
			check(t, r.s.Abandon(t.Context(), at, d.Encounter, "mistake", ""))
		case 2:
			check(t, r.s.CancelFinger(t.Context(), at, d.Encounter))
			fallthrough
		default:
			r.decide(d)
		}
	}
	close(stop)
	pressing.Wait()
	for _, item := range r.view("1").Referrals {
		check(t, r.s.TakeReferral(t.Context(), at, item.ID))
		r.decide(r.decision("1", border.Admitted))
	}
	named := map[border.Digest]bool{}
	files, err := seal.OpenAttachments(r.dir, r.keys)
	check(t, err)
	for id, position := range asked {
		ev, err := r.j.Crossing(t.Context(), id)
		if border.CodeOf(err) == border.NotFound {
			continue // abandoned
		}
		check(t, err)
		for _, a := range r.personal(&ev).Attachments {
			kept++
			named[a.Hash] = true
			if a.Position != position {
				t.Errorf("position %d was recorded for somebody who was asked for %d", a.Position, position)
			}
			if _, err := files.Open(id, &a); err != nil {
				t.Errorf("the image of an encounter does not open for it: %v", err)
			}
		}
	}
	t.Logf("%d of %d encounters ended with an image", kept, rounds)
	for _, h := range r.files() {
		if !named[h] {
			t.Errorf("a file is left that no record names")
		}
	}
}

// A scanner that is given away between two images takes the first one with it into nothing.
func TestFingerOfAScannerGivenAway(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	r.press("1", poor) // would be enough
	r.wait("the first image", func() bool { return r.view("1").Encounter.Fingers.Capture.State == counter.CaptureLift })
	r.sensor.mu.Lock()
	r.sensor.away, r.sensor.fault = true, &border.Error{Code: border.Unavailable, Message: "Gone."}
	r.sensor.mu.Unlock()
	if c := r.captured("1"); c.State != counter.CaptureFailed || len(r.files()) != 0 {
		t.Errorf("%+v, %d files", c, len(r.files()))
	}
	if f := r.view("1").Encounter.Fingers.Asked; len(f) != 1 || f[0].Taken || f[0].Attempts != 1 {
		t.Errorf("%+v", f)
	}
}

// Two documents are not joined over a finger: nobody can say any more whose it was.
func TestFingerStaysWithItsEncounter(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.take("1", 2)
	r.restart() // it waits now
	r.scan("1", passport(2))
	v := r.view("1")
	check(t, r.s.CallUp(t.Context(), "1", v.Queue[1].ID, "17"))
	wantCode(t, r.s.Join(t.Context(), counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID, v.Queue[0].ID), border.Conflict)
}

// A clock that is put back does not make a time without fingerprints longer, and what the journal says cannot
// either.
func TestDegradedEnds(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	d := counter.Degradation{At: at, Agreement: seconded("50"), Reason: "power", For: 24 * time.Hour}
	check(t, r.s.DegradeBiometrics(t.Context(), d))
	if v := r.view("3").Status.Degraded; v == nil || v.By != "Supervisor Fifty" || v.Until.Sub(v.Since) != 24*time.Hour {
		t.Fatalf("shown: %+v", v)
	}
	r.wall.pass(-time.Minute)
	if v := r.view("3").Status.Degraded; v != nil {
		t.Errorf("a clock put back shows %+v", v)
	}
	r.wall.pass(24 * time.Hour)
	r.restart()
	if v := r.view("3").Status.Degraded; v == nil || v.Reason != "power" {
		t.Errorf("a minute before its end: %+v", v)
	}
	ev, err := r.j.State(t.Context(), journal.StateBiometrics)
	check(t, err)
	h, err := ev.ReadHeader()
	check(t, err)
	if h.Type != border.TypeBiometricsDegraded || h.Ground != "power" || h.Officer == "" || h.Second == "" || h.Officer == h.Second || h.Until.IsZero() || len(ev.Parts) != 0 {
		t.Errorf("recorded: %s, %d parts", ev.Header, len(ev.Parts))
	}
	r.wall.pass(time.Minute)
	if v := r.view("3").Status.Degraded; v != nil {
		t.Errorf("at its end: %+v", v)
	}
	check(t, r.s.DegradeBiometrics(t.Context(), d))
	check(t, r.s.RestoreBiometrics(t.Context(), at))
	wantCode(t, r.s.RestoreBiometrics(t.Context(), at), border.Conflict)
	for _, wrong := range []counter.Degradation{{At: at, Agreement: seconded("18"), Reason: "power", For: time.Hour}, {At: at, Agreement: seconded("50"), Reason: "rain", For: time.Hour},
		{At: at, Agreement: seconded("50"), Reason: "power", For: 24*time.Hour + time.Minute}, {At: at, Agreement: seconded("50"), Reason: "power"}} {
		if err := r.s.DegradeBiometrics(t.Context(), wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}
