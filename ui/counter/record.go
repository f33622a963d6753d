package counter

import (
	"html/template"
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/ui/i18n"
)

// Record is the form of the open encounter: what must be asked stands open, what is known is
// folded behind one line.
type Record struct {
	Encounter string // id, so that the page knows whose answers these are
	Asked     []Input
	Known     []Input
	Summary   string // the known answers in one line
	// Proposals are entries on other documents whose stay this exit may end.
	Proposals []Option
	Country   string
}

// Input is one field of a form as the screen asks it.
type Input struct {
	ID, Name, Label, Hint string
	Kind                  form.Kind
	Options               []Option // of a choice
	Value                 string
	Origin                string // where the value comes from, in words; "" if it was entered here
	Required              bool
	Max                   int // characters; 0: no bound of its own
	Problem               string
	Bad                   bool // the value itself cannot be right: said at once, not only when deciding
}

// Choice reports whether one of the options is chosen.
func (i Input) Choice() bool { return i.Kind == form.KindCode || i.Kind == form.KindYesNo }

// Choices writes the options with the chosen one. The template would write the same at a
// quarter of the speed, and forms are most of a panel, which is painted with every change.
func (i Input) Choices() template.HTML {
	var b strings.Builder
	for _, o := range i.Options {
		b.WriteString(`<option value="`)
		template.HTMLEscape(&b, []byte(o.Code))
		if b.WriteByte('"'); o.Code == i.Value {
			b.WriteString(" selected")
		}
		b.WriteByte('>')
		template.HTMLEscape(&b, []byte(o.Text))
		b.WriteString("</option>")
	}
	return template.HTML(b.String()) //nolint:gosec // all that comes from outside is escaped above
}

// Numeric reports whether only digits are typed.
func (i Input) Numeric() bool { return i.Kind == form.KindNumber }

// Country reports whether the code of a country is typed.
func (i Input) Country() bool { return i.Kind == form.KindCountry }

// Wide reports whether a whole line is needed.
func (i Input) Wide() bool { return i.Kind == form.KindText && i.Max >= 200 }

// Option is one choice. Its text begins with the key that chooses it.
type Option struct{ Code, Text string }

// choices names a list of the form, by its first code, in a language.
type choices struct {
	lang i18n.Lang
	list *form.Code
}

// choices gives the choices of a list of the form their texts, always the same ones.
func (s *screen) choices(w words, codes []form.Code) []Option {
	if len(codes) == 0 {
		return nil
	}
	of := choices{w.Lang(), &codes[0]}
	all, ok := s.choice.Load(of)
	if !ok {
		all, _ = s.choice.LoadOrStore(of, w.options(codes))
	}
	return all.([]Option)
}

// record puts an encounter's form into words.
func (s *screen) record(w words, e *counter.EncounterView) *Record {
	r := &Record{Encounter: e.ID.String()}
	var known []string
	for _, in := range s.inputs(w, "f-", e.Record.Fields, e.Record.Values, e.Record.Origins, e.Record.Problems) {
		if in.Problem != "" || in.Required && (in.Value == "" || e.Record.Origins[in.Name] == "entered") {
			r.Asked = append(r.Asked, in)
			continue
		}
		r.Known = append(r.Known, in)
		if in.Value != "" {
			known = append(known, lower(in.Label)+" "+in.text())
		}
	}
	r.Summary = strings.Join(known, " · ")
	if e.Direction == border.Exit {
		for _, c := range e.History.SamePerson {
			if c.Direction == border.Entry && c.Outcome == string(border.Admitted) {
				r.Proposals = append(r.Proposals, Option{c.Crossing.String(), w.T("Ends the stay from {0}, {1}", w.day(c.LocalDate), string(c.Post))})
			}
		}
	}
	return r
}

// inputs puts fields into words; prefix keeps the ids of two forms on one page apart.
func (s *screen) inputs(w words, prefix string, fields []form.Field, values, origins map[string]string, problems []form.Problem) []Input {
	wrong := make(map[string]string, len(problems))
	for _, p := range problems {
		wrong[p.Field] = w.problem(p)
	}
	out := make([]Input, 0, len(fields))
	for _, f := range fields {
		in := Input{ID: prefix + f.Name, Name: f.Name, Label: w.label(f.Label), Hint: w.label(f.Hint), Kind: f.Kind, Required: f.Required,
			Value: values[f.Name], Problem: wrong[f.Name]}
		if m := originWords[origins[f.Name]]; m != "" {
			in.Origin = w.T(m)
		}
		in.Bad = in.Problem != "" && in.Value != ""
		switch f.Kind {
		case form.KindCode:
			in.Options = s.choices(w, f.Codes)
		case form.KindYesNo:
			in.Options = []Option{{"yes", w.T("Yes")}, {"no", w.T("No")}}
		case form.KindCountry:
			in.Max = 3
		case form.KindNumber:
			in.Max = 6
		case form.KindDate, form.KindEDTF:
			in.Max = 10
		default:
			in.Max = f.Max
		}
		out = append(out, in)
	}
	return out
}

// text says a value in words.
func (i Input) text() string {
	for _, o := range i.Options {
		if o.Code == i.Value {
			if _, label, ok := strings.Cut(o.Text, " "); ok {
				return label
			}
			return o.Text
		}
	}
	return i.Value
}

// countries lists the codes that the form in force knows, one to three letters long.
func countries(f *form.Form) []string {
	var out []string
	var try func(code string)
	try = func(code string) {
		if f.Knows(code) {
			out = append(out, code)
		}
		if len(code) < 3 {
			for c := byte('A'); c <= 'Z'; c++ {
				try(code + string(c))
			}
		}
	}
	try("")
	return out
}

// Correctable is a recorded crossing as the correction dialog shows it.
type Correctable struct {
	Crossing, Who, Direction, Outcome, Ground string
	Alone                                     bool
	Outcomes                                  []Option
	Grounds                                   []Option
	Particulars                               counter.DocumentView
	Kinds                                     []Option
	Inputs                                    []Input
	Reasons                                   []Option
}

// correctable puts a recorded crossing into words.
func (s *screen) correctable(w words, st counter.Standing) Correctable {
	c := Correctable{Crossing: st.Crossing.String(), Who: st.Document.Surname + ", " + st.Document.GivenNames, Direction: st.Direction,
		Outcome: string(st.Outcome), Ground: st.Ground, Alone: st.Alone, Particulars: st.Document, Kinds: w.kinds(),
		Inputs: s.inputs(w, "c-", st.Fields, st.Values, nil, nil), Reasons: w.options(w.form.Codes("correction_reasons"))}
	for _, o := range []border.Outcome{border.Admitted, border.Departed, border.Refused, border.DeparturePrevented, border.Withdrawn} {
		c.Outcomes = append(c.Outcomes, Option{string(o), w.outcome(o)})
	}
	seen := map[string]bool{}
	for _, o := range []border.Outcome{border.Refused, border.DeparturePrevented} {
		for _, g := range w.options(w.form.Grounds(o)) {
			if !seen[g.Code] {
				seen[g.Code] = true
				c.Grounds = append(c.Grounds, g)
			}
		}
	}
	return c
}
