// Command garita is the tool of the project: it reads machine readable zones.
package main

import (
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field for each command.
type cli struct {
	MRZ mrzCmd `cmd:"" help:"Read machine readable zones: JSON Lines in, JSON Lines out."`
}

// world is what commands touch outside themselves, so that tests can give them another.
type world struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
}

func main() {
	w := &world{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now}
	k := kong.Parse(&cli{}, kong.Name("garita"), kong.Description("The tool of Garita, the border-post registration service."), kong.UsageOnError())
	k.FatalIfErrorf(k.Run(w))
}
