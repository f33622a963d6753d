package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"garita/border"
)

// kept is a backup that is there.
type kept struct {
	path     string
	sequence uint64
	made     time.Time // by the clock of then
}

// list lists the backups, oldest first, by their names.
func (k *Keeper) list() (out []kept, err error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, failed("list the backups", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), extension)
		number, at, found := strings.Cut(name, "-")
		n, err := strconv.ParseUint(number, 10, 63)
		made, timeErr := time.Parse("20060102T150405Z", at)
		if ok && found && err == nil && timeErr == nil && e.Type().IsRegular() {
			out = append(out, kept{path: filepath.Join(k.dir, e.Name()), sequence: n, made: made})
		}
	}
	slices.SortFunc(out, func(a, b kept) int { return int(int64(a.sequence) - int64(b.sequence)) })
	return out, nil
}

// Newest says when the newest backup that is there was made, by the clock of then; zero if there is none. It
// was read back before it was kept.
func (k *Keeper) Newest() (time.Time, error) {
	there, err := k.list()
	if err != nil || len(there) == 0 {
		return time.Time{}, err
	}
	return there[len(there)-1].made, nil
}

// poll is how often Run looks whether a backup is due, and how soon it tries again.
const poll = time.Minute

// retryAfter is how long Run waits after a backup that failed.
const retryAfter = 30 * time.Minute

// Run makes backups when they are due, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := k.Due(ctx); err != nil {
			k.c.Log.Error("backup: it failed, and is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Due makes a backup if one is due. After one that failed it waits half an hour.
func (k *Keeper) Due(ctx context.Context) error {
	there, err := k.list()
	if err != nil {
		return err
	}
	now := k.c.Clock.Now()
	if len(there) > 0 {
		// A clock that was wrong by years then must not keep backups from being made now.
		if age := now.Sub(there[len(there)-1].made); age >= 0 && age < k.c.Every || age < 0 && -age < k.c.Every {
			return nil
		}
	}
	k.mu.Lock()
	wait := k.err != nil && now.Before(k.tried.Add(retryAfter)) && !now.Before(k.tried)
	if !wait {
		k.tried = now
	}
	k.mu.Unlock()
	if wait {
		return nil
	}
	r, err := k.Make(ctx)
	if err != nil {
		return err
	}
	k.c.Log.Info("backup: made and read back", "sequence", r.Sequence, "bytes", r.Bytes, "added_files", r.Added, "damaged_files", r.Damaged)
	return nil
}

// prune takes away the oldest backups, and files beside them that none of those that are kept names.
func (k *Keeper) prune(ctx context.Context) error {
	there, err := k.list()
	if err != nil || len(there) <= k.c.Keep {
		return err
	}
	gone := there[:len(there)-k.c.Keep]
	named := make(map[border.Digest]bool)
	for _, b := range there[len(gone):] {
		if err := k.named(ctx, b.path, named); err != nil {
			// One that does not open may name any of them: none is taken away.
			k.c.Log.Warn("backup: an earlier backup does not open, so nothing is taken away", "error", err)
			return nil
		}
	}
	for _, b := range gone {
		if err := os.Remove(b.path); err != nil {
			return failed("take away an old backup", err)
		}
	}
	files := filepath.Join(k.dir, filesDir)
	entries, err := os.ReadDir(files)
	if err != nil {
		return failed("take away old files", err)
	}
	for _, e := range entries {
		var d border.Digest
		if d.UnmarshalText([]byte(e.Name())) == nil && !named[d] {
			err = errors.Join(err, os.Remove(filepath.Join(files, e.Name())))
		}
	}
	if err != nil {
		return failed("take away old files", err)
	}
	return nil
}

// named adds the digests that a backup names.
func (k *Keeper) named(ctx context.Context, path string, into map[border.Digest]bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h, head, err := readHead(f)
	if err != nil {
		return err
	}
	key, err := WithRoot(k.c.Root)(&h)
	if err != nil {
		return err
	}
	defer clear(key)
	aead, err := chunks(key, head)
	if err != nil {
		return err
	}
	o := newOpener(contextReader{ctx, f}, aead)
	b, err := readPrefixed(o, maxManifest)
	if err != nil {
		return err
	}
	m, err := parseManifest(b)
	if err != nil {
		return err
	}
	for _, dir := range m.Folders {
		for range dir.Files {
			var hash border.Digest
			if _, err := io.ReadFull(o, hash[:]); err != nil {
				return orDamaged(err)
			}
			into[hash] = true
		}
	}
	return nil
}
