package lists

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
)

// twoPeople checks that two people, named by their badges, stand behind a decision.
func twoPeople(op, by, second string) error {
	switch {
	case named(by) == "" || named(second) == "":
		return &border.Error{Code: border.Invalid, Op: op, Message: "Two people decide this: name the second one too."}
	case named(by) == named(second):
		return &border.Error{Code: border.Forbidden, Op: op, Message: "The second person must be another one. Ask a colleague."}
	}
	return nil
}

// named gives a badge as it is compared: nobody becomes a second person by writing the own
// badge otherwise.
func named(badge string) string { return border.SameBadge(badge) }

// Confirm makes an import hold: by confirms what second has looked at too. NotFound: there is
// no such preview. Conflict: it is decided already, has expired, or the source has changed
// since it was made; then preview the file again.
func (k *Keeper) Confirm(ctx context.Context, id border.ID, by, second string) (border.ListPosition, error) {
	const op = "confirm an import"
	if err := twoPeople(op, by, second); err != nil {
		return border.ListPosition{}, err
	}
	p, err := k.PreviewByID(ctx, id)
	if err != nil {
		return border.ListPosition{}, err
	}
	if p.Kind == source.Documents {
		return k.confirmDocuments(ctx, op, id, words{By: by, Second: second})
	}
	k.change.Lock()
	defer k.change.Unlock()
	set, err := k.importSet(ctx, op, id)
	if err != nil {
		return border.ListPosition{}, err
	}
	set.words = words{By: by, Second: second}
	return k.decide(ctx, set)
}

// importSet reads a preview as a change set.
func (k *Keeper) importSet(ctx context.Context, op string, id border.ID) (*changeSet, error) {
	set := &changeSet{kind: kindImport}
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		p, against, err := previewRowOf(ctx, tx, op, id)
		if err != nil {
			return err
		}
		last, err := lastChange(ctx, tx, p.Source)
		if err != nil {
			return err
		}
		conflict := func(message string) error { return &border.Error{Code: border.Conflict, Op: op, Message: message} }
		switch {
		case p.State != PreviewOpen:
			return conflict("This import is decided already, or has run out.")
		case !k.clock.Now().Before(p.Expires):
			return conflict("This import has waited too long. Read the file again.")
		case last != against:
			return conflict("The source has changed since this import was read. Read the file again.")
		}
		set.source = p.Source
		set.about = &aboutSource{kind: string(p.Kind), version: p.Version, issued: p.Issued, maxAge: p.MaxAge}
		if p.Kind == source.Documents {
			return nil // its rows are no entries
		}
		set.steps = make([]step, 0, p.Added+p.Changed+p.Removed)
		return k.eachPreviewed(ctx, tx, p, `SELECT id, op, urgent, sealed FROM preview_change WHERE preview = ? ORDER BY n`, func(st step) {
			set.steps = append(set.steps, st)
		})
	})
	if err != nil {
		return nil, err
	}
	set.rows = func(tx *sql.Tx, serial, first int64) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO entry_revision
			(revision, serial, source, id, op, identifies, hand, fingerprint, handling, hub_only, digest, sealed)
			SELECT ?1 + c.n, ?2, p.source, c.id, c.op, c.identifies, 0, c.fingerprint, c.handling, c.hub_only, c.digest, c.sealed
			FROM preview p JOIN preview_change c ON c.preview = p.id WHERE p.id = ?3 ORDER BY c.n`, first, serial, id.String()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO entry (source, id, revision, gone, hub_only)
			SELECT p.source, c.id, ?1 + c.n, c.sealed IS NULL, c.hub_only
			FROM preview p JOIN preview_change c ON c.preview = p.id WHERE p.id = ?2
			ON CONFLICT (source, id) DO UPDATE SET revision = excluded.revision, gone = excluded.gone, hub_only = excluded.hub_only`, first, id.String()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE preview SET state = ? WHERE id = ?`, PreviewConfirmed, id.String()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM preview_change WHERE preview = ?`, id.String())
		return err
	}
	return set, nil
}

