package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
)

// deviceLearnCmd is `garita device learn`.
type deviceLearnCmd struct {
	stationFlags
	Path string `required:"" placeholder:"NODE" help:"Serial node of the reader, under /dev/serial/by-id; it must not stand in the station's configuration yet."`
	ID   string `required:"" help:"Id of the profile to write, for example acme-9000."`
	Name string `required:"" help:"Name that people read."`
	Baud []int  `help:"Bit rate to try, if it is known; may be given several times."`
	// A profile decides what a reader's bytes mean: a second person agrees to it.
	Second        string `placeholder:"BADGE" help:"Badge of the supervisor or technician who agrees to the new profile; their PIN is asked for."`
	SecondPINFile string `name:"second-pin-file" placeholder:"FILE" help:"File with that PIN."`
	Awaiting      string `placeholder:"TEXT" help:"Why nobody can be reached to agree; the hub reviews it."`

	Out string `short:"o" type:"path" placeholder:"FILE" help:"File to write the profile to; standard output if none is named."`
}

// Help is the long help text.
func (deviceLearnCmd) Help() string {
	return `Use a specimen, not somebody's passport. Type the lines of its machine readable zone
(or give them on standard input) and end with an empty line. Then present it to the
reader, and again each time that nothing is found, until the profile is written.

  garita device learn --path /dev/serial/by-id/usb-Acme-if00 --id acme-9000 --name "Acme 9000" -o acme-9000.toml < specimen.txt`
}

// Run has the station listen to the reader.
func (c deviceLearnCmd) Run(ctx context.Context, w *world) error {
	text, err := io.ReadAll(io.LimitReader(w.in, 4096))
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: "read the specimen's lines", Err: err}
	}
	var r struct {
		border.LearnRequest
		Second   string `json:"second,omitempty"`
		Awaiting string `json:"awaiting,omitempty"`
	}
	r.LearnRequest = border.LearnRequest{Path: c.Path, Bauds: c.Baud, ID: c.ID, Name: c.Name, Lines: strings.Fields(string(text))}
	if r.Awaiting = c.Awaiting; c.Second != "" {
		if r.Second, err = c.agree(ctx, access.ProfileOverride, c.Second, c.SecondPINFile); err != nil {
			return err
		}
	}
	fmt.Fprintln(w.err, "Present the specimen now, and again every few seconds until this ends (at most 3 minutes).")
	got, raw, err := exchange[border.LearnResult](ctx, c.stationFlags, 4*time.Minute, http.MethodPost, "/scanner-profiles", r)
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(w, raw)
	}
	for _, remark := range got.Remarks {
		fmt.Fprintln(w.err, remark)
	}
	if c.Out == "" {
		_, err = io.WriteString(w.out, got.TOML)
		return err
	}
	if err := os.WriteFile(c.Out, []byte(got.TOML), 0o644); err != nil { //nolint:gosec // a profile is no secret, and the station's user reads it
		return &border.Error{Code: border.Unavailable, Op: "write the profile", Message: "The file " + c.Out + " cannot be written.", Err: err}
	}
	fmt.Fprintf(w.err, "%s is written. Check it with garita profile check %s, put it into the station's folder of profiles, name it in a [[scanner]] of its configuration, and restart the station.\n", c.Out, c.Out)
	return nil
}
