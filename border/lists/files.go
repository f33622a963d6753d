package lists

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

// writeFile seals what r gives, syncs it and names it by what it then holds.
func (k *Keeper) writeFile(l release.Label, r io.Reader) (release.File, error) {
	f, err := os.CreateTemp(k.dir, "new-*") // mode 0600
	if err != nil {
		return release.File{}, fileError(err)
	}
	defer os.Remove(f.Name()) // nothing once it has its name
	made, err := k.keys.SealFile(f, l, r)
	k.fault("writing")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return release.File{}, fileError(err)
	}
	if err := os.Rename(f.Name(), k.path(made.Digest)); err != nil {
		return release.File{}, fileError(err)
	}
	d, err := os.Open(k.dir)
	if err != nil {
		return release.File{}, fileError(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return release.File{}, fileError(err)
	}
	return made, nil
}

func fileError(err error) error {
	const op = "write a file of a list release"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "The hub's disk is full. Nothing has changed. Make room and try again."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: "A file of the release could not be written. Nothing has changed; try again."}
}

func (k *Keeper) path(d border.Digest) string { return filepath.Join(k.dir, d.String()) }

// removeFiles takes away files of a release that has come to nothing. What cannot be removed
// goes at the next opening.
func (k *Keeper) removeFiles(files []file) {
	for _, f := range files {
		_ = os.Remove(k.path(f.Digest))
	}
}

// removeOrphans takes away files that no release names: left by a crash before the commit, or
// by one between the pruning of a release and of its files.
func (k *Keeper) removeOrphans(ctx context.Context) error {
	named := make(map[string]bool)
	err := k.store.read(ctx, "list the files of releases", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT digest FROM release_file`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d []byte
			if err := rows.Scan(&d); err != nil {
				return err
			}
			named[hex.EncodeToString(d)] = true
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	there, err := os.ReadDir(k.dir)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "list the files of releases", Err: err}
	}
	for _, f := range there {
		if f.Type().IsRegular() && !named[f.Name()] {
			if err := os.Remove(filepath.Join(k.dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return &border.Error{Code: border.Internal, Op: "remove a file that no release names", Err: err}
			}
		}
	}
	return nil
}

// load puts the newest release in force from its files, as a post does. Invalid or NotFound:
// a file is damaged or missing.
func (k *Keeper) load(ctx context.Context) error {
	serial, err := k.newest(ctx)
	if err != nil || serial == 0 {
		return err
	}
	n := &state{serial: serial}
	var chain []release.Manifest // from the snapshot on
	err = k.store.read(ctx, "read the newest release", func(tx *sql.Tx) error {
		var err error
		if chain, err = k.loadChain(ctx, tx, n); err != nil {
			return err
		}
		return k.loadEntries(ctx, tx, n)
	})
	if err != nil {
		return err
	}
	n.manifest = &chain[len(chain)-1]
	n.Issued, n.ValidUntil = n.manifest.Issued, n.manifest.ValidUntil
	data, err := k.readFile(chain[0].Base.File, chain[0].SnapshotLabel())
	if err != nil {
		return err
	}
	base, err := watch.OpenBase(data)
	if err != nil {
		return err
	}
	n.Posts = watch.New(base)
	var changes []watch.Change
	for _, m := range chain[1:] {
		if m.Delta == nil {
			continue
		}
		some, err := k.readDelta(&m)
		if err != nil {
			return err
		}
		changes = append(changes, some...)
	}
	if len(changes) > 0 {
		if n.Posts, err = n.Posts.With(changes); err != nil {
			return err
		}
	}
	n.changes = len(changes)
	if n.List, err = k.overlay(ctx, n, &changeSet{}); err != nil {
		return err
	}
	k.current.Store(n)
	return nil
}

// loadChain reads the manifests from the newest snapshot to the newest release.
func (k *Keeper) loadChain(ctx context.Context, tx *sql.Tx, n *state) ([]release.Manifest, error) {
	var hash []byte
	if err := tx.QueryRowContext(ctx, `SELECT base, hash FROM release WHERE serial = ?`, n.serial).Scan(&n.base, &hash); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT manifest FROM release WHERE serial >= ? ORDER BY serial`, n.base)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var chain []release.Manifest
	var signed []byte
	for rows.Next() {
		if err := rows.Scan(&signed); err != nil {
			return nil, err
		}
		m, err := release.Verify(signed, k.publicKey())
		if err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "read a release", Err: err,
				Message: "A release was not signed with the hub's key file, or is damaged. Put the right key file beside the lists."}
		}
		chain = append(chain, *m)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	last := chain[len(chain)-1]
	n.Position = last.Position(signed)
	return chain, nil
}

