package register

import (
	"bytes"
	"database/sql"
	"slices"

	"garita/border"
)

const (
	stepColumns = `crossing, occurred_at, station, epoch, seq, direction, clock_state, permitted_until, birth_year, sex, document, born, full_date`
	// isMovement: only these open or close a stay.
	isMovement = `(direction = 'entry' AND outcome = 'admitted' OR direction = 'exit' AND outcome = 'departed')`
)

// The next two do not ask for one document in a given order in the usual words: ORDER BY
// beside an equality with a parameter makes SQLite prepare the statement anew each time,
// which takes four times as long as the answer.

func (t *sqliteTx) stepBefore(d border.BlindIndex, p place) (step, bool, error) {
	s, err := t.steps(`SELECT `+stepColumns+` FROM crossing WHERE `+isMovement+`
		AND (document, occurred_at, station, epoch, seq) < (?1, ?2, ?3, ?4, ?5)
		ORDER BY document DESC, occurred_at DESC, station DESC, epoch DESC, seq DESC LIMIT 1`, d, p)
	if err != nil || len(s) == 0 { // none, or the last one of another document
		return step{}, false, err
	}
	return s[0], true, nil
}

func (t *sqliteTx) stepsFrom(d border.BlindIndex, p place) ([]step, error) {
	s, err := t.steps(`SELECT `+stepColumns+` FROM crossing WHERE document = ?1 AND `+isMovement+`
		AND (occurred_at, station, epoch, seq) >= (?2, ?3, ?4, ?5)`, d, p)
	slices.SortFunc(s, func(a, b step) int { return a.compare(b.place) })
	return s, err
}

