// Command garita-post is the service of one station at a border post: it drives the
// scanners, shows the counters' pages, records crossings in the local journal, and
// streams them to the national hub.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"garita/border/clock"
	"garita/cmd/internal/program"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
)

const description = `The service of one station at a border post.

The configuration is a TOML file; environment variables GARITA_POST_DATA, _LISTEN, _POST,
_STATION, _ZONE, _HUB and _ENROL override it. A station belongs to a hub before it works: at
the hub run garita-hub station add POST/STATION, here garita-post enrol HUB-URL CODE. To see
everything at work without any of this, run: garita demo`

type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Serve this station until SIGTERM."`
	Enrol   enrolCmd   `cmd:"" help:"Make this machine a station of a hub, with a one-time code."`
	Check   checkCmd   `cmd:"" help:"Read the configuration and say what is wrong with it."`
	Rebuild rebuildCmd `cmd:"" help:"Rebuild the journal's projections from its events, while the station is stopped."`
	Backup  backupCmd  `cmd:"" help:"Make an encrypted backup now, beside the running station."`
	Restore restoreCmd `cmd:"" help:"Put a backup into an empty data folder."`
	Rekey   rekeyCmd   `cmd:"" help:"Put this machine's keys under another guard: TPM, credential, passphrase."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// file is the configuration that most commands need.
type file struct {
	Config string `short:"c" help:"TOML configuration file." type:"path" placeholder:"FILE"`
}

func (f file) read() (station.Config, error) { return station.ReadConfig(f.Config, os.Getenv) }

type runCmd struct{ file }

// Run serves the station.
func (c *runCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	log := program.Log(os.Stderr)
	s, err := station.Open(ctx, cfg, clock.System(version.Built()), log)
	if err != nil {
		return err
	}
	fmt.Println("counters:", s.URL())
	return s.Run(ctx)
}

type checkCmd struct{ file }

// Run reads the configuration.
func (c *checkCmd) Run() error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	fmt.Printf("station %s of post %s, %d counters, %d scanners, hub %q\n", cfg.Station, cfg.Post, len(cfg.Counters), len(cfg.Scanners), cfg.Hub)
	return nil
}

type rebuildCmd struct{ file }

// Run rebuilds the projections.
func (c *rebuildCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.Alone = "127.0.0.1:0", true
	s, err := station.Open(ctx, cfg, clock.System(version.Built()), program.Log(os.Stderr))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Journal.Rebuild(ctx); err != nil {
		return err
	}
	fmt.Println("rebuilt")
	return nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println("garita-post", version.Version)
	return nil
}

func main() {
	ctx, stop := program.Start()
	defer stop()
	k := kong.Parse(&cli{}, kong.Name("garita-post"), kong.Description(description), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if code := program.Exit(k.Run()); code != 0 {
		stop()
		os.Exit(code)
	}
}
