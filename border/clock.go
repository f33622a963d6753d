package border

import "time"

// Clock tells the time. Nothing in Garita calls time.Now but the clock that cmd
// injects, so that every rule about time can be tested in any century.
type Clock interface {
	// Now returns the wall-clock time in UTC.
	Now() time.Time
}

// TrustState says how far a station's clock may be believed (design, rule 10).
type TrustState string

// The states of trust.
const (
	ClockSynced    TrustState = "synced"    // offset to the hub measured lately and at most 5 min
	ClockHoldover  TrustState = "holdover"  // no fresh measurement, and nothing speaks against it
	ClockUntrusted TrustState = "untrusted" // date checks are not_checked(clock); nothing is blocked
)

// ClockTrust is the trust in a clock at one moment.
type ClockTrust struct {
	State TrustState `json:"state"`
	// AgeS is the time since the last measured offset in seconds, for holdover; 0 if never measured.
	AgeS int64 `json:"age_s,omitempty"`
	// OffsetMS is the last measured offset in milliseconds: hub time less station time.
	OffsetMS int64 `json:"offset_ms,omitempty"`
	// Reason says why a clock is untrusted: before_build, before_last_event,
	// long_after_last_event, long_after_build, jumped, offset. "" otherwise.
	Reason string `json:"reason,omitempty"`
}

// TrustedClock is a clock that also knows how far it can be believed.
type TrustedClock interface {
	Clock
	Trust() ClockTrust
}
