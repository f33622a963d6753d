package replica

import (
	"database/sql"
	"errors"
	"time"

	"garita/border"
	"garita/border/watch/release"
)

// The functions here hold the SQL; whoever calls them owns the transaction.

func claim(t tx, station border.StationID) error {
	var id string
	err := t.row(`SELECT id FROM station`).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = t.exec(`INSERT INTO station (id) VALUES (?)`, string(station))
		return err
	case err == nil && id != string(station):
		return &border.Error{Code: border.Conflict, Op: "open the lists", Message: "This data folder belongs to station {0}, not to {1}.", Args: []any{id, string(station)}}
	}
	return err
}

// passed gives the hash of a release that was in force, or is the past of one that was.
func passed(t tx, list string, epoch border.Epoch, version uint64) (hash border.Digest, ok bool, err error) {
	var b []byte
	err = t.row(`SELECT hash FROM release WHERE list = ? AND epoch = ? AND version = ?`, list, epoch[:], int64(version)).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return border.Digest{}, false, nil
	}
	if err == nil && len(b) != len(hash) {
		err = errDamaged
	}
	if err != nil {
		return border.Digest{}, false, err
	}
	return border.Digest(b), true, nil
}

// knows reports whether anything of an epoch was passed.
func knows(t tx, list string, epoch border.Epoch) (ok bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM release WHERE list = ? AND epoch = ?)`, list, epoch[:]).Scan(&ok)
	return ok, err
}

// put makes a release the one in force.
func put(t tx, m *release.Manifest, p border.ListPosition, manifest []byte, since time.Time) error {
	if err := t.exec(`INSERT INTO release (list, epoch, version, hash, manifest) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET hash = excluded.hash, manifest = excluded.manifest`,
		p.List, p.Epoch[:], int64(p.Version), p.Hash[:], manifest); err != nil {
		return err
	}
	past := m.Parents
	if m.Version > 1 {
		past = append([]release.Parent{{Epoch: m.Epoch, Version: m.Version - 1, Hash: m.Previous}}, past...)
	}
	for _, o := range past {
		if err := t.exec(`INSERT INTO release (list, epoch, version, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			p.List, o.Epoch[:], int64(o.Version), o.Hash[:]); err != nil {
			return err
		}
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO in_force (list, epoch, version, since) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET epoch = excluded.epoch, version = excluded.version, since = excluded.since`,
			[]any{p.List, p.Epoch[:], int64(p.Version), since.UnixMilli()}},
		{`UPDATE release SET manifest = NULL WHERE list = ?1 AND manifest IS NOT NULL AND (epoch <> ?2 OR version < ?3)`,
			[]any{p.List, p.Epoch[:], int64(m.Base.Version)}},
		{`DELETE FROM refusal WHERE list IN (?, ?)`, []any{p.List, unknownList}},
		{`DELETE FROM part WHERE list = ?`, []any{p.List}},
	} {
		if err := t.exec(q.sql, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// forceRow is the release in force of a list.
type forceRow struct {
	position border.ListPosition
	since    time.Time
}

func inForce(t tx) ([]forceRow, error) {
	rows, err := t.rows(`SELECT f.list, f.epoch, f.version, f.since, r.hash FROM in_force f JOIN release r USING (list, epoch, version) ORDER BY f.list`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []forceRow
	for rows.Next() {
		var f forceRow
		var epoch, hash []byte
		var since int64
		if err := rows.Scan(&f.position.List, &epoch, &f.position.Version, &since, &hash); err != nil {
			return nil, err
		}
		if len(epoch) != len(border.Epoch{}) || len(hash) != len(border.Digest{}) {
			return nil, errDamaged
		}
		f.position.Epoch, f.position.Hash, f.since = border.Epoch(epoch), border.Digest(hash), time.UnixMilli(since).UTC()
		out = append(out, f)
	}
	return out, rows.Err()
}

// manifests lists the signed manifests that are kept of an epoch up to a version, ascending.
func manifests(t tx, p border.ListPosition) ([][]byte, error) {
	rows, err := t.rows(`SELECT manifest FROM release WHERE list = ? AND epoch = ? AND version <= ? AND manifest IS NOT NULL ORDER BY version`,
		p.List, p.Epoch[:], int64(p.Version))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]byte
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// refusalRow says why a release of a list was refused last.
type refusalRow struct {
	list, reason string
	at           time.Time
}

func refusals(t tx) ([]refusalRow, error) {
	rows, err := t.rows(`SELECT list, reason, at FROM refusal ORDER BY list`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []refusalRow
	for rows.Next() {
		var r refusalRow
		var at int64
		if err := rows.Scan(&r.list, &r.reason, &at); err != nil {
			return nil, err
		}
		r.at = time.UnixMilli(at).UTC()
		out = append(out, r)
	}
	return out, rows.Err()
}

func putRefusal(t tx, r refusalRow) error {
	err := t.exec(`INSERT INTO refusal (list, reason, at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at`, r.list, r.reason, r.at.UnixMilli())
	return err
}

// partRow is a file that is being received.
type partRow struct {
	digest border.Digest
	list   string
	size   int64
	synced int64
}

func parts(t tx) ([]partRow, error) {
	rows, err := t.rows(`SELECT digest, list, size, synced FROM part`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []partRow
	for rows.Next() {
		var p partRow
		var digest []byte
		if err := rows.Scan(&digest, &p.list, &p.size, &p.synced); err != nil {
			return nil, err
		}
		if len(digest) != len(p.digest) {
			return nil, errDamaged
		}
		p.digest = border.Digest(digest)
		out = append(out, p)
	}
	return out, rows.Err()
}

func putPart(t tx, p partRow) error {
	err := t.exec(`INSERT INTO part (digest, list, size, synced) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET list = excluded.list, size = excluded.size, synced = excluded.synced`, p.digest[:], p.list, p.size, p.synced)
	return err
}

func dropPart(t tx, d border.Digest) error {
	err := t.exec(`DELETE FROM part WHERE digest = ?`, d[:])
	return err
}
