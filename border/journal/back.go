package journal

import (
	"context"
	"database/sql"
	"errors"

	"garita/border"
)

// Back calls visit for the events before a position, newest first, until it returns false; the
// zero Position is behind the last event. What a lost copy recorded and the hub gave back comes in
// its place among the epochs. Damaged events are left out, see [Journal.Damaged].
// [border.NotFound]: there is no such epoch.
func (j *Journal) Back(ctx context.Context, before border.Position, visit func(border.Event) (more bool, err error)) error {
	const op = "read the journal backwards"
	next := int64(1<<63 - 1)
	if before != (border.Position{}) {
		err := j.reading(op, func(db *sql.DB) error {
			var ordinal int64
			err := db.QueryRowContext(ctx, `SELECT ordinal FROM epoch WHERE id = ?`, before.Epoch[:]).Scan(&ordinal)
			if errors.Is(err, sql.ErrNoRows) || before.Seq >= 1<<seqBits {
				return &border.Error{Code: border.NotFound, Op: op, Message: "This journal has no such place."}
			}
			next = posOf(ordinal, before.Seq)
			return err
		})
		if err != nil {
			return err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return &border.Error{Code: border.Unavailable, Op: op, Err: err}
		}
		rows, err := j.rowsOf(ctx, op, `SELECT pos, record FROM event WHERE pos < ? ORDER BY pos DESC LIMIT ?`, next, scanPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		next = rows[len(rows)-1].pos
		for _, ev := range j.sound(rows) {
			more, err := visit(ev)
			if err != nil || !more {
				return err
			}
		}
	}
}
