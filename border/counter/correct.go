package counter

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/seal"
)

// ownMistake is how long an officer may correct an own crossing alone.
const ownMistake = 10 * time.Minute

// Correct records how a crossing of this station should have been recorded. What was recorded
// first stays; the correction is an event of its own and holds the crossing whole. Sent again
// with the same Change it is recorded once.
func (s *Service) Correct(ctx context.Context, c Correction) (Recorded, error) {
	const op = "correct a crossing"
	if err := s.coded(op, "correction_reasons", c.Reason, c.Note); err != nil {
		return Recorded{}, err
	}
	if err := plausible(op, c.Values); err != nil {
		return Recorded{}, err
	}
	if c.Change.IsZero() || c.Change == c.Crossing {
		return Recorded{}, &border.Error{Code: border.Invalid, Op: op, Message: "A correction needs an id of its own."}
	}
	p, err := s.place(c.Counter)
	if err != nil {
		return Recorded{}, err
	}
	officer, err := s.officer(c.Officer)
	if err != nil {
		return Recorded{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	p.work.Lock()
	defer p.work.Unlock()
	s.changing.Lock() // each change holds the crossing whole: it must have seen the one before
	defer s.changing.Unlock()
	first, err := s.cfg.Journal.Crossing(ctx, c.Crossing)
	if err != nil {
		return Recorded{}, err
	}
	if r, err := s.repeated(ctx, c.Change, c.Crossing); err != nil || r != nil {
		return repeatedAs(r, err)
	}
	held, err := s.standing(ctx, &first)
	if err != nil {
		return Recorded{}, err
	}
	if held == nil {
		return Recorded{}, &border.Error{Code: border.NotFound, Op: op, Message: "This station holds no such crossing."}
	}
	second, err := s.countersigned(op, &first, officer, c.Agreement)
	if err != nil {
		return Recorded{}, err
	}
	if err := s.mayBecome(&c, &first, held, officer); err != nil {
		return Recorded{}, err
	}
	if err := s.continues(ctx, &c, &second); err != nil {
		return Recorded{}, err
	}
	entry, err := s.corrected(ctx, p, &c, &first, held, officer, second)
	if err != nil {
		return Recorded{}, err
	}
	r, err := s.append(ctx, officer, entry)
	if err != nil {
		return Recorded{}, err
	}
	return changed(r, c.Change, c.Crossing)
}

// changed answers a correction or an extension.
func changed(r journal.Receipt, change, crossing border.ID) (Recorded, error) {
	if r.Replayed && (r.Header.Change == nil || *r.Header.Change != change || *r.Header.Crossing != crossing) {
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "record a change", Message: "This id is that of another record. Use a new one."}
	}
	return Recorded{Crossing: crossing, Key: r.Key, Outcome: border.Outcome(r.Header.Outcome), RecordedAt: r.RecordedAt, Replayed: r.Replayed}, nil
}

// repeated answers a correction or an extension that was recorded before, whatever holds now:
// it is the first one's answer. nil: it was not.
func (s *Service) repeated(ctx context.Context, change, crossing border.ID) (*Recorded, error) {
	changes, err := s.cfg.Journal.Amendments(ctx, crossing)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		h, err := changes[i].ReadHeader()
		if err == nil && h.Change != nil && *h.Change == change {
			return &Recorded{Crossing: crossing, Key: changes[i].Key, Outcome: border.Outcome(h.Outcome), RecordedAt: h.RecordedAt, Replayed: true}, nil
		}
	}
	return nil, nil //nolint:nilnil // documented
}

func repeatedAs(r *Recorded, err error) (Recorded, error) {
	if err != nil {
		return Recorded{}, err
	}
	return *r, nil
}

// mayBecome holds a correction to what a decision is held to: a crossing becomes a refusal
// only with a supervisor, and neither that nor no movement at all while a need for protection
// is noted with it that nobody lifted.
func (s *Service) mayBecome(c *Correction, first *border.Event, held *inForce, officer Officer) error {
	if string(c.Outcome) == held.header.Outcome || c.Outcome != border.Refused && c.Outcome != border.Withdrawn {
		return nil
	}
	if needs, ok := s.needsOf(first); !ok || slices.ContainsFunc(needs, unlifted) {
		return protectedError("correct a crossing")
	}
	if c.Outcome == border.Refused && s.cfg.Form.SupervisorRefuses() {
		_, err := s.bySupervisor("correct a crossing", actRefuse, officer, c.Agreement, "")
		return err
	}
	return nil
}

// needsOf returns the needs for protection that a crossing was recorded with. Not ok: there
// are some, and they cannot be read any more.
func (s *Service) needsOf(first *border.Event) (needs []border.Need, ok bool) {
	plain, err := s.cfg.Keys.Open(first, border.PartProtection)
	if border.CodeOf(err) == border.NotFound {
		return nil, true
	}
	var p border.Protection
	if err != nil || json.Unmarshal(plain, &p) != nil {
		return nil, false
	}
	return p.Needs, true
}

