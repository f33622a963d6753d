package register

import (
	"context"
	"time"

	"garita/border"
)

// Crossing is a row of the national register as it stands after corrections, from open
// headers only: nothing here identifies a person. Fields of the header that a station left out are zero.
type Crossing struct {
	ID             border.ID        `json:"crossing"`
	Arrival        int64            `json:"arrival"` // order in which the hub got them; a cursor for [Register.Crossings]
	Key            border.Key       `json:"key"`
	Post           border.PostID    `json:"post"`
	Counter        border.CounterID `json:"counter"`
	OccurredAt     time.Time        `json:"occurred_at"` // UTC, microseconds, by the station's clock
	RecordedAt     time.Time        `json:"recorded_at"` // UTC, microseconds, by the station's clock
	ReceivedAt     time.Time        `json:"received_at"` // UTC, microseconds, by the hub's clock
	LocalDate      string           `json:"local_date"`  // at the post; "" from an older station
	Direction      string           `json:"direction"`
	Outcome        string           `json:"outcome"`
	Ground         string           `json:"ground"`
	Category       string           `json:"category"`
	Purpose        string           `json:"purpose"`
	Residence      string           `json:"residence"`
	Nationality    string           `json:"nationality"`
	Sex            string           `json:"sex"`
	BirthYear      int              `json:"birth_year"` // 0: unknown
	DocumentKind   string           `json:"document_kind"`
	DocumentIssuer string           `json:"document_issuer"`
	DaysGranted    int              `json:"days_granted"`    // 0: none
	PermittedUntil string           `json:"permitted_until"` // of an entry, extensions included; "" if none
	Late           bool             `json:"late"`            // entered from paper
	Corrected      bool             `json:"corrected"`       // it stands as a correction says
	Verdict        string           `json:"verdict"`
	ClockState     string           `json:"clock_state"`
	// Part says whether the personal part could be opened: open, no_key (not here yet, or
	// destroyed), damaged or none (or erased). Without open the crossing is in no stay.
	// restricted: it is not to be used, see [Register.RestrictSubject].
	Part string `json:"part"`
}

// Station is what the hub knows of one station.
type Station struct {
	Station    border.StationID  `json:"station"`
	Post       border.PostID     `json:"post"`
	Zone       string            `json:"zone"` // IANA
	Software   string            `json:"software"`
	LastSeen   time.Time         `json:"last_seen"`   // hub time of the last hello or message
	GreetedAt  time.Time         `json:"greeted_at"`  // hub time of the last hello; zero: never
	EventAt    time.Time         `json:"event_at"`    // hub time of the last message; zero: never
	OffsetMS   int64             `json:"offset_ms"`   // hub time less station time at the last hello
	Clock      border.ClockTrust `json:"clock"`       // as the station says
	Head       border.Position   `json:"head"`        // last durable event that the station announced in a hello
	Backlog    uint64            `json:"backlog"`     // as the station says
	Generation uint64            `json:"generation"`  // hub generation that the station last saw
	Epochs     int               `json:"epochs"`      // openings of its journal
	Held       uint64            `json:"held"`        // events held without a gap, all epochs
	Missing    uint64            `json:"missing"`     // events announced or beyond a gap that are not held without a gap
	Alarms     int               `json:"open_alarms"` // not acknowledged
	// CompleteAt is until when everything that the station recorded is here, in hub time; zero:
	// never yet.
	CompleteAt time.Time `json:"complete_at"`
	// Lists says which releases of lists it holds and what it refused last, by name.
	Lists []border.ListReport `json:"lists"`
	// Health says how its disk and scanners are; nil: it does not say.
	Health *border.StationHealth `json:"health"`
}

