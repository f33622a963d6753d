package cases

import (
	"context"
	"database/sql"
	"slices"

	"garita/border"
)

// maxOf bounds the crossings and the cases of one question.
const maxOf = 200

// Of lists the cases of some crossings, the last changed first, open or not: at most 200, of at most 200
// crossings.
func (s *Service) Of(ctx context.Context, crossings []border.ID) (out []Summary, err error) {
	out = []Summary{}
	known := map[border.ID]bool{}
	err = s.store.read(ctx, "find cases of a traveller", func(q *sql.Tx) error {
		for _, id := range crossings[:min(len(crossings), maxOf)] {
			if err := rows(ctx, q, `SELECT `+caseColumns+` FROM case_file WHERE no IN (SELECT case_no FROM sighting WHERE crossing = ?)`, []any{id[:]},
				func(rs *sql.Rows) error {
					c, err := s.scanCase(rs)
					if err == nil && !known[c.id] {
						known[c.id] = true
						out = append(out, s.summary(c))
					}
					return err
				}); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Summary) int { return b.ChangedAt.Compare(a.ChangedAt) })
	return out[:min(len(out), maxOf)], err
}
