// Command garita is the tool of the project: the demo, machine readable zones, checks of
// the record and measurements.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"garita/cmd/internal/program"
	"garita/cmd/internal/version"
)

// cli is the command line: one field for each command.
type cli struct {
	Bench     benchCmd     `cmd:"" help:"Measure this machine."`
	Demo      demoCmd      `cmd:"" help:"Run hub and station with simulated readers and invented travellers."`
	Device    deviceCmd    `cmd:"" help:"Scanners of this machine."`
	MRZ       mrzCmd       `cmd:"" help:"Read machine readable zones: JSON Lines in, JSON Lines out."`
	Profile   profileCmd   `cmd:"" help:"Check and explain firmware profiles of scanners."`
	Verify    verifyCmd    `cmd:"" help:"Check a record, without keys and without writing."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
	Watchlist watchlistCmd `cmd:"" help:"Watchlists: build, ask, explain, sign."`
}

// world is what commands touch outside themselves, so that tests can give them another.
type world struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(w *world) error {
	_, err := fmt.Fprintln(w.out, "garita", version.Version)
	return err
}

func main() {
	ctx, stop := program.Start()
	defer stop()
	w := &world{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now}
	k := kong.Parse(&cli{}, kong.Name("garita"), kong.Description("The tool of Garita, the border-post registration service."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if code := program.Exit(k.Run(w)); code != 0 {
		stop()
		os.Exit(code)
	}
}
