package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"garita/border/access"
	"garita/border/clock"
	"garita/border/retention"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/program"
	"garita/cmd/internal/version"
)

// retentionCmd is about what is erased by policy.
type retentionCmd struct {
	Show retentionShowCmd `cmd:"" help:"Show which months' data keys are held, and when they are due. The hub must be stopped."`
	Run  retentionRunCmd  `cmd:"" help:"Erase now what is due, and print the receipt. The hub must be stopped; a running one does it each night."`
}

// stopped runs do with the hub of a data folder on which none is running.
func (f file) stopped(ctx context.Context, do func(*hub.Hub) error) (err error) {
	cfg, err := f.read()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.NATS, cfg.Enrol = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	h, err := hub.Open(ctx, cfg, clock.System(version.Built()), program.Log(os.Stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return do(h)
}

type retentionShowCmd struct{ file }

// Run shows what is held.
func (c *retentionShowCmd) Run(ctx context.Context) error {
	return c.stopped(ctx, func(h *hub.Hub) error {
		held, policy, err := h.Held(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("Policy %s:\n", policy.Version)
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PART\tMONTHS\tKIND\tPURPOSE\tLEGAL BASIS")
		for _, r := range policy.Rules {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", r.Part, r.Months, r.Kind, r.Purpose, r.LegalBasis)
		}
		fmt.Fprintln(w, "\nMONTH\tSTATION\tPART\tKEYS\tDUE")
		for _, k := range held {
			when := "never: not a month"
			if due, ok := policy.Due(k.Part, k.Bucket); ok {
				when = day(due)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", k.Bucket, k.Station, k.Part, k.Keys, when)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		receipts, err := h.Receipts(ctx, access.Retention)
		for _, r := range receipts {
			fmt.Printf("\nErased on %s (station, part, month, keys):\n%s", day(r.At), r.Text)
		}
		return err
	})
}

type retentionRunCmd struct{ file }

// Run erases what is due.
func (c *retentionRunCmd) Run(ctx context.Context) error {
	return c.stopped(ctx, func(h *hub.Hub) error {
		receipt, err := h.Retain(ctx)
		if receipt.Erased == nil {
			receipt.Erased = []retention.Erased{}
		}
		return errors.Join(err, printed(receipt))
	})
}

// printed prints something as JSON for people.
func printed(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
