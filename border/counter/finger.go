package counter

import (
	"context"
	"slices"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
)

// fingerAttempts is how many images of one finger are looked at. The best is kept.
const fingerAttempts = 3

// fingerOrder is the order in which fingers are proposed: the little ones give too little.
var fingerOrder = [...]border.FingerPosition{2, 1, 3, 4, 7, 6, 8, 9}

// finger is what came of one finger that was asked for.
type finger struct {
	Position border.FingerPosition `json:"position"`
	Reason   string                `json:"reason"`
	Attempts int                   `json:"attempts,omitempty"`
	Code     string                `json:"code,omitempty"`     // why it cannot be taken
	Image    *border.Attachment    `json:"image,omitempty"`    // the best one; it is on the disk
	Liveness string                `json:"liveness,omitempty"` // attack if the sensor said so of any image
}

// liveness is what the sensor said of a finger: one attack is not made good by a better image.
func (f *finger) liveness() string {
	if f.Liveness == "" && f.Image != nil {
		return f.Image.Liveness
	}
	return f.Liveness
}

// finger returns what is known of a finger, and a new one if nothing is.
func (e *encounter) finger(position border.FingerPosition) finger {
	for _, f := range e.fingers {
		if f.Position == position {
			return f
		}
	}
	return finger{Position: position}
}

// put keeps what is known of a finger. e belongs to the caller.
func (e *encounter) put(f finger) {
	for i := range e.fingers {
		if e.fingers[i].Position == f.Position {
			e.fingers[i] = f
			return
		}
	}
	e.fingers = append(e.fingers, f)
}

// prints puts what came of the fingers, and the other files, into a record: into its header no more than how
// many. Of a capture under way only the images count that were looked at: none is kept. p.mu is held.
func (p *place) prints(e *encounter, h *border.Header, person *border.Personal) {
	if c := p.capture; c != nil && c.e == e && c.tried > 0 {
		e = &encounter{fingers: slices.Clone(e.fingers), files: e.files}
		f := e.finger(c.view.Position)
		c.into(&f)
		e.put(f)
	}
	for _, f := range e.fingers {
		if f.Image != nil {
			image := *f.Image
			image.Attempts, image.Reason, image.Liveness = f.Attempts, f.Reason, f.liveness()
			person.Attachments = append(person.Attachments, image)
			continue
		}
		person.FingersNotTaken = append(person.FingersNotTaken,
			border.FingerNotTaken{Position: f.Position, Code: f.Code, Reason: f.Reason, Attempts: f.Attempts, Liveness: f.Liveness})
	}
	h.FingersTaken, h.FingersNotTaken = len(person.Attachments), len(person.FingersNotTaken)
	person.Attachments = append(person.Attachments, e.files...)
	h.Attached = len(person.Attachments)
}

// fingersView is what the screen shows of the fingers. p.mu is held.
func (p *place) fingersView(e *encounter) *FingersView {
	v := &FingersView{Asked: make([]FingerView, 0, len(e.fingers))}
	for _, f := range e.fingers {
		a := FingerView{Position: f.Position, Reason: f.Reason, Attempts: f.Attempts, Code: f.Code, Liveness: f.liveness()}
		if f.Image != nil {
			a.Taken, a.Finq = true, f.Image.Finq
		}
		v.Asked = append(v.Asked, a)
	}
	for _, position := range fingerOrder {
		if f := e.finger(position); f.Image == nil && f.Code == "" && f.Attempts < fingerAttempts {
			v.Next = position
			break
		}
	}
	if c := p.capture; c != nil && c.e == e {
		view := c.view
		v.Capture = &view
	}
	return v
}

// fingerOf checks what is asked about a finger: one finger of one hand, of the open encounter,
// for a reason of the form's list.
func (s *Service) fingerOf(op string, p *place, id border.ID, position border.FingerPosition, reason string) (*encounter, error) {
	if !s.cfg.Form.Fingerprints() {
		return nil, &border.Error{Code: border.Conflict, Op: op, Message: "This country's form asks for no fingerprints."}
	}
	if position < 1 || position > 10 {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Choose one finger of one hand."}
	}
	if err := s.coded(op, form.FingerReasons, reason, ""); err != nil {
		return nil, err
	}
	e, err := p.inHand(op, id)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != e {
		return nil, &border.Error{Code: border.Conflict, Op: op, Message: "Put this person on the screen first."}
	}
	return e, nil
}

