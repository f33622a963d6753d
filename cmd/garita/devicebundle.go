package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"garita/border"
)

// deviceBundleCmd is `garita device bundle`.
type deviceBundleCmd struct {
	stationFlags
	scannerArg
	Out string `short:"o" type:"path" placeholder:"FILE" help:"File to write; scanner-ID.zip if none is named."`
}

// Run fetches the diagnostic file.
func (c deviceBundleCmd) Run(ctx context.Context, w *world) error {
	b, err := c.ask(ctx, time.Minute, http.MethodGet, c.path("/bundle"), nil)
	if err != nil {
		return err
	}
	name := c.Out
	if name == "" {
		name = "scanner-" + c.Scanner + ".zip"
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "write the bundle", Message: "The file " + name + " cannot be written. Name another with --out.", Err: err}
	}
	_, err = fmt.Fprintf(w.out, "%s: %d bytes. Send this file; no traveller is in it. Anybody can run it: garita device replay %s\n", name, len(b), name)
	return err
}
