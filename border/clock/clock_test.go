package clock_test

import (
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
)

var (
	built = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

const day = 24 * time.Hour

// hands is a pair of clocks that a test sets.
type hands struct {
	wall time.Time
	mono time.Duration
}

func (h *hands) keeper() *clock.Keeper {
	return clock.New(func() time.Time { return h.wall }, func() time.Duration { return h.mono }, built)
}

func (h *hands) pass(d time.Duration) { h.wall, h.mono = h.wall.Add(d), h.mono+d }

// The rule: untrusted before build time; before the last event under a trusted clock, or
// more than 60 days after it (empty journal: 3 years after build); after a jump of more
// than 5 min; with an offset of more than 5 min; an offset up to 5 min overrides the others.
func TestTrust(t *testing.T) {
	for name, c := range map[string]struct {
		wall   time.Time
		last   time.Time
		then   func(h *hands, k *clock.Keeper)
		state  border.TrustState
		reason string
		age    int64
	}{
		"new station":              {wall: noon, state: border.ClockHoldover},
		"before build":             {wall: built.Add(-time.Second), state: border.ClockUntrusted, reason: "before_build"},
		"at build":                 {wall: built, state: border.ClockHoldover},
		"2000-01-01":               {wall: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), state: border.ClockUntrusted, reason: "before_build"},
		"long unused":              {wall: built.Add(clock.MaxUnused + time.Second), state: border.ClockUntrusted, reason: "long_after_build"},
		"almost so":                {wall: built.Add(clock.MaxUnused), state: border.ClockHoldover},
		"used then":                {wall: built.Add(clock.MaxUnused + day), last: built.Add(clock.MaxUnused), state: border.ClockHoldover},
		"before the last event":    {wall: noon, last: noon.Add(time.Second), state: border.ClockUntrusted, reason: "before_last_event"},
		"at the last event":        {wall: noon, last: noon, state: border.ClockHoldover},
		"60 days after":            {wall: noon, last: noon.Add(-60 * day), state: border.ClockHoldover},
		"over 60 days after":       {wall: noon, last: noon.Add(-60*day - time.Second), state: border.ClockUntrusted, reason: "long_after_last_event"},
		"ten years after":          {wall: noon.AddDate(10, 0, 0), last: noon, state: border.ClockUntrusted, reason: "long_after_last_event"},
		"ten years before":         {wall: noon.AddDate(-10, 0, 0), last: noon, state: border.ClockUntrusted, reason: "before_build"},
		"measured":                 {wall: noon, then: func(_ *hands, k *clock.Keeper) { k.Measured(3 * time.Second) }, state: border.ClockSynced},
		"measured, 5 min":          {wall: noon, then: func(_ *hands, k *clock.Keeper) { k.Measured(-5 * time.Minute) }, state: border.ClockSynced},
		"measured, more":           {wall: noon, then: func(_ *hands, k *clock.Keeper) { k.Measured(5*time.Minute + 1) }, state: border.ClockUntrusted, reason: "offset"},
		"measured, less":           {wall: noon, then: func(_ *hands, k *clock.Keeper) { k.Measured(-5*time.Minute - 1) }, state: border.ClockUntrusted, reason: "offset"},
		"measured long ago":        {wall: noon, then: func(h *hands, k *clock.Keeper) { k.Measured(0); h.pass(time.Hour) }, state: border.ClockHoldover, age: 3600},
		"measured over before":     {wall: built.Add(-day), then: func(_ *hands, k *clock.Keeper) { k.Measured(0) }, state: border.ClockSynced},
		"measured over last event": {wall: noon, last: noon.AddDate(5, 0, 0), then: func(_ *hands, k *clock.Keeper) { k.Measured(0) }, state: border.ClockSynced},
		"jump on":                  {wall: noon, then: func(h *hands, k *clock.Keeper) { h.wall = h.wall.Add(5*time.Minute + 1) }, state: border.ClockUntrusted, reason: "jumped"},
		"jump back":                {wall: noon, then: func(h *hands, k *clock.Keeper) { h.wall = h.wall.Add(-6 * time.Minute) }, state: border.ClockUntrusted, reason: "jumped"},
		"small step":               {wall: noon, then: func(h *hands, k *clock.Keeper) { h.wall = h.wall.Add(5 * time.Minute) }, state: border.ClockHoldover},
		"jump to and fro": {wall: noon, then: func(h *hands, k *clock.Keeper) {
			h.wall = h.wall.Add(time.Hour)
			k.Trust()
			h.wall = h.wall.Add(-time.Hour)
		}, state: border.ClockUntrusted, reason: "jumped"},
		"jump, then measured": {wall: noon, then: func(h *hands, k *clock.Keeper) {
			h.wall = h.wall.Add(time.Hour)
			k.Trust()
			k.Measured(time.Second)
		}, state: border.ClockSynced},
		"measured, then jump": {wall: noon, then: func(h *hands, k *clock.Keeper) {
			k.Measured(0)
			h.wall = h.wall.Add(-time.Hour)
		}, state: border.ClockUntrusted, reason: "jumped"},
		"a long quiet run": {wall: noon, last: noon.Add(-day), then: func(h *hands, _ *clock.Keeper) { h.pass(59 * day) }, state: border.ClockHoldover},
		"beyond all count": {wall: time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), then: func(h *hands, _ *clock.Keeper) {
			h.wall = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
		}, state: border.ClockUntrusted, reason: "jumped"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &hands{wall: c.wall, mono: time.Minute}
			k := h.keeper()
			k.LastTrusted(c.last)
			if c.then != nil {
				c.then(h, k)
			}
			if got := k.Trust(); got.State != c.state || got.Reason != c.reason || got.AgeS != c.age {
				t.Errorf("got %+v, want %s %s %d", got, c.state, c.reason, c.age)
			}
		})
	}
}

