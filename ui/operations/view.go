package operations

import (
	"context"

	"garita/border/register"
)

// view is what the screen shows, as the register says it.
type view struct {
	Counts    register.Counts     `json:"counts"`
	Stations  []register.Station  `json:"stations"`
	Alarms    []register.Alarm    `json:"alarms"`
	Crossings []register.Crossing `json:"crossings"` // newest first
}

// How many rows the screen shows.
const (
	alarmRows    = 20
	crossingRows = 25
)

func (s *screen) view(ctx context.Context) (v view, err error) {
	r := s.cfg.Register
	if v.Counts, err = r.Counts(ctx); err != nil {
		return v, err
	}
	if v.Stations, err = r.Stations(ctx); err != nil {
		return v, err
	}
	if v.Alarms, err = r.Alarms(ctx, alarmRows); err != nil {
		return v, err
	}
	v.Crossings, err = r.LatestCrossings(ctx, crossingRows)
	return v, err
}
