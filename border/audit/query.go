package audit

import (
	"context"
	"time"

	"garita/border"
	"garita/border/journal"
)

// Filter says which acts are wanted. Empty fields match all.
type Filter struct {
	Badge string // who acted, or was the second person
	// Pseudonym names them as a log does, if Badge is "".
	Pseudonym string
	Action    string
	Result    border.ActResult
	Counter   border.CounterID
	From      time.Time // occurred at or after
	Until     time.Time // occurred before
}

// Act is one recorded act as the auditor sees it: from the open header alone, so the officers are
// pseudonyms.
type Act struct {
	Key        border.Key       `json:"key"`
	OccurredAt time.Time        `json:"occurred_at"`
	Officer    string           `json:"officer,omitempty"` // pseudonym
	Second     string           `json:"second,omitempty"`  // pseudonym
	Counter    border.CounterID `json:"counter,omitempty"`
	border.ActHeader
}

// Page is a page of acts, newest first.
type Page struct {
	Acts []Act `json:"acts"`
	// Next is where the next page begins; the zero Position: there is none.
	Next border.Position `json:"next"`
}

// looked bounds how many events one page looks at: a station's journal holds mostly crossings.
const looked = 20_000

// Acts reads acts from a journal, newest first, from behind a position on; the zero Position is
// the end of the journal. A page may be short, even empty, and yet have a next one: it looks at
// 20,000 events at most.
func Acts(ctx context.Context, j *journal.Journal, b interface{ Officer(badge string) string }, f Filter, after border.Position, limit int) (Page, error) {
	limit = max(1, min(limit, 500))
	var p Page
	officer := f.Pseudonym
	if f.Badge != "" {
		officer = b.Officer(f.Badge)
	}
	n := 0
	err := j.Back(ctx, after, func(ev border.Event) (more bool, err error) {
		n++
		if ev.Type == border.TypeAudit {
			if h, err := ev.ReadHeader(); err == nil && f.matches(&h, officer) {
				p.Acts = append(p.Acts, Act{Key: ev.Key, OccurredAt: h.OccurredAt, Officer: h.Officer, Second: h.Second,
					Counter: h.Counter, ActHeader: *h.Act})
			}
		}
		if len(p.Acts) == limit || n == looked {
			p.Next = border.Position{Epoch: ev.Key.Epoch, Seq: ev.Key.Seq}
			return false, nil
		}
		return true, nil
	})
	return p, err
}

// Acts reads from the recorder's own journal; see the function.
func (r *Recorder) Acts(ctx context.Context, f Filter, after border.Position, limit int) (Page, error) {
	return Acts(ctx, r.cfg.Journal, r.cfg.Blinder, f, after, limit)
}

func (f *Filter) matches(h *border.Header, officer string) bool {
	return h.Act != nil &&
		(officer == "" || h.Officer == officer || h.Second == officer) &&
		(f.Action == "" || h.Act.Action == f.Action) &&
		(f.Result == "" || h.Act.Result == f.Result) &&
		(f.Counter == "" || h.Counter == f.Counter) &&
		(f.From.IsZero() || !h.OccurredAt.Before(f.From)) &&
		(f.Until.IsZero() || h.OccurredAt.Before(f.Until))
}
