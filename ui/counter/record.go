package counter

import (
	"html/template"
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
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

// choices gives the choices of a list of the form their texts, always the same ones.
func (s *screen) choices(codes []form.Code) []Option {
	if len(codes) == 0 {
		return nil
	}
	all, ok := s.choice.Load(&codes[0])
	if !ok {
		all, _ = s.choice.LoadOrStore(&codes[0], options(codes))
	}
	return all.([]Option)
}

// options gives the choices of a list their texts.
func options(codes []form.Code) []Option {
	out := make([]Option, 0, len(codes))
	for _, c := range codes {
		out = append(out, Option{c.Code, keyed(c.Key, c.Label)})
	}
	return out
}

// keyed puts the key that chooses before a label.
func keyed(key, label string) string {
	if key == "" {
		return label
	}
	return strings.ToUpper(key) + " " + label
}

// labels gives the words of a list's codes.
func labels(codes []form.Code) map[string]string {
	out := make(map[string]string, len(codes))
	for _, c := range codes {
		out[c.Code] = c.Label
	}
	return out
}

var originWords = map[string]string{"shared": "shared by the group", "known": "from the last crossing", "default": "proposed"}

// record puts an encounter's form into words.
func (s *screen) record(e *counter.EncounterView) *Record {
	r := &Record{Encounter: e.ID.String()}
	var known []string
	for _, in := range s.inputs("f-", e.Record.Fields, e.Record.Values, e.Record.Origins, e.Record.Problems) {
		if in.Problem != "" || in.Required && (in.Value == "" || e.Record.Origins[in.Name] == "entered") {
			r.Asked = append(r.Asked, in)
			continue
		}
		r.Known = append(r.Known, in)
		if in.Value != "" {
			known = append(known, strings.ToLower(in.Label)+" "+in.text())
		}
	}
	r.Summary = strings.Join(known, " · ")
	if e.Direction == border.Exit {
		for _, c := range e.History.SamePerson {
			if c.Direction == border.Entry && c.Outcome == string(border.Admitted) {
				r.Proposals = append(r.Proposals, Option{c.Crossing.String(), "Ends the stay from " + day(c.LocalDate) + ", " + string(c.Post)})
			}
		}
	}
	return r
}

var yesNo = []Option{{"yes", "Yes"}, {"no", "No"}}

// inputs puts fields into words; prefix keeps the ids of two forms on one page apart.
func (s *screen) inputs(prefix string, fields []form.Field, values, origins map[string]string, problems []form.Problem) []Input {
	wrong := make(map[string]string, len(problems))
	for _, p := range problems {
		wrong[p.Field] = p.Message
	}
	out := make([]Input, 0, len(fields))
	for _, f := range fields {
		in := Input{ID: prefix + f.Name, Name: f.Name, Label: f.Label, Hint: f.Hint, Kind: f.Kind, Required: f.Required,
			Value: values[f.Name], Origin: originWords[origins[f.Name]], Problem: wrong[f.Name]}
		in.Bad = in.Problem != "" && in.Value != ""
		switch f.Kind {
		case form.KindCode:
			in.Options = s.choices(f.Codes)
		case form.KindYesNo:
			in.Options = yesNo
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
func (s *screen) correctable(st counter.Standing) Correctable {
	f := s.cfg.Service.Form()
	c := Correctable{Crossing: st.Crossing.String(), Who: st.Document.Surname + ", " + st.Document.GivenNames, Direction: st.Direction,
		Outcome: string(st.Outcome), Ground: st.Ground, Alone: st.Alone, Particulars: st.Document, Kinds: kinds(f),
		Inputs: s.inputs("c-", st.Fields, st.Values, nil, nil), Reasons: options(f.Codes("correction_reasons"))}
	for _, o := range []border.Outcome{border.Admitted, border.Departed, border.Refused, border.DeparturePrevented, border.Withdrawn} {
		c.Outcomes = append(c.Outcomes, Option{string(o), outcomeWord(o)})
	}
	seen := map[string]bool{}
	for _, o := range []border.Outcome{border.Refused, border.DeparturePrevented} {
		for _, g := range options(f.Grounds(o)) {
			if !seen[g.Code] {
				seen[g.Code] = true
				c.Grounds = append(c.Grounds, g)
			}
		}
	}
	return c
}

// kinds gives the kinds of documents their texts.
func kinds(f *form.Form) []Option {
	var out []Option
	for _, k := range f.DocumentKinds() {
		out = append(out, Option{k.Code, keyed(k.Key, k.Label)})
	}
	return out
}
