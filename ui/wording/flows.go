package wording

import (
	"strings"

	"garita/border"
	"garita/border/flows"
	"garita/border/form"
	"garita/ui/i18n"
)

var dimensions = map[flows.Dimension]i18n.Msg{
	flows.Nationality: "dimension::Nationality", flows.Residence: "dimension::Country of residence", flows.Sex: "dimension::Sex", flows.Age: "dimension::Age", flows.Category: "dimension::Migratory category",
	flows.Purpose: "dimension::Purpose of the journey", flows.Transport: "dimension::Means of transport", flows.Document: "dimension::Kind of document", flows.Issuer: "dimension::Issuer of the document",
	flows.Ground: "dimension::Ground of the refusal", flows.VisaIssuer: "dimension::Issuer of the visa", flows.Fingers: "dimension::Fingerprints",
}

// Dimension says by what crossings are counted.
func Dimension(p *i18n.Printer, d flows.Dimension) string { return p.T(dimensions[d]) }

// lists are those of a country's form that a dimension's codes are of.
var lists = map[flows.Dimension][]string{flows.Category: {"categories"}, flows.Purpose: {"purposes"}, flows.Transport: {"transport_modes"},
	flows.Ground: {string(border.Refused), string(border.DeparturePrevented)}}

var flowCodes = map[flows.Dimension]map[string]i18n.Msg{
	flows.Sex:     {"M": "sex::Male", "F": "sex::Female", "X": "sex::Other or not stated"},
	flows.Fingers: {flows.Taken: "fingers::Taken", flows.NotTaken: "fingers::Not all taken"},
}

// FlowCode says a code that crossings are counted under: by the words of the country's form, else as it is.
// Countries are their codes.
func FlowCode(p *i18n.Printer, f *form.Form, d flows.Dimension, code string) string {
	switch {
	case code == "":
		return p.T("code::Not known")
	case code == flows.Other:
		return p.T("code::All others")
	case flowCodes[d][code] != "":
		return p.T(flowCodes[d][code])
	case d == flows.Age:
		return ages(p, code)
	case d == flows.Document:
		if k, ok := f.Kind(code); ok {
			return f.Word(string(p.Lang()), k.Label)
		}
	}
	for _, list := range lists[d] {
		for _, c := range f.Codes(list) {
			if c.Code == code {
				return f.Word(string(p.Lang()), c.Label)
			}
		}
	}
	return code
}

// ages says a group of ages, "Y5T9" or "Y_GE80".
func ages(p *i18n.Printer, code string) string {
	if from, oldest := strings.CutPrefix(code, "Y_GE"); oldest {
		return p.T("ages::{0} and over", from)
	}
	if from, to, ok := strings.Cut(strings.TrimPrefix(code, "Y"), "T"); ok {
		return from + "–" + to
	}
	return code
}
