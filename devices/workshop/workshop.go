// Package workshop is what a technician does with a station's scanners: the supervisor's
// view of them, learning a reader that nobody has a profile for, and diagnostic files.
package workshop

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bundle"
	"garita/devices/learn"
	"garita/devices/serial"
	"garita/devices/supervisor"
)

// readTimeout of the line while a reader is learned.
const readTimeout = 200 * time.Millisecond

// Workshop implements [border.Workshop].
type Workshop struct {
	*supervisor.Supervisor
	cfg Config

	learning sync.Mutex // one reader at a time: there is one technician
}

var _ border.Workshop = (*Workshop)(nil)

// Config is what a workshop needs; all of it is required.
type Config struct {
	Supervisor *supervisor.Supervisor
	Clock      border.Clock
	Counters   []border.CounterID // of the station
	Software   string             // version of this program
	Logs       *Logs              // what the supervisor logs to
	Stop       <-chan struct{}    // closed when the station ends, and learning with it
}

// New makes a workshop.
func New(cfg Config) *Workshop { return &Workshop{Supervisor: cfg.Supervisor, cfg: cfg} }

// Assign gives a scanner to a counter of this station, durably; "" takes it away.
func (w *Workshop) Assign(ctx context.Context, id string, counter border.CounterID) error {
	if counter != "" && !slices.Contains(w.cfg.Counters, counter) {
		return &border.Error{Code: border.NotFound, Op: "assign a scanner", Message: "This station has no such counter."}
	}
	return w.Supervisor.Assign(ctx, id, counter)
}

// Learn listens at one baud rate after the other until the document was presented, and
// writes the profile that reads it. The node must not be in use, so a scanner that is
// configured there is taken out of the configuration first.
func (w *Workshop) Learn(ctx context.Context, r border.LearnRequest) (border.LearnResult, error) {
	const op = "learn a reader"
	if !filepath.IsAbs(r.Path) {
		return border.LearnResult{}, &border.Error{Code: border.Invalid, Op: op, Message: "The path must begin with '/', for example /dev/serial/by-id/…."}
	}
	if !w.learning.TryLock() {
		return border.LearnResult{}, &border.Error{Code: border.Conflict, Op: op, Message: "Another reader is being learned. Wait until that has ended."}
	}
	defer w.learning.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		select {
		case <-w.cfg.Stop:
			cancel()
		case <-ctx.Done():
		}
	})
	open := func(_ context.Context, baud int) (devices.Stream, error) {
		return serial.Open(serial.Config{Path: r.Path, Baud: baud, DataBits: 8, Parity: "none", StopBits: 1, ReadTimeout: readTimeout})
	}
	return learn.Listen(ctx, r, open, func(learn.Step) {})
}

// Bundle writes the diagnostic file of a scanner.
func (w *Workshop) Bundle(ctx context.Context, id string, to io.Writer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := w.Evidence(id)
	if err != nil {
		return err
	}
	return bundle.Write(to, bundle.Content{Written: w.cfg.Clock.Now(), Software: w.cfg.Software, Scanner: e.Detail, Profile: e.Profile,
		Found: e.Found, Record: e.Record, Log: w.cfg.Logs.Lines(id)})
}
