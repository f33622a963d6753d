package seal

import (
	"context"

	"garita/border"
)

// Month counts the data keys held of one station, part and retention bucket.
type Month struct {
	Station border.StationID
	Part    string
	Bucket  string
	Keys    int64
}

// Months lists what this station's keys are of, oldest first.
func (k *StationKeys) Months(ctx context.Context) ([]Month, error) {
	return k.store.months(ctx, k.station)
}

// DestroyPart destroys this station's keys of one part and retention bucket, and returns how many
// there were.
func (k *StationKeys) DestroyPart(ctx context.Context, part, bucket string) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, err := k.store.destroy(ctx, k.station, part, bucket)
	clear(k.opened) // whatever came of it: nothing is sealed any more with a key that may be gone
	clear(k.sets)
	if err != nil {
		return 0, notStored("destroy data keys", err)
	}
	return n, nil
}

// Months lists what the keys held are of, oldest first.
func (h *HubKeys) Months(ctx context.Context) ([]Month, error) { return h.store.months(ctx, "") }

// DestroyPart destroys all keys of a station's part and retention bucket, and returns how many
// there were.
func (h *HubKeys) DestroyPart(ctx context.Context, station border.StationID, part, bucket string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.store.destroy(ctx, station, part, bucket)
	clear(h.opened)
	if err != nil {
		return 0, notStored("destroy data keys", err)
	}
	return n, nil
}

func (s *store) months(ctx context.Context, station border.StationID) (out []Month, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT station, part, bucket, count(*) FROM data_key
		WHERE ?1 = '' OR station = ?1 GROUP BY station, part, bucket ORDER BY bucket, station, part`, string(station))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
	}
	defer rows.Close()
	for rows.Next() {
		var m Month
		if err := rows.Scan(&m.Station, &m.Part, &m.Bucket, &m.Keys); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
		}
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
	}
	return out, nil
}
