package api

import (
	"context"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// FingerOf names a finger and why it is asked for.
type FingerOf struct {
	Position border.FingerPosition `json:"position" minimum:"1" maximum:"10" doc:"ISO/IEC 19794-4: 1 right thumb to 5 right little, 6 left thumb to 10 left little"`
	Reason   string                `json:"reason" maxLength:"40" doc:"Why it is asked for: code of the form's list finger_reasons"`
}

type askFingerInput struct {
	AtEncounter
	Body FingerOf
}

// askFinger has the counter's scanner take a finger; it answers with the view at once, and later
// views say how it goes on.
func askFinger(s *counter.Service) func(context.Context, *askFingerInput) (counter.View, error) {
	return func(ctx context.Context, in *askFingerInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.AskFinger(ctx, a, id, in.Body.Position, in.Body.Reason)
		})
	}
}

// cancelFinger ends the capture that is under way; it answers with the view.
func cancelFinger(s *counter.Service) func(context.Context, *AtEncounter) (counter.View, error) {
	return func(ctx context.Context, in *AtEncounter) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error { return s.CancelFinger(ctx, a, id) })
	}
}

type notTakenInput struct {
	AtEncounter
	Body struct {
		FingerOf
		Code string `json:"code" maxLength:"40" doc:"Why it cannot be taken: code of the form's list finger_not_taken; sealed"`
	}
}

// fingerNotTaken notes why a finger cannot be taken; it answers with the view.
func fingerNotTaken(s *counter.Service) func(context.Context, *notTakenInput) (counter.View, error) {
	return func(ctx context.Context, in *notTakenInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.FingerNotTaken(ctx, a, id, in.Body.Position, in.Body.Reason, in.Body.Code)
		})
	}
}

type degradeInput struct {
	AtCounter
	Body struct {
		Seconded
		Reason  string `json:"reason" maxLength:"40" doc:"Code of the form's list degraded_reasons"`
		Minutes int    `json:"minutes" minimum:"1" maximum:"1440" doc:"Until fingers are taken again by themselves"`
	}
}

// degrade lets the station go without fingerprints for a while; it answers with the view.
func degrade(s *counter.Service, g *access.Agreements) func(context.Context, *degradeInput) (counter.View, error) {
	return func(ctx context.Context, in *degradeInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			agreement, err := in.Body.agreed(ctx, g, access.BiometricsOff, string(in.Counter))
			if err != nil {
				return err
			}
			return s.DegradeBiometrics(ctx, counter.Degradation{At: a, Agreement: agreement, Reason: in.Body.Reason,
				For: time.Duration(in.Body.Minutes) * time.Minute})
		})
	}
}

// restoreBiometrics has fingers taken again; it answers with the view.
func restoreBiometrics(s *counter.Service) func(context.Context, *AtCounter) (counter.View, error) {
	return func(ctx context.Context, in *AtCounter) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error { return s.RestoreBiometrics(ctx, a) })
	}
}
