package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"garita/border"
	"garita/devices/bundle"
	"garita/devices/profile"
)

// deviceReplayCmd is `garita device replay`.
type deviceReplayCmd struct {
	Bundle  []string `arg:"" type:"path" help:"Diagnostic files, as garita device bundle writes them."`
	Profile string   `type:"path" placeholder:"FILE" help:"Profile to run instead of the one in the file: what does a change of it change?"`
	JSON    bool     `name:"json" help:"Print the reports as JSON, a line each."`
}

// errReplay: a replay differs, and was printed.
var errReplay = errors.New("a replay differs from its recording")

// Run replays each file; the last line says how many passed.
func (c deviceReplayCmd) Run(ctx context.Context, w *world) error {
	passed, failed := 0, 0
	for _, name := range c.Bundle {
		r, err := c.replay(ctx, name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && r.OK() {
			passed++
		} else {
			failed++
		}
		if c.JSON {
			line := struct {
				File  string `json:"file"`
				OK    bool   `json:"ok"`
				Error string `json:"error,omitempty"`
				bundle.Report
			}{name, err == nil && r.OK(), said(err), r}
			b, err := json.Marshal(line)
			if err != nil {
				return err
			}
			fmt.Fprintln(w.out, string(b))
			continue
		}
		c.tell(w, name, r, err)
	}
	if !c.JSON {
		fmt.Fprintf(w.out, "%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 {
		return errReplay
	}
	return nil
}

func (deviceReplayCmd) tell(w *world, name string, r bundle.Report, err error) {
	switch {
	case err != nil:
		fmt.Fprintf(w.out, "FAILED %s\n       %s\n", name, said(err))
	case r.OK():
		fmt.Fprintf(w.out, "ok     %s: scanner %s, profile %s, recorded by garita %s; %d frames, %d calls, %d documents, %d images\n",
			name, r.Scanner, r.Profile, r.Garita, r.Frames, r.Calls, r.Documents, r.Images)
	default:
		fmt.Fprintln(w.out, "FAILED", name)
		for _, d := range r.Differences {
			fmt.Fprintf(w.out, "       line %d of its trace: %s\n", d.Line, d.Text)
		}
	}
	for _, m := range r.Remarks {
		fmt.Fprintln(w.out, "      ", m)
	}
}

// said is an error in plain words.
func said(err error) string {
	if err == nil {
		return ""
	}
	if m := border.MessageOf(err); m != "" {
		return m
	}
	return err.Error()
}

func (c deviceReplayCmd) replay(ctx context.Context, name string) (bundle.Report, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > bundle.MaxBytes {
		return bundle.Report{}, &border.Error{Code: border.TooLarge, Op: "replay a bundle", Message: "The file is larger than bundles are."}
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		return bundle.Report{}, &border.Error{Code: border.NotFound, Op: "replay a bundle", Message: "The file " + name + " cannot be read.", Err: err}
	}
	parsed, err := bundle.Read(b)
	if err != nil {
		return bundle.Report{}, err
	}
	if c.Profile == "" {
		return bundle.Replay(ctx, parsed)
	}
	p, err := profile.Load(c.Profile)
	if err != nil {
		return bundle.Report{}, err
	}
	return bundle.ReplayWith(ctx, p, parsed)
}