func TestOffsetIsToldEvenWhenUntrusted(t *testing.T) {
	h := &hands{wall: noon}
	k := h.keeper()
	k.Measured(-time.Hour)
	if got := k.Trust(); got.OffsetMS != -3_600_000 {
		t.Errorf("got %+v", got)
	}
}

// The guess of today never takes an untrusted clock at its word.
func TestToday(t *testing.T) {
	for name, c := range map[string]struct {
		wall time.Time
		last time.Time
		then func(h *hands, k *clock.Keeper)
		want time.Time
	}{
		"trusted":              {wall: noon, want: noon},
		"nothing known":        {wall: noon.AddDate(-20, 0, 0), want: built},
		"last event":           {wall: noon.AddDate(-20, 0, 0), last: noon, want: noon},
		"last event too early": {wall: noon.AddDate(-20, 0, 0), last: built.AddDate(-1, 0, 0), want: built},
		"jumped": {wall: noon, then: func(h *hands, k *clock.Keeper) {
			h.pass(time.Hour)
			h.wall = h.wall.AddDate(30, 0, 0)
		}, want: noon.Add(time.Hour)},
		"jumped, never right": {wall: noon.AddDate(-20, 0, 0), then: func(h *hands, k *clock.Keeper) { h.wall = noon }, want: built},
		"hub says otherwise": {wall: noon.AddDate(-20, 0, 0), then: func(h *hands, k *clock.Keeper) {
			k.Measured(noon.Sub(h.wall))
			h.pass(time.Hour)
		}, want: noon.Add(time.Hour)},
	} {
		h := &hands{wall: c.wall}
		k := h.keeper()
		k.LastTrusted(c.last)
		if c.then != nil {
			c.then(h, k)
		}
		if got := k.Today(); !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestSystem(t *testing.T) {
	k := clock.System(built)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				k.Measured(0)
				if k.Trust().State != border.ClockSynced || k.Now().Location() != time.UTC || k.Today().IsZero() {
					t.Error("the system's clock is not what it was just measured to be")
				}
				k.LastTrusted(noon)
			}
		})
	}
	wg.Wait()
}
