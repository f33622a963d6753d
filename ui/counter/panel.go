package counter

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/verdict"
)

// Panel is everything on the screen that changes, in words. It is made from a view and
// nothing else, so the same view always gives the same panel.
type Panel struct {
	Counter   border.CounterID
	Encounter string // id; "" while the counter waits
	Revision  uint64 // of the verdict
	Level     verdict.Level
	Direction string
	Accept    Choice
	Refuse    Choice
	Next      string // id of the encounter that F2 calls up; "" if none waits
	Last      *Last
	AskDate   bool   // the clock cannot be trusted: the officer may enter the day
	Say       string // spoken once when encounter or level change
	Notice    string

	Refusable bool
	Protected bool
	Paper     string // the sheet that the open encounter is entered from; "" if none

	Doc       *Doc
	Verdict   *Verdict
	Hits      []Hit
	Record    *Record
	Fingers   *Fingers
	History   *History
	Party     *Party
	Queue     []Waiting
	Referrals []Referred
	Late      []Late
	Status    Banner
	Today     counter.Today
	Holder    *Holder
	Shift     string // since when and by whom; "" if none is open
}

// Holder is who works at the counter.
type Holder struct{ Badge, Name, Since string }

// Referred is somebody on the post's list.
type Referred struct {
	Waiting
	Reason, By, Since, Direction string
}

// Choice is an outcome behind a key.
type Choice struct {
	Outcome border.Outcome
	Word    string
}

// Doc is the open encounter's document.
type Doc struct {
	Source   string // in words
	Keyed    bool
	Restored bool
	AtRisk   bool // the draft is not on the disk
	Kind     string
	Rows     []Row
	Lines    []string
	Warnings []string
	Notes    []string // what else is to be known: a paper sheet, who referred, a minor
	More     []string // further documents of the same person
	Editable bool     // its particulars were keyed, and may be keyed again
}

// Row is one field of a document.
type Row struct {
	Label    string
	Value    string
	Detail   string // beside the value, in small
	Name     bool   // a name: of any script and direction
	Mono     bool   // to be compared character by character
	Wrong    bool   // its check digit does not fit
	Proposed string // a repair that would make it fit; never applied
}

// Verdict is the verdict in words.
type Verdict struct {
	Level  verdict.Level
	Word   string
	Hint   string
	Checks []Check
	// Unable names what this version cannot check yet, so that nothing is silently absent.
	Unable []string
}

// Check is one check in words.
type Check struct {
	Name  string
	Mark  string // ok, look, refer or none: also as a word in Said
	Said  string // outcome in one word
	Text  string
	Level verdict.Level
}

// Waiting is somebody to be called up.
type Waiting struct {
	ID, Surname, GivenNames string
	Level                   verdict.Level
	Word                    string
	Restored                bool
}

// Last is what was recorded last.
type Last struct {
	ID, Surname, GivenNames, What, When string
	AfterRestart                        bool
	Notice                              bool // it has a notice to print
}

// zones keeps the post's zone: loading it for every change would read a file.
type zones struct {
	mu   sync.Mutex // guards the rest
	name string
	loc  *time.Location
}

// get returns the zone with that name, UTC if there is none.
func (z *zones) get(name string) *time.Location {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.loc == nil || z.name != name {
		loc, err := time.LoadLocation(name)
		if err != nil {
			loc = time.UTC
		}
		z.name, z.loc = name, loc
	}
	return z.loc
}

