package station

import (
	"context"
	"log/slog"
	"path/filepath"

	"garita/border"
	"garita/border/backup"
	"garita/border/enrolment"
	"garita/border/journal"
	"garita/border/keystore"
	"garita/cmd/internal/version"
)

// OpenBackups opens the folder of this station's backups, as the configuration names it. It works beside
// the running station.
func OpenBackups(cfg Config, root keystore.Root, id *enrolment.Identity, clock border.Clock, log *slog.Logger) (*backup.Keeper, error) {
	return backup.New(backup.Config{Kind: backup.Station, Name: string(id.Grant.Station), Software: version.Version, Dir: cfg.Data,
		Contents: backup.StationContents(), To: cfg.Backups, Root: root, Provisioning: &id.Provisioning, Clock: clock, Log: log,
		Check: func(ctx context.Context, dir string) error {
			return backup.SameOrSound(ctx, filepath.Join(cfg.Data, journal.FileName), filepath.Join(dir, journal.FileName), soundJournal, log)
		}})
}

// soundJournal says what is wrong with a journal.
func soundJournal(ctx context.Context, path string) error {
	r, err := journal.Verify(ctx, path)
	if err == nil && !r.OK {
		err = &border.Error{Code: border.Invalid, Op: "verify the journal " + path, Message: "The journal is damaged. Run: garita verify journal " + path}
	}
	return err
}
