package lists

import (
	"context"
	"database/sql"
	"slices"

	"garita/border"
)

// Ahead lists stations that hold a release that is not ours: newer than the newest one here,
// another one of the same version, or of an epoch not known here. The hub has then been put
// back from a copy, and [Keeper.Restored] must follow: posts take no other release in the place
// of one that they hold.
func (k *Keeper) Ahead(ctx context.Context, reports map[border.StationID][]border.ListReport) ([]border.StationID, error) {
	var out []border.StationID
	err := k.store.read(ctx, "compare what stations hold", func(tx *sql.Tx) error {
		var newest int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(serial), 0) FROM release`).Scan(&newest); err != nil {
			return err
		}
		for station, held := range reports {
			for _, r := range held {
				if r.Position.List != k.name || r.Position.Version == 0 {
					continue
				}
				ahead, err := k.ahead(ctx, tx, newest, r.Position)
				if err != nil {
					return err
				}
				if ahead {
					out = append(out, station)
				}
			}
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

func (k *Keeper) ahead(ctx context.Context, tx *sql.Tx, newest int64, p border.ListPosition) (bool, error) {
	no, err := epochNo(ctx, tx, p.Epoch)
	if err != nil || no == 0 {
		return err == nil, err // of an epoch that began after the copy was taken
	}
	if no != epochOf(newest) {
		return false, nil // it will come to ours by itself
	}
	serial := serialOf(no, p.Version)
	if serial > newest {
		return true, nil
	}
	var others int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM release WHERE serial = ? AND hash <> ?`, serial, p.Hash[:]).Scan(&others)
	return others > 0, err
}

// epochNo gives the number of an epoch, 0 if it is not known.
func epochNo(ctx context.Context, tx *sql.Tx, e border.Epoch) (no int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(no), 0) FROM list_epoch WHERE epoch = ?`, e[:]).Scan(&no)
	return no, err
}

// Restored begins a new list epoch, because the hub was put back from a copy: a snapshot of
// what is held here as its version 1. As its parent it names the oldest release of the present
// epoch that is kept: the newest may have been made after the copy, as when an old one is renewed
// at the start, and would contradict what stations hold under its number. Stations that hold the
// parent or a later one of its epoch take the new epoch. Conflict: there is no release yet.
func (k *Keeper) Restored(ctx context.Context, by, second, reason string) (border.ListPosition, error) {
	const op = "begin a new list epoch"
	if err := twoPeople(op, by, second); err != nil {
		return border.ListPosition{}, err
	}
	k.change.Lock()
	defer k.change.Unlock()
	s := k.current.Load()
	if s == nil {
		return border.ListPosition{}, &border.Error{Code: border.Conflict, Op: op, Message: "There is no release of the list yet; the first one needs no new epoch."}
	}
	oldest, err := k.oneRelease(ctx, op, `WHERE e.epoch = ? ORDER BY r.version LIMIT 1`, s.Position.Epoch[:])
	if err != nil {
		return border.ListPosition{}, err
	}
	return k.decide(ctx, &changeSet{kind: kindRestored, words: words{By: by, Second: second, Reason: reason},
		epoch: &newEpoch{no: epochOf(s.serial) + 1, epoch: randomEpoch(), from: oldest.Position}})
}
