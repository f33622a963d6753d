package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

type correctInput struct {
	AtCounter
	Body struct {
		Change   string `json:"change" format:"uuid" doc:"Id of the correction, made by the caller: sent again, it is recorded once"`
		Crossing string `json:"crossing" format:"uuid"`
		Reason   string `json:"reason" maxLength:"40" doc:"Code of the form's list correction_reasons"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"At most 500 bytes; sealed"`
		Seconded

		Outcome     border.Outcome    `json:"outcome,omitempty" enum:"admitted,departed,refused,departure_prevented,withdrawn,handed_over" doc:"withdrawn makes it no movement"`
		Ground      string            `json:"ground,omitempty" maxLength:"40"`
		Direction   string            `json:"direction,omitempty" enum:"entry,exit"`
		Particulars *Particulars      `json:"particulars,omitempty" doc:"All of them: what is left out is not known"`
		Values      map[string]string `json:"values,omitempty" maxProperties:"64" doc:"Answers by the form's field names; an empty one takes an answer away"`
		Continues   string            `json:"continues,omitempty" format:"uuid" doc:"The entry whose stay this exit ends"`
	}
}

// correct records how a crossing should have been recorded. What is left out stays as it is. A
// crossing of somebody else, or of more than ten minutes ago, takes another officer.
func correct(s *counter.Service, g *access.Agreements) func(context.Context, *correctInput) (counter.Recorded, error) {
	return func(ctx context.Context, in *correctInput) (counter.Recorded, error) {
		b := &in.Body
		c := counter.Correction{Reason: b.Reason, Note: b.Note, Outcome: b.Outcome, Ground: b.Ground, Direction: b.Direction, Values: b.Values}
		var err error
		if c.At, err = at(ctx, in.Counter); err != nil {
			return counter.Recorded{}, err
		}
		if c.Change, err = border.ParseID(b.Change); err != nil {
			return counter.Recorded{}, err
		}
		if c.Crossing, err = border.ParseID(b.Crossing); err != nil {
			return counter.Recorded{}, err
		}
		if c.Continues, err = optional(b.Continues); err != nil {
			return counter.Recorded{}, err
		}
		if b.Particulars != nil {
			keyed := b.Particulars.keyed()
			c.Particulars = &keyed
		}
		if c.Agreement, err = b.agreed(ctx, g, access.LateCorrect, b.Change); err != nil {
			return counter.Recorded{}, err
		}
		return s.Correct(ctx, c)
	}
}
