package counter

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/icao"
	"garita/border/journal"
	"garita/border/seal"
	"garita/border/verdict"
)

// bucket is the retention bucket of what is written now.
func (s *Service) bucket() string { return seal.Bucket(s.cfg.Clock.Now()) }

// ending is a decision with all that stands behind it.
type ending struct {
	place     *place
	e         *encounter
	d         *Decision
	officer   Officer
	agreed    agreed // zero: no second person was needed
	direction string
	record    form.Record
	painted   *verdictOnScreen
}

// verdictOnScreen is the verdict that was painted, as the record holds it.
type verdictOnScreen struct {
	level  string
	checks map[string]string
	hits   []string
	hit    bool // somebody listed, or a listed document: to be referred
}

// entry builds the journal's entry of a crossing. p.mu is held.
func (s *Service) entry(n *ending, keys *seal.Set) (*journal.Entry, error) {
	e, d := n.e, n.d
	h := s.header(border.TypeCrossingRecorded, n.place.id, n.officer)
	h.Crossing, h.Direction, h.Outcome, h.Ground, h.StatedDate = &e.id, n.direction, string(d.Outcome), d.Ground, d.StatedDate
	h.Source, h.Identity, h.Form, h.Group = string(e.scan.Source), e.identity, s.cfg.Form.Version(), e.group
	h.Previous, h.Continues = e.previous(), d.Continues
	h.Lists, h.Verdict, h.Checks = e.lists, n.painted.level, n.painted.checks
	if e.paper != nil {
		h.OccurredAt, h.LocalDate, h.Sheet, h.Late = e.paper.CrossedAt, s.day(e.paper.CrossedAt), e.paper.Sheet, true
	}
	e.statistics(&h)
	n.record.Apply(&h)
	grant(&h)

	person := border.Personal{Answers: n.record.Answers, Responsible: e.responsible, Note: d.Note, Officer: n.officer.Badge, Hits: n.painted.hits}
	s.note(&n.agreed, &h, &person)
	e.describe(&person)
	n.place.prints(e, &h, &person)
	var protection []byte
	if len(e.needs) > 0 {
		var err error
		if h.Awaiting == "" && slices.ContainsFunc(e.needs, func(n border.Need) bool { return n.Awaiting != "" }) {
			h.Awaiting = actLiftNeed
		}
		if protection, err = seal.Protection(&border.Protection{Needs: e.needs, HandedTo: d.HandedTo, Receipt: d.Receipt}); err != nil {
			return nil, err
		}
	} else {
		person.HandedTo, person.Receipt = d.HandedTo, d.Receipt
	}
	return sealed(s.cfg.Blinder, &h, &person, protection, e, keys)
}

// Blinds lists the blind indexes by which a crossing is found: those of the documents with a
// number, and that of the person. The journal makes its index again with it.
func Blinds(blinder *seal.Blinder, p *border.Personal) (out []border.BlindIndex) {
	if p.DocumentNumber != "" {
		out = append(out, blinder.Document(p.IssuingState, p.DocumentNumber))
	}
	for _, d := range p.Documents {
		if d.DocumentNumber != "" {
			out = append(out, blinder.Document(d.IssuingState, d.DocumentNumber))
		}
	}
	if b, ok := person(blinder, p.Surname, p.GivenNames, p.BirthDate); ok {
		out = append(out, b)
	}
	return out
}

// person returns the blind index of name and birth date, if both are fully known.
func person(blinder *seal.Blinder, surname, given, birthDate string) (border.BlindIndex, bool) {
	return blinder.Person(icao.NormaliseName(surname), icao.NormaliseName(given), birthDate)
}

// sealed puts the parts of an entry together. It may be found by the encounter's documents
// and person.
func sealed(blinder *seal.Blinder, h *border.Header, person *border.Personal, protection []byte, e *encounter, keys *seal.Set) (*journal.Entry, error) {
	personal, err := encode(person)
	if err != nil {
		return nil, err
	}
	hub, err := seal.HubOnly(e.silent)
	if err != nil {
		return nil, err
	}
	return &journal.Entry{Header: *h, Personal: personal, Protection: protection, HubOnly: hub, Keys: keys, Crossing: e.id, Blinds: Blinds(blinder, person)}, nil
}

