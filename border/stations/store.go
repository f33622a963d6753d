package stations

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"

	"garita/border"
	"garita/border/sqlite"
	"garita/migrations"
)

// openStore opens stations.db. The running hub and the command line use it side by side, so each
// opens, reads and writes in transactions of its own, and keeps none open.
func openStore(ctx context.Context, dir string) (*sqlite.DB, error) {
	files, err := fs.Sub(migrations.Stations, "stations")
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read migrations", Err: err}
	}
	return sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "stations.db"), Migrations: files, Name: "the stations' database",
		Failed: "The stations' database could not be read or written. Nothing has changed: try again.", Damaged: tampered})
}

// meta reads one value; nil if there is none.
func meta(ctx context.Context, t *sql.Tx, name string) ([]byte, error) {
	var b []byte
	err := t.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

func putMeta(ctx context.Context, t *sql.Tx, name string, value []byte) error {
	_, err := t.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

// rows reads a table of names and sealed rows.
func rows(ctx context.Context, t *sql.Tx, table string) (map[string][]byte, error) {
	rs, err := t.QueryContext(ctx, "SELECT name, sealed FROM "+table) //nolint:gosec // a constant of this package
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	out := make(map[string][]byte)
	for rs.Next() {
		var name string
		var sealed []byte
		if err := rs.Scan(&name, &sealed); err != nil {
			return nil, err
		}
		out[name] = sealed
	}
	return out, rs.Err()
}

// putRow writes a row; nil removes it.
func putRow(ctx context.Context, t *sql.Tx, table, name string, sealed []byte) (err error) {
	if sealed == nil {
		_, err = t.ExecContext(ctx, "DELETE FROM "+table+" WHERE name = ?", name) //nolint:gosec // a constant of this package
	} else {
		_, err = t.ExecContext(ctx, "INSERT INTO "+table+" (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed", name, sealed) //nolint:gosec // a constant of this package
	}
	return err
}

// peek reads the seal over all rows, and whether acts wait, without a transaction.
func peek(ctx context.Context, d *sqlite.DB) (raw []byte, acts bool, err error) {
	err = d.Look("read the stations", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT (SELECT value FROM meta WHERE name = 'state'), EXISTS (SELECT 1 FROM act)").Scan(&raw, &acts)
	})
	return raw, acts, err
}
