package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/border/stations"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/version"
)

// stationCmd manages who belongs. Its commands work beside the running hub, which notices within
// two seconds, and while it is stopped.
type stationCmd struct {
	Add     stationAddCmd     `cmd:"" help:"Invite a new station: prints the one-time code that it enrols with."`
	List    stationListCmd    `cmd:"" help:"Show the stations, until when each belongs, and what somebody should do."`
	Rotate  stationRotateCmd  `cmd:"" help:"Invite a station to come with new keys; the present ones stay good until it has."`
	Replace stationReplaceCmd `cmd:"" help:"Invite another machine in a station's place, or take a revoked one back. Its old keys are revoked at once."`
	Revoke  stationRevokeCmd  `cmd:"" help:"End a station's belonging at once: lost, stolen, closed."`
}

// keeper runs f with the keeper of stations of the hub's data folder.
func (f file) keeper(ctx context.Context, do func(hub.Config, *stations.Keeper) error) (err error) {
	cfg, err := f.read()
	if err != nil {
		return err
	}
	root, err := hub.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	k, err := stations.Open(ctx, stations.Config{Dir: cfg.Data, Clock: clock.System(version.Built()), Root: root})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	return do(cfg, k)
}

// by names who sits at the hub's console.
type by struct {
	By string `help:"Badge of who does this, for the audit." default:"CONSOLE" placeholder:"BADGE"`
}

// named is the station that a command is about.
type named struct {
	Station border.StationID `arg:"" help:"Name of the station, like PCA-1."`
}

// say prints a one-time code and what to do with it.
func say(cfg hub.Config, in stations.Invitation) {
	where := cfg.Enrol
	if host, port, err := net.SplitHostPort(where); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "HUB"
			if len(cfg.Hosts) > 0 {
				host = cfg.Hosts[0]
			}
		}
		where = net.JoinHostPort(host, port)
	}
	fmt.Printf("%s\n\nIt is good once, until %s. At the station run:\n\n  garita-post enrol https://%s %s\n\nGive it to whoever is there by voice or on paper, not by mail.\n",
		in.Code, in.Expires.Local().Format("15:04:05"), where, in.Code)
}

type stationAddCmd struct {
	file
	by
	Name string `arg:"" name:"POST/STATION" help:"Post and station, like PCA/PCA-1."`
	Zone string `help:"IANA time zone of the post, like America/Costa_Rica." placeholder:"ZONE"`
}

// Run invites a station.
func (c *stationAddCmd) Run(ctx context.Context) error {
	post, station, ok := strings.Cut(c.Name, "/")
	if !ok {
		return &border.Error{Code: border.Invalid, Op: "add a station", Message: "Name the post and the station, like PCA/PCA-1."}
	}
	return c.keeper(ctx, func(cfg hub.Config, k *stations.Keeper) error {
		in, err := k.Add(ctx, border.StationID(station), border.PostID(post), c.Zone, c.By)
		if err == nil {
			say(cfg, in)
		}
		return err
	})
}

type stationRotateCmd struct {
	file
	by
	named
}

// Run invites a station to come with new keys.
func (c *stationRotateCmd) Run(ctx context.Context) error {
	return c.keeper(ctx, func(cfg hub.Config, k *stations.Keeper) error {
		in, err := k.Rotate(ctx, c.Station, c.By)
		if err == nil {
			say(cfg, in)
		}
		return err
	})
}

type stationReplaceCmd struct {
	file
	by
	named
}

// Run invites another machine in a station's place.
func (c *stationReplaceCmd) Run(ctx context.Context) error {
	return c.keeper(ctx, func(cfg hub.Config, k *stations.Keeper) error {
		in, err := k.Replace(ctx, c.Station, c.By)
		if err == nil {
			say(cfg, in)
		}
		return err
	})
}

type stationRevokeCmd struct {
	file
	by
	named
	Reason string `required:"" help:"Why, for the audit and for whoever asks later." placeholder:"TEXT"`
}

// Run ends a station's belonging.
func (c *stationRevokeCmd) Run(ctx context.Context) error {
	return c.keeper(ctx, func(_ hub.Config, k *stations.Keeper) error {
		if err := k.Revoke(ctx, c.Station, c.Reason, c.By); err != nil {
			return err
		}
		fmt.Printf("Station %s does not belong to the hub any more. A running hub cuts it off within two seconds.\n", c.Station)
		return nil
	})
}

type stationListCmd struct{ file }

// Run shows the stations.
func (c *stationListCmd) Run(ctx context.Context) error {
	return c.keeper(ctx, func(_ hub.Config, k *stations.Keeper) error {
		all, err := k.All(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "STATION\tPOST\tSTATE\tENROLLED\tUNTIL\tPROGRAM")
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Post, s.State, day(s.EnrolledAt), day(s.Expires), cmp.Or(s.Software, "-"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, s := range all {
			if s.State == stations.Revoked {
				fmt.Printf("%s: revoked %s: %s\n", s.ID, day(s.RevokedAt), s.Reason)
			}
			for _, warning := range s.Warnings {
				fmt.Printf("%s: %s\n", s.ID, warning)
			}
		}
		return nil
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}