// countersigned finds the second officer, whom only an own mistake of the last ten minutes
// does without. While the clock cannot be trusted nothing counts as recent.
func (s *Service) countersigned(op string, first *border.Event, officer Officer, a Agreement) (agreed, error) {
	h, err := first.ReadHeader()
	if err != nil {
		return agreed{}, err
	}
	age := s.cfg.Clock.Now().Sub(h.RecordedAt)
	own := h.Officer == s.cfg.Blinder.Officer(officer.Badge)
	if a == (Agreement{}) && own && age >= 0 && age <= ownMistake && s.cfg.Clock.Trust().State != border.ClockUntrusted {
		return agreed{}, nil
	}
	if a == (Agreement{}) {
		return agreed{}, &border.Error{Code: border.SecondNeeded, Op: op,
			Message: "A crossing of somebody else, or of more than ten minutes ago, is corrected with a second officer, or with the reason why none can be reached."}
	}
	return s.agree(op, actLateCorrect, officer, a, s.officer, s.near(officer, a, s.officer))
}

// continues checks the word that an exit ends the stay of an entry: who did not see both on one
// screen needs a second officer for it, and an entry that is known here must be one.
func (s *Service) continues(ctx context.Context, c *Correction, second *agreed) error {
	const op = "correct a crossing"
	if c.Continues == nil {
		return nil
	}
	if second.by.Badge == "" {
		return &border.Error{Code: border.SecondNeeded, Op: op, Message: "That an exit ends another document's stay is said by two officers. Have a second one agree."}
	}
	ev, err := s.cfg.Journal.Crossing(ctx, *c.Continues)
	if border.CodeOf(err) == border.NotFound {
		return nil // recorded at another station: the hub looks whether it fits
	}
	if err != nil {
		return err
	}
	entry, err := s.standing(ctx, &ev)
	if err == nil && (entry == nil || entry.header.Direction != border.Entry || entry.header.Outcome != string(border.Admitted)) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "What the exit is to end must be an admitted entry."}
	}
	return err
}

// corrected makes the entry of a correction: the crossing in force, with what changes.
func (s *Service) corrected(ctx context.Context, p *place, c *Correction, first *border.Event, held *inForce, officer Officer, second agreed) (*journal.Entry, error) {
	const op = "correct a crossing"
	plain, err := s.cfg.Keys.Open(held.event, border.PartPersonal)
	if err != nil {
		return nil, &border.Error{Code: border.Conflict, Op: op, Err: err,
			Message: "The particulars of this crossing cannot be read any more, so it cannot be corrected."}
	}
	var person border.Personal
	if err := json.Unmarshal(plain, &person); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op} // the cause could repeat content
	}
	h := held.header
	e := restoreEncounter(&h, &person)
	e.needs, _ = s.needsOf(first) // for what is asked of a child alone; they stay where they are
	if c.Particulars != nil {
		k := *c.Particulars
		if k.Kind != "" || e.identity == border.IdentityRead { // it was read, and is keyed now
			e.identity = s.restsOn(&k, border.IdentityKeyed)
		}
		if err := s.validParticulars(op, &k, e.identity); err != nil {
			return nil, err
		}
		e.paperwork = s.keyed(p, &k)
	}
	if err := s.amend(&h, c, e, &person); err != nil {
		return nil, err
	}
	if held.days > 0 && h.DaysGranted == 0 {
		h.PermittedUntil = "" // somebody who is granted no days as corrected cannot overstay them
	}
	h.Type, h.Change, h.Officer, h.Counter, h.Shift = border.TypeCrossingCorrected, &c.Change, s.cfg.Blinder.Officer(officer.Badge), p.id, ""
	h.Clock = s.cfg.Clock.Trust()
	if trusted := held.header.Clock.State != border.ClockUntrusted; !trusted || h.Clock.State == border.ClockUntrusted {
		h.Clock = held.header.Clock // it is about the time of the crossing
	}
	s.note(&second, &h, &person)
	h.Overdue = officer.Overdue
	person.Officer, person.Reason, person.Note = officer.Badge, c.Reason, c.Note
	if c.Particulars != nil {
		e.describe(&person)
		e.statistics(&h)
	}
	keys, err := s.cfg.Keys.Ready(ctx, seal.Bucket(s.cfg.Clock.Now()))
	if err != nil {
		return nil, err
	}
	entry, err := sealed(s.cfg.Blinder, &h, &person, nil, e, keys)
	if err != nil {
		return nil, err
	}
	entry.Crossing = c.Change
	return entry, nil
}

