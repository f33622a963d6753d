package api

import (
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/border/access"
)

// How long a scanner may take for what a technician asks of it.
const (
	testPatience     = 30 * time.Second
	identifyPatience = 5 * time.Second
)

// testScanner runs the self-test; it answers with the steps, up to the first that failed.
func testScanner(w border.Workshop, told audited) func(context.Context, *AtScanner) ([]border.SelfTestStep, error) {
	return func(ctx context.Context, in *AtScanner) ([]border.SelfTestStep, error) {
		ctx, cancel := context.WithTimeout(ctx, testPatience)
		defer cancel()
		steps, err := w.SelfTest(ctx, in.Scanner)
		act := border.Act{Action: string(access.WorkshopWork), Object: "self_test " + plainName(in.Scanner)}
		err = told.did(context.WithoutCancel(ctx), act, err)
		return some(steps, late(err, "The self-test did not come to an end. Unplug the scanner and plug it in again."))
	}
}

// identifyScanner makes a scanner blink or beep; it answers with the scanner.
func identifyScanner(w border.Workshop) func(context.Context, *AtScanner) (border.ScannerDetail, error) {
	return func(ctx context.Context, in *AtScanner) (border.ScannerDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, identifyPatience)
		defer cancel()
		if err := w.Identify(ctx, in.Scanner); err != nil {
			return border.ScannerDetail{}, late(err, "The scanner does not answer. Unplug it and plug it in again.")
		}
		return find(w, in.Scanner)
	}
}

// late says in plain words that a scanner's, or a person's, time was up.
func late(err error, message string) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &border.Error{Code: border.Unavailable, Op: "wait for a scanner", Message: message, Err: err}
	}
	return err
}