// panel puts a view into words.
func (s *screen) panel(v counter.View) Panel {
	zone := s.zones.get(v.Status.Zone)
	way := v.Direction
	if e := v.Encounter; e != nil && e.Direction != "" { // of a paper sheet, or of who was referred
		way = e.Direction
	}
	p := Panel{
		Counter: v.Counter, Direction: v.Direction, Notice: v.Notice, Today: v.Status.Today,
		Accept: Choice{border.Admitted, acceptWord(way)}, Refuse: Choice{border.Refused, refuseWord(way)},
		Status: banner(v.Status, zone), AskDate: v.Status.Clock.State == border.ClockUntrusted,
	}
	if way == border.Exit {
		p.Accept.Outcome, p.Refuse.Outcome = border.Departed, border.DeparturePrevented
	}
	if d := v.Status.Degraded; d != nil {
		p.Status.without(degradedText(s.cfg.Service.Form(), d, v.Status.Now, zone))
	}
	p.Fingers = s.fingers(v, zone)
	s.lists(&p, v, zone)
	if l := v.Last; l != nil {
		p.Last = &Last{l.Crossing.String(), l.Surname, l.GivenNames, outcomeWord(l.Outcome),
			clockTime(l.RecordedAt, v.Status.Now, zone), l.AfterRestart, l.Outcome == border.Refused || l.Outcome == border.DeparturePrevented}
	}
	if h := v.Holder; h != nil {
		p.Holder = &Holder{h.Badge, h.Name, clockTime(h.Since, v.Status.Now, zone)}
	}
	if sh := v.Shift; sh != nil {
		p.Shift = clockTime(sh.OpenedAt, v.Status.Now, zone) + ", " + sh.OpenedBy
	}
	language := ""
	if v.Holder != nil {
		language = v.Holder.Language
	}
	p.Late = lateHits(v, language, zone)
	if e := v.Encounter; e != nil {
		p.Encounter, p.Revision, p.Level = e.ID.String(), e.Verdict.Revision, e.Verdict.Level
		p.Refusable, p.Protected = e.Refusable, e.Protected
		if e.Paper != nil {
			p.Paper = e.Paper.Sheet
		}
		p.Doc = s.document(e, v.Status, zone)
		p.Verdict = words(e.Verdict, v.Status)
		p.Hits = hits(e, language)
		p.Record = s.record(e)
		p.History = s.history(e, v, zone)
		p.Say = say(p.Verdict)
	}
	return p
}

// lists puts into words who waits, who is referred, and the group.
func (s *screen) lists(p *Panel, v counter.View, zone *time.Location) {
	waiting := func(q counter.QueueItem) Waiting {
		return Waiting{q.ID.String(), q.Surname, q.GivenNames, q.Level, levelWords[q.Level], q.Restored}
	}
	for _, q := range v.Queue {
		p.Queue = append(p.Queue, waiting(q))
	}
	reasons := labels(s.cfg.Service.Form().Codes("referral_reasons"))
	for _, q := range v.Referrals {
		p.Referrals = append(p.Referrals, Referred{waiting(q.QueueItem), reasons[q.Reason], q.By,
			clockTime(q.At, v.Status.Now, zone), directionWords[q.Direction]})
	}
	if v.Group != nil {
		p.Party = s.party(v)
	}
	if len(p.Queue) > 0 {
		p.Next = p.Queue[0].ID
	}
}

// clockTime gives the post's time of day, with the date unless it is today.
func clockTime(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 2006 15:04")
}

var sourceWords = map[border.ScanSource]string{
	border.SourceReader: "From the reader", border.SourceWedge: "From a keyboard reader", border.SourceKeyed: "Keyed by hand",
}

