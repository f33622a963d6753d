package register

import (
	"database/sql"

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

func (t *sqliteTx) knownOf(id border.ID) (k knownRow, err error) {
	_, err = t.row(`SELECT EXISTS (SELECT 1 FROM crossing WHERE crossing = ?1), EXISTS (SELECT 1 FROM amendment WHERE crossing = ?1),
		EXISTS (SELECT 1 FROM link WHERE entry_crossing = ?1)`, []any{id[:]}, &k.recorded, &k.amended, &k.named)
	return k, err
}

func (t *sqliteTx) crossingByID(id border.ID) (crossingRow, bool, error) {
	var c crossingRow
	known := false
	err := t.rows(`SELECT `+crossingColumns+`, change, document, born, full_date, person, flow_day, transport, visa_issuer, fingers FROM crossing WHERE crossing = ?`, []any{id[:]}, func(rs *sql.Rows) error {
		known = true
		var change, document, born, person []byte
		var full bool
		err := scanCrossing(rs, &c.Crossing, &change, &document, &born, &full, &person, &c.day, &c.transport, &c.visaIssuer, &c.fingers)
		c.found = found{part: c.Part, blind: blindOf(document), born: blindOf(born), full: full, who: blindOf(person)}
		if change != nil {
			c.change, c.Corrected = new(border.ID), true
			copy(c.change[:], change)
		}
		return err
	})
	return c, known, err
}

func blindOf(b []byte) *border.BlindIndex {
	if b == nil {
		return nil
	}
	out := new(border.BlindIndex)
	copy(out[:], b)
	return out
}

// crossingColumns are read by scanCrossing.
const crossingColumns = `crossing, arrival, station, epoch, seq, recorded_at, received_at, post, counter, occurred_at, local_date,
	direction, outcome, ground, category, purpose, residence, nationality, sex, birth_year, document_kind, document_issuer,
	days_granted, permitted_until, late, verdict, clock_state, part, change IS NOT NULL`

// scanCrossing reads crossingColumns, then whatever else was selected.
func scanCrossing(rs *sql.Rows, c *Crossing, more ...any) error {
	var id, epoch sql.RawBytes
	var occurred, recorded, received int64
	dest := []any{&id, &c.Arrival, &c.Key.Station, &epoch, &c.Key.Seq, &recorded, &received, &c.Post, &c.Counter, &occurred, &c.LocalDate,
		&c.Direction, &c.Outcome, &c.Ground, &c.Category, &c.Purpose, &c.Residence, &c.Nationality, &c.Sex, &c.BirthYear, &c.DocumentKind,
		&c.DocumentIssuer, &c.DaysGranted, &c.PermittedUntil, &c.Late, &c.Verdict, &c.ClockState, &c.Part, &c.Corrected}
	if err := rs.Scan(append(dest, more...)...); err != nil {
		return err
	}
	copy(c.ID[:], id)
	copy(c.Key.Epoch[:], epoch)
	c.OccurredAt, c.RecordedAt, c.ReceivedAt = fromMicros(occurred), fromMicros(recorded), fromMicros(received)
	return nil
}

func (t *sqliteTx) putCrossing(c *crossingRow) error {
	_, err := t.exec(`INSERT INTO crossing (crossing, arrival, station, epoch, seq, recorded_at, received_at, change, post, counter, occurred_at,
		local_date, direction, outcome, ground, category, purpose, residence, nationality, sex, birth_year, document_kind, document_issuer,
		days_granted, permitted_until, late, verdict, clock_state, part, document, born, full_date, person, flow_day, transport, visa_issuer, fingers)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID[:], c.Arrival, string(c.Key.Station), c.Key.Epoch[:], int64(c.Key.Seq), micros(c.RecordedAt), micros(c.ReceivedAt), idBlob(c.change),
		string(c.Post), string(c.Counter), micros(c.OccurredAt), c.LocalDate, c.Direction, c.Outcome, c.Ground, c.Category, c.Purpose,
		c.Residence, c.Nationality, c.Sex, c.BirthYear, c.DocumentKind, c.DocumentIssuer, c.DaysGranted, c.PermittedUntil, c.Late,
		c.Verdict, c.ClockState, c.Part, blindBlob(c.blind), blindBlob(c.born), c.full, blindBlob(c.who),
		c.day, c.transport, c.visaIssuer, c.fingers)
	return err
}

func blindBlob(b *border.BlindIndex) []byte {
	if b == nil {
		return nil
	}
	return b[:]
}

func (t *sqliteTx) deleteCrossing(id border.ID) error {
	_, err := t.exec(`DELETE FROM crossing WHERE crossing = ?`, id[:])
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

func (t *sqliteTx) clearProjections() error {
	for _, q := range [...]string{
		`DELETE FROM lineage`, `DELETE FROM crossing`, `DELETE FROM pending`, `DELETE FROM name`, `DELETE FROM word`, `DELETE FROM spelling`, `DELETE FROM stay`, `DELETE FROM doubtful`, `DELETE FROM flow`,
		`DELETE FROM flow_count`, `DELETE FROM flow_version`, `DELETE FROM flow_country`, `DELETE FROM flow_cross`,
		`DELETE FROM amendment`, `DELETE FROM link`, `DELETE FROM proposal`, `DELETE FROM review`, `DELETE FROM act`,
		`UPDATE meta SET value = 0 WHERE name IN ('projection_cursor', 'crossings', 'inside', 'inside_uncertain')`,
		// Counted anew; when it was opened and acknowledged stays known.
		`UPDATE alarm SET count = 0 WHERE kind IN ('unknown_type', 'uninterpretable', 'chain_broken', 'crossing_twice', 'awaiting_second', 'officer_overdue')`,
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
