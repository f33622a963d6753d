package register

import (
	"database/sql"
	"time"

	"garita/border"
)

const listColumns = `SELECT station, list, epoch, version, hash, since, refused, refused_at FROM station_list `

func scanList(rs *sql.Rows) (station border.StationID, r border.ListReport, err error) {
	var epoch, hash []byte
	var since, refusedAt sql.NullInt64
	err = rs.Scan(&station, &r.Position.List, &epoch, &r.Position.Version, &hash, &since, &r.Refused, &refusedAt)
	copy(r.Position.Epoch[:], epoch)
	copy(r.Position.Hash[:], hash)
	r.Since, r.RefusedAt = nullTime(since), nullTime(refusedAt)
	return station, r, err
}

func (t *sqliteTx) stationLists(station border.StationID) (out []border.ListReport, err error) {
	err = t.rows(listColumns+`WHERE station = ? ORDER BY list`, []any{string(station)}, func(rs *sql.Rows) error {
		_, r, err := scanList(rs)
		out = append(out, r)
		return err
	})
	return out, err
}

func (t *sqliteTx) putStationLists(station border.StationID, reports []border.ListReport) error {
	if _, err := t.exec(`DELETE FROM station_list WHERE station = ?`, string(station)); err != nil {
		return err
	}
	for _, r := range reports {
		p := r.Position
		if _, err := t.exec(`INSERT INTO station_list (station, list, epoch, version, hash, since, refused, refused_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, string(station), p.List, p.Epoch[:], number(p.Version), p.Hash[:],
			microsOrNull(r.Since), r.Refused, microsOrNull(r.RefusedAt)); err != nil {
			return err
		}
	}
	return nil
}

func microsOrNull(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return micros(at)
}