// steps keeps those of document d.
func (t *sqliteTx) steps(q string, d border.BlindIndex, p place) (out []step, err error) {
	err = t.rows(q, placeArgs(d, p), func(rs *sql.Rows) error {
		var s step
		var id, epoch, document, born sql.RawBytes
		var clock string
		err := rs.Scan(&id, &s.at, &s.station, &epoch, &s.seq, &s.direction, &clock, &s.until, &s.birthYear, &s.sex, &document, &born, &s.full)
		copy(s.crossing[:], id)
		copy(s.epoch[:], epoch)
		s.trusted, s.born = trusted(clock), blindOf(born)
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

func (t *sqliteTx) document(d border.BlindIndex) (r documentRow, err error) {
	_, err = t.row(`SELECT EXISTS (SELECT 1 FROM doubtful WHERE document = ?1),
		EXISTS (SELECT 1 FROM link WHERE exit_document = ?1) OR EXISTS (SELECT 1 FROM link WHERE entry_document = ?1),
		EXISTS (SELECT 1 FROM stay WHERE document = ?1),
		EXISTS (SELECT 1 FROM proposal WHERE exit_document = ?1) OR EXISTS (SELECT 1 FROM proposal WHERE entry_document = ?1)`,
		[]any{d[:]}, &r.doubtful, &r.linked, &r.stayed, &r.proposed)
	return r, err
}

func (t *sqliteTx) setDoubtful(d border.BlindIndex, id border.ID, on bool) error {
	q := `DELETE FROM doubtful WHERE document = ? AND crossing = ?`
	if on {
		q = `INSERT INTO doubtful (document, crossing) VALUES (?, ?) ON CONFLICT DO NOTHING`
	}
	_, err := t.exec(q, d[:], id[:])
	return err
}

func (t *sqliteTx) deleteStaysFrom(d border.BlindIndex, p place) (open Inside, err error) {
	err = t.rows(`DELETE FROM stay WHERE document = ?1 AND (at, station, epoch, seq) >= (?2, ?3, ?4, ?5) RETURNING state = 'inside', certain`,
		placeArgs(d, p), func(rs *sql.Rows) error {
			var inside, certain bool
			err := rs.Scan(&inside, &certain)
			if inside {
				open.add(certain, 1)
			}
			return err
		})
	return open, err
}

func (t *sqliteTx) putStay(d border.BlindIndex, s stayRow) error {
	var exitAt any
	if s.exit != nil {
		exitAt = s.exitAt
	}
	_, err := t.exec(`INSERT INTO stay (document, at, station, epoch, seq, state, certain, doubt, entry_crossing, exit_crossing, exit_at, paired, until,
		born, full_date, birth_year, sex) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7 = '', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`,
		append(placeArgs(d, s.place), s.state, s.doubt, idBlob(s.entry), idBlob(s.exit), exitAt, s.paired, s.until, blindBlob(s.born), s.full, s.birthYear, s.sex)...)
	return err
}

func idBlob(id *border.ID) []byte {
	if id == nil {
		return nil
	}
	return id[:]
}

func (t *sqliteTx) addAmendment(a amendmentRow) (bool, error) {
	n, err := t.exec(`INSERT INTO amendment (change, crossing, kind, recorded_at, station, epoch, seq, permitted_until, days_granted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, a.change[:], a.crossing[:], a.kind, micros(a.recordedAt),
		string(a.key.Station), a.key.Epoch[:], int64(a.key.Seq), a.until, a.days)
	return n > 0, err
}

const amendmentColumns = `change, crossing, kind, recorded_at, station, epoch, seq, permitted_until, days_granted`

func (t *sqliteTx) amendment(change border.ID) (amendmentRow, bool, error) {
	all, err := t.amendmentRows(`SELECT `+amendmentColumns+` FROM amendment WHERE change = ?`, change[:])
	if err != nil || len(all) == 0 {
		return amendmentRow{}, false, err
	}
	return all[0], true, nil
}

func (t *sqliteTx) amendments(crossing border.ID, kind string) ([]amendmentRow, error) {
	return t.amendmentRows(`SELECT `+amendmentColumns+` FROM amendment WHERE crossing = ? AND kind = ?
		ORDER BY recorded_at, station, epoch, seq`, crossing[:], kind)
}

func (t *sqliteTx) amendmentRows(q string, args ...any) (out []amendmentRow, err error) {
	err = t.rows(q, args, func(rs *sql.Rows) error {
		var a amendmentRow
		var change, crossing, epoch sql.RawBytes
		var at int64
		err := rs.Scan(&change, &crossing, &a.kind, &at, &a.key.Station, &epoch, &a.key.Seq, &a.until, &a.days)
		copy(a.change[:], change)
		copy(a.crossing[:], crossing)
		copy(a.key.Epoch[:], epoch)
		a.recordedAt = fromMicros(at)
		out = append(out, a)
		return err
	})
	return out, err
}

func (t *sqliteTx) dropAmendment(change border.ID) error {
	_, err := t.exec(`DELETE FROM amendment WHERE change = ?`, change[:])
	return err
}

func (t *sqliteTx) putLink(l linkRow) error {
	_, err := t.exec(`INSERT INTO link (exit_crossing, entry_crossing, exit_document, entry_document)
		VALUES (?1, ?2, ?3, (SELECT document FROM crossing WHERE crossing = ?2)) ON CONFLICT (exit_crossing)
		DO UPDATE SET entry_crossing = ?2, exit_document = ?3, entry_document = excluded.entry_document`,
		l.exit[:], l.entry[:], blindBlob(l.document))
	return err
}

func (t *sqliteTx) setEntryDocument(entry border.ID, d *border.BlindIndex) error {
	_, err := t.exec(`UPDATE link SET entry_document = ?2 WHERE entry_crossing = ?1`, entry[:], blindBlob(d))
	return err
}

func (t *sqliteTx) deleteLink(exit border.ID) error {
	_, err := t.exec(`DELETE FROM link WHERE exit_crossing = ?`, exit[:])
	return err
}

func (t *sqliteTx) linksTo(entry border.ID) ([]linkRow, error) {
	return t.linkRows(`SELECT exit_crossing, entry_crossing FROM link WHERE entry_crossing = ?`, entry[:])
}

func (t *sqliteTx) linksWith(d border.BlindIndex) ([]linkRow, error) {
	return t.linkRows(`SELECT exit_crossing, entry_crossing FROM link WHERE exit_document = ?1
		UNION ALL SELECT exit_crossing, entry_crossing FROM link WHERE entry_document = ?1`, d[:])
}

func (t *sqliteTx) linkRows(q string, args ...any) (out []linkRow, err error) {
	err = t.rows(q, args, func(rs *sql.Rows) error {
		var l linkRow
		var exit, entry sql.RawBytes
		err := rs.Scan(&exit, &entry)
		copy(l.exit[:], exit)
		copy(l.entry[:], entry)
		out = append(out, l)
		return err
	})
	return out, err
}

const looseColumns = `document, at, station, epoch, seq, coalesce(entry_crossing, exit_crossing),
	CASE WHEN full_date THEN born END, entry_crossing IS NOT NULL`

func (t *sqliteTx) looseOf(d border.BlindIndex) ([]loose, error) {
	return t.looseRows(`SELECT `+looseColumns+` FROM stay WHERE document = ? AND state <> 'closed'`, d[:])
}

func (t *sqliteTx) otherHalves(l *loose) ([]loose, error) {
	if l.entry {
		return t.looseRows(`SELECT `+looseColumns+` FROM stay WHERE born = ? AND state = 'entry_unknown' AND at >= ?`, l.born[:], l.at)
	}
	return t.looseRows(`SELECT `+looseColumns+` FROM stay WHERE born = ? AND state IN ('inside', 'exit_unknown') AND at <= ?`, l.born[:], l.at)
}

func (t *sqliteTx) looseRows(q string, args ...any) (out []loose, err error) {
	err = t.rows(q, args, func(rs *sql.Rows) error {
		var l loose
		var document, epoch, crossing, born sql.RawBytes
		err := rs.Scan(&document, &l.at, &l.station, &epoch, &l.seq, &crossing, &born, &l.entry)
		copy(l.document[:], document)
		copy(l.epoch[:], epoch)
		copy(l.crossing[:], crossing)
		l.born = blindOf(born)
		out = append(out, l)
		return err
	})
	return out, err
}

func (t *sqliteTx) deleteProposals(d border.BlindIndex) error {
	_, err := t.exec(`DELETE FROM proposal WHERE exit_document = ?1 OR entry_document = ?1`, d[:])
	return err
}

func (t *sqliteTx) putProposal(p proposalRow) error {
	_, err := t.exec(`INSERT INTO proposal (entry_crossing, exit_crossing, entry_document, exit_document, score) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (entry_crossing, exit_crossing) DO UPDATE SET score = ?5`,
		p.entry[:], p.exit[:], p.entryDocument[:], p.exitDocument[:], p.score)
	return err
}