// restoreEncounter makes an encounter of a recorded crossing, to put new answers to it.
func restoreEncounter(h *border.Header, person *border.Personal) *encounter {
	k := Particulars{Kind: person.DocumentKind, DocumentNumber: person.DocumentNumber, IssuingState: person.IssuingState, Surname: person.Surname,
		GivenNames: person.GivenNames, Nationality: person.Nationality, BirthDate: person.BirthDate, Sex: person.Sex, ExpiryDate: person.ExpiryDate}
	e := &encounter{id: *h.Crossing, identity: h.Identity, direction: h.Direction, responsible: person.Responsible,
		paper: &Paper{Sheet: h.Sheet, CrossedAt: h.OccurredAt}}
	if e.identity == "" {
		e.identity = border.IdentityRead
	}
	e.doc, e.keyed = k.document(), &k
	e.doc.DocumentCode = person.DocumentCode
	for _, d := range person.Documents {
		more := Particulars{Kind: d.Kind, DocumentNumber: d.DocumentNumber, IssuingState: d.IssuingState, Surname: d.Surname, GivenNames: d.GivenNames,
			Nationality: d.Nationality, BirthDate: d.BirthDate, Sex: d.Sex, ExpiryDate: d.ExpiryDate}
		doc := more.document()
		doc.DocumentCode = d.DocumentCode
		e.more = append(e.more, paperwork{doc: doc, keyed: &more, scan: border.Scan{Lines: d.Lines}})
	}
	return e
}

// recordedFacts are what the form's conditions look at in a recorded crossing. Of a group its
// record does not say the kind: any of the form's stands for it.
func (s *Service) recordedFacts(h *border.Header, e *encounter, values map[string]string) form.Facts {
	f := form.Facts{Direction: h.Direction, Category: values["category"], Nationality: e.doc.Nationality, Age: age(e.doc.BirthDate, h.LocalDate),
		Post: s.cfg.Post, Identity: e.identity, Role: values["role"], Responsible: e.responsible != nil || e.protected()}
	if kinds := s.cfg.Form.Codes("group_kinds"); h.Group != nil && len(kinds) > 0 {
		f.Group = kinds[len(kinds)-1].Code
	}
	return f
}

// amend applies a correction to a header and a personal part.
func (s *Service) amend(h *border.Header, c *Correction, e *encounter, person *border.Personal) error {
	invalid := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: "correct a crossing", Message: message}
	}
	if c.Outcome == "" && c.Ground == "" && c.Direction == "" && c.Particulars == nil && len(c.Values) == 0 && c.Continues == nil {
		return invalid("Say what is to be corrected.")
	}
	if c.Direction != "" {
		if c.Direction != border.Entry && c.Direction != border.Exit {
			return invalid("The direction is entry or exit.")
		}
		h.Direction, e.direction = c.Direction, c.Direction
	}
	if c.Outcome != "" {
		h.Outcome, h.Ground = string(c.Outcome), c.Ground
	} else if c.Ground != "" {
		h.Ground = c.Ground
	}
	o := border.Outcome(h.Outcome)
	if !slices.Contains(outcomes[h.Direction], o) {
		return invalid("This outcome does not go with this direction.")
	}
	if o == border.HandedOver && c.Outcome != "" {
		return invalid("A handing over is recorded when it happens, not by a correction.")
	}
	if err := s.grounded(o, h.Ground); err != nil {
		return err
	}
	if c.Continues != nil {
		h.Continues = c.Continues
	}
	if h.Continues != nil && o != border.Departed {
		h.Continues = nil
	}
	return s.reanswer(h, c, e, person, o)
}

// reanswer puts the form's answers into a corrected crossing.
func (s *Service) reanswer(h *border.Header, c *Correction, e *encounter, person *border.Personal, o border.Outcome) error {
	values := answersOf(h)
	maps.Copy(values, person.Answers)
	merge(&values, c.Values)
	maps.DeleteFunc(values, func(_, v string) bool { return v == "" })
	facts := s.recordedFacts(h, e, values)
	if o == border.Refused && !s.refusable(e, facts) {
		return &border.Error{Code: border.Conflict, Op: "correct a crossing", Message: "A national of this country is not refused entry."}
	}
	if h.Form == "" && len(c.Values) == 0 && c.Direction == "" {
		return nil // recorded before there was a form: nothing is asked now
	}
	asked := make(map[string]bool)
	for _, f := range s.cfg.Form.Fields(facts, values) {
		asked[f.Name] = true
	}
	for name := range values { // what another direction or category does not ask falls away
		if _, given := c.Values[name]; !asked[name] && !given {
			delete(values, name)
		}
	}
	r, err := s.complete(o, facts, values)
	if err != nil {
		return err
	}
	h.Form = s.cfg.Form.Version()
	until := h.PermittedUntil
	granted := h.DaysGranted
	r.Apply(h)
	if grant(h); h.DaysGranted == granted && h.PermittedUntil != "" {
		h.PermittedUntil = until
	}
	person.Answers = r.Answers
	return nil
}
