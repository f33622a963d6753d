package cases

import (
	"context"
	"database/sql"
	"slices"

	"garita/border"
	"garita/border/register"
)

const (
	followBatch = 200    // events in one transaction
	keepEvery   = 1000   // events without any hit after which the place is written down
	markStep    = 10_000 // of each so many arrivals one mark is kept
)

// resume finds the place among the register's arrivals: the last one noted where there still
// lies what lay there. Behind it everything is looked at again, which changes nothing that is
// known.
func (s *Service) resume(ctx context.Context) error {
	const op = "find the place among arrivals"
	type mark struct {
		at     int64
		digest border.Digest
	}
	var marks []mark
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT arrival, digest FROM mark ORDER BY arrival DESC`, nil, func(rs *sql.Rows) error {
			var m mark
			var digest []byte
			err := rs.Scan(&m.at, &digest)
			copy(m.digest[:], digest)
			marks = append(marks, m)
			return err
		})
	})
	if err != nil {
		return err
	}
	gone := 0
	for _, m := range marks {
		there, err := s.cfg.Register.Arrivals(ctx, m.at-1, 1)
		if err != nil {
			return err
		}
		if len(there) == 1 && there[0].No == m.at && there[0].Digest == m.digest {
			s.cursor, s.last = m.at, m.digest
			break
		}
		gone++
	}
	s.kept = s.cursor
	if gone > 0 {
		s.log.Warn("the register's arrivals are not what they were; cases look at them again", "from", s.cursor)
		err := s.write(ctx, op, func(t *tx) error {
			if _, err := t.exec(`DELETE FROM mark WHERE arrival > ?`, s.cursor); err != nil {
				return err
			}
			if _, err := t.exec(`UPDATE screening SET done = min(done, ?1), upto = min(upto, ?1)`, s.cursor); err != nil {
				return err
			}
			_, err := t.exec(`UPDATE meta SET value = ? WHERE name = 'cursor'`, s.cursor)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.resumeScreening(ctx)
}

// keepPlace writes down how far the arrivals have been looked at.
func (t *tx) keepPlace() error {
	s := t.s
	if _, err := t.exec(`DELETE FROM mark WHERE arrival / ?1 = ?2 / ?1 AND arrival < ?2`, markStep, s.cursor); err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO mark (arrival, digest) VALUES (?, ?) ON CONFLICT DO NOTHING`, s.cursor, s.last[:]); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE meta SET value = ? WHERE name = 'cursor'`, s.cursor); err != nil {
		return err
	}
	s.kept = s.cursor
	return nil
}

// follow looks at the events that have arrived, a batch of them.
func (s *Service) follow(ctx context.Context) (more bool, err error) {
	all, err := s.cfg.Register.Arrivals(ctx, s.cursor, followBatch)
	if err != nil || len(all) == 0 {
		return false, err
	}
	var found []*finding
	for i := range all {
		of, err := s.examineWhole(ctx, &all[i])
		if err != nil {
			return false, err
		}
		found = append(found, of...)
	}
	waits := slices.ContainsFunc(all, func(a register.Arrival) bool { return len(a.Missing) > 0 })
	corrects := slices.ContainsFunc(all, func(a register.Arrival) bool { return a.Event.Type == border.TypeCrossingCorrected })
	last := all[len(all)-1]
	cursor, digest := s.cursor, s.last
	s.cursor, s.last = last.No, last.Digest
	if len(found) == 0 && !waits && !corrects && s.cursor-s.kept < keepEvery {
		return len(all) == followBatch, nil // looked at again after a crash: to no effect
	}
	kept := s.kept
	err = s.write(ctx, "follow the register", func(t *tx) error {
		for i := range all {
			if err := t.arrived(&all[i], found); err != nil {
				return err
			}
		}
		return t.keepPlace()
	})
	if err != nil {
		s.cursor, s.last, s.kept = cursor, digest, kept
		return false, err
	}
	return len(all) == followBatch, nil
}

// examineWhole examines an arrival and says where a late hit can still be met.
func (s *Service) examineWhole(ctx context.Context, a *register.Arrival) ([]*finding, error) {
	found, err := s.examine(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if err := s.reach(ctx, f); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// arrived writes what has been found about one arrival.
func (t *tx) arrived(a *register.Arrival, found []*finding) error {
	for _, id := range a.Missing {
		if _, err := t.exec(`INSERT INTO awaited (station, key_id, epoch, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(a.Key.Station), id, a.Key.Epoch[:], int64(a.Key.Seq)); err != nil {
			return err
		}
	}
	var own []*finding
	for _, f := range found {
		if f.key == a.Key {
			own = append(own, f)
			if err := t.take(f); err != nil {
				return err
			}
		}
	}
	if a.Event.Type == border.TypeCrossingCorrected && a.Header.Crossing != nil && a.Personal != nil {
		return t.corrected(*a.Header.Crossing, a.Key, own)
	}
	return nil
}

// lookAgain looks at the events that waited for keys which have come since.
func (s *Service) lookAgain(ctx context.Context) error {
	const op = "look at events whose keys have come"
	type lock struct {
		station border.StationID
		key     string
	}
	var locks []lock
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT DISTINCT station, key_id FROM awaited`, nil, func(rs *sql.Rows) error {
			var l lock
			err := rs.Scan(&l.station, &l.key)
			locks = append(locks, l)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, l := range locks {
		for {
			n, err := s.unlock(ctx, l.station, l.key)
			if err != nil {
				return err
			}
			if n < followBatch {
				break
			}
		}
	}
	return nil
}

// unlock looks at a batch of events that waited for one key, if it is here now.
func (s *Service) unlock(ctx context.Context, station border.StationID, key string) (int, error) {
	const op = "look at events whose keys have come"
	var keys []border.Key
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT epoch, seq FROM awaited WHERE station = ? AND key_id = ? ORDER BY epoch, seq LIMIT ?`,
			[]any{string(station), key, followBatch}, func(rs *sql.Rows) error {
				k := border.Key{Station: station}
				var epoch []byte
				err := rs.Scan(&epoch, &k.Seq)
				copy(k.Epoch[:], epoch)
				keys = append(keys, k)
				return err
			})
	})
	if err != nil {
		return 0, err
	}
	var all []register.Arrival
	var found []*finding
	var gone []border.Key
	for _, k := range keys {
		a, err := s.cfg.Register.Arrived(ctx, k)
		if border.CodeOf(err) == border.NotFound {
			gone = append(gone, k) // the register came back from a copy: it will arrive again
			continue
		}
		if err != nil {
			return 0, err
		}
		if slices.Contains(a.Missing, key) {
			if len(all) == 0 {
				return 0, nil
			}
			break // a key destroyed in the meantime
		}
		of, err := s.examineWhole(ctx, &a)
		if err != nil {
			return 0, err
		}
		all, found = append(all, a), append(found, of...)
	}
	err = s.write(ctx, op, func(t *tx) error {
		for i := range all {
			if err := t.arrived(&all[i], found); err != nil {
				return err
			}
			gone = append(gone, all[i].Key)
		}
		for _, k := range gone {
			if _, err := t.exec(`DELETE FROM awaited WHERE station = ? AND key_id = ? AND epoch = ? AND seq = ?`,
				string(station), key, k.Epoch[:], int64(k.Seq)); err != nil {
				return err
			}
		}
		return nil
	})
	return len(gone), err
}
