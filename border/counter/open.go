package counter

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"garita/border"
	"garita/border/icao"
	"garita/border/mrz"
)

// Bounds of what an officer keys.
const (
	nameLimit     = 100 // characters
	numberLimit   = 40
	papersLimit   = 5                   // documents of one person
	paperAge      = 31 * 24 * time.Hour // of a sheet that is still entered
	sheetAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/ "
)

// Open opens an encounter without a scan: from a document that is keyed, from a person's own
// word, or from a paper sheet. Like a scan it waits in the queue while another encounter is
// open. It returns the encounter's id.
func (s *Service) Open(ctx context.Context, o Opening) (border.ID, error) {
	const op = "open an encounter"
	if err := s.validParticulars(op, &o.Particulars, o.Identity); err != nil {
		return border.ID{}, err
	}
	if err := s.validPaper(op, &o); err != nil {
		return border.ID{}, err
	}
	var id border.ID
	err := s.work(ctx, op, o.At, func(ctx context.Context, p *place, _ Officer) error {
		keyed := o.Particulars
		e := &encounter{paperwork: s.keyed(p, &keyed), identity: s.restsOn(&keyed, o.Identity), paper: o.Paper}
		if o.Paper != nil {
			e.direction = o.Direction
		}
		err := s.arrive(ctx, p, e)
		id = e.id
		return err
	})
	return id, err
}

// keyed makes the paperwork of what an officer typed.
func (s *Service) keyed(p *place, k *Particulars) paperwork {
	now := s.now()
	return paperwork{doc: k.document(), keyed: k, readOn: s.cfg.Clock.Today().In(s.cfg.Zone),
		scan: border.Scan{Counter: p.id, Source: border.SourceKeyed, ReceivedAt: now}}
}

// arrive gives an encounter its id and its place: at the open group, on the screen, or in the
// queue. p.work is held.
func (s *Service) arrive(ctx context.Context, p *place, e *encounter) error {
	if s.crowded(p) { // before anything is kept: a draft would come back after a restart
		return &border.Error{Code: border.Conflict, Op: "open an encounter", Message: crowdedMessage}
	}
	id, err := s.cfg.IDs.New()
	if err != nil {
		return err
	}
	p.orders++
	e.id, e.order, e.openedAt = id, p.orders, s.cfg.Clock.Now()
	p.mu.Lock()
	if p.group != nil && e.paper == nil {
		e.group = &p.group.id
		p.group.match(e)
	}
	p.mu.Unlock()
	s.check(ctx, e)
	s.keep(ctx, p, e)
	p.change(func() {
		p.notice = ""
		switch {
		case e.group != nil:
			p.group.members = append(p.group.members, e)
		case p.open == nil && len(p.queue) == 0:
			p.open = e
		default:
			p.queue = append(p.queue, e)
		}
		s.ask(p, e, false)
		s.judge(p, e)
	})
	return nil
}

// Rekey replaces what was keyed for the open encounter or a member of the group. With another name
// or birth date its images and papers go: they have to be taken again.
func (s *Service) Rekey(ctx context.Context, at At, id border.ID, k Particulars) error {
	const op = "key a document"
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		if e.keyed == nil {
			return &border.Error{Code: border.Conflict, Op: op,
				Message: "The particulars of this person were read from a document. Read it again, or add a further document."}
		}
		identity := e.identity
		if k.Kind != "" {
			identity = border.IdentityKeyed
		}
		if err := s.validParticulars(op, &k, identity); err != nil {
			return err
		}
		next := e.copy()
		next.paperwork, next.identity = s.keyed(p, &k), s.restsOn(&k, identity)
		another := next.doc.Surname != e.doc.Surname || next.doc.GivenNames != e.doc.GivenNames || next.doc.BirthDate != e.doc.BirthDate
		if !another {
			return s.recheck(ctx, p, e, next)
		}
		return s.rename(ctx, p, e, next)
	})
}

// Attach keys a further document of the same person.
func (s *Service) Attach(ctx context.Context, at At, id border.ID, k Particulars) error {
	const op = "add a document"
	if err := s.validParticulars(op, &k, border.IdentityKeyed); err != nil {
		return err
	}
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		return s.attach(ctx, p, e, s.keyed(p, &k))
	})
}

