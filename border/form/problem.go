package form

import (
	"strconv"
	"strings"
)

// Problem is what is wrong with one field. Nothing of it repeats the value.
type Problem struct {
	Field   string `json:"field,omitempty"` // "" if the form has no such field
	Message string `json:"message"`         // for a person, with what to do next, in English
	// Why and Args are the same for who says it in another language: Args begins with the field's label;
	// after NoNumber come the smallest and the largest, after TooLong the most characters.
	Why  Why      `json:"-"`
	Args []string `json:"-"`
}

// Why names what is wrong with a value.
type Why string

// What can be wrong with a field.
const (
	Missing      Why = "missing"
	NotAsked     Why = "not_asked" // it does not apply, and is not empty
	NoField      Why = "no_field"  // the form does not have it
	NoCode       Why = "no_code"
	NoCountry    Why = "no_country"
	Unshown      Why = "unshown" // there are characters that cannot be shown
	TooLong      Why = "too_long"
	NoNumber     Why = "no_number"
	NoDay        Why = "no_day"
	NoPartialDay Why = "no_partial_day"
	NoYesNo      Why = "no_yes_no"
)

// sentences are written once and only read.
var sentences = map[Why]string{
	Missing:      "{0} is missing.",
	NotAsked:     "{0} is not asked here. Leave it empty.",
	NoField:      "A value was sent for a field that this form does not have. Load the page again.",
	NoCode:       "{0}: choose one of the codes.",
	NoCountry:    "{0}: this is no country code. Use the three letters of travel documents.",
	Unshown:      "{0}: there are characters that cannot be shown. Type it again.",
	TooLong:      "{0}: shorten it to {1} characters.",
	NoNumber:     "{0}: type a whole number from {1} to {2}.",
	NoDay:        "{0}: type a day of the calendar like 2026-11-22.",
	NoPartialDay: "{0}: type a day like 1974-08-12, with X for what is unknown: 1974-XX-XX.",
	NoYesNo:      "{0}: answer yes or no.",
}

// problem puts into words what is wrong with a field.
func (d *field) problem(w Why) Problem {
	p := Problem{Field: d.name, Why: w, Args: []string{d.label}}
	switch w {
	case NoField:
		p.Args = nil
	case TooLong:
		p.Args = append(p.Args, strconv.Itoa(d.max))
	case NoNumber:
		p.Args = append(p.Args, strconv.Itoa(d.min), strconv.Itoa(d.max))
	default: // the label says it all
	}
	pairs := make([]string, 0, 6)
	for i, a := range p.Args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", a)
	}
	p.Message = strings.NewReplacer(pairs...).Replace(sentences[w])
	return p
}
