package lists

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"

	"garita/border"
)

var _ border.ListSource = (*Keeper)(nil)

const selectRelease = `SELECT r.epoch_no, r.version, r.hash, r.manifest, r.base = r.serial, e.epoch FROM release r JOIN list_epoch e ON e.no = r.epoch_no `

func (k *Keeper) scanRelease(rows interface{ Scan(...any) error }) (border.ListRelease, error) {
	r := border.ListRelease{Position: border.ListPosition{List: k.name}}
	var no int64
	var hash, epoch []byte
	if err := rows.Scan(&no, &r.Position.Version, &hash, &r.Manifest, &r.Snapshot, &epoch); err != nil {
		return r, err
	}
	r.Position.Hash, r.Position.Epoch = border.Digest(hash), border.Epoch(epoch)
	return r, nil
}

func (k *Keeper) oneRelease(ctx context.Context, op, query string, args ...any) (r border.ListRelease, err error) {
	err = k.store.read(ctx, op, func(tx *sql.Tx) error {
		var err error
		r, err = k.scanRelease(tx.QueryRowContext(ctx, selectRelease+query, args...))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return r, &border.Error{Code: border.NotFound, Op: op, Message: "There is no such release of the list."}
	}
	return r, err
}

// Heads implements [border.ListSource].
func (k *Keeper) Heads(ctx context.Context) ([]border.ListRelease, error) {
	r, err := k.oneRelease(ctx, "find the newest release", `ORDER BY r.serial DESC LIMIT 1`)
	if border.CodeOf(err) == border.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []border.ListRelease{r}, nil
}

// Releases implements [border.ListSource].
func (k *Keeper) Releases(ctx context.Context, list string, epoch border.Epoch, after uint64, limit int) ([]border.ListRelease, error) {
	if list != k.name {
		return nil, nil
	}
	var out []border.ListRelease
	err := k.store.read(ctx, "list releases", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, selectRelease+`WHERE e.epoch = ? AND r.version > ? ORDER BY r.version LIMIT ?`, epoch[:], int64(min(after, 1<<62)), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := k.scanRelease(rows)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	return out, err
}

// Latest implements [border.ListSource].
func (k *Keeper) Latest(ctx context.Context, list string) (border.ListRelease, error) {
	if list != k.name {
		return border.ListRelease{}, &border.Error{Code: border.NotFound, Op: "find the newest snapshot", Message: "There is no such list."}
	}
	return k.oneRelease(ctx, "find the newest snapshot", `WHERE r.base = r.serial ORDER BY r.serial DESC LIMIT 1`)
}

// Files implements [border.ListSource].
func (k *Keeper) Files(ctx context.Context, position border.ListPosition) ([]border.ListFile, error) {
	const op = "list the files of a release"
	var out []border.ListFile
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		var serial int64
		if err := tx.QueryRowContext(ctx, `SELECT serial FROM release WHERE hash = ?`, position.Hash[:]).Scan(&serial); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT digest, size FROM release_file WHERE serial = ? ORDER BY role`, serial)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f border.ListFile
			var digest []byte
			if err := rows.Scan(&digest, &f.Size); err != nil {
				return err
			}
			f.Digest = border.Digest(digest)
			out = append(out, f)
		}
		return rows.Err()
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &border.Error{Code: border.NotFound, Op: op, Message: "There is no such release of the list."}
	}
	return out, err
}

// Open implements [border.ListSource].
func (k *Keeper) Open(ctx context.Context, digest border.Digest) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "open a file of a release", Err: err}
	}
	f, err := os.Open(k.path(digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &border.Error{Code: border.NotFound, Op: "open a file of a release", Message: "The release has been pruned; take a newer one."}
	case err != nil:
		return nil, &border.Error{Code: border.Internal, Op: "open a file of a release", Err: err}
	}
	return f, nil
}

// Published implements [border.ListSource].
func (k *Keeper) Published() <-chan struct{} { return k.published }

// prune takes away releases beyond the window, and their files; never the newest snapshot and
// what follows it.
func (k *Keeper) prune(ctx context.Context) error {
	k.change.Lock()
	defer k.change.Unlock()
	s := k.current.Load()
	if s == nil {
		return nil
	}
	const old = `FROM release WHERE serial < ?1 AND (issued_at < ?2 OR serial <= coalesce((SELECT serial FROM release ORDER BY serial DESC LIMIT 1 OFFSET ?3), 0))`
	args := []any{s.base, micros(k.clock.Now().Add(-k.rules.KeepFor)), k.rules.Keep}
	n := 0
	err := k.store.read(ctx, "find old releases", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) `+old, args...).Scan(&n)
	})
	if err != nil || n == 0 {
		return err
	}
	if err := k.store.write(ctx, "prune old releases", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE `+old, args...) // their files' rows go with them
		return err
	}); err != nil {
		return err
	}
	k.fault("pruned")
	return k.removeOrphans(ctx)
}
