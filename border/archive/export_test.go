package archive

import (
	"context"
	"database/sql"
)

// FollowBatch is how many events are looked at at once.
const FollowBatch = followBatch

// Unlock looks again at events whose keys may have come.
func (a *Archive) Unlock(ctx context.Context) error { return a.unlock(ctx) }

// Awaited counts the events whose keys have not come; -1: it could not.
func (a *Archive) Awaited() int {
	n := -1
	_ = a.db.Do(context.Background(), "count what is awaited", func(t *sql.Tx) error {
		return t.QueryRow(`SELECT COUNT(*) FROM awaited`).Scan(&n)
	})
	return n
}
