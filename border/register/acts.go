package register

import (
	"context"
	"time"

	"garita/border"
)

// ActFilter chooses acts; empty fields choose all.
type ActFilter struct {
	Station  border.StationID
	Action   string
	Result   border.ActResult
	Officer  string // pseudonym, of who acted or was the second person
	From, To time.Time
}

// Act is what somebody did or tried at a station, from the open header.
type Act struct {
	Arrival    int64            `json:"arrival"`
	Key        border.Key       `json:"key"`
	OccurredAt time.Time        `json:"occurred_at"`
	Counter    border.CounterID `json:"counter,omitempty"`
	Officer    string           `json:"officer,omitempty"` // pseudonym
	Second     string           `json:"second,omitempty"`  // pseudonym
	border.ActHeader
}

// Acts lists the acts of all stations, the latest arrival first, before an arrival (0: the newest), at
// most limit, as in [Register.Crossings].
func (r *Register) Acts(ctx context.Context, f ActFilter, before int64, limit int) (out []Act, err error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	err = r.read(ctx, "list acts", func(q reader) error {
		rows, err := q.acts(ctx, f, before, page(limit))
		if err != nil {
			return err
		}
		out = make([]Act, 0, len(rows))
		for i := range rows {
			e, err := border.DecodeEvent(rows[i].bytes)
			if err != nil || rotten(&rows[i]) {
				continue // changed on the disk: Scrub says so
			}
			h, err := e.ReadHeader()
			if err != nil || h.Act == nil {
				continue
			}
			out = append(out, Act{Arrival: rows[i].arrival, Key: rows[i].key, OccurredAt: h.OccurredAt, Counter: border.CounterID(text(string(h.Counter))),
				Officer: text(h.Officer), Second: text(h.Second), ActHeader: border.ActHeader{Action: text(h.Act.Action), Result: border.ActResult(text(string(h.Act.Result))),
					Session: text(h.Act.Session), Object: text(h.Act.Object), Purpose: text(h.Act.Purpose), Reason: text(h.Act.Reason)}})
		}
		return nil
	})
	return out, err
}

// act projects audit.recorded.v1.
func (p *projection) act(r *rawRow, e *border.Event) error {
	h, err := e.ReadHeader()
	if err != nil || h.Act == nil {
		return p.uninterpretable(r, "tells of no act")
	}
	return p.t.putAct(r.arrival, r.key.Station, &h)
}

// Log says how far the log of a station's newest epoch is cosigned.
type Log struct {
	Station  border.StationID `json:"station"`
	Epoch    border.Epoch     `json:"epoch"`
	Held     uint64           `json:"held"`     // events held without a gap
	Cosigned uint64           `json:"cosigned"` // of them under the hub's signature
	At       time.Time        `json:"at"`       // of the last signature; zero: none yet
	// Trouble is the open alarm that says that this log contradicts what is held; "": none.
	Trouble string `json:"trouble,omitempty"`
}

// Logs lists how far each station's log is cosigned, by station.
func (r *Register) Logs(ctx context.Context) (out []Log, err error) {
	err = r.read(ctx, "list logs", func(q reader) error {
		out, err = q.logs(ctx)
		return err
	})
	return out, err
}
