package register

import (
	"context"
	"errors"

	"garita/border"
	"garita/border/icao"
)

// Subject is one traveller, by one of the two.
type Subject struct {
	Document *border.BlindIndex
	Person   *border.BlindIndex // name and full birth date; namesakes born on one day are one
}

// subjectRow is a crossing of a subject.
type subjectRow struct {
	crossing border.ID
	key      border.Key // of the event that says what the crossing is
	document border.BlindIndex
}

// Passed is a crossing of one traveller, with what the hub can open of it.
type Passed struct {
	Crossing Crossing // as it stands
	Event    Arrival  // that says so
}

// SubjectOf returns what the hub holds of one traveller: crossings, oldest first, and encounters that were
// referred or abandoned. For the latter every event is looked at, which takes a minute for a few
// million of them.
func (r *Register) SubjectOf(ctx context.Context, who Subject) (passed []Passed, encounters []Arrival, err error) {
	rows, err := r.subject(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	known := map[border.ID]bool{}
	for _, row := range rows {
		known[row.crossing] = true
		c, err := r.CrossingByID(ctx, row.crossing)
		if err != nil {
			return nil, nil, err
		}
		a, err := r.Arrived(ctx, row.key)
		if err != nil {
			return nil, nil, err
		}
		passed = append(passed, Passed{c, a})
	}
	for after := int64(0); ; {
		var page []rawRow
		if err := r.read(ctx, "look for encounters", func(q reader) (err error) {
			page, err = q.arrivals(ctx, after, maxPage)
			return err
		}); err != nil || len(page) == 0 {
			return passed, encounters, err
		}
		for i := range page {
			after = page[i].arrival
			e, err := border.DecodeEvent(page[i].bytes)
			if err != nil || e.Type != border.TypeEncounterReferred && e.Type != border.TypeEncounterAbandoned {
				continue
			}
			if a := r.arrival(&page[i]); a.Header.Crossing != nil && (known[*a.Header.Crossing] || a.Personal != nil && r.Is(who, a.Personal)) {
				encounters = append(encounters, a)
			}
		}
	}
}

func (r *Register) subject(ctx context.Context, who Subject) (rows []subjectRow, err error) {
	const op = "find a traveller"
	if who.Document == nil && who.Person == nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Name a document, or name and full birth date."}
	}
	if r.behind.Load() {
		return nil, &border.Error{Code: border.Unavailable, Op: op, Message: "The register is catching up with the events it has received."}
	}
	err = r.read(ctx, op, func(q reader) error {
		rows, err = q.subject(ctx, &who)
		return err
	})
	return rows, err
}

// Protection opens the protection part of an event. [border.NotFound]: it has none.
func (r *Register) Protection(a *Arrival) (plain []byte, err error) {
	if r.rights.isErased(a.Header.Crossing) {
		return nil, &border.Error{Code: border.NotFound, Op: "open a protection part"}
	}
	return r.keys.Open(&a.Event, border.PartProtection)
}

// EraseSubject ends the hub's access to crossings and other encounters at once and for good: their
// sealed parts are opened no more, by no rebuild either, and nothing that was made of those parts stays
// in the register's files. The sealed bytes stay until the keys of their month are destroyed; headers
// stay, and with them the statistics. What the traveller does later is recorded as ever.
func (r *Register) EraseSubject(ctx context.Context, ids []border.ID) error {
	const op = "erase a traveller"
	if len(ids) == 0 {
		return nil
	}
	err := r.write(ctx, op, func(t tx) error {
		for _, id := range ids {
			if err := t.erase(id, r.clock.Now()); err != nil {
				return err
			}
		}
		if err := r.knowRights(t); err != nil {
			return err
		}
		p := r.newProjection(t)
		for _, id := range ids {
			if err := p.renew(id); err != nil {
				return err
			}
		}
		return p.finish()
	})
	if err != nil {
		// What is in memory says more than the disk does: opened too little until it is read again.
		return errors.Join(err, r.write(ctx, op, r.knowRights))
	}
	r.changed()
	return r.alone(ctx, "compact the register", r.store.compact)
}

// RestrictSubject has the register tell posts nothing of a traveller, and pages that the data are
// restricted; off lifts it. It returns how many documents and people are marked. What arrives later
// counts as well; lists are asked about it as ever.
func (r *Register) RestrictSubject(ctx context.Context, who Subject, off bool) (marked int, err error) {
	rows, err := r.subject(ctx, who)
	if err != nil {
		return 0, err
	}
	blinds := map[border.BlindIndex]bool{}
	if who.Document != nil {
		blinds[*who.Document] = true
	} else {
		blinds[*who.Person] = true
		for _, row := range rows {
			blinds[row.document] = true
		}
	}
	err = r.write(ctx, "restrict a traveller", func(t tx) error {
		for b := range blinds {
			if off {
				err = t.release(b)
			} else {
				err = t.restrict(b, r.clock.Now())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.write(ctx, "restrict a traveller", r.knowRights)
	}
	r.changed()
	return len(blinds), err
}

// Restricted reports whether the data of a crossing's traveller are restricted.
func (r *Register) Restricted(ctx context.Context, crossing border.ID) (bool, error) {
	of, err := r.restricted(ctx)
	return of[crossing], err
}

func (r *Register) restricted(ctx context.Context) (of map[border.ID]bool, err error) {
	blinds := r.rights.anyRestricted()
	if len(blinds) == 0 {
		return nil, nil
	}
	err = r.read(ctx, "look for restrictions", func(q reader) error {
		of, err = q.of(ctx, blinds)
		return err
	})
	return of, err
}

// markRestricted says of crossings which are of somebody whose data are restricted.
func (r *Register) markRestricted(ctx context.Context, all []Crossing) error {
	of, err := r.restricted(ctx)
	for i := range all {
		if of[all[i].ID] {
			all[i].Part = PartRestricted
		}
	}
	return err
}

// ByDocument is who holds a document.
func (r *Register) ByDocument(issuer, number string) Subject {
	b := r.blinder.Document(issuer, number)
	return Subject{Document: &b}
}

// ByName is who has a name and a full birth date; false if the date is not one.
func (r *Register) ByName(surname, given, birthDate string) (Subject, bool) {
	b, ok := r.blinder.Person(icao.NormaliseName(surname), icao.NormaliseName(given), birthDate)
	return Subject{Person: &b}, ok
}

// Is reports whether particulars are the subject's, by any of their documents or by name.
func (r *Register) Is(who Subject, p *border.Personal) bool {
	if who.Person != nil {
		b, ok := r.blinder.Person(icao.NormaliseName(p.Surname), icao.NormaliseName(p.GivenNames), p.BirthDate)
		return ok && b == *who.Person
	}
	held := func(issuer, number string) bool {
		return number != "" && r.blinder.Document(issuer, number) == *who.Document
	}
	if held(p.IssuingState, p.DocumentNumber) {
		return true
	}
	for i := range p.Documents {
		if held(p.Documents[i].IssuingState, p.Documents[i].DocumentNumber) {
			return true
		}
	}
	return false
}

// IsErased reports whether a crossing, or another encounter, is one of an erased traveller.
func (r *Register) IsErased(crossing border.ID) bool { return r.rights.isErased(&crossing) }
