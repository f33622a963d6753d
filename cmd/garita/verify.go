package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	_ "time/tzdata" // counts are of days at the post

	"garita/border/journal"
	"garita/border/seal"
)

// verifyCmd is `garita verify`.
type verifyCmd struct {
	Audit   verifyAuditCmd   `cmd:"" help:"Hold a record against the checkpoints that were signed of it."`
	Journal verifyJournalCmd `cmd:"" help:"Check a station's journal: its chain, its epochs and its projections."`
}

// verifyJournalCmd is `garita verify journal`.
type verifyJournalCmd struct {
	File string `arg:"" type:"path" help:"journal.db of a station's data folder, or a copy of it."`
}

// Help is the long help text.
func (verifyJournalCmd) Help() string {
	return `Reads the whole file, without writing; the station may be running.
Prints one line of JSON and exits with 1 on any fault:

  {"ok":true,"events":1201,"epochs":3,"gaps":0,"broken":0,
   "projections":{"change":"ok","crossing":"ok","crossing_count":"ok","document":"ok",
   "state":"ok"}}

The attachments beside the journal are checked too, once there are any: files that are
damaged, and files that events name and that are missing. Which those are only the
station's keys tell; they are read if they lie in the same folder, else the numbers are
compared.

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
	attachments, err := verifyAttachments(ctx, c.File)
	if err != nil && report.OK { // else the journal itself is why
		return err
	}
	line := struct {
		journal.Report
		Attachments *journal.AttachmentReport `json:"attachments,omitempty"`
	}{report, attachments}
	if attachments != nil {
		line.OK = report.OK && attachments.OK
	}
	if err := json.NewEncoder(w.out).Encode(line); err != nil {
		return err
	}
	if !line.OK {
		return errFaults
	}
	return nil
}

// verifyAttachments looks at the attachments of a station; nil if it never had any. With the station's keys
// beside the journal it knows which files there must be.
func verifyAttachments(ctx context.Context, file string) (*journal.AttachmentReport, error) {
	dir := filepath.Dir(file)
	keys, err := readKeys(ctx, dir)
	if err != nil {
		return nil, err
	}
	if keys != nil {
		defer keys.Close()
	}
	r, err := journal.VerifyAttachments(ctx, file, keys)
	if err != nil || r.Files+r.Named+r.Unreadable == 0 {
		return nil, err
	}
	return &r, nil
}

// readKeys reads the keys that lie beside a journal; nil if there are none, or not for us to read.
func readKeys(ctx context.Context, dir string) (*seal.KeyReader, error) {
	var secret seal.StationSecret
	if err := seal.Load(filepath.Join(dir, "station.key"), &secret); err != nil {
		return nil, nil //nolint:nilerr,nilnil // a copy without its key file: the numbers are compared
	}
	station, err := journal.StationOf(ctx, filepath.Join(dir, journal.FileName))
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // the journal's own report says what is wrong with it
	}
	keys, err := seal.ReadStationKeys(ctx, filepath.Join(dir, "keys.db"), station, &secret)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // as without the key file
	}
	return keys, nil
}
