package register

import (
	"context"
	"time"

	"garita/border"
)

// lateAfter is how long a station may be silent before its data count as late.
const lateAfter = 15 * time.Minute

// drift is how far apart two trusted clocks may be: the bound of trust on each side.
const drift = 10 * time.Minute

// What speaks against a stay being certain.
const (
	DoubtClock        = "clock"         // a clock that it rests on cannot be trusted
	DoubtLink         = "link"          // an officer's word about it does not fit the crossings
	DoubtLate         = "late"          // some station's data are late
	DoubtProposal     = "proposal"      // an exit is proposed to be its end
	DoubtPossibleExit = "possible_exit" // a movement of somebody of the same birth date on another document fits in
	DoubtNoKey        = "no_key"        // somebody left whose particulars cannot be read
)

// Stay is a stay as the register knows it, from open headers only.
type Stay struct {
	State string    `json:"state"` // inside, closed, exit_unknown, entry_unknown
	Entry *Movement `json:"entry"` // nil: not known
	Exit  *Movement `json:"exit"`  // nil: inside, or not known
	// Paired is same_document, confirmed (by an officer), proposed (by document, but see
	// Doubts), or "".
	Paired string `json:"paired"`
	// Days are the calendar days at the posts, the first and the last included; of somebody
	// inside, until the day asked for. 0: not known.
	Days int `json:"days"`
	// Until is the last day permitted; "" if none is known.
	Until string `json:"permitted_until"`
	// Overstayed counts the days beyond Until.
	Overstayed int `json:"overstayed"`
	// Certain says that nothing known speaks against State; Doubts say what does.
	Certain bool     `json:"certain"`
	Doubts  []string `json:"doubts"`
	// StaleS is how many seconds ago the data of some station were complete last; 0: all are.
	StaleS int64 `json:"stale_s"`

	document  border.BlindIndex
	born      *border.BlindIndex
	full      bool
	birthYear int
	sex       string
	at        int64 // µs
	exitAt    int64 // µs
}

// Movement is an end of a stay.
type Movement struct {
	Crossing   border.ID     `json:"crossing"`
	Post       border.PostID `json:"post"`
	OccurredAt time.Time     `json:"occurred_at"`
	// Day is the calendar day at the post; in UTC if the station did not write it.
	Day         string `json:"day"`
	Category    string `json:"category"`
	Nationality string `json:"nationality"`
	Purpose     string `json:"purpose"`
}

// Proposal is an entry and an exit that may be of one person.
type Proposal struct {
	Entry Movement `json:"entry"`
	Exit  Movement `json:"exit"`
	Score int      `json:"score"` // 60 to 100
}

// StayFilter chooses stays; the zero value chooses all.
type StayFilter struct {
	State string        // inside, closed, exit_unknown, entry_unknown
	Post  border.PostID // of entry or exit
	// OverstayOn chooses those inside whose last permitted day lies before this one.
	OverstayOn string
}

// Stays returns stays with what is doubtful about them, the longest permitted first past its
// end, else the latest first; at most limit (100 if below 1, never over 1000). Days of those
// inside count until today, a calendar day in UTC.
func (r *Register) Stays(ctx context.Context, f StayFilter, limit int) (out []Stay, err error) {
	err = r.read(ctx, "list stays", func(q reader) error {
		if out, err = q.stays(ctx, f, page(limit)); err != nil {
			return err
		}
		return r.weigh(ctx, q, out, f.OverstayOn)
	})
	return out, err
}

// Overstays returns who is inside beyond the last permitted day, as far as is known on a
// calendar day; "" means today in UTC less half a day, which has begun at no post too early.
func (r *Register) Overstays(ctx context.Context, on string, limit int) ([]Stay, error) {
	if on == "" {
		on = r.clock.Now().Add(-12 * time.Hour).UTC().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, on); err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "list overstays", Message: "A day reads year-month-day, like 2026-11-22."}
	}
	return r.Stays(ctx, StayFilter{State: stayInside, OverstayOn: on}, limit)
}

