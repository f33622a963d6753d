// Package founding makes hubs with invented officers and enrols stations at them, in the real way,
// inside one process: for the bench, and for tests of programs. What it makes is a demonstration.
package founding

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"garita/border/access"
	"garita/border/clock"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
	"garita/sync/enrol"
)

// PIN is that of every officer that is made here.
const PIN = "246810"

// Officers opens accounts at a hub.
func Officers(ctx context.Context, h *hub.Hub, all ...access.Officer) error {
	for _, o := range all {
		o.Demo = true
		if err := h.Officers.AddWith(ctx, o, PIN); err != nil {
			return err
		}
	}
	return nil
}

// Enrol makes the station of a configuration one of the hub's, which must run.
func Enrol(ctx context.Context, h *hub.Hub, cfg station.Config) (err error) {
	in, err := h.Stations.Add(ctx, cfg.Station, cfg.Post, cfg.Zone, "")
	if err != nil {
		return err
	}
	root, err := station.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	id, err := enrol.Enrol(ctx, h.EnrolURL(), in.Code, "garita-post "+version.Version)
	if err != nil {
		return err
	}
	return station.SaveIdentity(cfg, root, &id)
}

// Open opens an enrolled station and gives it its roster, which else comes with the first
// connection.
func Open(ctx context.Context, h *hub.Hub, cfg station.Config, k *clock.Keeper, log *slog.Logger) (*station.Station, error) {
	s, err := station.Open(ctx, cfg, k, log)
	if err != nil {
		return nil, err
	}
	sealed, err := h.Officers.Roster(ctx, cfg.Station, s.SignIn.RosterVersion())
	if err == nil && sealed != nil {
		err = s.SignIn.InstallRoster(ctx, sealed)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Alone opens a station that was enrolled at a hub and will not see it again. The hub's folder is
// dir/hub.
func Alone(ctx context.Context, dir string, cfg station.Config, k *clock.Keeper, log *slog.Logger, officers ...access.Officer) (_ *station.Station, err error) {
	h, err := hub.Open(ctx, hub.Config{Name: "hub", Data: filepath.Join(dir, "hub"), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true}, k, log)
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- h.Run(run) }()
	cfg.Demo.On, cfg.Alone = true, true
	s, err := func() (*station.Station, error) {
		if err := Officers(ctx, h, officers...); err != nil {
			return nil, err
		}
		if err := Enrol(ctx, h, cfg); err != nil {
			return nil, err
		}
		return Open(ctx, h, cfg, k, log)
	}()
	stop()
	err = errors.Join(err, <-ended)
	if err != nil && s != nil {
		err = errors.Join(err, s.Close())
	}
	return s, err
}
