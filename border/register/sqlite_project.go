package register

import (
	"bytes"
	"database/sql"
	"slices"

	"garita/border"
)

func (t *sqliteTx) putLineage(l lineageRow) error {
	p := l.parent
	_, err := t.exec(`INSERT INTO lineage (station, epoch, parent_epoch, parent_seq, parent_hash) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (station, epoch) DO NOTHING`, string(l.station), l.epoch[:], p.Epoch[:], number(p.Seq), p.Hash[:])
	return err
}

func (t *sqliteTx) lineageOf(station border.StationID, epoch border.Epoch) (lineageRow, bool, error) {
	ls, err := t.lineages(`SELECT station, epoch, parent_epoch, parent_seq, parent_hash FROM lineage WHERE station = ? AND epoch = ?`,
		string(station), epoch[:])
	if err != nil || len(ls) == 0 {
		return lineageRow{}, false, err
	}
	return ls[0], true, nil
}

func (t *sqliteTx) children(station border.StationID, parent border.Epoch) ([]lineageRow, error) {
	return t.lineages(`SELECT station, epoch, parent_epoch, parent_seq, parent_hash FROM lineage
		WHERE station = ? AND parent_epoch = ? ORDER BY parent_seq, epoch`, string(station), parent[:])
}

func (t *sqliteTx) parents(suspects bool) ([]lineageRow, error) {
	if suspects {
		return t.lineages(`SELECT DISTINCT l.station, l.parent_epoch, l.parent_epoch, 0, x'' FROM lineage l
			JOIN epoch e ON e.station = l.station AND e.epoch = l.parent_epoch WHERE l.parent_seq < max(e.highest, e.announced)`)
	}
	return t.lineages(`SELECT DISTINCT station, parent_epoch, parent_epoch, 0, x'' FROM lineage`)
}

func (t *sqliteTx) lineages(q string, args ...any) (out []lineageRow, err error) {
	err = t.rows(q, args, func(rs *sql.Rows) error {
		var l lineageRow
		var epoch, parent, hash sql.RawBytes
		err := rs.Scan(&l.station, &epoch, &parent, &l.parent.Seq, &hash)
		copy(l.epoch[:], epoch)
		copy(l.parent.Epoch[:], parent)
		copy(l.parent.Hash[:], hash)
		out = append(out, l)
		return err
	})
	return out, err
}

func (t *sqliteTx) crossingByID(id border.ID) (crossingRow, bool, error) {
	var c crossingRow
	found := false
	err := t.rows(`SELECT `+crossingColumns+`, document FROM crossing WHERE crossing = ?`, []any{id[:]}, func(rs *sql.Rows) error {
		found = true
		var document []byte
		err := scanCrossing(rs, &c.Crossing, &document)
		if document != nil {
			c.blind = new(border.BlindIndex)
			copy(c.blind[:], document)
		}
		return err
	})
	return c, found, err
}

// crossingColumns are read by scanCrossing.
const crossingColumns = `crossing, arrival, station, epoch, seq, post, counter, occurred_at, recorded_at, received_at,
	direction, outcome, nationality, sex, birth_year, document_kind, document_issuer, verdict, clock_state, part`

// scanCrossing reads crossingColumns, then whatever else was selected.
func scanCrossing(rs *sql.Rows, c *Crossing, more ...any) error {
	var id, epoch sql.RawBytes
	var occurred, recorded, received int64
	dest := []any{&id, &c.Arrival, &c.Key.Station, &epoch, &c.Key.Seq, &c.Post, &c.Counter, &occurred, &recorded, &received,
		&c.Direction, &c.Outcome, &c.Nationality, &c.Sex, &c.BirthYear, &c.DocumentKind, &c.DocumentIssuer, &c.Verdict,
		&c.ClockState, &c.Part}
	if err := rs.Scan(append(dest, more...)...); err != nil {
		return err
	}
	copy(c.ID[:], id)
	copy(c.Key.Epoch[:], epoch)
	c.OccurredAt, c.RecordedAt, c.ReceivedAt = fromMicros(occurred), fromMicros(recorded), fromMicros(received)
	return nil
}

