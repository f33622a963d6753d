package api

import (
	"context"
	"time"

	"garita/border/counter"
)

// Particulars are those of a document without a machine readable zone, or of a person who
// has none. What is not known is left out.
type Particulars struct {
	Kind           string `json:"kind,omitempty" maxLength:"32" doc:"Kind of document, of the form's list; empty for a declared person"`
	DocumentNumber string `json:"document_number,omitempty" maxLength:"40"`
	IssuingState   string `json:"issuing_state,omitempty" maxLength:"3" doc:"Code of Doc 9303-3 section 5, or one of the form"`
	Surname        string `json:"surname,omitempty" maxLength:"100"`
	GivenNames     string `json:"given_names,omitempty" maxLength:"100"`
	Nationality    string `json:"nationality,omitempty" maxLength:"3" doc:"Code of Doc 9303-3 section 5, or one of the form"`
	BirthDate      string `json:"birth_date,omitempty" maxLength:"10" doc:"EDTF: 1974-08-12, 1974-08-XX, 1974-XX-XX"`
	Sex            string `json:"sex,omitempty" maxLength:"1" doc:"M, F or X"`
	ExpiryDate     string `json:"expiry_date,omitempty" maxLength:"10" doc:"EDTF"`
}

func (p *Particulars) keyed() counter.Particulars {
	return counter.Particulars{Kind: p.Kind, DocumentNumber: p.DocumentNumber, IssuingState: p.IssuingState, Surname: p.Surname,
		GivenNames: p.GivenNames, Nationality: p.Nationality, BirthDate: p.BirthDate, Sex: p.Sex, ExpiryDate: p.ExpiryDate}
}

// PaperSheet is what a crossing was written on while nothing worked.
type PaperSheet struct {
	Sheet     string    `json:"sheet" minLength:"1" maxLength:"40" doc:"Number of the sheet"`
	CrossedAt time.Time `json:"crossed_at" doc:"When the person crossed, as the sheet says; at most 31 days ago"`
	Direction string    `json:"direction" enum:"entry,exit"`
}

type openInput struct {
	AtCounter
	Body struct {
		Identity    string      `json:"identity" enum:"keyed,declared" doc:"What the particulars rest on: a document that is keyed, or the person's word"`
		Particulars Particulars `json:"particulars"`
		Paper       *PaperSheet `json:"paper,omitempty" doc:"For a crossing that happened while nothing worked"`
	}
}

// openEncounter opens an encounter without a scan; it answers with the view.
func openEncounter(s *counter.Service) func(context.Context, *openInput) (counter.View, error) {
	return func(ctx context.Context, in *openInput) (counter.View, error) {
		here, err := at(ctx, in.Counter)
		if err != nil {
			return counter.View{}, err
		}
		o := counter.Opening{At: here, Identity: in.Body.Identity, Particulars: in.Body.Particulars.keyed()}
		if p := in.Body.Paper; p != nil {
			o.Paper, o.Direction = &counter.Paper{Sheet: p.Sheet, CrossedAt: p.CrossedAt}, p.Direction
		}
		if _, err := s.Open(ctx, o); err != nil {
			return counter.View{}, err
		}
		return s.View(in.Counter)
	}
}
