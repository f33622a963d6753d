package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/journal"
	"garita/border/register"
)

// verifyAuditCmd is `garita verify audit`.
type verifyAuditCmd struct {
	Dir         string   `arg:"" type:"path" help:"Data folder of a station or of the hub, or a copy of it."`
	Checkpoints []string `type:"path" placeholder:"FILE" help:"Checkpoints that were kept elsewhere, one after the other in a file; may be repeated."`
	Key         []string `sep:"none" placeholder:"VKEY" help:"Key of a station or of the hub that signatures are checked with, name+hash+key; may be repeated."`
}

// Help is the long help text.
func (verifyAuditCmd) Help() string {
	return `Makes the transparency log of every epoch again from its events and compares it with
every checkpoint that station and hub have signed. It needs no secret, writes nothing,
and may run beside the station or the hub. Prints one line of JSON for each database and
exits with 1 on any fault, which "words" and "faults" describe.

Without --key the signatures are not checked: "unsigned" counts such checkpoints, and
whoever could write the database could have written them, too. Checkpoints from another
place (the hub's copy of a station's, a station's copy of the hub's) are what tells on
somebody who has changed both. "covered" counts the events that a checkpoint vouches for,
"uncovered" those behind it, of which only the hub can tell.

In the hub's folder the register and, in its folder audit, the hub's own journal are
checked.`
}

// maxCheckpointFile bounds a file of checkpoints in bytes.
const maxCheckpointFile = 16 << 20

// Run prints the reports.
func (c verifyAuditCmd) Run(ctx context.Context, w *world) error {
	keys := make([]note.Verifier, 0, len(c.Key))
	for _, k := range c.Key {
		v, err := note.NewVerifier(k)
		if err != nil {
			return &border.Error{Code: border.Invalid, Op: "read --key", Err: err, Message: "A key reads name+hash+key, as garita-hub and garita-post print it."}
		}
		keys = append(keys, v)
	}
	var others [][]byte
	for _, name := range c.Checkpoints {
		b, err := readBounded(name, maxCheckpointFile)
		if err != nil {
			return err
		}
		others = append(others, checkpoint.Split(b)...)
	}
	found, ok := false, true
	line := func(what, file string, report any, sound bool) error {
		found, ok = true, ok && sound
		return json.NewEncoder(w.out).Encode(struct {
			What   string `json:"what"`
			File   string `json:"file"`
			Report any    `json:"report"`
		}{what, file, report})
	}
	for _, dir := range []string{c.Dir, filepath.Join(c.Dir, "audit")} {
		if file := filepath.Join(dir, journal.FileName); isThere(file) {
			r, err := journal.VerifyAudit(ctx, file, others, keys...)
			if err != nil {
				return err
			}
			if err := line("journal", file, r, r.OK); err != nil {
				return err
			}
		}
	}
	if file := filepath.Join(c.Dir, register.FileName); isThere(file) {
		r, err := register.VerifyAudit(ctx, file, others, keys...)
		if err != nil {
			return err
		}
		if err := line("register", file, r, r.OK); err != nil {
			return err
		}
	}
	if !found {
		return &border.Error{Code: border.NotFound, Op: "verify the audit", Message: "There is neither a journal nor a register in this folder."}
	}
	if !ok {
		return errFaults
	}
	return nil
}

func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: "read " + name, Err: err, Message: "The file of checkpoints cannot be read."}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read " + name, Err: err}
	}
	if int64(len(b)) > limit {
		return nil, &border.Error{Code: border.TooLarge, Op: "read " + name, Message: "The file of checkpoints is too large."}
	}
	return b, nil
}
