package cases

import (
	"context"
	"database/sql"

	"garita/border"
	"garita/border/register"
	"garita/border/watch"
)

// seen is a sighting as erasure looks at it.
type seen struct {
	caseNo   int64
	id       border.ID // of the case
	crossing border.ID
	key      border.Key
	sealed   []byte
}

// Erased has the cases follow an erasure. gone says of an event whose parts do not open that they
// never will again: its key was destroyed, or the traveller's particulars were erased. A sighting of
// such an event keeps where and when it was and how sure it was, and nothing of who; a case without
// any other sighting is found by no document or name any more, and its notices, what other services
// said of it and what the list remembers of its documents go. What officers wrote in its history stays.
func (s *Service) Erased(ctx context.Context, gone func(*register.Arrival) bool) error {
	const op = "let the cases follow an erasure"
	var all []seen
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT s.case_no, c.id, s.crossing, s.station, s.epoch, s.seq, s.sealed FROM sighting s
			JOIN case_file c ON c.no = s.case_no ORDER BY s.case_no`, nil, func(rs *sql.Rows) error {
			var v seen
			var id, crossing, epoch []byte
			err := rs.Scan(&v.caseNo, &id, &crossing, &v.key.Station, &epoch, &v.key.Seq, &v.sealed)
			copy(v.id[:], id)
			copy(v.crossing[:], crossing)
			copy(v.key.Epoch[:], epoch)
			all = append(all, v)
			return err
		})
	})
	if err != nil {
		return err
	}
	var of []seen
	for i := range all {
		if of = append(of, all[i]); i+1 < len(all) && all[i+1].caseNo == all[i].caseNo {
			continue
		}
		if err := s.erasedCase(ctx, op, of, gone); err != nil {
			return err
		}
		of = of[:0]
	}
	return s.store.compact(ctx, op)
}

// erasedCase erases what is to be erased of one case.
func (s *Service) erasedCase(ctx context.Context, op string, all []seen, gone func(*register.Arrival) bool) error {
	var dead []seen
	for _, v := range all {
		a, err := s.cfg.Register.Arrived(ctx, v.key)
		if border.CodeOf(err) == border.NotFound {
			continue // the register came back from a copy: it will come again
		}
		if err != nil {
			return err
		}
		if a.Personal == nil && gone(&a) {
			dead = append(dead, v)
		}
	}
	if len(dead) == 0 {
		return nil
	}
	whole := len(dead) == len(all)
	if whole {
		if err := s.forgetCase(ctx, op, dead[0].caseNo, dead[0].id); err != nil {
			return err
		}
	}
	return s.write(ctx, op, func(t *tx) error {
		for _, v := range dead {
			if err := t.eraseSighting(&v); err != nil {
				return err
			}
		}
		if !whole {
			return nil
		}
		return t.eraseCase(dead[0].caseNo, dead[0].id)
	})
}

func (t *tx) eraseSighting(v *seen) error {
	var kept keptSighting
	name := append(v.id[:], v.crossing[:]...)
	if err := t.s.vault.open("sighting/", name, v.sealed, &kept); err != nil {
		return err
	}
	if kept.Explained != nil {
		sealed, err := t.s.vault.seal("sighting/", name, keptSighting{Score: kept.Score})
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE sighting SET sealed = ? WHERE case_no = ? AND crossing = ?`, sealed, v.caseNo, v.crossing[:]); err != nil {
			return err
		}
	}
	// Of an open alert stations are still told who is looked for.
	_, err := t.exec(`UPDATE notice SET body = x'' WHERE alert IN (SELECT no FROM alert WHERE case_no = ? AND crossing = ? AND closed_at IS NOT NULL)`,
		v.caseNo, v.crossing[:])
	return err
}

func (t *tx) eraseCase(no int64, id border.ID) error {
	empty, err := t.s.vault.seal("confirmation/", id[:], "")
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM subject WHERE case_no = ? AND kind <> '` + byCrossing + `'`,
		`DELETE FROM memory WHERE case_no = ?`,
		`UPDATE notice SET body = x'' WHERE alert IN (SELECT no FROM alert WHERE case_no = ? AND closed_at IS NOT NULL)`,
	} {
		if _, err := t.exec(q, no); err != nil {
			return err
		}
	}
	_, err = t.exec(`UPDATE confirmation SET sealed = ? WHERE case_no = ?`, empty, no)
	return err
}

// forgetCase has the list forget what it remembers of a case's documents.
func (s *Service) forgetCase(ctx context.Context, op string, no int64, id border.ID) error {
	var known []watch.NonMatch
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT document, sealed FROM memory WHERE case_no = ?`, []any{no}, func(rs *sql.Rows) error {
			var document, sealed []byte
			if err := rs.Scan(&document, &sealed); err != nil {
				return err
			}
			known = append(known, watch.NonMatch{})
			return s.vault.open("memory/", append(id[:], document...), sealed, &known[len(known)-1])
		})
	})
	for i := 0; err == nil && i < len(known); i++ {
		err = s.cfg.Forget(ctx, known[i])
	}
	return err
}

// compact leaves nothing of what was deleted in the files.
func (s *store) compact(ctx context.Context, op string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken || s.db == nil {
		return errClosed
	}
	if _, err := s.db.ExecContext(context.WithoutCancel(ctx), "VACUUM"); err != nil {
		return storeError(op, err)
	}
	var busy, log, moved int // a reader may hold the log: it is emptied when the cases are opened next
	return storeError(op, s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved))
}