// Join says that the document of a waiting encounter belongs to the open one: two documents of
// one person were read. The waiting encounter is gone with it.
func (s *Service) Join(ctx context.Context, at At, open, waiting border.ID) error {
	const op = "join two documents"
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		p.mu.Lock()
		e := p.open
		i := slices.IndexFunc(p.queue, func(q *encounter) bool { return q.id == waiting })
		p.mu.Unlock()
		if e == nil || i < 0 {
			return &border.Error{Code: border.Conflict, Op: op, Message: "There must be an open encounter, and the other one must wait at this counter."}
		}
		if e.id != open { // whoever said so saw another person
			return &border.Error{Code: border.Conflict, Op: op, Message: "This encounter is not open at this counter.", Err: errNoEncounter}
		}
		other := p.queue[i]
		if len(other.needs) > 0 || len(other.fingers) > 0 || len(other.files) > 0 || other.referred != nil || other.paper != nil || len(other.more) > 0 {
			return &border.Error{Code: border.Conflict, Op: op,
				Message: "More is noted with the waiting traveller than a document. Call that traveller up, and end that encounter by itself."}
		}
		if err := s.attach(ctx, p, e, other.paperwork, other.id); err != nil {
			return err
		}
		p.change(func() { p.queue = slices.Delete(p.queue, i, i+1) })
		return nil
	})
}

// attach adds a document to an encounter. A document that was read leads from then on, if
// the person had none or only a keyed one. The drafts of the encounters that end with it go
// when the changed one is kept. p.work is held.
func (s *Service) attach(ctx context.Context, p *place, e *encounter, w paperwork, ended ...border.ID) error {
	next := e.copy()
	if len(next.more)+1 >= papersLimit {
		return &border.Error{Code: border.Conflict, Op: "add a document", Message: "One person has at most five documents here."}
	}
	switch {
	case next.shows(w.doc):
		return &border.Error{Code: border.Conflict, Op: "add a document", Message: "This document is among those of the person already."}
	case next.identity != border.IdentityRead && w.keyed == nil, next.identity == border.IdentityDeclared:
		if next.doc.DocumentCode != "" {
			next.more = append(next.more, next.paperwork)
		}
		next.paperwork = w
		if w.keyed != nil {
			next.identity = s.restsOn(w.keyed, border.IdentityKeyed)
		} else {
			next.identity = identityOf(w.scan.Source)
		}
	default:
		next.more = append(next.more, w)
	}
	p.mu.Lock()
	p.ended = append(p.ended, ended...)
	p.mu.Unlock()
	return s.recheck(ctx, p, e, next)
}

// recheck puts the checks to a changed encounter and shows it. p.work is held.
func (s *Service) recheck(ctx context.Context, p *place, e, next *encounter) error {
	s.check(ctx, next)
	s.keep(ctx, p, next)
	p.change(func() {
		p.notice = ""
		e.take(next)
		if g := p.group; g != nil && e.group != nil && *e.group == g.id {
			e.row = 0
			g.match(e)
		}
		s.ask(p, e, false)
		s.judge(p, e)
	})
	return nil
}

// replace keeps a changed encounter and shows it; its documents are the same. p.work is held.
func (s *Service) replace(ctx context.Context, p *place, e, next *encounter) error {
	s.keep(ctx, p, next)
	p.change(func() {
		e.durable = next.durable
		e.values, e.needs, e.responsible, e.direction, e.fingers = next.values, next.needs, next.responsible, next.direction, next.fingers
		e.files = next.files
		s.judge(p, e)
	})
	return nil
}

// inHands lists the open encounter and the members of the group that have no outcome. p.mu is
// held.
func (p *place) inHands() (all []*encounter) {
	if p.open != nil {
		all = append(all, p.open)
	}
	if p.group != nil {
		for _, m := range p.group.members {
			if m != p.open && m.outcome == "" {
				all = append(all, m)
			}
		}
	}
	return all
}

// inHand finds the open encounter, or a member of the group, by its id.
func (p *place) inHand(op string, id border.ID) (*encounter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil && p.open.id == id {
		return p.open, nil
	}
	if p.group != nil {
		for _, m := range p.group.members {
			if m.id == id && m.outcome == "" {
				return m, nil
			}
		}
	}
	if slices.ContainsFunc(p.queue, func(q *encounter) bool { return q.id == id }) {
		return nil, &border.Error{Code: border.Conflict, Op: op, Message: "Call the traveller up first."}
	}
	return nil, &border.Error{Code: border.Conflict, Op: op, Message: "This encounter is not open at this counter.", Err: errNoEncounter}
}

// document puts what was keyed into the shape of a document that was read, without a format:
// all checks but those of the zone are put to it alike.
func (k *Particulars) document() *mrz.Document {
	return &mrz.Document{DocumentCode: k.Kind, IssuingState: k.IssuingState, DocumentNumber: k.DocumentNumber, Surname: k.Surname,
		GivenNames: k.GivenNames, Nationality: k.Nationality, BirthDate: k.BirthDate, Sex: k.Sex, ExpiryDate: k.ExpiryDate,
		NamesTruncated: mrz.NotTruncated, Warnings: []mrz.Warning{}, Proposals: []mrz.Proposal{}}
}

