package operations

import (
	"context"

	"garita/border/access"
	"garita/border/register"
)

// view is what the screen shows, as the register says it.
type view struct {
	Counts    register.Counts     `json:"counts"`
	Stations  []register.Station  `json:"stations"`
	Alarms    []register.Alarm    `json:"alarms"`
	Crossings []register.Crossing `json:"crossings"` // newest first
	Inside    register.Inside     `json:"inside"`
	Overstays []register.Stay     `json:"overstays"` // the longest first
}

// How many rows the screen shows.
const (
	alarmRows    = 20
	overstayRows = 10
	crossingRows = 25
)

// view reads what some roles are shown: rows about travellers are not everybody's, though no name
// is on them.
func (s *screen) view(ctx context.Context, roles []access.Role) (v view, err error) {
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
	if v.Inside, err = r.Inside(ctx); err != nil {
		return v, err
	}
	if access.May(roles, access.RegisterRead) {
		if v.Crossings, err = r.LatestCrossings(ctx, crossingRows); err != nil {
			return v, err
		}
	}
	if access.May(roles, access.StaysRead) {
		v.Overstays, err = r.Overstays(ctx, "", overstayRows)
	}
	return v, err
}
