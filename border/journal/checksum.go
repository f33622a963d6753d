package journal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"

	"garita/border"
)

// checksum is the exclusive or of SHA-256 over each row of the table of blind indexes, in any order.
// It finds what goes wrong by itself; somebody who changes rows on purpose can change it too, and
// finds that the table is made again from the events.
type checksum border.Digest

func (c *checksum) row(blind []byte, pos int64) {
	var b [24]byte
	copy(b[:16], blind)
	binary.BigEndian.PutUint64(b[16:], uint64(pos))
	h := sha256.Sum256(b[:])
	for i := range c {
		c[i] ^= h[i]
	}
}

// readChecksum gives the sum of the table of blind indexes.
func (w *writer) readChecksum() (checksum, error) {
	v, ok, err := w.store.one(w.store.readSum, indexProjection)
	if err != nil {
		return checksum{}, err
	}
	b, isBytes := v.([]byte)
	if !ok || !isBytes || len(b) != len(checksum{}) {
		return checksum{}, errDamaged
	}
	return checksum(b), nil
}

// makeChecksum sums up a table that was written before there were sums.
func (w *writer) makeChecksum() error {
	if _, ok, err := w.store.one(w.store.readSum, indexProjection); ok || err != nil {
		return err
	}
	rows, err := w.store.conn.Query(`SELECT blind, pos FROM document`, nil)
	if err != nil {
		return err
	}
	var sum checksum
	row := make([]driver.Value, 2)
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			break
		}
		blind, isBytes := row[0].([]byte)
		pos, isNumber := row[1].(int64)
		if err != nil || !isBytes || !isNumber {
			return errors.Join(err, errDamaged, rows.Close())
		}
		sum.row(blind, pos)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return w.store.exec(w.store.putSum, indexProjection, sum[:])
}

// sumOf compares the table of blind indexes with its sum, in one view of both.
func (v *verifier) sumOf(ctx context.Context, tx *sql.Tx) error {
	var want []byte
	err := tx.QueryRowContext(ctx, `SELECT sum FROM checksum WHERE projection = ?`, indexProjection).Scan(&want)
	if errors.Is(err, sql.ErrNoRows) {
		v.projection("document", "document: its sum is missing")
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT blind, pos FROM document`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var sum checksum
	for rows.Next() {
		var blind sql.RawBytes
		var pos int64
		if err := rows.Scan(&blind, &pos); err != nil {
			return err
		}
		sum.row(blind, pos)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if string(sum[:]) != string(want) {
		v.projection("document", "document: the rows are not those that were written; garita-post rebuild makes them again")
	}
	return nil
}
