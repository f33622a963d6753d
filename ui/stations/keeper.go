package stations

import (
	"context"
	"time"

	"garita/border"
	"garita/border/stations"
)

// Keeper is [stations.Keeper] as these pages use it. It is an interface because the page's tests
// show states that a real keeper reaches only after months.
type Keeper interface {
	All(ctx context.Context) ([]stations.Station, error)
	Add(ctx context.Context, station border.StationID, post border.PostID, zone, by string) (stations.Invitation, error)
	Rotate(ctx context.Context, station border.StationID, by string) (stations.Invitation, error)
	Replace(ctx context.Context, station border.StationID, by string) (stations.Invitation, error)
	Revoke(ctx context.Context, station border.StationID, reason, by string) error
}

var _ Keeper = (*stations.Keeper)(nil)

// Heard says when the hub heard of each station last, by its own clock.
type Heard func(ctx context.Context) (map[border.StationID]time.Time, error)
