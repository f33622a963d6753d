package form

import (
	"strconv"

	"garita/border"
)

// field is a field of the file.
type field struct {
	name, label, hint string
	kind              Kind
	list              string // of a code field
	min, max          int
	carry             bool
	when              rules // nil: always
	required          rules // nil: never
	proposals         []proposal
}

// proposal is one row of a field's default.
type proposal struct {
	when rule
	is   string // this value
	from string // or what this fact, table or field says
}

// Record is what a filled-in form comes to: one Go field for each field that the open
// header holds, and the rest, which is sealed.
type Record struct {
	Category        string
	Purpose         string
	Residence       string
	BirthCountry    string
	PreviousCountry string
	NextCountry     string
	Destination     string
	IntendedDays    int // 0: not stated
	DaysGranted     int // calendar days, the day of entry included; 0: none
	LegalBasis      string
	VisaType        string
	VisaIssuer      string
	TransportMode   string
	Role            string
	Answers         map[string]string // by field name; nil if there are none
}

// Apply writes the record's part of a header. PermittedUntil is left to the caller, who
// knows the day.
func (r *Record) Apply(h *border.Header) {
	h.Category, h.Purpose, h.Residence = r.Category, r.Purpose, r.Residence
	h.BirthCountry, h.PreviousCountry, h.NextCountry, h.Destination = r.BirthCountry, r.PreviousCountry, r.NextCountry, r.Destination
	h.IntendedDays, h.DaysGranted, h.LegalBasis = r.IntendedDays, r.DaysGranted, r.LegalBasis
	h.VisaType, h.VisaIssuer = r.VisaType, r.VisaIssuer
	h.TransportMode, h.Role = r.TransportMode, r.Role
}

// openKind is the kind of a field that the open header holds; "" for all others. None is a
// text: a form cannot put words about a person into the open.
func openKind(name string) Kind {
	switch name {
	case "category", "purpose", "legal_basis", "visa_type", "transport_mode", "role":
		return KindCode
	case "residence", "birth_country", "previous_country", "next_country", "destination", "visa_issuer":
		return KindCountry
	case "intended_days", "days_granted":
		return KindNumber
	}
	return ""
}

// put keeps a value that was read.
func (r *Record) put(name, value string) {
	if value == "" {
		return
	}
	number := func() int { n, _ := whole(value); return n }
	switch name {
	case "category":
		r.Category = value
	case "purpose":
		r.Purpose = value
	case "residence":
		r.Residence = value
	case "birth_country":
		r.BirthCountry = value
	case "previous_country":
		r.PreviousCountry = value
	case "next_country":
		r.NextCountry = value
	case "destination":
		r.Destination = value
	case "intended_days":
		r.IntendedDays = number()
	case "days_granted":
		r.DaysGranted = number()
	case "legal_basis":
		r.LegalBasis = value
	case "visa_type":
		r.VisaType = value
	case "visa_issuer":
		r.VisaIssuer = value
	case "transport_mode":
		r.TransportMode = value
	case "role":
		r.Role = value
	default:
		if r.Answers == nil {
			r.Answers = make(map[string]string)
		}
		r.Answers[name] = value
	}
}

// Fields lists the fields that apply, in the order of the screen. Conditions look at the
// facts and at values; a field that is not in values counts as holding its default, one
// that is there but empty as empty.
func (f *Form) Fields(facts Facts, values map[string]string) []Field {
	out := make([]Field, 0, len(f.fields))
	f.walk(facts, values, func(d *field, s setting, a answer) {
		if !a.applies {
			return
		}
		out = append(out, Field{Name: d.name, Label: d.label, Hint: d.hint, Kind: d.kind, Codes: f.lists[d.list],
			Required: d.required.hold(s), Carry: d.carry, Default: a.proposed, Min: d.min, Max: d.max})
	})
	return out
}

// Check reads the values of a filled-in form. It records what was sent and nothing else,
// except category and role, which facts may say too. Nothing is dropped silently: a value
// that is not in order, that is for a field which does not apply, or that is missing though
// required, is a problem. A record with problems holds what was in order.
func (f *Form) Check(facts Facts, values map[string]string) (Record, []Problem) {
	var r Record
	var problems []Problem
	seen := 0
	f.walk(facts, values, func(d *field, s setting, a answer) {
		if a.sent {
			seen++
		}
		switch {
		case !a.applies && a.given:
			problems = append(problems, d.problem(NotAsked))
		case !a.applies:
		case a.wrong != "":
			problems = append(problems, d.problem(a.wrong))
		case a.value == "" && d.required.hold(s) && !(isFact(d.name) && s.values[d.name] != ""):
			problems = append(problems, d.problem(Missing))
		default:
			r.put(d.name, a.value)
		}
		if isFact(d.name) {
			r.put(d.name, s.values[d.name])
		}
	})
	if seen < len(values) {
		problems = append(problems, (&field{}).problem(NoField))
	}
	return r, problems
}

// isFact reports whether a field is a fact too, which holds until the field says otherwise.
func isFact(name string) bool { return name == "category" || name == "role" }

// answer is what became of one field.
type answer struct {
	applies  bool
	sent     bool   // it is in values
	given    bool   // and not empty
	value    string // as recorded; "" if none or not in order
	wrong    Why    // what is not in order
	proposed string // its default
}

// walk goes through the fields in order. visit gets the setting with the field's own value.
func (f *Form) walk(facts Facts, values map[string]string, visit func(*field, setting, answer)) {
	s := f.facts(facts)
	for i := range f.fields {
		d := &f.fields[i]
		var a answer
		var text string
		text, a.sent = values[d.name]
		a.value, a.wrong = f.read(d, text)
		a.given = a.value != "" || a.wrong != ""
		if a.applies = d.when == nil || d.when.hold(s); a.applies {
			a.proposed = f.propose(d, s)
			if a.value != "" {
				s.values[d.name] = a.value
			} else if !a.sent {
				s.values[d.name] = a.proposed
			}
		}
		visit(d, s, a)
	}
}

// propose works out the default of a field: what the facts say of it, or the first row that
// fits and gives a value that the field would accept.
func (f *Form) propose(d *field, s setting) string {
	if isFact(d.name) && s.values[d.name] != "" {
		return s.values[d.name]
	}
	for _, p := range d.proposals {
		if !p.when.holds(s) {
			continue
		}
		text := p.is
		switch p.from {
		case "":
		case "own":
			text = f.country
		case "days":
			if days, _ := f.grant(s); days > 0 {
				text = strconv.Itoa(days)
			}
		case "basis":
			_, text = f.grant(s)
		default:
			text = s.values[p.from]
		}
		if value, wrong := f.read(d, text); value != "" && wrong == "" {
			return value
		}
	}
	return ""
}
