package wording

import (
	"garita/border/watch"
	"garita/ui/i18n"
)

// Reason says of one field what speaks for or against a hit.
type Reason struct {
	Field, Level  string // in words
	Side          string // for, against or neither
	Asked, Listed string
}

// weightless is the weight, as a natural logarithm, below which a field says nothing.
const weightless = 0.05

// Reasons puts an explanation into words.
func Reasons(p *i18n.Printer, x *watch.Explanation) []Reason {
	if x == nil {
		return nil
	}
	return Evidence(p, x.Fields)
}

// Evidence puts what the fields of an explanation say into words.
func Evidence(p *i18n.Printer, fields []watch.Evidence) []Reason {
	out := make([]Reason, 0, len(fields))
	for _, f := range fields {
		r := Reason{Field: Word(p, evidenceFields, f.Field), Level: level(p, f.Field, f.Level), Side: "neither",
			Asked: or(f.Asked, "–"), Listed: or(f.Listed, "–")}
		switch {
		case f.Weight > weightless:
			r.Side = "for"
		case f.Weight < -weightless:
			r.Side = "against"
		}
		out = append(out, r)
	}
	return out
}

var evidenceFields = map[string]i18n.Msg{
	"name": "Name", "birth_date": "Date of birth", "sex": "Sex", "nationality": "Nationality", "document": "Document",
}

// levels are how fields compare, by level, or field.level where the field makes another text.
var levels = map[string]i18n.Msg{
	"exact": "the same", "same": "the same", "unknown": "not known on one side, says nothing", "related": "a related one", "other": "another one",
	"name.exact": "every part is the same", "name.spelling": "the same but for the spelling", "name.part_missing": "a part is missing on one side",
	"name.part_differs": "some parts agree, others differ", "name.joined": "the same, with parts written together or apart",
	"name.order": "the same parts in another order", "name.other": "another name",
	"birth_date.month": "year and month agree", "birth_date.year": "the year agrees, more is not known",
	"birth_date.swapped_day_month": "the same, with day and month the other way round", "birth_date.one_digit": "one digit differs",
	"birth_date.next_year": "the same day, a year apart", "birth_date.next_day": "a day apart", "birth_date.range": "within the dates listed",
	"birth_date.same_year": "the same year, another day", "birth_date.near": "up to two years apart", "birth_date.far": "some years apart",
	"birth_date.other": "another date",
	"document.exact":   "number and issuer are the same", "document.number": "the number is the same, the issuer is not known on one side",
	"document.look_alike": "the same, if a misread letter is put right", "document.other_issuer": "the number is the same, the issuer another",
}

func level(p *i18n.Printer, field, name string) string {
	if m := levels[field+"."+name]; m != "" {
		return p.T(m)
	}
	return Word(p, levels, name)
}
