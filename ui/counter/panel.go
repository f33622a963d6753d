package counter

import (
	"slices"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/ui/i18n"
	"garita/ui/wording"
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
	Say       string // spoken once when the encounter or what leads to its verdict changes
	Why       string // what leads to the verdict, for the script: see why
	Notice    string

	Refusable bool
	Protected bool
	Paper     string // the sheet that the open encounter is entered from; "" if none

	Doc       *Doc
	Verdict   *Verdict
	Hits      []Hit
	Record    *Record
	Fingers   *Fingers
	Papers    *PapersRegion // nil: none are attached at this station
	History   *History
	Party     *Party
	Queue     []Waiting
	Referrals []Referred
	Late      []Late
	Status    Banner
	Today     counter.Today
	Holder    *Holder
	Shift     string // since when and by whom, a sentence; "" if none is open
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

	Portrait  string // where it is; "" if none was taken
	Portrayed bool   // a portrait may be taken: not of a paper sheet
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
	Portrait                string // where it is; "" if none was taken
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

// panel puts a view into words of the reader's language.
func (s *screen) panel(v counter.View, to *i18n.Printer) Panel {
	w := s.words(to, v.Status.Zone)
	way := v.Direction
	if e := v.Encounter; e != nil && e.Direction != "" { // of a paper sheet, or of who was referred
		way = e.Direction
	}
	p := Panel{
		Counter: v.Counter, Direction: v.Direction, Notice: w.said(v.Notice), Today: v.Status.Today,
		Accept: Choice{border.Admitted, w.accept(way)}, Refuse: Choice{border.Refused, w.refuse(way)},
		Status: w.banner(v.Status), AskDate: v.Status.Clock.State == border.ClockUntrusted,
	}
	if way == border.Exit {
		p.Accept.Outcome, p.Refuse.Outcome = border.Departed, border.DeparturePrevented
	}
	if v.Counter.IsTraining() {
		p.Status.train(w)
	}
	p.Fingers = w.fingers(v)
	if s.takesPapers(v.Counter) {
		p.Papers = w.papers(v)
	}
	s.lists(&p, w, v)
	if l := v.Last; l != nil {
		p.Last = &Last{l.Crossing.String(), l.Surname, l.GivenNames, w.outcome(l.Outcome),
			w.clock(l.RecordedAt, v.Status.Now), l.AfterRestart, l.Outcome == border.Refused || l.Outcome == border.DeparturePrevented}
	}
	if h := v.Holder; h != nil {
		p.Holder = &Holder{h.Badge, h.Name, w.clock(h.Since, v.Status.Now)}
	}
	if sh := v.Shift; sh != nil {
		p.Shift = w.T("Shift since {0}, {1}", w.clock(sh.OpenedAt, v.Status.Now), i18n.Isolated(sh.OpenedBy))
	}
	p.Late = w.lateHits(v)
	if e := v.Encounter; e != nil {
		p.Encounter, p.Revision, p.Level = e.ID.String(), e.Verdict.Revision, e.Verdict.Level
		p.Refusable, p.Protected = e.Refusable, e.Protected
		if e.Paper != nil {
			p.Paper = e.Paper.Sheet
		}
		p.Doc = w.document(e, v.Status)
		p.Doc.Portrait, p.Doc.Portrayed = portraitOf(&v), e.Paper == nil
		p.Verdict = w.verdict(e.Verdict, v.Status)
		p.Hits = w.hits(e)
		p.Record = s.record(w, e)
		p.History = w.history(e, v)
		p.Say, p.Why = w.say(p.Verdict), why(e.Verdict)
	}
	return p
}

// lists puts into words who waits, who is referred, and the group.
func (s *screen) lists(p *Panel, w words, v counter.View) {
	waiting := func(q counter.QueueItem) Waiting {
		return Waiting{q.ID.String(), q.Surname, q.GivenNames, q.Level, wording.Word(w.Printer, levelWords, q.Level), q.Restored, face(v.Counter, q.ID, q.Portrait)}
	}
	for _, q := range v.Queue {
		p.Queue = append(p.Queue, waiting(q))
	}
	reasons := w.labels(w.form.Codes("referral_reasons"))
	for _, q := range v.Referrals {
		p.Referrals = append(p.Referrals, Referred{waiting(q.QueueItem), reasons[q.Reason], q.By,
			w.clock(q.At, v.Status.Now), w.direction(q.Direction)})
	}
	if v.Group != nil {
		p.Party = s.party(w, v)
	}
	if len(p.Queue) > 0 {
		p.Next = p.Queue[0].ID
	}
}

func (w words) document(e *counter.EncounterView, st counter.Status) *Doc {
	d, f := e.Document, w.form
	doc := &Doc{
		Source: wording.Word(w.Printer, sourceWords, e.Source), Keyed: e.Source == border.SourceKeyed, Restored: e.Restored, AtRisk: !e.Durable,
		Kind: w.documentKind(d), Lines: d.Lines, Notes: w.notes(e), Editable: e.Identity != border.IdentityRead && len(d.Lines) == 0,
	}
	switch e.Identity {
	case border.IdentityKeyed:
		if len(d.Lines) == 0 {
			doc.Source, doc.Keyed = w.T("Keyed: no zone was read"), true
		}
	case border.IdentityDeclared:
		doc.Source, doc.Keyed = w.T("The person’s word, no document"), true
	}
	for _, m := range e.Documents {
		doc.More = append(doc.More, strings.TrimSpace(w.documentKind(m)+" "+m.IssuingState+" "+m.DocumentNumber))
	}
	for _, odd := range d.Warnings {
		// A state that the country's own form adds is known here.
		if odd == "unknown_state issuing_state" && f.Knows(d.IssuingState) || odd == "unknown_state nationality" && f.Knows(d.Nationality) {
			continue
		}
		doc.Warnings = append(doc.Warnings, w.warning(odd))
	}
	add := func(field, label, value string, change func(*Row)) {
		r := Row{Label: label, Value: value}
		r.Wrong = slices.Contains(d.Wrong, field)
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
	add("surname", w.T("Surname"), d.Surname, func(r *Row) {
		r.Name = true
		if d.NamesTruncated {
			r.Detail = w.T("cut short on the document")
		}
	})
	add("given_names", w.T("Given names"), d.GivenNames, isName)
	add("document_number", w.T("document::Number"), d.DocumentNumber, mono)
	add("nationality", w.T("Nationality"), d.Nationality, func(r *Row) {
		r.Mono = true
		if d.IssuingState != d.Nationality {
			r.Detail = w.T("issued by {0}", d.IssuingState)
		}
	})
	add("sex", w.T("Sex"), w.sex(d.Sex), nil)
	add("birth_date", w.T("Born"), w.day(d.BirthDate), func(r *Row) { r.Detail = w.age(d.BirthDate, st) })
	add("expiry_date", w.T("Expires"), w.day(d.ExpiryDate), nil)
	if d.OptionalData != "" {
		add("optional_data", w.T("Optional data"), d.OptionalData, mono)
	}
	return doc
}

// notes says what else is to be known of an encounter.
func (w words) notes(e *counter.EncounterView) []string {
	var out []string
	if e.Paper != nil {
		out = append(out, w.T("From paper: sheet {0}, {1} on {2}.", e.Paper.Sheet, lower(w.direction(e.Direction)), w.at(e.Paper.CrossedAt)))
	}
	if e.From != "" {
		out = append(out, w.T("Referred by {0}.", e.From))
	}
	if e.Previous != nil {
		out = append(out, w.T("Follows an earlier encounter that ended without a movement."))
	}
	switch {
	case !e.Minor:
	case e.Responsible == nil && e.Age >= 0:
		out = append(out, w.T("Minor of {0}. Ask who is responsible.", e.Age))
	case e.Responsible == nil:
		out = append(out, w.T("Minor. Ask who is responsible."))
	case e.Age >= 0:
		out = append(out, w.T("Minor of {0}, with an adult of the group.", e.Age))
	default:
		out = append(out, w.T("Minor, with an adult of the group."))
	}
	return out
}

// warning turns the parser's "code field" into words.
func (w words) warning(odd string) string {
	code, field, _ := strings.Cut(odd, " ")
	text := wording.Word(w.Printer, warningWords, code)
	if field == "" {
		return text
	}
	return w.field(field) + ": " + text
}

// age in full years, if the clock can be believed and the birth date is a full one.
func (w words) age(birth string, st counter.Status) string {
	b, err := time.Parse(time.DateOnly, birth)
	if err != nil || st.Clock.State == border.ClockUntrusted || st.Now.Before(b) {
		return ""
	}
	years := st.Now.Year() - b.Year()
	if st.Now.Month() < b.Month() || st.Now.Month() == b.Month() && st.Now.Day() < b.Day() {
		years--
	}
	return w.T("age {0}", max(years, 0))
}
