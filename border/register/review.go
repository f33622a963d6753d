package register

import (
	"bytes"
	"context"
	"time"

	"garita/border"
)

// ReviewKind says why something must be looked at by the hub.
type ReviewKind string

// The kinds of review.
const (
	ReviewAwaiting ReviewKind = "awaiting" // took effect though its second person could not be reached
	ReviewOverdue  ReviewKind = "overdue"  // what an officer did whom an expired roster knew, on one day
)

// The verdicts of a review.
const (
	ReviewAccepted = "accepted"
	ReviewRejected = "rejected"
)

// Review is something that took effect and must be looked at. It holds no personal data.
type Review struct {
	ID         string           `json:"id"`
	Kind       ReviewKind       `json:"kind"`
	Station    border.StationID `json:"station"`
	Post       border.PostID    `json:"post"`
	Action     string           `json:"action,omitempty"` // of border/access; "" if overdue
	Officer    string           `json:"officer"`          // pseudonym
	Counter    border.CounterID `json:"counter,omitempty"`
	Event      string           `json:"event"`              // key of the event; of the first one if overdue
	Crossing   *border.ID       `json:"crossing,omitempty"` // that it is about
	OccurredAt time.Time        `json:"occurred_at"`        // of the first
	LastAt     time.Time        `json:"last_at"`
	Events     int64            `json:"events"` // how many

	Verdict   string     `json:"verdict,omitempty"` // "": open
	By        string     `json:"by,omitempty"`      // pseudonym
	DecidedAt *time.Time `json:"decided_at,omitempty"`
}

// Reviews lists what awaits a review, oldest first, or what was reviewed last, newest first; limit as
// in [Register.Crossings].
func (r *Register) Reviews(ctx context.Context, decided bool, limit int) (out []Review, err error) {
	err = r.read(ctx, "list reviews", func(q reader) error {
		out, err = q.reviews(ctx, decided, page(limit))
		return err
	})
	return out, err
}

// Review writes down what somebody (badge) says of it: accepted or rejected. [border.Conflict]: it was
// said before; [border.Forbidden]: nobody reviews what they did themselves.
func (r *Register) Review(ctx context.Context, id, verdict, by string) error {
	const op = "review what was done"
	if verdict != ReviewAccepted && verdict != ReviewRejected || by == "" {
		return &border.Error{Code: border.Invalid, Op: op, Message: "A review ends with accepted or rejected, by somebody."}
	}
	who := r.blinder.Officer(by)
	var refused error
	err := r.write(ctx, op, func(t tx) error {
		officer, decided, ok, err := t.review(id)
		switch {
		case err != nil:
			return err
		case !ok:
			refused = &border.Error{Code: border.NotFound, Op: op, Message: "There is no such review."}
			return nil
		case decided != "":
			refused = &border.Error{Code: border.Conflict, Op: op, Message: "This was reviewed already."}
			return nil
		case officer == who:
			refused = &border.Error{Code: border.Forbidden, Op: op, Message: "Nobody reviews what they did themselves."}
			return nil
		}
		return t.putVerdict(id, verdict, who, r.clock.Now())
	})
	if err == nil && refused == nil {
		r.changed()
	}
	if err == nil {
		err = refused
	}
	return err
}

var awaitingMark, overdueMark = []byte(`"awaiting_second":`), []byte(`"overdue":true`)

// review projects what an event says of its second person and of the roster.
func (p *projection) review(r *rawRow, e *border.Event) error {
	if !bytes.Contains(e.Header, awaitingMark) && !bytes.Contains(e.Header, overdueMark) {
		return nil
	}
	h, err := e.ReadHeader()
	if err != nil {
		return nil //nolint:nilerr // whoever interprets the event says so
	}
	v := Review{Station: r.key.Station, Post: border.PostID(text(string(h.Post))), Officer: text(h.Officer), Counter: border.CounterID(text(string(h.Counter))),
		Event: r.key.String(), Crossing: h.Crossing, OccurredAt: h.OccurredAt, LastAt: h.OccurredAt}
	if h.Awaiting != "" {
		w := v
		w.ID, w.Kind, w.Action = w.Event, ReviewAwaiting, text(h.Awaiting)
		if _, err := p.t.addReview(&w); err != nil {
			return err
		}
		if err := p.raise(alarmRow{kind: AlarmAwaiting, station: r.key.Station,
			detail: "Something took effect at this station without its second person. It must be reviewed."}); err != nil {
			return err
		}
	}
	if !h.Overdue {
		return nil
	}
	local := day(h.LocalDate)
	if local == "" {
		local = h.OccurredAt.UTC().Format(time.DateOnly)
	}
	v.ID, v.Kind = "overdue/"+string(v.Station)+"/"+local+"/"+v.Officer, ReviewOverdue
	fresh, err := p.t.addReview(&v)
	if err != nil || !fresh {
		return err
	}
	return p.raise(alarmRow{kind: AlarmOverdue, station: r.key.Station,
		detail: "Officers worked at this station by a roster that had expired. What they did must be reviewed."})
}
