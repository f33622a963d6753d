package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"garita/border"
)

// ErrKeyChanged says that a key's row in keys.db was edited, or damaged by the disk. It is not used; the
// other end still has the key and gives it again.
var ErrKeyChanged = errors.New("a row of keys.db was changed")

// rowsWithMACs is the version of rows that bear MACs. A secret that names it was made with them or has
// seen to it that all rows have one: from then on a row without is a changed one.
const rowsWithMACs = 1

// guard is what a store checks its rows with.
type guard struct {
	key    []byte         // of the MACs
	strict bool           // a row without a MAC is a changed one
	opens  func(row) bool // whether a row's wrap opens: then the store is this secret's
}

// macKey derives the key of MACs from the secret that wraps the data keys.
func macKey(secret []byte) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, secret, nil, "garita key row v1", 32)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "derive a key", Err: err}
	}
	return k, nil
}

// sum is the MAC of a row.
func (g *guard) sum(r *row) []byte {
	m := hmac.New(sha256.New, g.key)
	var n [4]byte
	for _, b := range [][]byte{[]byte(r.id), []byte(r.station), []byte(r.part), []byte(r.bucket), r.stationWrap, r.hubWrap} {
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		m.Write(n[:])
		m.Write(b)
	}
	return m.Sum(nil)
}

// changed reports whether a row is not as it was written.
func (g *guard) changed(r *row) bool {
	if r.mac == nil {
		return g.strict
	}
	return !hmac.Equal(r.mac, g.sum(r))
}

// survey looks at all rows once, at an opening: whether they are this secret's at all, and whether they
// bear MACs. Those that came before there were any get one, if the secret is from before as well and the
// store may be written.
func (s *store) survey(ctx context.Context, writable bool) error {
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('data_key') WHERE name = 'mac'`).Scan(&n); err != nil {
		return err
	}
	s.columns = columns
	if n == 0 { // a copy from before, opened for reading
		s.columns = columnsBefore
	}
	rows, err := s.all(ctx, "")
	if err != nil || len(rows) == 0 {
		return err
	}
	var bare []row
	ours := false
	for _, r := range rows {
		if r.mac == nil {
			bare = append(bare, r)
		} else if !r.changed {
			ours = true
		}
	}
	for i := 0; i < len(rows) && !ours; i++ {
		ours = s.guard.opens(rows[i])
	}
	if s.foreign = !ours; s.foreign || s.guard.strict || !writable {
		return nil
	}
	return s.endow(ctx, bare)
}

// endow gives rows from before their MACs.
func (s *store) endow(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, r := range rows {
		if _, err := tx.ExecContext(ctx, `UPDATE data_key SET mac = ? WHERE station = ? AND id = ? AND mac IS NULL`, s.guard.sum(&r), r.station, r.id); err != nil {
			return err
		}
	}
	return tx.Commit()
}