// eachPreviewed opens rows of a preview.
func (k *Keeper) eachPreviewed(ctx context.Context, tx *sql.Tx, p *Preview, query string, each func(step)) error {
	rows, err := tx.QueryContext(ctx, query, p.ID.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		st := step{key: watch.Key{Source: p.Source}}
		var sealed sql.RawBytes
		if err := rows.Scan(&st.key.ID, &st.op, &st.urgent, &sealed); err != nil {
			return err
		}
		if sealed != nil {
			if st.entry, err = k.vault.openEntry(st.key, sealed); err != nil {
				return err
			}
		}
		each(st)
	}
	return rows.Err()
}

func previewRowOf(ctx context.Context, tx *sql.Tx, op string, id border.ID) (*Preview, int64, error) {
	p := &Preview{ID: id}
	var kind, summary string
	var made, expires, against int64
	err := tx.QueryRowContext(ctx, `SELECT source, kind, state, made_at, expires_at, against, summary FROM preview WHERE id = ? AND state <> 'reading'`, id.String()).
		Scan(&p.Source, &kind, &p.State, &made, &expires, &against, &summary)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, &border.Error{Code: border.NotFound, Op: op, Message: "There is no such import. Read the file again."}
	}
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal([]byte(summary), &p.Summary); err != nil {
		return nil, 0, err
	}
	p.Kind, p.Made, p.Expires = source.Kind(kind), fromMicros(made), fromMicros(expires)
	return p, against, nil
}

// Discard ends a preview without any change. NotFound, or Conflict if it is decided already.
func (k *Keeper) Discard(ctx context.Context, id border.ID) error {
	const op = "discard an import"
	return k.store.write(ctx, op, func(tx *sql.Tx) error {
		p, _, err := previewRowOf(ctx, tx, op, id)
		if err != nil {
			return err
		}
		if p.State != PreviewOpen {
			return &border.Error{Code: border.Conflict, Op: op, Message: "This import is decided already, or has run out."}
		}
		return endPreview(ctx, tx, id, PreviewDiscarded)
	})
}

func endPreview(ctx context.Context, tx *sql.Tx, id border.ID, state string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM preview_change WHERE preview = ?`, id.String()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE preview SET state = ? WHERE id = ?`, state, id.String())
	return err
}

// dropPreview takes away a preview that could not be made.
func (k *Keeper) dropPreview(id border.ID) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the caller's may be what has ended
	defer cancel()
	return k.store.write(ctx, "drop a preview", func(tx *sql.Tx) error { return dropPreviews(ctx, tx, "id = ?", id.String()) })
}

func dropPreviews(ctx context.Context, tx *sql.Tx, where string, args ...any) error {
	//nolint:gosec // conditions are this package's own
	if _, err := tx.ExecContext(ctx, `DELETE FROM preview_change WHERE preview IN (SELECT id FROM preview WHERE `+where+`)`, args...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM preview WHERE `+where, args...) //nolint:gosec // as above
	return err
}

// keptPreviews is how long what became of a preview can be read.
const keptPreviews = 30 * 24 * time.Hour

// expirePreviews ends previews that nobody has decided in time, and forgets old ones.
func (k *Keeper) expirePreviews(ctx context.Context) error {
	now := k.clock.Now()
	var due, old int
	err := k.store.read(ctx, "find old previews", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE state = 'open' AND expires_at <= ?1), count(*) FILTER (WHERE state <> 'reading' AND expires_at <= ?2) FROM preview`,
			micros(now), micros(now.Add(-keptPreviews))).Scan(&due, &old)
	})
	if err != nil || due+old == 0 {
		return err
	}
	return k.store.write(ctx, "end old previews", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM preview_change WHERE preview IN (SELECT id FROM preview WHERE state = 'open' AND expires_at <= ?)`, micros(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE preview SET state = 'expired' WHERE state = 'open' AND expires_at <= ?`, micros(now)); err != nil {
			return err
		}
		return dropPreviews(ctx, tx, "state <> 'reading' AND expires_at <= ?", micros(now.Add(-keptPreviews)))
	})
}
