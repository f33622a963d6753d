package api

import (
	"context"

	"garita/border/counter"
)

// openShift begins a shift; it answers with the report, which is empty.
func openShift(s *counter.Service) func(context.Context, *struct{}) (counter.ShiftReport, error) {
	return func(ctx context.Context, _ *struct{}) (counter.ShiftReport, error) {
		who, err := badge(ctx)
		if err != nil {
			return counter.ShiftReport{}, err
		}
		if err := s.OpenShift(ctx, who); err != nil {
			return counter.ShiftReport{}, err
		}
		return s.Shift(ctx)
	}
}

// closeShift ends the shift; it answers with what it did.
func closeShift(s *counter.Service) func(context.Context, *struct{}) (counter.ShiftReport, error) {
	return func(ctx context.Context, _ *struct{}) (counter.ShiftReport, error) {
		who, err := badge(ctx)
		if err != nil {
			return counter.ShiftReport{}, err
		}
		return s.CloseShift(ctx, who)
	}
}

// currentShift reports on the shift that is open.
func currentShift(s *counter.Service) func(context.Context, *struct{}) (counter.ShiftReport, error) {
	return func(ctx context.Context, _ *struct{}) (counter.ShiftReport, error) { return s.Shift(ctx) }
}
