package register

import (
	"context"
	"time"
)

// Outlived reports whether the projections still say of a crossing from before a moment, by its
// station's clock, what only its personal part can tell. So it is in a register that was put back from
// a copy that is older than an erasure; see [Register.Erased].
func (r *Register) Outlived(ctx context.Context, before time.Time) (found bool, err error) {
	err = r.read(ctx, "look for what should be erased", func(q reader) error {
		found, err = q.outlived(ctx, before)
		return err
	})
	return found, err
}

func (r sqliteReader) outlived(ctx context.Context, before time.Time) (found bool, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM crossing WHERE recorded_at < ?1 AND occurred_at < ?1 AND document IS NOT NULL)`,
		micros(before)).Scan(&found)
	return found, err
}
