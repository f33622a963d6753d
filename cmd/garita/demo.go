package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"garita/cmd/internal/demo"
)

// demoCmd runs hub and station with simulated readers.
type demoCmd struct {
	Data       string  `help:"Data folder. Default: ./var, or a fresh temporary folder with --travellers." placeholder:"DIR"`
	Travellers int     `help:"Run without a browser: this many invented travellers, an automatic inspector, and a count at the end." placeholder:"N"`
	Rate       float64 `help:"With --travellers: documents per second, however fast they are decided. Default: the next when the last is recorded." placeholder:"R"`
	Mix        string  `enum:"queue,day" default:"queue" help:"What the travellers are: a queue of entries, or a scripted day with three shifts, groups, referrals, corrections and power cuts."`
	JSON       bool    `name:"json" help:"With --travellers: the last line on stdout is the result as JSON."`
	Counters   int     `default:"2" help:"Counters, each with a simulated reader (1 to 8)."`
	Seed       uint64  `default:"1" help:"Seed of the invented travellers."`
	PostListen string  `help:"Address of the counters' pages (127.0.0.1:8080, or a free port with --travellers)." placeholder:"ADDR"`
	HubListen  string  `help:"Address of the hub's pages (127.0.0.1:8090, or a free port with --travellers)." placeholder:"ADDR"`
	NATSListen string  `name:"nats-listen" help:"Address of the hub's broker (127.0.0.1:4222, or a free port with --travellers)." placeholder:"ADDR"`
}

// errNotWhole says that something was lost or doubled.
var errNotWhole = errors.New("something was lost or doubled")

// Run runs the demo.
func (c *demoCmd) Run(ctx context.Context, w *world) error {
	if c.Mix == "day" && (c.Counters < 2 || c.Rate > 0) {
		return errors.New("--mix day takes at least 2 counters, and no --rate")
	}
	if c.Counters < 1 || c.Counters > 8 || c.Travellers < 0 || c.Rate < 0 {
		return errors.New("--counters is 1 to 8; --travellers and --rate are not negative")
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	opt := demo.Options{Data: c.Data, Programs: filepath.Dir(exe), PostListen: c.PostListen, HubListen: c.HubListen,
		NATSListen: c.NATSListen, Counters: c.Counters, Seed: c.Seed, Now: w.now}
	free := c.Travellers > 0
	for _, a := range []struct {
		address *string
		usual   string
	}{{&opt.PostListen, "127.0.0.1:8080"}, {&opt.HubListen, "127.0.0.1:8090"}, {&opt.NATSListen, "127.0.0.1:4222"}} {
		switch {
		case *a.address != "":
		case free:
			*a.address = "127.0.0.1:0"
		default:
			*a.address = a.usual
		}
	}
	switch {
	case free && c.Mix == "day":
		return c.inFreshFolder(&opt, func() error { return c.runDay(ctx, w, opt) })
	case free:
		return c.inFreshFolder(&opt, func() error { return c.runTravellers(ctx, w, opt) })
	}
	return c.runBrowser(ctx, w, opt)
}

func (c *demoCmd) runBrowser(ctx context.Context, w *world, opt demo.Options) error {
	if opt.Data == "" {
		opt.Data = "var"
	}
	var script *demo.Script
	var listed []demo.Specimen
	_, err := os.Stat(filepath.Join(opt.Data, "post", "journal.db"))
	if c.Mix == "day" && errors.Is(err, os.ErrNotExist) { // in a folder that is used again the day was played
		script = demo.WriteDay(prefilled, c.Counters, c.Seed, w.now())
		script.Watch()
		listed = script.Listed()
	}
	opt.National = true
	d, err := demo.Start(ctx, opt, listed)
	if err != nil {
		return err
	}
	if script != nil {
		fmt.Fprintln(w.out, "A day is played first; it takes some seconds.")
		r, err := d.RunDay(ctx, script)
		if err = errors.Join(err, wholeDay(r)); err != nil {
			return errors.Join(err, d.Stop())
		}
	}
	fmt.Fprintf(w.out, "Garita demo. Invented travellers and officers, software keys: never use this folder for a real border.\n"+
		"Sign in with a badge and PIN "+demo.PIN+": 1001 inspector, 2001 supervisor, 3001 hub operator, 4001 technician, 6001 auditor, 9001 administrator.\n\n"+
		"  counter  %s/\n  hub      %s/\n  lists    %[2]s/lists\n  hits     %[2]s/cases\n\nOn the counter page, present a document and decide with the function keys. "+
		"The last three are on the hub's national list.\nOf the day one traveller was met by that list, and one was put on it after they had passed. Stop with Ctrl-C.\n", d.PostURL, d.HubURL)
	select {
	case <-ctx.Done():
	case err = <-d.Failed():
	}
	return errors.Join(err, d.Stop())
}

// prefilled is about how many travellers the day has that is there when the browser opens.
const prefilled = 200

// inFreshFolder runs in a temporary folder unless one is named.
func (c *demoCmd) inFreshFolder(opt *demo.Options, run func() error) error {
	if opt.Data == "" {
		dir, err := os.MkdirTemp("", "garita-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		opt.Data = dir
	}
	return run()
}

// errNotAsWritten says that the day did not go as its script says.
var errNotAsWritten = errors.New("the day differs from its script")

func wholeDay(r *demo.DayResult) error {
	if r != nil && r.Failed() {
		return errNotAsWritten
	}
	return nil
}

// runDay plays a scripted day and compares it with its script.
func (c *demoCmd) runDay(ctx context.Context, w *world, opt demo.Options) error {
	script := demo.WriteDay(c.Travellers, c.Counters, c.Seed, w.now())
	d, err := demo.Start(ctx, opt, script.Listed())
	if err != nil {
		return err
	}
	r, err := d.RunDay(ctx, script)
	if err = errors.Join(err, d.Stop()); err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(w.out).Encode(r)
	} else {
		fmt.Fprintf(w.out, "presented %d, recorded %d, registered %d; lost %d, duplicated %d; %d power cuts\n%d shifts; reports equal the journal: %v\n",
			r.Presented, r.Recorded, r.Registered, r.Lost, r.Duplicated, r.Kills, len(r.Shifts), r.Equal)
		for _, kind := range slices.Sorted(maps.Keys(r.Mix)) {
			fmt.Fprintf(w.out, "  %-32s %d of %d\n", kind, r.Mix[kind].Done, r.Mix[kind].Script)
		}
		for _, f := range r.Faults {
			fmt.Fprintln(w.out, "DIFFERS:", f)
		}
	}
	return errors.Join(err, wholeDay(r))
}

func (c *demoCmd) runTravellers(ctx context.Context, w *world, opt demo.Options) error {
	travellers := demo.Queue(c.Travellers, c.Seed, w.now())
	d, err := demo.Start(ctx, opt, travellers)
	if err != nil {
		return err
	}
	r, err := d.Run(ctx, travellers, c.Rate)
	if err = errors.Join(err, d.Stop()); err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(w.out).Encode(r)
	} else {
		_, err = fmt.Fprintf(w.out, "presented %d, recorded %d, registered %d; lost %d, duplicated %d\nscan to verdict p50 %.1f ms, p99 %.1f ms; record p50 %.1f ms, p99 %.1f ms\n",
			r.Presented, r.Recorded, r.Registered, r.Lost, r.Duplicated, r.ScanToVerdict.P50, r.ScanToVerdict.P99, r.Record.P50, r.Record.P99)
	}
	if err == nil && r.Failed() {
		err = errNotWhole
	}
	return err
}