// restsOn says what a person's particulars rest on that were typed: some papers, such as the
// report of a lost document, hold no more than the person's word.
func (s *Service) restsOn(k *Particulars, said string) string {
	if d, known := s.cfg.Form.Kind(k.Kind); known && said == border.IdentityKeyed {
		return d.Identity
	}
	return said
}

// validParticulars checks and tidies what an officer keyed.
func (s *Service) validParticulars(op string, k *Particulars, identity string) error {
	invalid := func(message string) error { return &border.Error{Code: border.Invalid, Op: op, Message: message} }
	for _, t := range []*string{&k.DocumentNumber, &k.IssuingState, &k.Surname, &k.GivenNames, &k.Nationality, &k.BirthDate, &k.Sex, &k.ExpiryDate} {
		*t = strings.TrimSpace(*t)
		if !utf8.ValidString(*t) || utf8.RuneCountInString(*t) > nameLimit || strings.ContainsFunc(*t, unicode.IsControl) {
			return invalid("A name has at most 100 characters, on one line.")
		}
	}
	k.IssuingState, k.Nationality, k.Sex = strings.ToUpper(k.IssuingState), strings.ToUpper(k.Nationality), strings.ToUpper(k.Sex)
	k.BirthDate, k.ExpiryDate = strings.ToUpper(k.BirthDate), strings.ToUpper(k.ExpiryDate)
	switch _, known := s.cfg.Form.Kind(k.Kind); {
	case identity == border.IdentityKeyed && !known:
		return invalid("Choose the kind of document.")
	case identity == border.IdentityDeclared && (k.Kind != "" || k.DocumentNumber != "" || k.IssuingState != ""):
		return invalid("Without a document there is no number and no issuer. If there is a document, key it.")
	case identity != border.IdentityKeyed && identity != border.IdentityDeclared:
		return invalid("An encounter without a scan rests on a keyed document or on the person's word.")
	case utf8.RuneCountInString(k.DocumentNumber) > numberLimit:
		return invalid("A document number has at most 40 characters.")
	case k.IssuingState != "" && !s.country(k.IssuingState):
		return invalid("The issuer is no code of Doc 9303 and none of this country's form.")
	case k.Nationality != "" && !s.country(k.Nationality):
		return invalid("The nationality is no code of Doc 9303 and none of this country's form.")
	case !slices.Contains([]string{"", "M", "F", "X"}, k.Sex):
		return invalid("The sex is M, F or X, or left empty.")
	case !edtf(k.BirthDate) || !edtf(k.ExpiryDate):
		return invalid("A date reads year-month-day, like 1974-08-12; what is not known is written with X, like 1974-XX-XX.")
	}
	return nil
}

// country reports whether a code may stand for an issuer or a nationality.
func (s *Service) country(code string) bool { return icao.Known(code) || s.cfg.Form.Knows(code) }

// edtf reports whether a date is empty or one of Doc 9303 with unknown parts, as EDTF
// (ISO 8601-2) writes it: the day, or day and month, or all of it may be unknown.
func edtf(d string) bool {
	if d == "" || d == "XXXX-XX-XX" {
		return true
	}
	if len(d) != len(time.DateOnly) {
		return false
	}
	full := d
	if strings.HasSuffix(full, "-XX") {
		full = full[:8] + "01"
	}
	if full[5:7] == "XX" && strings.HasSuffix(d, "-XX") {
		full = full[:5] + "01" + full[7:]
	}
	_, err := time.Parse(time.DateOnly, full)
	return err == nil
}

// validPaper checks a sheet's number and time.
func (s *Service) validPaper(op string, o *Opening) error {
	if o.Paper == nil {
		return nil
	}
	invalid := func(message string) error { return &border.Error{Code: border.Invalid, Op: op, Message: message} }
	p := *o.Paper
	o.Paper = &p
	p.Sheet = strings.TrimSpace(p.Sheet)
	p.CrossedAt = p.CrossedAt.UTC().Truncate(time.Millisecond)
	now := s.cfg.Clock.Now()
	trusted := s.cfg.Clock.Trust().State != border.ClockUntrusted
	switch {
	case p.Sheet == "" || len(p.Sheet) > numberLimit || strings.Trim(p.Sheet, sheetAlphabet) != "":
		return invalid("A paper sheet has a number of at most 40 letters, digits, hyphens and strokes.")
	case o.Direction != border.Entry && o.Direction != border.Exit:
		return invalid("Say whether the sheet is of an entry or an exit.")
	case trusted && p.CrossedAt.After(now):
		return invalid("The crossing on the paper lies in the future.")
	case trusted && now.Sub(p.CrossedAt) > paperAge:
		return invalid("The crossing on the paper is more than 31 days ago. Ask the hub how to enter it.")
	case p.CrossedAt.Year() < 2000 || p.CrossedAt.Year() > 9999:
		return invalid("The time of the crossing cannot be right.")
	}
	*o.Paper = p
	return nil
}
