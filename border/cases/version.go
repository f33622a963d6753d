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
