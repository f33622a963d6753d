package register

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"garita/border"
)

func (t *sqliteTx) putWords(subject border.BlindIndex, words []nameWord) error {
	if len(words) == 0 {
		return nil
	}
	known := false
	if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM name WHERE subject = ?)`, []any{subject[:]}, &known); err != nil || known {
		return err // the words of a subject are always the same
	}
	for i := range words {
		w := &words[i]
		if _, err := t.exec(`INSERT INTO name (word, subject) VALUES (?, ?) ON CONFLICT DO NOTHING`, w.blind[:], subject[:]); err != nil {
			return err
		}
		if err := t.putSpellings(w); err != nil {
			return err
		}
	}
	return nil
}

// putSpellings notes a word that is new.
func (t *sqliteTx) putSpellings(w *nameWord) error {
	known := false
	if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM word WHERE word = ?)`, []any{w.blind[:]}, &known); err != nil || known {
		return err
	}
	if _, err := t.exec(`INSERT INTO word (word, sealed) VALUES (?, ?)`, w.blind[:], w.sealed()); err != nil {
		return err
	}
	for _, x := range w.spellings() {
		if _, err := t.exec(`INSERT INTO spelling (key, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING`, x.key[:], x.sealed); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) dropWords(subject border.BlindIndex, of func(word border.BlindIndex, sealed []byte) []spellingRow) error {
	gone := false
	if _, err := t.row(`SELECT NOT EXISTS (SELECT 1 FROM crossing WHERE person = ?)`, []any{subject[:]}, &gone); err != nil || !gone {
		return err
	}
	var words []border.BlindIndex
	if err := t.rows(`SELECT word FROM name WHERE subject = ?`, []any{subject[:]}, func(rs *sql.Rows) error {
		var b sql.RawBytes
		err := rs.Scan(&b)
		words = append(words, border.BlindIndex(b))
		return err
	}); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM name WHERE subject = ?`, subject[:]); err != nil {
		return err
	}
	for _, w := range words {
		var sealed []byte
		if some, err := t.row(`SELECT sealed FROM word WHERE word = ?1 AND NOT EXISTS (SELECT 1 FROM name WHERE word = ?1)`, []any{w[:]}, &sealed); err != nil || !some {
			if err != nil {
				return err
			}
			continue // somebody else has it
		}
		for _, x := range of(w, sealed) {
			if _, err := t.exec(`DELETE FROM spelling WHERE key = ? AND sealed = ?`, x.key[:], x.sealed); err != nil {
				return err
			}
		}
		if _, err := t.exec(`DELETE FROM word WHERE word = ?`, w[:]); err != nil {
			return err
		}
	}
	return nil
}

func (r sqliteReader) spellings(ctx context.Context, key border.BlindIndex, limit int) (out [][]byte, err error) {
	err = r.rows(ctx, `SELECT sealed FROM spelling WHERE key = ? LIMIT ?`, []any{key[:], limit}, func(rs *sql.Rows) error {
		var b []byte
		err := rs.Scan(&b)
		out = append(out, b)
		return err
	})
	return out, err
}

// maxScanned bounds the people of whom is asked whether they have the other words, too.
const maxScanned = 20_000

func (r sqliteReader) named(ctx context.Context, words [][]border.BlindIndex, birthYear, limit int) (out []border.BlindIndex, more bool, err error) {
	least, first := maxScanned+2, 0
	for i, any := range words { // the rarest word leads
		n := 0
		in, args := oneOf(any)
		if err := r.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM name WHERE word IN (`+in+`) LIMIT ?)`, append(args, maxScanned+1)...).Scan(&n); err != nil {
			return nil, false, err
		}
		if n < least {
			least, first = n, i
		}
	}
	in, args := oneOf(words[first])
	var q strings.Builder
	q.WriteString(`SELECT DISTINCT subject FROM (SELECT subject FROM name WHERE word IN (` + in + `) LIMIT ?) c WHERE 1`)
	args = append(args, maxScanned)
	for i, any := range words {
		if i == first {
			continue
		}
		in, more := oneOf(any)
		q.WriteString(` AND EXISTS (SELECT 1 FROM name INDEXED BY name_subject WHERE name.subject = c.subject AND +name.word IN (` + in + `))`)
		args = append(args, more...)
	}
	if birthYear > 0 {
		q.WriteString(` AND (EXISTS (SELECT 1 FROM crossing WHERE person = subject AND birth_year = ?) OR EXISTS (SELECT 1 FROM crossing WHERE crossing = subject AND birth_year = ?))`)
		args = append(args, birthYear, birthYear)
	}
	q.WriteString(` LIMIT ?`)
	err = r.rows(ctx, q.String(), append(args, limit), func(rs *sql.Rows) error {
		var b sql.RawBytes
		err := rs.Scan(&b)
		out = append(out, border.BlindIndex(b))
		return err
	})
	return out, least > maxScanned, err
}

// oneOf gives the places and values of a list of words.
func oneOf(words []border.BlindIndex) (in string, args []any) {
	for _, w := range words {
		args = append(args, slices.Clone(w[:]))
	}
	return strings.TrimSuffix(strings.Repeat(`?,`, len(words)), `,`), args
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
