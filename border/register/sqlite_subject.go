package register

import (
	"context"
	"database/sql"
	"time"

	"garita/border"
)

func (t *sqliteTx) rights() (map[border.ID]bool, map[border.BlindIndex]bool, error) {
	erased, restricted := map[border.ID]bool{}, map[border.BlindIndex]bool{}
	err := t.rows(`SELECT crossing FROM erased`, nil, func(rs *sql.Rows) error {
		var b sql.RawBytes
		err := rs.Scan(&b)
		erased[border.ID(b)] = true
		return err
	})
	if err == nil {
		err = t.rows(`SELECT blind FROM restricted`, nil, func(rs *sql.Rows) error {
			var b sql.RawBytes
			err := rs.Scan(&b)
			restricted[border.BlindIndex(b)] = true
			return err
		})
	}
	return erased, restricted, err
}

func (t *sqliteTx) erase(crossing border.ID, at time.Time) error {
	_, err := t.exec(`INSERT INTO erased (crossing, at) VALUES (?, ?) ON CONFLICT DO NOTHING`, crossing[:], micros(at))
	return err
}

func (t *sqliteTx) restrict(b border.BlindIndex, at time.Time) error {
	_, err := t.exec(`INSERT INTO restricted (blind, at) VALUES (?, ?) ON CONFLICT DO NOTHING`, b[:], micros(at))
	return err
}

func (t *sqliteTx) release(b border.BlindIndex) error {
	_, err := t.exec(`DELETE FROM restricted WHERE blind = ?`, b[:])
	return err
}

// subject lists the crossings of a document or of a person, with the events that say what they are.
func (r sqliteReader) subject(ctx context.Context, who *Subject) (out []subjectRow, err error) {
	where, blind := `c.document = ?`, who.Document
	if blind == nil {
		where, blind = `c.person = ?`, who.Person
	}
	err = r.rows(ctx, `SELECT c.crossing, coalesce(a.station, c.station), coalesce(a.epoch, c.epoch), coalesce(a.seq, c.seq), c.document
		FROM crossing c LEFT JOIN amendment a ON a.change = c.change WHERE `+where+` ORDER BY c.occurred_at, c.crossing`, []any{blind[:]},
		func(rs *sql.Rows) error {
			var v subjectRow
			var id, epoch, document sql.RawBytes
			err := rs.Scan(&id, &v.key.Station, &epoch, &v.key.Seq, &document)
			copy(v.crossing[:], id)
			copy(v.key.Epoch[:], epoch)
			copy(v.document[:], document)
			out = append(out, v)
			return err
		})
	return out, err
}

// of lists which crossings are of one of a few documents or people.
func (r sqliteReader) of(ctx context.Context, blinds []border.BlindIndex) (map[border.ID]bool, error) {
	out := map[border.ID]bool{}
	for _, b := range blinds {
		if err := r.rows(ctx, `SELECT crossing FROM crossing WHERE document = ?1 UNION SELECT crossing FROM crossing WHERE person = ?1`, []any{b[:]},
			func(rs *sql.Rows) error {
				var id sql.RawBytes
				err := rs.Scan(&id)
				out[border.ID(id)] = true
				return err
			}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
