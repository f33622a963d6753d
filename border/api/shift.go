package api

import (
	"context"

	"garita/border/counter"
)

type shiftInput struct {
	Body byOfficer
}

// openShift begins a shift; it answers with the report, which is empty.
func openShift(s *counter.Service) func(context.Context, *shiftInput) (counter.ShiftReport, error) {
	return func(ctx context.Context, in *shiftInput) (counter.ShiftReport, error) {
		if err := s.OpenShift(ctx, in.Body.Officer); err != nil {
			return counter.ShiftReport{}, err
		}
		return s.Shift(ctx)
	}
}

// closeShift ends the shift; it answers with what it did.
func closeShift(s *counter.Service) func(context.Context, *shiftInput) (counter.ShiftReport, error) {
	return func(ctx context.Context, in *shiftInput) (counter.ShiftReport, error) {
		return s.CloseShift(ctx, in.Body.Officer)
	}
}

// currentShift reports on the shift that is open.
func currentShift(s *counter.Service) func(context.Context, *struct{}) (counter.ShiftReport, error) {
	return func(ctx context.Context, _ *struct{}) (counter.ShiftReport, error) { return s.Shift(ctx) }
}