// loadEntries reads what posts do not hold, and counts what they do.
func (k *Keeper) loadEntries(ctx context.Context, tx *sql.Tx, n *state) error {
	n.hubOnly, n.silent, n.counts = make(map[watch.Key]*watch.Entry), make(map[watch.Key]*watch.Entry), make(map[string]int)
	err := k.eachEntry(ctx, tx, "(e.hub_only = 1 OR r.handling = 'silent')", func(e *watch.Entry) error {
		if e.Distribution == watch.HubOnly {
			n.hubOnly[e.Key()] = e
		} else {
			n.silent[e.Key()] = e
		}
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT source, count(*) FROM entry WHERE gone = 0 AND hub_only = 0 GROUP BY source`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var source string
		var count int
		if err := rows.Scan(&source, &count); err != nil {
			return err
		}
		n.counts[source] = count
	}
	return rows.Err()
}

func (k *Keeper) readFile(f release.File, l release.Label) ([]byte, error) {
	in, err := os.Open(k.path(f.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &border.Error{Code: border.NotFound, Op: "read a file of a release", Err: err}
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read a file of a release", Err: err}
	}
	defer in.Close()
	o, err := k.keys.Open(io.LimitReader(in, f.Size), l)
	if err != nil {
		return nil, err
	}
	size, ok := release.PlainSize(f.Size)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: "read a file of a release", Err: release.ErrDamaged}
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(o, data); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := o.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, &border.Error{Code: border.Invalid, Op: "read a file of a release", Err: release.ErrDamaged}
	}
	return data, nil
}

func (k *Keeper) readDelta(m *release.Manifest) ([]watch.Change, error) {
	in, err := os.Open(k.path(m.Delta.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &border.Error{Code: border.NotFound, Op: "read a file of a release", Err: err}
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read a file of a release", Err: err}
	}
	defer in.Close()
	o, err := k.keys.Open(in, m.DeltaLabel())
	if err != nil {
		return nil, err
	}
	return release.DecodeDelta(o)
}

// repair makes a release with a snapshot of the entries, because a file of the newest one is
// damaged. What posts hold already is the same list; the new version has another base.
func (k *Keeper) repair(ctx context.Context) error {
	k.change.Lock()
	defer k.change.Unlock()
	serial, err := k.newest(ctx)
	if err != nil {
		return err
	}
	s := &state{serial: serial}
	err = k.store.read(ctx, "read the newest release", func(tx *sql.Tx) error {
		chain, err := k.loadChain(ctx, tx, s)
		if err != nil {
			return err
		}
		s.manifest = &chain[len(chain)-1]
		s.Issued = s.manifest.Issued
		return k.loadEntries(ctx, tx, s)
	})
	if err != nil {
		return err
	}
	k.current.Store(s) // without lists: nothing but decide sees it, for the keeper is not open yet
	_, err = k.decide(ctx, &changeSet{kind: kindRepaired, snapshot: true})
	return err
}

// contentsOfStore is what posts hold by the rows, not by the files.
func (k *Keeper) contentsOfStore(ctx context.Context) (*contents, error) {
	c := &contents{description: watch.Description{Name: k.name}}
	err := k.store.read(ctx, "read the entries", func(tx *sql.Tx) error {
		held := make(map[watch.Key]bool)
		counts := make(map[string]int)
		err := k.eachEntry(ctx, tx, "e.hub_only = 0", func(e *watch.Entry) error {
			if reduced, ok := watch.ForPosts(e); ok {
				c.entries = append(c.entries, reduced)
				held[e.Key()] = true
				counts[e.Source]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := countDocuments(ctx, tx, counts); err != nil {
			return err
		}
		if c.description.Sources, err = sourcesOf(ctx, tx, "described = 1", counts); err != nil {
			return err
		}
		return eachMemoryIn(ctx, tx, func(m *watch.NonMatch) {
			if held[watch.Key{Source: m.Source, ID: m.ID}] {
				c.description.Remembered = append(c.description.Remembered, *m)
			}
		})
	})
	c.order()
	return c, err
}
