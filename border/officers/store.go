package officers

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"garita/border"
	"garita/border/sqlite"
	"garita/migrations"
)

// openStore opens officers.db. Two programs may have it open: the hub, and somebody at its console.
func openStore(ctx context.Context, dir string) (*sqlite.DB, error) {
	files, err := fs.Sub(migrations.Officers, "officers")
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read migrations", Err: err}
	}
	return sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "officers.db"), Migrations: files, Name: "the officers' database",
		Failed: "The officers could not be read or written. Nothing has changed: try again.",
		Damaged: func(what string) error {
			return &border.Error{Code: border.Internal, Op: "check the officers' database", Err: errors.New(what),
				Message: "The officers' database is damaged. Restore a copy."}
		}})
}
