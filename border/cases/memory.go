package cases

import (
	"context"
	"database/sql"
	"errors"

	"garita/border"
	"garita/border/watch"
)

// owe notes that the list is to remember, or not to remember any more, that the holders of a
// case's documents are not its entry. It is judged by the entry as the case knew it: if it has
// changed since, nothing is remembered of what it is now.
func (t *tx) owe(c *caseRow, remember bool) error {
	if c.kept.Entry == nil {
		return nil // the list never knew the entry: there is nothing to be quiet about
	}
	if !remember {
		_, err := t.exec(`UPDATE memory SET wanted = 0, taken = 0 WHERE case_no = ? AND wanted = 1`, c.no)
		return err
	}
	var documents [][]byte
	if err := t.rows(`SELECT blind FROM subject WHERE case_no = ? AND kind = ?`, []any{c.no, byDocument}, func(rs *sql.Rows) error {
		var b []byte
		err := rs.Scan(&b)
		documents = append(documents, b)
		return err
	}); err != nil {
		return err
	}
	for _, d := range documents {
		m := watch.NonMatch{Document: border.BlindIndex(d), Source: c.kept.Key.Source, ID: c.kept.Key.ID, Fields: watch.FingerprintOf(c.kept.Entry)}
		sealed, err := t.s.vault.seal("memory/", append(c.id[:], d...), m)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO memory (case_no, document, wanted, taken, sealed) VALUES (?1, ?2, 1, 0, ?3)
			ON CONFLICT (case_no, document) DO UPDATE SET wanted = 1, taken = 0, sealed = ?3`, c.no, d, sealed); err != nil {
			return err
		}
	}
	return nil
}

// teach hands to the list what it is to remember and to forget, until it has taken it.
func (s *Service) teach(ctx context.Context) error {
	const op = "hand non-matches to the list"
	type owed struct {
		no       int64
		document []byte
		wanted   bool
		m        watch.NonMatch
	}
	var all []owed
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT m.case_no, c.id, m.document, m.wanted, m.sealed FROM memory m JOIN case_file c ON c.no = m.case_no
			WHERE m.taken = 0 ORDER BY m.wanted, m.case_no LIMIT 100`, nil, func(rs *sql.Rows) error {
			var o owed
			var id, sealed []byte
			if err := rs.Scan(&o.no, &id, &o.document, &o.wanted, &sealed); err != nil {
				return err
			}
			all = append(all, o)
			return s.vault.open("memory/", append(id, o.document...), sealed, &all[len(all)-1].m)
		})
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, o := range all {
		tell, did := s.cfg.Remember, didRemember
		if !o.wanted {
			tell, did = s.cfg.Forget, didForget
		}
		if err := tell(ctx, o.m); err != nil {
			failed = append(failed, err)
			continue
		}
		err := s.write(ctx, op, func(t *tx) error {
			// If an officer has decided otherwise in the meantime, that is owed now.
			n, err := t.exec(`UPDATE memory SET taken = 1 WHERE case_no = ? AND document = ? AND wanted = ?`, o.no, o.document, o.wanted)
			if err != nil || n == 0 {
				return err
			}
			c, err := t.find(`no = ?`, o.no)
			if err != nil {
				return err
			}
			t.change(c)
			if err := t.step(c, did, "", c.state, nil, keptStep{}); err != nil {
				return err
			}
			return t.save(c)
		})
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
	return errors.Join(failed...)
}
