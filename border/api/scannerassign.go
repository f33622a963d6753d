package api

import (
	"context"

	"garita/border"
)

type assignInput struct {
	AtScanner
	Body struct {
		Counter border.CounterID `json:"counter" maxLength:"32" doc:"Empty takes the scanner away from its counter"`
	}
}

// assignScanner gives a scanner to a counter; it answers with the scanner.
func assignScanner(w border.Workshop) func(context.Context, *assignInput) (border.ScannerDetail, error) {
	return func(ctx context.Context, in *assignInput) (border.ScannerDetail, error) {
		if err := w.Assign(ctx, in.Scanner, in.Body.Counter); err != nil {
			return border.ScannerDetail{}, err
		}
		return find(w, in.Scanner)
	}
}
