package bordertest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
)

// MemoryAsker answers questions about documents from memory. Safe for concurrent use.
type MemoryAsker struct {
	clock border.Clock

	mu    sync.Mutex // guards known
	known map[border.BlindIndex][]border.PastCrossing
}

var _ border.HubAsker = (*MemoryAsker)(nil)

// NewMemoryAsker returns an asker that knows nothing.
func NewMemoryAsker(clock border.Clock) *MemoryAsker {
	return &MemoryAsker{clock: clock, known: map[border.BlindIndex][]border.PastCrossing{}}
}

// Record notes crossings of a document.
func (a *MemoryAsker) Record(blind border.BlindIndex, crossings ...border.PastCrossing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[blind] = append(a.known[blind], crossings...)
}

// AskDocument implements [border.HubAsker].
func (a *MemoryAsker) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	if err := ctx.Err(); err != nil {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask about a document", Err: err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := border.DocumentAnswer{AsOf: a.clock.Now()}
	for _, c := range a.known[q.Blind] {
		if c.Station != q.Station {
			out.Crossings = append(out.Crossings, c)
		}
	}
	slices.SortStableFunc(out.Crossings, func(x, y border.PastCrossing) int { return y.OccurredAt.Compare(x.OccurredAt) })
	out.Crossings = out.Crossings[:min(len(out.Crossings), max(0, min(q.Limit, 20)))]
	return out, nil
}

// AskerFixture is one asker under test whose hub knows nothing yet.
type AskerFixture struct {
	Asker border.HubAsker
	// Station is who asks.
	Station border.StationID
	// Record makes the hub know crossings of a document.
	Record func(blind border.BlindIndex, crossings ...border.PastCrossing)
}

// RunAskerSuite checks that an implementation of [border.HubAsker] keeps the
// interface's promises.
func RunAskerSuite(t *testing.T, newAsker func(t *testing.T) AskerFixture) {
	t.Run("answers newest first, without the asker's own", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		f := newAsker(t)
		blind := border.BlindIndex{1}
		q := border.DocumentQuestion{Station: f.Station, Blind: blind, Limit: 20}
		a, err := f.Asker.AskDocument(ctx, q)
		if err != nil || len(a.Crossings) != 0 || a.AsOf.IsZero() {
			t.Fatalf("unknown document: %d crossings, as of %v, %v", len(a.Crossings), a.AsOf, err)
		}
		for i := range 25 {
			c := border.PastCrossing{
				Crossing: crossingID("PUT-8", EpochNo(1), uint64(i)), Station: "PUT-8", Post: "PUT",
				OccurredAt: Start.Add(time.Duration(i*7%25) * time.Hour), Direction: border.Entry,
				Outcome: string(border.Admitted), ClockState: string(border.ClockSynced),
			}
			own := c
			own.Station, own.Crossing = f.Station, crossingID(f.Station, EpochNo(1), uint64(i))
			f.Record(blind, c, own)
		}
		for _, limit := range []int{1, 20} {
			q.Limit = limit
			a, err := f.Asker.AskDocument(ctx, q)
			if err != nil || len(a.Crossings) != limit {
				t.Fatalf("limit %d: %d crossings, %v", limit, len(a.Crossings), err)
			}
			for i, c := range a.Crossings {
				if want := Start.Add(time.Duration(24-i) * time.Hour); !c.OccurredAt.Equal(want) || c.Station != "PUT-8" {
					t.Errorf("crossing %d is of %v at %s, want %v at another station", i, c.OccurredAt, c.Station, want)
				}
			}
		}
		q.Blind = border.BlindIndex{2}
		if a, err := f.Asker.AskDocument(ctx, q); err != nil || len(a.Crossings) != 0 {
			t.Errorf("another document: %d crossings, %v", len(a.Crossings), err)
		}
	})
	t.Run("is unavailable once the context has ended", func(t *testing.T) {
		f := newAsker(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Asker.AskDocument(ctx, border.DocumentQuestion{Station: f.Station, Blind: border.BlindIndex{1}, Limit: 5})
		if border.CodeOf(err) != border.Unavailable {
			t.Errorf("AskDocument = %v, want unavailable", err)
		}
	})
}
