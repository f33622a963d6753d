package hub

import (
	"context"
	"log/slog"
	"path/filepath"

	"garita/border"
	"garita/border/backup"
	"garita/border/journal"
	"garita/border/keystore"
	"garita/cmd/internal/version"
)

// OpenBackups opens the folder of this hub's backups, as the configuration names it. It works beside the
// running hub.
func OpenBackups(cfg Config, root keystore.Root, clock border.Clock, log *slog.Logger) (*backup.Keeper, error) {
	own := filepath.Join("self", journal.FileName)
	return backup.New(backup.Config{Kind: backup.Hub, Name: "hub", Software: version.Version, Dir: cfg.Data,
		Contents: backup.HubContents(), To: cfg.Backups, Root: root, Clock: clock, Log: log,
		Check: func(ctx context.Context, dir string) error {
			return backup.SameOrSound(ctx, filepath.Join(cfg.Data, own), filepath.Join(dir, own), soundJournal, log)
		}})
}

// soundJournal says what is wrong with the hub's own journal.
func soundJournal(ctx context.Context, path string) error {
	r, err := journal.Verify(ctx, path)
	if err == nil && !r.OK {
		err = &border.Error{Code: border.Invalid, Op: "verify the journal " + path, Message: "The hub's own journal is damaged. Run: garita verify journal " + path}
	}
	return err
}
