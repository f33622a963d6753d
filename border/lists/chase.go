package lists

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
)

// Chased is an urgent change that not every station has.
type Chased struct {
	Key     watch.Key
	Version uint64 // of the release that carried it
	Since   time.Time
	Age     time.Duration
	Have    int                // stations that have it
	Missing []border.StationID // those that have not
	Overdue bool               // longer than Rules.Urgent
}

// Chase compares what stations report with the urgent changes: a station has one when it has
// reported a release that is, or follows, the one that carried it. reports has a line for
// every station of the country, without reports for one that was never heard of. It lists
// what some station lacks, the oldest first, and ends the chase of what all have. Each change
// that becomes overdue is logged once.
func (k *Keeper) Chase(ctx context.Context, reports map[border.StationID][]border.ListReport) ([]Chased, error) {
	now := k.clock.Now()
	open, err := k.openUrgent(ctx)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	held, err := k.serials(ctx, reports)
	if err != nil {
		return nil, err
	}
	var out []Chased
	var done, raised []urgentRow
	acks := make(map[ack]bool)
	for _, u := range open {
		c := Chased{Key: u.key, Version: uint64(u.serial & (1<<40 - 1)), Since: u.at, Age: now.Sub(u.at)}
		for station, serial := range held {
			switch {
			case u.acked[station]:
				c.Have++
			case serial >= u.serial:
				c.Have++
				acks[ack{u.serial, station}] = true
			default:
				c.Missing = append(c.Missing, station)
			}
		}
		if len(c.Missing) == 0 && len(held) > 0 {
			done = append(done, u)
			continue
		}
		slices.Sort(c.Missing)
		if c.Overdue = c.Age >= k.rules.Urgent; c.Overdue && !u.raised {
			raised = append(raised, u)
			k.log.Warn("an urgent change of the list has not reached every station", "entry", c.Key.String(), "stations", len(c.Missing))
		}
		out = append(out, c)
	}
	return out, k.noteChase(ctx, now, acks, done, raised)
}

type ack struct {
	serial  int64
	station border.StationID
}

type urgentRow struct {
	serial int64
	key    watch.Key
	at     time.Time
	raised bool
	acked  map[border.StationID]bool
}

func (k *Keeper) openUrgent(ctx context.Context) ([]urgentRow, error) {
	var out []urgentRow
	err := k.store.read(ctx, "read urgent changes", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT serial, source, id, at, raised_at IS NOT NULL FROM urgent WHERE closed_at IS NULL ORDER BY at, serial, source, id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		by := make(map[int64]map[border.StationID]bool)
		for rows.Next() {
			var u urgentRow
			var at int64
			if err := rows.Scan(&u.serial, &u.key.Source, &u.key.ID, &at, &u.raised); err != nil {
				return err
			}
			if by[u.serial] == nil {
				by[u.serial] = make(map[border.StationID]bool)
			}
			u.at, u.acked = fromMicros(at), by[u.serial]
			out = append(out, u)
		}
		if err := rows.Err(); err != nil || len(out) == 0 {
			return err
		}
		acks, err := tx.QueryContext(ctx, `SELECT serial, station FROM urgent_ack WHERE serial IN (SELECT serial FROM urgent WHERE closed_at IS NULL)`)
		if err != nil {
			return err
		}
		defer acks.Close()
		for acks.Next() {
			var a ack
			if err := acks.Scan(&a.serial, &a.station); err != nil {
				return err
			}
			by[a.serial][a.station] = true
		}
		return acks.Err()
	})
	return out, err
}

// serials gives for each station the serial of what it reports, 0 for what is not of this
// list's history.
func (k *Keeper) serials(ctx context.Context, reports map[border.StationID][]border.ListReport) (map[border.StationID]int64, error) {
	out := make(map[border.StationID]int64, len(reports))
	err := k.store.read(ctx, "compare what stations hold", func(tx *sql.Tx) error {
		for station, held := range reports {
			out[station] = 0
			for _, r := range held {
				if r.Position.List != k.name || r.Position.Version == 0 {
					continue
				}
				no, err := epochNo(ctx, tx, r.Position.Epoch)
				if err != nil {
					return err
				}
				if no != 0 {
					out[station] = max(out[station], serialOf(no, r.Position.Version))
				}
			}
		}
		return nil
	})
	return out, err
}

func (k *Keeper) noteChase(ctx context.Context, now time.Time, acks map[ack]bool, done, raised []urgentRow) error {
	if len(acks)+len(done)+len(raised) == 0 {
		return nil
	}
	return k.store.write(ctx, "note who has urgent changes", func(tx *sql.Tx) error {
		for a := range acks {
			if _, err := tx.ExecContext(ctx, `INSERT INTO urgent_ack (serial, station, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, a.serial, string(a.station), micros(now)); err != nil {
				return err
			}
		}
		for _, u := range done {
			if _, err := tx.ExecContext(ctx, `UPDATE urgent SET closed_at = ? WHERE serial = ? AND source = ? AND id = ?`, micros(now), u.serial, u.key.Source, u.key.ID); err != nil {
				return err
			}
		}
		for _, u := range raised {
			if _, err := tx.ExecContext(ctx, `UPDATE urgent SET raised_at = ? WHERE serial = ? AND source = ? AND id = ?`, micros(now), u.serial, u.key.Source, u.key.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
