package cases

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"garita/border"
	"garita/border/watch"
)

// today is the day on which entries must hold to be found among past crossings.
func (s *Service) today() string { return s.now().Format(time.DateOnly) }

// comeIntoForce gives the entries whose first day has come since they were noted, as they are now.
func (s *Service) comeIntoForce(ctx context.Context, list *watch.List) (entries []*watch.Entry, err error) {
	var keys []watch.Key
	err = s.store.read(ctx, "see which entries count from today on", func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT entry, sealed FROM upcoming WHERE day <= ? ORDER BY entry`, []any{s.today()}, func(rs *sql.Rows) error {
			var entry, sealed []byte
			if err := rs.Scan(&entry, &sealed); err != nil {
				return err
			}
			var k watch.Key
			err := s.vault.open("upcoming/", entry, sealed, &k)
			keys = append(keys, k)
			return err
		})
	})
	for _, k := range keys {
		if err != nil {
			break
		}
		var e *watch.Entry
		if e, err = s.entry(ctx, list, k); e != nil {
			entries = append(entries, e)
		}
	}
	return entries, err
}

// anyInForce reports whether there are such entries.
func (s *Service) anyInForce(ctx context.Context) (any bool, err error) {
	err = s.store.read(ctx, "see whether entries count from today on", func(q *sql.Tx) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM upcoming WHERE day <= ?)`, s.today()).Scan(&any)
	})
	return any, err
}

// noteUpcoming notes those of the entries that count from a later day on, and forgets what was
// noted of the others.
func (t *tx) noteUpcoming(entries iter.Seq[*watch.Entry]) error {
	noted := map[border.BlindIndex]bool{} // a list may be long, and little of it noted
	if err := t.rows(`SELECT entry FROM upcoming`, nil, func(rs *sql.Rows) error {
		var entry []byte
		err := rs.Scan(&entry)
		noted[border.BlindIndex(entry)] = true
		return err
	}); err != nil {
		return err
	}
	today := t.now.Format(time.DateOnly)
	for e := range entries {
		later := e.ValidFrom > today
		if !later && len(noted) == 0 {
			continue
		}
		entry := t.s.vault.entry(e.Key())
		if !later && !noted[entry] {
			continue
		}
		if _, err := t.exec(`DELETE FROM upcoming WHERE entry = ?`, entry[:]); err != nil {
			return err
		}
		if !later {
			continue
		}
		sealed, err := t.s.vault.seal("upcoming/", entry[:], e.Key())
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO upcoming (entry, day, sealed) VALUES (?, ?, ?)`, entry[:], e.ValidFrom, sealed); err != nil {
			return err
		}
	}
	return nil
}

// cameIntoForce forgets the entries that past crossings have been looked through for.
func (t *tx) cameIntoForce(began time.Time) error {
	_, err := t.exec(`DELETE FROM upcoming WHERE day <= ?`, began.Format(time.DateOnly))
	return err
}