// StayOf returns the stay that a crossing belongs to. The error is [border.NotFound] if it
// belongs to none.
func (r *Register) StayOf(ctx context.Context, crossing border.ID) (s Stay, err error) {
	ok := false
	err = r.read(ctx, "find a stay", func(q reader) error {
		if s, ok, err = q.stayOf(ctx, crossing); err != nil || !ok {
			return err
		}
		one := []Stay{s}
		err = r.weigh(ctx, q, one, "")
		s = one[0]
		return err
	})
	if err == nil && !ok {
		err = &border.Error{Code: border.NotFound, Op: "find a stay", Message: "This crossing belongs to no stay."}
	}
	return s, err
}

// Proposals returns the likeliest pairs first, at most limit as in [Register.Stays].
func (r *Register) Proposals(ctx context.Context, limit int) (out []Proposal, err error) {
	err = r.read(ctx, "list proposals", func(q reader) error {
		out, err = q.proposals(ctx, page(limit))
		return err
	})
	return out, err
}

// Inside counts who is in the country.
func (r *Register) Inside(ctx context.Context) (out Inside, err error) {
	err = r.read(ctx, "count stays", func(q reader) error {
		if out, err = q.inside(ctx); err != nil {
			return err
		}
		out.StaleS, _, err = r.staleness(ctx, q)
		return err
	})
	if out.StaleS > 0 {
		out.Certain, out.Uncertain = 0, out.Certain+out.Uncertain
	}
	return out, err
}

// staleness is the age in seconds of the oldest truth about any station, and the moment until
// which the data of all are complete; 0: they are now.
func (r *Register) staleness(ctx context.Context, q reader) (stale int64, complete time.Time, err error) {
	now := r.clock.Now()
	late, err := q.incomplete(ctx, now)
	for i, l := range late {
		if stale = max(stale, int64(now.Sub(l.since).Seconds()), 1); i == 0 || l.complete.Before(complete) {
			complete = l.complete
		}
	}
	return stale, complete, err
}

// lateStation says of a station whose data are late until when they are complete, and since
// when they are not: of one that never was complete, since the hub first heard of it.
type lateStation struct{ complete, since time.Time }

// weigh says of each stay how long it is and what speaks against it.
func (r *Register) weigh(ctx context.Context, q reader, stays []Stay, today string) error {
	if len(stays) == 0 {
		return nil
	}
	stale, complete, err := r.staleness(ctx, q)
	if err != nil {
		return err
	}
	settled := micros(complete.Add(-drift)) // nothing that is late can come between a pair before
	if today == "" {
		today = r.clock.Now().UTC().Format(time.DateOnly)
	}
	for i := range stays {
		s := &stays[i]
		s.measure(today)
		if err := q.doubts(ctx, s); err != nil {
			return err
		}
		if s.StaleS = stale; stale > 0 && (s.State != stayClosed || s.exitAt > settled) {
			s.Doubts = append(s.Doubts, DoubtLate)
		}
		if s.Certain = len(s.Doubts) == 0; !s.Certain && s.Paired == pairedByDocument {
			s.Paired = pairedProposed
		}
	}
	return nil
}

// measure counts days.
func (s *Stay) measure(today string) {
	if s.Entry == nil || s.State == stayExitUnknown {
		return
	}
	last := today
	if s.Exit != nil {
		last = s.Exit.Day
	}
	if n, ok := daysBetween(s.Entry.Day, last); ok && n >= 0 {
		s.Days = n + 1
	}
	if n, ok := daysBetween(s.Until, last); ok {
		s.Overstayed = max(0, n)
	}
}

func daysBetween(from, to string) (int, bool) {
	a, err := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	if err != nil || err2 != nil {
		return 0, false
	}
	return int(b.Sub(a) / (24 * time.Hour)), true
}