func encode(person *border.Personal) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // an MRZ is full of '<'
	if err := enc.Encode(person); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write the personal part", Err: err}
	}
	return b.Bytes(), nil
}

// statistics puts the person's particulars into a header as far as it may hold them.
func (e *encounter) statistics(h *border.Header) {
	h.Nationality, h.Sex, h.BirthYear = e.doc.Nationality, e.doc.Sex, birthYear(e.doc.BirthDate)
	h.DocumentKind, h.DocumentIssuer = e.doc.DocumentCode, e.doc.IssuingState
}

// describe puts the person's particulars and documents into a personal part.
func (e *encounter) describe(person *border.Personal) {
	d := e.doc
	person.DocumentCode, person.DocumentNumber, person.IssuingState = d.DocumentCode, d.DocumentNumber, d.IssuingState
	person.Surname, person.GivenNames, person.Nationality = d.Surname, d.GivenNames, d.Nationality
	person.BirthDate, person.ExpiryDate, person.Sex, person.OptionalData = d.BirthDate, d.ExpiryDate, d.Sex, d.OptionalData
	person.Lines, person.Documents = e.scan.Lines, nil
	if e.keyed != nil {
		person.DocumentKind = e.keyed.Kind
	}
	for i := range e.more {
		m := &e.more[i]
		doc := border.PersonalDocument{DocumentCode: m.doc.DocumentCode, DocumentNumber: m.doc.DocumentNumber, IssuingState: m.doc.IssuingState,
			Surname: m.doc.Surname, GivenNames: m.doc.GivenNames, Nationality: m.doc.Nationality, BirthDate: m.doc.BirthDate,
			ExpiryDate: m.doc.ExpiryDate, Sex: m.doc.Sex, Lines: m.scan.Lines}
		if m.keyed != nil {
			doc.Kind = m.keyed.Kind
		}
		person.Documents = append(person.Documents, doc)
	}
}

// grant works out the last day of the stay: the day of entry is the first of those granted.
// Only an admission grants days.
func grant(h *border.Header) {
	if h.Outcome != string(border.Admitted) {
		h.DaysGranted, h.LegalBasis, h.PermittedUntil = 0, "", ""
		return
	}
	day, err := time.Parse(time.DateOnly, h.LocalDate)
	if h.DaysGranted > 0 && err == nil {
		h.PermittedUntil = day.AddDate(0, 0, h.DaysGranted-1).Format(time.DateOnly)
	}
}

// hitsRoom bounds the names of hits in a record, in bytes: a traveller like everybody on the lists
// can be recorded all the same. The best of each list come first; the hub asks its own list again.
const hitsRoom = 16 << 10

// onScreen takes from the verdict of a revision what the record holds, unless it has
// worsened since. p.mu is held.
func (e *encounter) onScreen(revision uint64) (*verdictOnScreen, error) {
	painted, err := e.painted(revision)
	if err != nil {
		return nil, err
	}
	v := &verdictOnScreen{level: string(painted.Level), checks: make(map[string]string, len(painted.Reasons))}
	size := 0
	for _, r := range painted.Reasons {
		v.checks[string(r.Check)] = border.CheckText(string(r.Outcome), r.Reason, r.AgeS)
		v.hit = v.hit || r.Outcome == verdict.Hit && r.Level == verdict.Refer && len(r.Hits)+len(r.Withheld) > 0
		for _, hit := range slices.Concat(r.Hits, r.Withheld) {
			if size += len(hit) + len(`"",`); size > hitsRoom {
				break
			}
			v.hits = append(v.hits, hit)
		}
	}
	return v, nil
}

// birthYear returns the year of an EDTF date, 0 if it is not known.
func birthYear(edtf string) int {
	if len(edtf) < 4 {
		return 0
	}
	y, err := strconv.Atoi(edtf[:4])
	if err != nil {
		return 0
	}
	return y
}