func (s *screen) document(e *counter.EncounterView, st counter.Status, zone *time.Location) *Doc {
	d, f := e.Document, s.cfg.Service.Form()
	doc := &Doc{
		Source: sourceWords[e.Source], Keyed: e.Source == border.SourceKeyed, Restored: e.Restored, AtRisk: !e.Durable,
		Kind: documentKind(f, d), Lines: d.Lines, Notes: s.notes(e, st, zone), Editable: e.Identity != border.IdentityRead && len(d.Lines) == 0,
	}
	switch e.Identity {
	case border.IdentityKeyed:
		if len(d.Lines) == 0 {
			doc.Source, doc.Keyed = "Keyed: no zone was read", true
		}
	case border.IdentityDeclared:
		doc.Source, doc.Keyed = "The person’s word, no document", true
	}
	for _, m := range e.Documents {
		doc.More = append(doc.More, strings.TrimSpace(documentKind(f, m)+" "+m.IssuingState+" "+m.DocumentNumber))
	}
	for _, w := range d.Warnings {
		// A state that the country's own form adds is known here.
		if w == "unknown_state issuing_state" && f.Knows(d.IssuingState) || w == "unknown_state nationality" && f.Knows(d.Nationality) {
			continue
		}
		doc.Warnings = append(doc.Warnings, warningText(w))
	}
	add := func(field, label, value string, change func(*Row)) {
		r := Row{Label: label, Value: value}
		for _, w := range d.Wrong {
			r.Wrong = r.Wrong || w == field
		}
		for _, p := range d.Proposals {
			if p.Field == field {
				r.Proposed = p.Proposed
			}
		}
		if change != nil {
			change(&r)
		}
		doc.Rows = append(doc.Rows, r)
	}
	isName := func(r *Row) { r.Name = true }
	mono := func(r *Row) { r.Mono = true }
	add("surname", "Surname", d.Surname, func(r *Row) {
		r.Name = true
		if d.NamesTruncated {
			r.Detail = "cut short on the document"
		}
	})
	add("given_names", "Given names", d.GivenNames, isName)
	add("document_number", "Number", d.DocumentNumber, mono)
	add("nationality", "Nationality", d.Nationality, func(r *Row) {
		r.Mono = true
		if d.IssuingState != d.Nationality {
			r.Detail = "issued by " + d.IssuingState
		}
	})
	add("sex", "Sex", sexWords[d.Sex], nil)
	add("birth_date", "Born", day(d.BirthDate), func(r *Row) { r.Detail = age(d.BirthDate, st) })
	add("expiry_date", "Expires", day(d.ExpiryDate), nil)
	if d.OptionalData != "" {
		add("optional_data", "Optional data", d.OptionalData, mono)
	}
	return doc
}

// documentKind says what a document is.
func documentKind(f *form.Form, d counter.DocumentView) string {
	if k, ok := f.Kind(d.Kind); ok {
		return k.Label
	}
	if d.Format == "" {
		return ""
	}
	return strings.TrimSpace(d.Format + " " + d.DocumentCode)
}

// notes says what else is to be known of an encounter.
func (s *screen) notes(e *counter.EncounterView, st counter.Status, zone *time.Location) []string {
	var out []string
	if e.Paper != nil {
		out = append(out, "From paper: sheet "+e.Paper.Sheet+", "+strings.ToLower(directionWords[e.Direction])+" on "+e.Paper.CrossedAt.In(zone).Format("2 Jan 2006 15:04")+".")
	}
	if e.From != "" {
		out = append(out, "Referred by "+e.From+".")
	}
	if e.Previous != nil {
		out = append(out, "Follows an earlier encounter that ended without a movement.")
	}
	if e.Minor {
		text := "Minor"
		if e.Age >= 0 {
			text += fmt.Sprintf(" of %d", e.Age)
		}
		if e.Responsible == nil {
			out = append(out, text+". Ask who is responsible.")
		} else {
			out = append(out, text+", with an adult of the group.")
		}
	}
	return out
}

// warningText turns the parser's "code field" into words.
func warningText(w string) string {
	code, field, _ := strings.Cut(w, " ")
	text, known := warningWords[code]
	if !known {
		text = strings.ReplaceAll(code, "_", " ")
	}
	if field == "" {
		return text
	}
	return fieldWord(field) + ": " + text
}

// age in full years, if the clock can be believed and the birth date is a full one.
func age(birth string, st counter.Status) string {
	b, err := time.Parse(time.DateOnly, birth)
	if err != nil || st.Clock.State == border.ClockUntrusted || st.Now.Before(b) {
		return ""
	}
	years := st.Now.Year() - b.Year()
	if st.Now.Month() < b.Month() || st.Now.Month() == b.Month() && st.Now.Day() < b.Day() {
		years--
	}
	return fmt.Sprintf("age %d", max(years, 0))
}
