package register

import (
	"context"
	"database/sql"
	"strings"

	"garita/border"
)

func (t *sqliteTx) putWords(subject border.BlindIndex, words []border.BlindIndex) error {
	if len(words) == 0 {
		return nil
	}
	known := false
	if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM name WHERE subject = ?)`, []any{subject[:]}, &known); err != nil || known {
		return err // the words of a subject are always the same
	}
	for _, w := range words {
		if _, err := t.exec(`INSERT INTO name (word, subject) VALUES (?, ?) ON CONFLICT DO NOTHING`, w[:], subject[:]); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) dropWords(subject border.BlindIndex) error {
	_, err := t.exec(`DELETE FROM name WHERE subject = ?1 AND NOT EXISTS (SELECT 1 FROM crossing WHERE person = ?1)`, subject[:])
	return err
}

func (r sqliteReader) named(ctx context.Context, words []border.BlindIndex, birthYear, limit int) (out []border.BlindIndex, err error) {
	var q strings.Builder
	var args []any
	for i, w := range words {
		if i > 0 {
			q.WriteString(` INTERSECT `)
		}
		q.WriteString(`SELECT subject FROM name WHERE word = ?`)
		args = append(args, w[:])
	}
	where := ``
	if birthYear > 0 {
		where = ` WHERE EXISTS (SELECT 1 FROM crossing WHERE person = subject AND birth_year = ?) OR EXISTS (SELECT 1 FROM crossing WHERE crossing = subject AND birth_year = ?)`
		args = append(args, birthYear, birthYear)
	}
	args = append(args, limit)
	err = r.rows(ctx, `SELECT subject FROM (`+q.String()+`)`+where+` LIMIT ?`, args, func(rs *sql.Rows) error {
		var b sql.RawBytes
		err := rs.Scan(&b)
		out = append(out, border.BlindIndex(b))
		return err
	})
	return out, err
}

// travelColumns come after the columns of a crossing.
const travelSelect = `SELECT ` + crossingColumns + `, document, person, coalesce((SELECT a.station FROM amendment a WHERE a.change = crossing.change), station),
	coalesce((SELECT a.epoch FROM amendment a WHERE a.change = crossing.change), epoch),
	coalesce((SELECT a.seq FROM amendment a WHERE a.change = crossing.change), seq) FROM crossing `

func (r sqliteReader) travels(ctx context.Context, subject border.BlindIndex, limit int) ([]travelRow, error) {
	out, err := r.travelRows(ctx, travelSelect+`WHERE person = ? ORDER BY occurred_at DESC, crossing LIMIT ?`, subject[:], limit)
	if err != nil || len(out) > 0 {
		return out, err
	}
	return r.travelRows(ctx, travelSelect+`WHERE crossing = ? LIMIT ?`, subject[:], limit)
}

func (r sqliteReader) travelsWith(ctx context.Context, document border.BlindIndex, limit int) ([]travelRow, error) {
	return r.travelRows(ctx, travelSelect+`WHERE document = ? ORDER BY occurred_at DESC, crossing LIMIT ?`, document[:], limit)
}

func (r sqliteReader) travelRows(ctx context.Context, q string, args ...any) (out []travelRow, err error) {
	err = r.rows(ctx, q, args, func(rs *sql.Rows) error {
		var v travelRow
		var document, person, epoch []byte
		err := scanCrossing(rs, &v.Crossing, &document, &person, &v.key.Station, &epoch, &v.key.Seq)
		v.document, v.person = blindOf(document), blindOf(person)
		copy(v.key.Epoch[:], epoch)
		out = append(out, v)
		return err
	})
	return out, err
}
