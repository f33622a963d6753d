// Command garita-hub is the national hub: it takes in the stations' events, keeps the
// national register, answers the stations' questions and shows the flows.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"garita/border/clock"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/program"
	"garita/cmd/internal/version"
)

const description = `The national hub.

The configuration is a TOML file; environment variables GARITA_HUB_NAME, _DATA, _LISTEN,
_NATS and _BROKER override it. With no file it serves from ./var/hub on loopback. To see
everything at work, run: garita demo`

type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Serve the hub until SIGTERM."`
	Rebuild rebuildCmd `cmd:"" help:"Rebuild the register's projections from the raw events, while the hub is stopped."`
	Station stationCmd `cmd:"" help:"Who belongs to the hub: invite, list, rotate, replace, revoke stations."`
	Officer officerCmd `cmd:"" help:"Who may sign in: open, list, change and close accounts."`
	Subject subjectCmd `cmd:"" help:"One traveller's rights: export, restrict, erase. Takes two people."`
	Backup  backupCmd  `cmd:"" help:"Make an encrypted backup now, beside the running hub."`
	Restore restoreCmd `cmd:"" help:"Put a backup into an empty data folder, with the recovery key."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Retention retentionCmd `cmd:"" help:"What is erased by policy: show it, or do it now."`

	BackupKey   backupKeyCmd   `cmd:"" help:"Print the key of one backup of a station, for whoever restores it."`
	RecoveryKey recoveryKeyCmd `cmd:"" help:"Make the recovery key and print its sheet, once."`
	Recover     recoverCmd     `cmd:"" help:"Put the hub's keys under this machine's guard, with the recovery key."`
	Rekey       rekeyCmd       `cmd:"" help:"Put the hub's keys under another guard: TPM, credential, passphrase."`
}

// file is the configuration that most commands need.
type file struct {
	Config string `short:"c" help:"TOML configuration file." type:"path" placeholder:"FILE"`
}

func (f file) read() (hub.Config, error) { return hub.ReadConfig(f.Config, os.Getenv) }

type runCmd struct{ file }

// Run serves the hub.
func (c *runCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, cfg, clock.System(version.Built()), program.Log(os.Stderr))
	if err != nil {
		return err
	}
	fmt.Println("hub:", h.URL())
	if h.NATSURL() != "" {
		fmt.Println("nats:", h.NATSURL())
	}
	return h.Run(ctx)
}

type rebuildCmd struct{ file }

// Run rebuilds the projections.
func (c *rebuildCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.NATS, cfg.Enrol = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	h, err := hub.Open(ctx, cfg, clock.System(version.Built()), program.Log(os.Stderr))
	if err != nil {
		return err
	}
	defer h.Close()
	start := time.Now()
	if err := h.Register.Rebuild(ctx); err != nil {
		return err
	}
	fmt.Printf("rebuilt in %.1f s\n", time.Since(start).Seconds())
	return nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println("garita-hub", version.Version)
	return nil
}

func main() {
	ctx, stop := program.Start()
	defer stop()
	k := kong.Parse(&cli{}, kong.Name("garita-hub"), kong.Description(description), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if code := program.Exit(k.Run()); code != 0 {
		stop()
		os.Exit(code)
	}
}