func (t *sqliteTx) putCrossing(c *crossingRow) error {
	_, err := t.exec(`INSERT INTO crossing (`+crossingColumns+`, document)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID[:], c.Arrival, string(c.Key.Station), c.Key.Epoch[:], int64(c.Key.Seq), string(c.Post), string(c.Counter),
		micros(c.OccurredAt), micros(c.RecordedAt), micros(c.ReceivedAt), c.Direction, c.Outcome, c.Nationality, c.Sex,
		c.BirthYear, c.DocumentKind, c.DocumentIssuer, c.Verdict, c.ClockState, c.Part, document(c.blind))
	return err
}

func document(b *border.BlindIndex) []byte {
	if b == nil {
		return nil
	}
	return b[:]
}

func (t *sqliteTx) deleteCrossing(id border.ID) error {
	_, err := t.exec(`DELETE FROM crossing WHERE crossing = ?`, id[:])
	return err
}

func (t *sqliteTx) setDocument(id border.ID, part string, blind *border.BlindIndex) error {
	_, err := t.exec(`UPDATE crossing SET part = ?2, document = ?3 WHERE crossing = ?1`, id[:], part, document(blind))
	return err
}

func (t *sqliteTx) addFlow(k flowKey, n int64) error {
	_, err := t.exec(`INSERT INTO flow (bucket, post, direction, outcome, trusted, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (bucket, post, direction, outcome, trusted) DO UPDATE SET n = n + ?6`,
		k.bucket, string(k.post), k.direction, k.outcome, k.trusted, n)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`DELETE FROM flow WHERE bucket = ? AND post = ? AND direction = ? AND outcome = ? AND trusted = ? AND n = 0`,
		k.bucket, string(k.post), k.direction, k.outcome, k.trusted)
	return err
}

func (t *sqliteTx) putPending(station border.StationID, keyID string, id border.ID) error {
	_, err := t.exec(`INSERT INTO pending (station, key_id, crossing) VALUES (?1, ?2, ?3)
		ON CONFLICT (crossing) DO UPDATE SET station = ?1, key_id = ?2`,
		string(station), keyID, id[:])
	return err
}

func (t *sqliteTx) deletePending(id border.ID) error {
	_, err := t.exec(`DELETE FROM pending WHERE crossing = ?`, id[:])
	return err
}

func (t *sqliteTx) pendingAfter(station border.StationID, keyID string, after border.ID, limit int) (out []border.ID, err error) {
	err = t.rows(`SELECT crossing FROM pending WHERE station = ? AND key_id = ? AND crossing > ? ORDER BY crossing LIMIT ?`,
		[]any{string(station), keyID, after[:], limit}, func(rs *sql.Rows) error {
			var b sql.RawBytes
			var id border.ID
			err := rs.Scan(&b)
			copy(id[:], b)
			out = append(out, id)
			return err
		})
	return out, err
}

func (t *sqliteTx) pendingKeys() (out []border.KeyWrap, err error) {
	err = t.rows(`SELECT DISTINCT station, key_id FROM pending`, nil, func(rs *sql.Rows) error {
		var w border.KeyWrap
		err := rs.Scan(&w.Station, &w.KeyID)
		out = append(out, w)
		return err
	})
	return out, err
}

const (
	stepColumns = `crossing, occurred_at, station, epoch, seq, direction, outcome, clock_state, document`
	// movement: only these open or close a stay.
	movement = `(direction = 'entry' AND outcome = 'admitted' OR direction = 'exit' AND outcome = 'departed')`
)

// The next two do not ask for one document in a given order in the usual words: ORDER BY
// beside an equality with a parameter makes SQLite prepare the statement anew each time,
// which takes four times as long as the answer.

func (t *sqliteTx) stepBefore(d border.BlindIndex, p place) (step, bool, error) {
	s, err := t.steps(`SELECT `+stepColumns+` FROM crossing WHERE `+movement+`
		AND (document, occurred_at, station, epoch, seq) < (?1, ?2, ?3, ?4, ?5)
		ORDER BY document DESC, occurred_at DESC, station DESC, epoch DESC, seq DESC LIMIT 1`, d, p)
	if err != nil || len(s) == 0 { // none, or the last one of another document
		return step{}, false, err
	}
	return s[0], true, nil
}

func (t *sqliteTx) stepsFrom(d border.BlindIndex, p place) ([]step, error) {
	s, err := t.steps(`SELECT `+stepColumns+` FROM crossing WHERE document = ?1 AND `+movement+`
		AND (occurred_at, station, epoch, seq) >= (?2, ?3, ?4, ?5)`, d, p)
	slices.SortFunc(s, func(a, b step) int { return a.compare(b.place) })
	return s, err
}

// steps keeps those of document d.
func (t *sqliteTx) steps(q string, d border.BlindIndex, p place) (out []step, err error) {
	err = t.rows(q, placeArgs(d, p), func(rs *sql.Rows) error {
		var s step
		var id, epoch, document sql.RawBytes
		var clock string
		err := rs.Scan(&id, &s.at, &s.station, &epoch, &s.seq, &s.direction, &s.outcome, &clock, &document)
		copy(s.crossing[:], id)
		copy(s.epoch[:], epoch)
		s.trusted = trusted(clock)
		if bytes.Equal(document, d[:]) {
			out = append(out, s)
		}
		return err
	})
	return out, err
}

func placeArgs(d border.BlindIndex, p place) []any {
	return []any{d[:], p.at, string(p.station), p.epoch[:], int64(p.seq)}
}

func (t *sqliteTx) doubtful(d border.BlindIndex) (bool, error) {
	var n int
	_, err := t.row(`SELECT EXISTS (SELECT 1 FROM doubtful WHERE document = ?)`, []any{d[:]}, &n)
	return n > 0, err
}

func (t *sqliteTx) setDoubtful(d border.BlindIndex, id border.ID, on bool) error {
	q := `DELETE FROM doubtful WHERE document = ? AND crossing = ?`
	if on {
		q = `INSERT INTO doubtful (document, crossing) VALUES (?, ?) ON CONFLICT DO NOTHING`
	}
	_, err := t.exec(q, d[:], id[:])
	return err
}

func (t *sqliteTx) deleteStaysFrom(d border.BlindIndex, p place) error {
	_, err := t.exec(`DELETE FROM stay WHERE document = ?1 AND (at, station, epoch, seq) >= (?2, ?3, ?4, ?5)`, placeArgs(d, p)...)
	return err
}

func (t *sqliteTx) putStay(d border.BlindIndex, s stayRow) error {
	_, err := t.exec(`INSERT INTO stay (document, at, station, epoch, seq, state, certain, entry_crossing, exit_crossing, paired)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (document, at, station, epoch, seq)
		DO UPDATE SET state = ?6, certain = ?7, entry_crossing = ?8, exit_crossing = ?9, paired = ?10`,
		append(placeArgs(d, s.place), s.state, s.certain, idBlob(s.entry), idBlob(s.exit), s.paired)...)
	return err
}

func idBlob(id *border.ID) []byte {
	if id == nil {
		return nil
	}
	return id[:]
}

func (t *sqliteTx) clearProjections() error {
	for _, q := range [...]string{
		`DELETE FROM lineage`, `DELETE FROM crossing`, `DELETE FROM pending`, `DELETE FROM stay`, `DELETE FROM doubtful`, `DELETE FROM flow`,
		`UPDATE meta SET value = 0 WHERE name IN ('projection_cursor', 'crossings')`,
		// Counted anew; when it was opened and acknowledged stays known.
		`UPDATE alarm SET count = 0 WHERE kind IN ('unknown_type', 'uninterpretable', 'chain_broken', 'crossing_twice')`,
	} {
		if _, err := t.exec(q); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) dropUnfounded() error {
	_, err := t.exec(`DELETE FROM alarm WHERE count = 0`)
	return err
}
