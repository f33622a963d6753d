package lists

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"garita/border"
	"garita/border/watch"
)

// Remember makes a release by which posts no longer stop the holder of a document for an
// entry, until what identifies the entry changes. What is remembered already makes no
// release, nor does what is remembered of an entry that is no longer in force with those
// fields: it would mean nothing.
func (k *Keeper) Remember(ctx context.Context, m watch.NonMatch) error {
	return k.memory(ctx, m, true)
}

// Forget takes back what Remember did. What is not remembered makes no release.
func (k *Keeper) Forget(ctx context.Context, m watch.NonMatch) error {
	return k.memory(ctx, m, false)
}

func (k *Keeper) memory(ctx context.Context, m watch.NonMatch, remember bool) error {
	k.change.Lock()
	defer k.change.Unlock()
	set := &changeSet{kind: kindMemory, source: m.Source}
	moot := false
	err := k.store.read(ctx, "read what is remembered", func(tx *sql.Tx) error {
		var held []byte
		err := tx.QueryRowContext(ctx, `SELECT fields FROM non_match WHERE document = ? AND source = ? AND id = ?`, m.Document[:], m.Source, m.ID).Scan(&held)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		same := bytes.Equal(held, m.Fields[:])
		if !remember {
			moot = !same
			return nil
		}
		fields, err := fingerprintInForce(ctx, tx, watch.Key{Source: m.Source, ID: m.ID})
		moot = same || !bytes.Equal(fields, m.Fields[:])
		return err
	})
	if err != nil || moot {
		return err
	}
	if remember {
		set.memories = []watch.Change{{Remember: &m}}
	} else {
		set.memories = []watch.Change{{Forget: &m}}
	}
	_, err = k.decide(ctx, set)
	return err
}

// fingerprintInForce gives what identifies an entry now, nil if it is not in force.
func fingerprintInForce(ctx context.Context, tx *sql.Tx, key watch.Key) (fields []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT r.fingerprint FROM entry e JOIN entry_revision r ON r.revision = e.revision
		WHERE e.source = ? AND e.id = ? AND e.gone = 0`, key.Source, key.ID).Scan(&fields)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return fields, err
}

// Added gives the entries that came, or whose identifying fields or days changed, after a
// release of the list, each in full as it is now, and the newest release. The zero position,
// and a release that is not known here, stand before everything.
func (k *Keeper) Added(ctx context.Context, after border.ListPosition) (entries []*watch.Entry, upTo border.ListPosition, err error) {
	err = k.store.read(ctx, "list new entries", func(tx *sql.Tx) error {
		no, err := epochNo(ctx, tx, after.Epoch)
		if err != nil {
			return err
		}
		since := int64(0)
		if no != 0 {
			// One that this hub does not hold, or holds as another, is of a list that a copy was
			// put back over.
			var others, newest int64
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE serial = ?1 AND hash <> ?2), coalesce(max(serial), 0) FROM release`,
				serialOf(no, after.Version), after.Hash[:]).Scan(&others, &newest); err != nil {
				return err
			}
			if since = serialOf(no, after.Version); others > 0 || since > newest {
				since = 0
			}
		}
		r, err := k.scanRelease(tx.QueryRowContext(ctx, selectRelease+`ORDER BY r.serial DESC LIMIT 1`))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		upTo = r.Position
		return k.eachEntry(ctx, tx, `(e.source, e.id) IN (SELECT source, id FROM entry_revision WHERE serial > ? AND identifies = 1)`, func(e *watch.Entry) error {
			entries = append(entries, e)
			return nil
		}, since)
	})
	return entries, upTo, err
}

// Entry gives an entry in force in full, as nobody but the hub holds it. NotFound if there is
// none.
func (k *Keeper) Entry(ctx context.Context, key watch.Key) (*watch.Entry, error) {
	const op = "read an entry"
	var e *watch.Entry
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		in, err := inForce(ctx, tx, key)
		if err != nil {
			return err
		}
		if in.revision == 0 || in.gone {
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such entry in force."}
		}
		e, err = k.revisionIn(ctx, tx, key, in.revision)
		return err
	})
	return e, err
}

// revision reads one version of an entry.
func (k *Keeper) revision(ctx context.Context, key watch.Key, revision int64) (e *watch.Entry, err error) {
	err = k.store.read(ctx, "read an entry", func(tx *sql.Tx) error {
		var err error
		e, err = k.revisionIn(ctx, tx, key, revision)
		return err
	})
	return e, err
}

func (k *Keeper) revisionIn(ctx context.Context, tx *sql.Tx, key watch.Key, revision int64) (*watch.Entry, error) {
	var sealed []byte
	if err := tx.QueryRowContext(ctx, `SELECT sealed FROM entry_revision WHERE revision = ?`, revision).Scan(&sealed); err != nil {
		return nil, err
	}
	return k.vault.openEntry(key, sealed)
}
