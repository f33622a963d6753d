package cases

import (
	"context"
	"database/sql"

	"garita/border"
)

// Version says in which version a case is, see [Summary]: it tells nobody more than that something has changed. The
// error is [border.NotFound] if there is none.
func (s *Service) Version(ctx context.Context, id border.ID) (version int64, err error) {
	const op = "ask for a case's version"
	err = s.store.read(ctx, op, func(q *sql.Tx) error {
		found := false
		if err := rows(ctx, q, `SELECT version FROM case_file WHERE id = ?`, []any{id[:]}, func(rs *sql.Rows) error {
			found = true
			return rs.Scan(&version)
		}); err != nil {
			return err
		}
		if !found {
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such case."}
		}
		return nil
	})
	return version, err
}

// Crossings lists the crossings of a case, in no order.
func (s *Service) Crossings(ctx context.Context, id border.ID) (all []border.ID, err error) {
	err = s.store.read(ctx, "list a case's crossings", func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT crossing FROM sighting JOIN case_file ON case_file.no = case_no WHERE case_file.id = ?`, []any{id[:]}, func(rs *sql.Rows) error {
			var b []byte
			if err := rs.Scan(&b); err != nil {
				return err
			}
			var x border.ID
			copy(x[:], b)
			all = append(all, x)
			return nil
		})
	})
	return all, err
}
