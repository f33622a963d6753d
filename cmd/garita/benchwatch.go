package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"garita/cmd/internal/bench"
)

type benchWatchCmd struct {
	JSON       bool   `name:"json" help:"The last line on stdout is the result as JSON."`
	Identities int    `help:"Invented persons on the list." default:"1000000"`
	Documents  int    `help:"Invented documents on the list." default:"100000000"`
	Data       string `help:"Folder for the lists. Default: a new one where temporary files are, removed afterwards." placeholder:"DIR"`
}

// Run measures checks of persons and documents.
func (c *benchWatchCmd) Run(ctx context.Context, w *world) (err error) {
	if c.Identities < 1 || c.Documents < 0 {
		return errors.New("--identities is at least 1, --documents at least 0")
	}
	dir, err := os.MkdirTemp(c.Data, "bench-watch-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := bench.MeasureWatch(ctx, c.Identities, c.Documents, dir, w.err)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.out).Encode(r)
	}
	_, err = fmt.Fprintf(w.out, "%d persons: p50 %.0f µs, p99 %.0f µs; plain Jaro-Winkler %.0f µs; %.0f MB, opened in %.0f ms; %.1f %% of the listed found first\n",
		r.Identities, r.Check.P50, r.Check.P99, r.JaroWinkler.P50, r.RSS, r.Load, 100*r.Found)
	if err == nil && r.Documents > 0 {
		_, err = fmt.Fprintf(w.out, "%d documents: %.2f µs; %.1f MB; false hits %.2g\n", r.Documents, r.DocumentTime, r.Filter, r.FalseHits)
	}
	return err
}