// Counts are the totals of the register since its beginning.
type Counts struct {
	Crossings            int64 `json:"crossings"`
	DuplicatesSuppressed int64 `json:"duplicates_suppressed"` // messages that were held already
	Quarantined          int64 `json:"quarantined"`           // messages held aside
	BeyondQuarantine     int64 `json:"beyond_quarantine"`     // messages only counted, because quarantine is bounded
	Malformed            int64 `json:"malformed"`             // held under the key they claim
	UnknownTypes         int64 `json:"unknown_types"`         // held for a later version
	Waiting              int64 `json:"waiting_for_keys"`      // crossings whose personal part cannot be opened
	Inside               int64 `json:"inside"`                // certain only
	InsideUncertain      int64 `json:"inside_uncertain"`
	Alarms               int64 `json:"open_alarms"`
	Generation           int64 `json:"generation"`
	ProjectionLag        int64 `json:"projection_lag"` // arrivals that the projections have not seen
}

// Inside counts people whose last known movement is an admitted entry.
type Inside struct {
	Certain   int64 `json:"certain"`
	Uncertain int64 `json:"uncertain"` // a clock involved cannot be trusted, or an exit may be theirs
	// StaleS is how many seconds ago the data of some station were complete last; 0: all are.
	// While it is not 0, nothing here is certain.
	StaleS int64 `json:"stale_s"`
}

// Flow counts the crossings of one quarter of an hour.
type Flow struct {
	From      time.Time     `json:"from"` // UTC
	Post      border.PostID `json:"post"`
	Direction string        `json:"direction"`
	Outcome   string        `json:"outcome"`
	Trusted   bool          `json:"trusted"` // false: by a clock that cannot be trusted
	N         int64         `json:"n"`
}

// maxPage bounds every list of the read side.
const maxPage = 1000

func page(limit int) int {
	if limit < 1 {
		return 100
	}
	return min(limit, maxPage)
}

// Crossings returns crossings that arrived after the given arrival, oldest first, at
// most limit of them (100 if below 1, never over 1000).
func (r *Register) Crossings(ctx context.Context, afterArrival int64, limit int) (out []Crossing, err error) {
	err = r.read(ctx, "list crossings", func(q reader) error {
		out, err = q.crossings(ctx, afterArrival, page(limit))
		return err
	})
	if err == nil {
		err = r.markRestricted(ctx, out)
	}
	return out, err
}

// LatestCrossings returns the crossings that arrived last, newest first; limit as in
// [Register.Crossings].
func (r *Register) LatestCrossings(ctx context.Context, limit int) (out []Crossing, err error) {
	err = r.read(ctx, "list crossings", func(q reader) error {
		out, err = q.latest(ctx, page(limit))
		return err
	})
	if err == nil {
		err = r.markRestricted(ctx, out)
	}
	return out, err
}

// CrossingByID returns one crossing. The error is [border.NotFound] if there is none.
func (r *Register) CrossingByID(ctx context.Context, id border.ID) (c Crossing, err error) {
	ok := false
	err = r.read(ctx, "find a crossing", func(q reader) error {
		c, ok, err = q.crossing(ctx, id)
		return err
	})
	if err == nil && !ok {
		err = &border.Error{Code: border.NotFound, Op: "find a crossing", Message: "The register knows no crossing with this id."}
	}
	if err == nil {
		one := []Crossing{c}
		err = r.markRestricted(ctx, one)
		c = one[0]
	}
	return c, err
}

// Has reports whether a crossing is in the register.
func (r *Register) Has(ctx context.Context, id border.ID) (bool, error) {
	_, err := r.CrossingByID(ctx, id)
	if border.CodeOf(err) == border.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Stations lists all stations by name.
func (r *Register) Stations(ctx context.Context) (out []Station, err error) {
	err = r.read(ctx, "list stations", func(q reader) error {
		out, err = q.stations(ctx)
		return err
	})
	return out, err
}

// Counts returns the totals.
func (r *Register) Counts(ctx context.Context) (out Counts, err error) {
	err = r.read(ctx, "count the register", func(q reader) error {
		out, err = q.counts(ctx)
		return err
	})
	return out, err
}

// Flows returns the flow counts of [from, to) in order of time, at most 100,000.
func (r *Register) Flows(ctx context.Context, from, to time.Time) (out []Flow, err error) {
	err = r.read(ctx, "count flows", func(q reader) error {
		out, err = q.flows(ctx, from, to)
		return err
	})
	return out, err
}
