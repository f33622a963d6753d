package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
)

// FormAnswer is what a client needs of the form in force besides the fields of a view.
type FormAnswer struct {
	Version           string                      `json:"version" doc:"As crossings name it" example:"UTO 1 1f2e3d4c"`
	Country           string                      `json:"country"`
	SupervisorRefuses bool                        `json:"supervisor_refuses" doc:"A refusal needs a supervisor"`
	Categories        []Choice                    `json:"categories"`
	Documents         []DocumentKind              `json:"documents" doc:"Kinds of documents"`
	Grounds           map[border.Outcome][]Choice `json:"grounds" doc:"By the outcomes that must give one"`
	Lists             map[string][]Choice         `json:"lists" doc:"Codes that operations take"`
}

// Choice is one code of a list.
type Choice struct {
	Code  string `json:"code"`
	Label string `json:"label"`
	Key   string `json:"key,omitempty" doc:"Typed to choose it"`
}

// DocumentKind is a kind of document that an encounter may rest on.
type DocumentKind struct {
	Choice
	MRZ      bool   `json:"mrz" doc:"It usually has a machine readable zone"`
	Identity string `json:"identity" enum:"keyed,declared" doc:"What particulars rest on that are typed from it"`
}

// formLists are the lists of codes that operations take, see form.Form.Codes.
var formLists = []string{"recipients", "referral_reasons", "abandon_reasons", "correction_reasons", "extension_reasons",
	"group_kinds", "relations", "permission_papers", "needs"}

// getForm describes the form in force.
func getForm(s *counter.Service) func(context.Context, *struct{}) (FormAnswer, error) {
	return func(context.Context, *struct{}) (FormAnswer, error) {
		f := s.Form()
		a := FormAnswer{Version: f.Version(), Country: f.Country(), SupervisorRefuses: f.SupervisorRefuses(),
			Categories: choices(f.Codes("categories")), Documents: []DocumentKind{}, Grounds: map[border.Outcome][]Choice{},
			Lists: map[string][]Choice{}}
		for _, d := range f.DocumentKinds() {
			a.Documents = append(a.Documents, DocumentKind{Choice: Choice{d.Code, d.Label, d.Key}, MRZ: d.MRZ, Identity: d.Identity})
		}
		for _, o := range []border.Outcome{border.Refused, border.DeparturePrevented} {
			a.Grounds[o] = choices(f.Grounds(o))
		}
		for _, name := range formLists {
			a.Lists[name] = choices(f.Codes(name))
		}
		if f.Fingerprints() {
			for _, name := range []string{form.FingerReasons, form.FingerNotTaken, form.Degraded} {
				a.Lists[name] = choices(f.Codes(name))
			}
		}
		return a, nil
	}
}

func choices(codes []form.Code) []Choice {
	out := make([]Choice, len(codes))
	for i, c := range codes {
		out[i] = Choice{c.Code, c.Label, c.Key}
	}
	return out
}
