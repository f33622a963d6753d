package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type correctInput struct {
	AtCounter
	Body struct {
		Change   string `json:"change" format:"uuid" doc:"Id of the correction, made by the caller: sent again, it is recorded once"`
		Crossing string `json:"crossing" format:"uuid"`
		Officer  string `json:"officer" maxLength:"40" doc:"Badge number"`
		Reason   string `json:"reason" maxLength:"40" doc:"Code of the form's list correction_reasons"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"At most 500 bytes; sealed"`
		Second   string `json:"second,omitempty" maxLength:"40" doc:"Badge number of another officer; required for a crossing of somebody else or of more than ten minutes ago"`

		Outcome     border.Outcome    `json:"outcome,omitempty" enum:"admitted,departed,refused,departure_prevented,withdrawn,handed_over" doc:"withdrawn makes it no movement"`
		Ground      string            `json:"ground,omitempty" maxLength:"40"`
		Direction   string            `json:"direction,omitempty" enum:"entry,exit"`
		Particulars *Particulars      `json:"particulars,omitempty" doc:"All of them: what is left out is not known"`
		Values      map[string]string `json:"values,omitempty" maxProperties:"64" doc:"Answers by the form's field names; an empty one takes an answer away"`
		Continues   string            `json:"continues,omitempty" format:"uuid" doc:"The entry whose stay this exit ends"`
	}
}

// correct records how a crossing should have been recorded. What is left out stays as it is.
func correct(s *counter.Service) func(context.Context, *correctInput) (counter.Recorded, error) {
	return func(ctx context.Context, in *correctInput) (counter.Recorded, error) {
		b := &in.Body
		c := counter.Correction{At: at(in.Counter, b.Officer), Reason: b.Reason, Note: b.Note, Agreement: counter.Agreement{Second: b.Second}, Outcome: b.Outcome,
			Ground: b.Ground, Direction: b.Direction, Values: b.Values}
		var err error
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
		return s.Correct(ctx, c)
	}
}
