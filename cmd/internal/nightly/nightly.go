// Package nightly runs work once a day at a quiet time, by a clock that is given to it.
package nightly

import (
	"context"
	"time"
)

// The quiet hours begin at Hour, in the clock's zone, and last for Hours.
const (
	Hour  = 3
	Hours = 2
)

// Due reports whether work that was done last at one moment is due at another: in the quiet hours
// once, and at any hour when it has waited for longer than a day: the machine is off at night.
func Due(last, now time.Time) bool {
	quiet := time.Date(now.Year(), now.Month(), now.Day(), Hour, 0, 0, 0, now.Location())
	if now.Before(quiet) {
		quiet = quiet.AddDate(0, 0, -1)
	}
	return last.Before(quiet) && now.Before(quiet.Add(Hours*time.Hour)) || now.Sub(last) >= 26*time.Hour
}

// Run does the work whenever it is due, until ctx ends. It looks every so often, in real time; 0: a
// minute. When it begins, the work counts as done just now.
func Run(ctx context.Context, every time.Duration, now func() time.Time, work func(context.Context)) {
	if every <= 0 {
		every = time.Minute
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		at := now()
		if at.Before(last) { // the clock was put back
			last = at
		}
		if Due(last, at) {
			last = at
			work(ctx)
		}
	}
}
