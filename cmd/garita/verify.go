package main

import (
	"context"
	"encoding/json"
	"errors"
	_ "time/tzdata" // counts are of days at the post

	"garita/border/journal"
)

// verifyCmd is `garita verify`.
type verifyCmd struct {
	Journal verifyJournalCmd `cmd:"" help:"Check a station's journal: its chain, its epochs and its projections."`
}

// verifyJournalCmd is `garita verify journal`.
type verifyJournalCmd struct {
	File string `arg:"" type:"path" help:"journal.db of a station's data folder, or a copy of it."`
}

// Help is the long help text.
func (verifyJournalCmd) Help() string {
	return `Reads the whole file, without keys and without writing; the station may be running.
Prints one line of JSON and exits with 1 on any fault:

  {"ok":true,"events":1201,"epochs":3,"gaps":0,"broken":0,
   "projections":{"change":"ok","crossing":"ok","crossing_count":"ok","document":"ok",
   "state":"ok"}}

gaps counts places where events are missing; broken counts events and epochs that
contradict their hash, their place or the one before; "faults" describes the first
of them. What was cut off the end of the last epoch only the hub can tell.`
}

// errFaults: the report on standard output says which.
var errFaults = errors.New("the journal has faults")

// Run prints the report.
func (c verifyJournalCmd) Run(ctx context.Context, w *world) error {
	report, err := journal.Verify(ctx, c.File)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w.out).Encode(report); err != nil {
		return err
	}
	if !report.OK {
		return errFaults
	}
	return nil
}
