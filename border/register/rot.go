package register

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"garita/border"
)

// rotPage is how many events are read at a time when the register looks for damage.
const rotPage = 256

// Scrub reads every raw event and compares it with its digest. What has changed on the disk is no
// longer taken for an event: the station is asked to send it again, and what it sends takes its
// place. The reading takes at most that share of the time (0 to 1), the rest of it Scrub rests. It
// returns how many events were read, and the keys of those that must come again, at most 10,000.
func (r *Register) Scrub(ctx context.Context, share float64) (looked int64, damaged []border.Key, err error) {
	const op = "look for damaged events"
	share = min(max(share, 0.01), 1)
	for after := int64(0); ; {
		began := time.Now() //nolint:forbidigo // how long the disk took, not a time of record
		var rows []rawRow
		if err := r.read(ctx, op, func(q reader) (err error) {
			rows, err = q.arrivals(ctx, after, rotPage)
			return err
		}); err != nil || len(rows) == 0 {
			return looked, damaged, err
		}
		for i := range rows {
			after = rows[i].arrival
			looked++
			if !rotten(&rows[i]) {
				continue
			}
			if err := r.setAside(ctx, &rows[i]); err != nil {
				return looked, damaged, err
			}
			if len(damaged) < 10_000 {
				damaged = append(damaged, rows[i].key)
			}
		}
		if share < 1 {
			rest := time.NewTimer(time.Duration(float64(time.Since(began)) * (1 - share) / share))
			select {
			case <-rest.C:
			case <-ctx.Done():
				rest.Stop()
				return looked, damaged, &border.Error{Code: border.Unavailable, Op: op, Err: ctx.Err()}
			}
		}
	}
}

// rotten reports whether a row is no longer what was stored.
func rotten(row *rawRow) bool {
	if sha256.Sum256(row.bytes) != row.digest {
		return true
	}
	if row.state == stateMalformed {
		return false
	}
	e, err := border.DecodeEvent(row.bytes)
	return err != nil || e.Hash != row.hash || e.Prev != row.prev || e.Key != row.key || e.Verify() != nil
}

// recheck looks at the events of an epoch up to a seq.
func (r *Register) recheck(ctx context.Context, station border.StationID, epoch border.Epoch, upto uint64) (found bool, err error) {
	for after := uint64(0); after < upto; {
		var rows []rawRow
		if err := r.read(ctx, "look for damaged events", func(q reader) (err error) {
			rows, err = q.events(ctx, station, epoch, after, rotPage, eventsSize)
			return err
		}); err != nil || len(rows) == 0 {
			return found, err
		}
		for i := range rows {
			after = rows[i].key.Seq
			if rotten(&rows[i]) {
				found = true
				if err := r.setAside(ctx, &rows[i]); err != nil {
					return found, err
				}
			}
		}
	}
	return found, nil
}

// setAside marks a damaged event, so that the true one may take its place.
func (r *Register) setAside(ctx context.Context, row *rawRow) error {
	return r.write(ctx, "note a damaged event", func(t tx) error {
		if e, err := border.DecodeEvent(row.bytes); err == nil && e.Hash == row.hash && e.Prev == row.prev && e.Key == row.key && e.Verify() == nil {
			mended := *row // only its digest has changed
			mended.digest = sha256.Sum256(row.bytes)
			return t.mendRaw(&mended)
		}
		if err := t.markDamaged(row.arrival); err != nil {
			return err
		}
		return raise(t, alarmRow{kind: AlarmRotten, station: row.key.Station, at: r.clock.Now(), detail: fmt.Sprintf(
			"An event has changed on the hub's disk. The station is asked for it again. Last: event %d of epoch %s.", row.key.Seq, row.key.Epoch)})
	})
}

// Damaged lists events that are held in a damaged or malformed form, so that their stations can be
// asked for them again; at most limit.
func (r *Register) Damaged(ctx context.Context, limit int) (out []border.Key, err error) {
	err = r.read(ctx, "list damaged events", func(q reader) error {
		out, err = q.malformed(ctx, page(limit))
		return err
	})
	return out, err
}
