package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"garita/cmd/internal/bench"
)

// benchCmd measures this machine.
type benchCmd struct {
	Record benchRecordCmd `cmd:"" help:"Measure the record path beside the disk's floor: journal, HTTP, group commit. Under 4 minutes."`
	Watch  benchWatchCmd  `cmd:"" help:"Measure checks against watchlists, beside a plain Jaro-Winkler scan."`
}

type benchRecordCmd struct {
	JSON bool   `name:"json" help:"The last line on stdout is the result as JSON."`
	Data string `help:"Folder on the disk to measure. Default: a new folder under ./var, removed afterwards." placeholder:"DIR"`
}

// Run measures the record path.
func (c *benchRecordCmd) Run(ctx context.Context, w *world) (err error) {
	parent := c.Data
	if parent == "" {
		parent = "var"
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(parent, "bench-")
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := bench.MeasureRecord(ctx, dir, w.err)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.err, "%d bytes per crossing: 64 GB last %.0f years at 1,000 crossings a day\n", r.BytesPerCrossing, r.YearsPer64GB)
	if c.JSON {
		return json.NewEncoder(w.out).Encode(r)
	}
	_, err = fmt.Fprintf(w.out, "floor %.0f µs; journal %.0f µs, %.2f × floor; HTTP %.0f µs, journal + %.0f µs; 64 callers %.0f/s grouped, %.0f/s ungrouped\n",
		r.Floor.P50, r.Journal.P50, r.JournalOverFloor.P50, r.HTTP.P50, r.HTTPMinusJournal.P50, r.GroupedPerS, r.UngroupedPerS)
	return err
}
