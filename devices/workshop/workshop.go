// Package workshop is what a technician does with a station's scanners: the supervisor's
// view of them, learning a reader that nobody has a profile for and putting what was learned in
// force, and diagnostic files.
package workshop

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bundle"
	"garita/devices/drafts"
	"garita/devices/learn"
	"garita/devices/profile"
	"garita/devices/serial"
	"garita/devices/supervisor"
	"garita/devices/wedge"
)

// readTimeout of the line while a reader is learned.
const readTimeout = 200 * time.Millisecond

// Workshop implements [border.Workshop].
type Workshop struct {
	*supervisor.Supervisor
	cfg Config

	learning sync.Mutex // one reader at a time: there is one technician
	lesson   lesson
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
	Profiles   profile.Set        // of the station, without those that it learned
	Drafts     *drafts.Drafts     // what it learned
	// Legible says what is wrong with a document's lines, its check digits above all.
	Legible func(lines []string) error
}

// New makes a workshop.
func New(cfg Config) *Workshop {
	return &Workshop{Supervisor: cfg.Supervisor, cfg: cfg, lesson: lesson{patience: teachPatience}}
}

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
	return learn.Listen(ctx, r, learn.Settings(r, typed(r.Path)), listenAt(r.Path), func(learn.Step) {})
}

// listenAt opens a reader's node as [learn.Listen] asks.
func listenAt(path string) func(context.Context, learn.Setting) (devices.Stream, error) {
	return func(_ context.Context, at learn.Setting) (devices.Stream, error) {
		if at.Layout != "" {
			return wedge.Open(wedge.Config{Path: path, Layout: at.Layout, ReadTimeout: readTimeout})
		}
		return serial.Open(serial.Config{Path: path, Baud: at.Baud, DataBits: 8, Parity: "none", StopBits: 1, ReadTimeout: readTimeout})
	}
}

// typed reports whether a node is a keyboard's.
func typed(path string) bool { return strings.HasPrefix(path, "/dev/input/") }

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
