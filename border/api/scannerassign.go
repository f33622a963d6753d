package api

import (
	"context"

	"garita/border"
	"garita/border/access"
)

type assignInput struct {
	AtScanner
	Body struct {
		Counter border.CounterID `json:"counter" maxLength:"32" doc:"Empty takes the scanner away from its counter"`
	}
}

// assignScanner gives a scanner to a counter; it answers with the scanner.
func assignScanner(w border.Workshop, told audited) func(context.Context, *assignInput) (border.ScannerDetail, error) {
	return func(ctx context.Context, in *assignInput) (border.ScannerDetail, error) {
		act := border.Act{Action: string(access.WorkshopWork), Object: "assign " + plainName(in.Scanner)}
		if err := told.did(ctx, act, w.Assign(ctx, in.Scanner, in.Body.Counter)); err != nil {
			return border.ScannerDetail{}, err
		}
		return find(w, in.Scanner)
	}
}
