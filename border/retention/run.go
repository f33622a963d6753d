package retention

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"garita/border"
)

// Held names the data keys of one station, part and month.
type Held struct {
	Station border.StationID
	Part    string
	Bucket  string // "2026-11"
	Keys    int64
}

// Keys are the data keys of a hub or of a station; border/seal has them.
type Keys interface {
	// Held lists what is held, oldest first.
	Held(ctx context.Context) ([]Held, error)
	// Erase destroys every wrap of those keys and says how many there were.
	Erase(ctx context.Context, h Held) (int64, error)
}

// Config says what a runner erases.
type Config struct {
	Policy *Policy
	Clock  border.TrustedClock
	Keys   Keys
	// Follow makes anew what rests on opened parts: projection rows and blind indexes that the
	// destroyed keys had opened vanish with it.
	Follow func(ctx context.Context) error
	// Kept holds back what must stay: a court's order, named by station, part and month.
	Kept  func(Held) bool
	Audit border.Auditor
	Log   *slog.Logger
	// Every is how often the runner looks; 0: six hours.
	Every time.Duration
}

// Receipt says what was erased.
type Receipt struct {
	At      time.Time `json:"at"`
	Policy  string    `json:"policy"` // version
	Erased  []Erased  `json:"erased"`
	Skipped string    `json:"skipped,omitempty"` // why nothing was looked at
}

// Erased is one line of a receipt.
type Erased struct {
	Station border.StationID `json:"station"`
	Part    string           `json:"part"`
	Bucket  string           `json:"bucket"`
	Due     time.Time        `json:"due"`
	Keys    int64            `json:"keys"`
}

// Runner erases what is due.
type Runner struct{ c Config }

// New checks the configuration.
func New(c Config) (*Runner, error) {
	if c.Policy == nil || c.Clock == nil || c.Keys == nil || c.Follow == nil || c.Audit == nil {
		return nil, &border.Error{Code: border.Internal, Op: "set up retention", Err: errors.New("incomplete configuration")}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Every <= 0 {
		c.Every = 6 * time.Hour
	}
	return &Runner{c}, nil
}

// Run looks at once and then every so often, until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	every := time.NewTicker(r.c.Every)
	defer every.Stop()
	for {
		if _, err := r.Once(ctx); err != nil && ctx.Err() == nil {
			r.c.Log.Error("retention: what is due could not be erased; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// Once erases what is due now and says what it was. A clock that is not believed erases nothing:
// what is destroyed cannot be brought back. Interrupted, it goes on where it was.
func (r *Runner) Once(ctx context.Context) (Receipt, error) {
	now := r.c.Clock.Now().UTC()
	receipt := Receipt{At: now, Policy: r.c.Policy.Version}
	if r.c.Clock.Trust().State == border.ClockUntrusted {
		receipt.Skipped = "the clock cannot be trusted"
		return receipt, nil
	}
	held, err := r.c.Keys.Held(ctx)
	if err != nil {
		return receipt, err
	}
	for _, h := range held {
		due, ok := r.c.Policy.Due(h.Part, h.Bucket)
		if !ok || now.Before(due) || r.c.Kept != nil && r.c.Kept(h) {
			continue
		}
		n, err := r.c.Keys.Erase(ctx, h)
		if err != nil {
			return receipt, errors.Join(err, r.settle(ctx, &receipt))
		}
		receipt.Erased = append(receipt.Erased, Erased{h.Station, h.Part, h.Bucket, due, n})
	}
	return receipt, r.settle(ctx, &receipt)
}

// settle lets everything else follow what was destroyed, and records it.
func (r *Runner) settle(ctx context.Context, receipt *Receipt) error {
	if len(receipt.Erased) == 0 {
		return nil
	}
	err := r.c.Follow(ctx)
	for _, months := range slices.Collect(slices.Chunk(receipt.Erased, 50)) {
		err = errors.Join(err, r.c.Audit.Audit(ctx, border.Act{Action: "retention.run", Object: "policy " + receipt.Policy, Text: lines(months)}))
	}
	return err
}

func lines(erased []Erased) string {
	var b strings.Builder
	for _, e := range erased {
		b.WriteString(string(e.Station) + " " + e.Part + " " + e.Bucket + " " + strconv.FormatInt(e.Keys, 10) + "\n")
	}
	return b.String()
}
