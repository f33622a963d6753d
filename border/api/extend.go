package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type extendInput struct {
	AtCounter
	Body struct {
		Change   string `json:"change" format:"uuid" doc:"Id of the extension, made by the caller: sent again, it is recorded once"`
		Crossing string `json:"crossing" format:"uuid" doc:"The entry; it may have been recorded at another post"`
		Until    string `json:"until" maxLength:"10" doc:"Last calendar day of the stay, 2026-12-31"`
		Reason   string `json:"reason" maxLength:"40" doc:"Code of the form's list extension_reasons"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"At most 500 bytes; sealed"`
	}
}

// extend grants more days to somebody who is inside.
func extend(s *counter.Service) func(context.Context, *extendInput) (counter.Recorded, error) {
	return func(ctx context.Context, in *extendInput) (counter.Recorded, error) {
		change, err := border.ParseID(in.Body.Change)
		if err != nil {
			return counter.Recorded{}, err
		}
		crossing, err := border.ParseID(in.Body.Crossing)
		if err != nil {
			return counter.Recorded{}, err
		}
		here, err := at(ctx, in.Counter)
		if err != nil {
			return counter.Recorded{}, err
		}
		return s.Extend(ctx, counter.Extension{At: here, Change: change, Crossing: crossing,
			Until: in.Body.Until, Reason: in.Body.Reason, Note: in.Body.Note})
	}
}
