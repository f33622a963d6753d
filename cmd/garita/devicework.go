package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"garita/border"
)

// deviceTestCmd is `garita device test`.
type deviceTestCmd struct {
	stationFlags
	scannerArg
}

// errSelfTest: a step has failed, and was printed.
var errSelfTest = errors.New("the self-test failed")

// Run runs the self-test and prints its steps.
func (c deviceTestCmd) Run(ctx context.Context, w *world) error {
	steps, raw, err := exchange[[]border.SelfTestStep](ctx, c.stationFlags, time.Minute, http.MethodPost, c.path("/self-test"), struct{}{})
	if err != nil {
		return err
	}
	var failed error
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		word := "ok"
		if !s.OK {
			word, failed = "FAILED", errSelfTest
		}
		if !c.JSON {
			fmt.Fprintf(t, "%s\t%s\t%d ms\n", word, s.Step, s.TookMS)
		}
		if s.Reason != "" && !c.JSON {
			fmt.Fprintln(t, "   "+s.Reason)
		}
	}
	switch {
	case c.JSON:
		err = c.print(w, raw)
	case len(steps) == 0:
		fmt.Fprintln(t, "The scanner's profile names no step (self_test).")
	}
	return errors.Join(err, t.Flush(), failed)
}

// deviceIdentifyCmd is `garita device identify`.
type deviceIdentifyCmd struct {
	stationFlags
	scannerArg
}

// Run makes the scanner blink or beep.
func (c deviceIdentifyCmd) Run(ctx context.Context, w *world) error {
	_, raw, err := exchange[border.ScannerDetail](ctx, c.stationFlags, 15*time.Second, http.MethodPost, c.path("/identification"), struct{}{})
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(w, raw)
	}
	_, err = fmt.Fprintln(w.out, "The scanner was told to show itself: look which one blinks or beeps.")
	return err
}

// deviceAssignCmd is `garita device assign`.
type deviceAssignCmd struct {
	stationFlags
	scannerArg
	Counter string `arg:"" optional:"" help:"The counter."`
	None    bool   `help:"Take the scanner away from its counter."`
}

// Run assigns the scanner.
func (c deviceAssignCmd) Run(ctx context.Context, w *world) error {
	if (c.Counter == "") != c.None {
		return &border.Error{Code: border.Invalid, Op: "assign a scanner", Message: "Name a counter, or say --none."}
	}
	body := struct {
		Counter string `json:"counter"`
	}{c.Counter}
	d, raw, err := exchange[border.ScannerDetail](ctx, c.stationFlags, 15*time.Second, http.MethodPut, c.path("/counter"), body)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return c.print(w, raw)
	case d.Counter == "":
		fmt.Fprintf(w.out, "%s belongs to no counter now; what it reads opens nothing.\n", d.ID)
	default:
		how := map[string]string{"serial": "known again by its serial number, in any socket", "port": "known again by its USB socket; keep it plugged in there",
			"workshop": "known again by its name in the station's configuration"}[d.AssignedBy]
		fmt.Fprintf(w.out, "%s belongs to counter %s now (%s).\n", d.ID, d.Counter, dash(how))
	}
	return nil
}