// AskFinger has the counter's scanner take a finger of the open encounter. It returns at once; the view
// says how it goes on. Up to three images are looked at, and the best is kept. Which finger is
// presented no scanner can see: the officer does.
//
// [border.Conflict]: a finger is being taken already, three images of it were looked at before, the
// encounter is of a paper sheet, or the station goes without fingerprints. [border.NotFound]: the station has no fingerprint scanner.
func (s *Service) AskFinger(ctx context.Context, at At, id border.ID, position border.FingerPosition, reason string) error {
	const op = "ask for a finger"
	return s.work(ctx, op, at, func(_ context.Context, p *place, _ Officer) error {
		e, err := s.fingerOf(op, p, id, position, reason)
		if err != nil {
			return err
		}
		conflict := func(message string) error { return &border.Error{Code: border.Conflict, Op: op, Message: message} }
		p.mu.Lock()
		busy := p.capture != nil && !p.capture.over
		p.mu.Unlock()
		switch st := s.cfg.Journal.Storage().State; {
		case e.paper != nil: // who stands there now need not be who crossed then
			return conflict("A paper sheet is entered later: no finger is taken for it. Note the finger as not taken.")
		case s.cfg.Fingers == nil || s.cfg.Attachments == nil:
			return &border.Error{Code: border.NotFound, Op: op, Message: "This station has no fingerprint scanner. Note the finger as not taken."}
		case s.degraded() != nil:
			return errDegraded
		case busy:
			return conflict("A finger is being taken at this counter. Cancel that first.")
		case e.finger(position).Attempts >= fingerAttempts:
			return conflict("Three images of this finger were looked at. Ask for another finger, or note why it cannot be taken.")
		case st != journal.StorageOK && st != journal.StorageLow:
			return &border.Error{Code: border.StorageFull, Op: op, Message: "The disk keeps no images now. Note the finger as not taken, and call the technician."}
		}
		return s.begin(p, e, position, reason)
	})
}

// CancelFinger ends the capture that is under way at a counter. Its images are thrown away. If none is,
// nothing happens.
func (s *Service) CancelFinger(ctx context.Context, at At, id border.ID) error {
	const op = "cancel a fingerprint"
	return s.work(ctx, op, at, func(_ context.Context, p *place, _ Officer) error {
		p.mu.Lock()
		c := p.capture
		p.mu.Unlock()
		if c != nil && c.e.id == id {
			p.cancelCapture(c)
		}
		return nil
	})
}

// FingerNotTaken notes why a finger of the open encounter cannot be taken. It speaks against nobody:
// verdict, outcomes and what else is asked stay the same. A capture of that finger is cancelled.
func (s *Service) FingerNotTaken(ctx context.Context, at At, id border.ID, position border.FingerPosition, reason, code string) error {
	const op = "note a finger as not taken"
	if err := s.coded(op, form.FingerNotTaken, code, ""); err != nil {
		return err
	}
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		e, err := s.fingerOf(op, p, id, position, reason)
		if err != nil {
			return err
		}
		if code == form.NotTakenDegraded && s.degraded() == nil {
			return &border.Error{Code: border.Conflict, Op: op, Message: "The station takes fingerprints: give another reason why this one cannot be taken."}
		}
		next := e.copy()
		f := next.finger(position)
		if f.Image != nil {
			return &border.Error{Code: border.Conflict, Op: op, Message: "An image of this finger is kept already."}
		}
		p.mu.Lock()
		c := p.capture
		p.mu.Unlock()
		if c != nil && c.view.Position == position {
			p.cancelCapture(c)
		}
		f.Reason, f.Code = reason, code
		next.put(f)
		return s.replace(ctx, p, e, next)
	})
}

// rename puts the checks to an encounter that was keyed as another person's. Nobody can say any more
// whose its images are: they go, and a capture under way ends. p.work is held.
func (s *Service) rename(ctx context.Context, p *place, e, next *encounter) error {
	p.change(func() {
		if c := p.capture; c != nil && c.e == e {
			c.stop(CaptureCancelled, "")
			c.tried, c.attack = 0, false
		}
	})
	old := attachments(next.fingers, next.files)
	next.files = nil
	for i := range next.fingers {
		if f := &next.fingers[i]; f.Image != nil {
			f.Image, f.Attempts, f.Liveness = nil, 0, ""
		}
	}
	if err := s.recheck(ctx, p, e, next); err != nil {
		return err
	}
	p.change(func() {
		e.fingers, e.files = next.fingers, next.files
		if len(old) > 0 {
			p.notice = "Name or birth date was changed: fingerprints, portrait and papers that were taken before are thrown away. Take them again."
		}
	})
	if next.durable {
		s.release(ctx, e.id, old)
	}
	return nil
}

// attachments lists the files of fingers, and others.
func attachments(fingers []finger, files []border.Attachment) (out []border.Digest) {
	for _, f := range fingers {
		if f.Image != nil {
			out = append(out, f.Image.Hash)
		}
	}
	for _, a := range files {
		out = append(out, a.Hash)
	}
	return slices.Clip(out)
}
