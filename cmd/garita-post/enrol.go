package main

import (
	"context"
	"errors"
	"fmt"

	"garita/border"
	"garita/border/enrolment"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
	"garita/sync/enrol"
)

type enrolCmd struct {
	file
	URL  string `arg:"" name:"HUB-URL" help:"Where the hub enrols, https://host:port."`
	Code string `arg:"" help:"The one-time code that the hub gave (garita-hub station add)."`
}

// Run makes this machine one of the hub's stations.
func (c *enrolCmd) Run(ctx context.Context) (err error) {
	code, err := enrolment.ParseCode(c.Code)
	if err != nil {
		return err
	}
	cfg, err := c.read()
	if err != nil {
		return err
	}
	root, err := station.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	// One that cannot be read any more is replaced: that is what this command is for. Whose it was
	// the journal says.
	old, err := station.LoadIdentity(cfg, root)
	if err != nil {
		if border.CodeOf(err) != border.NotFound {
			fmt.Println("The identity that lies here cannot be used:", border.MessageOf(err))
		}
		old = nil
	}
	id, err := enrol.Enrol(ctx, c.URL, code, "garita-post "+version.Version)
	if err != nil {
		return err
	}
	g := &id.Grant
	if old != nil {
		if old.Grant.Station != g.Station {
			return &border.Error{Code: border.Conflict, Op: "enrol this station", Message: fmt.Sprintf(
				"This data folder is that of station %s, and the code was for station %s. The code is used up. Enrol %s in a data folder of its own, or have a code made for %s.",
				old.Grant.Station, g.Station, g.Station, old.Grant.Station)}
		}
		id.After(old)
	}
	if err := station.SaveIdentity(cfg, root, &id); err != nil {
		return err
	}
	fmt.Printf("This machine is now station %s of post %s, of hub %q.\nHub's key: %s. Broker: %s. It belongs until %s and renews itself before.\n",
		g.Station, g.Post, g.Hub, id.Provisioning.Fingerprint(), g.NATS, g.Expires.Format("2006-01-02"))
	if g.Zone != "" {
		fmt.Printf("Time zone of the post: %s.\n", g.Zone)
	}
	fmt.Println("Station, post and hub need not stand in the configuration any more. Now start: garita-post run")
	return nil
}
