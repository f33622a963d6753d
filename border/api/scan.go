package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type scanInput struct {
	AtCounter
	Body struct {
		Lines  []string          `json:"lines" minItems:"1" maxItems:"16" doc:"The MRZ as it was read, a line each"`
		Source border.ScanSource `json:"source" enum:"wedge,keyed"`
	}
}

// scan presents a document that did not come through devices; it answers with the view.
func scan(s *counter.Service, clock border.Clock) func(context.Context, *scanInput) (counter.View, error) {
	return func(ctx context.Context, in *scanInput) (counter.View, error) {
		for _, l := range in.Body.Lines {
			if len(l) > 256 {
				return counter.View{}, &border.Error{Code: border.TooLarge, Op: "read a scan", Message: "A line has at most 256 bytes."}
			}
		}
		err := s.Scan(ctx, border.Scan{Counter: in.Counter, Source: in.Body.Source, Lines: in.Body.Lines, ReceivedAt: clock.Now()})
		if err != nil {
			return counter.View{}, err
		}
		return s.View(in.Counter)
	}
}
