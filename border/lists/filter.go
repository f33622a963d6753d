package lists

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch/document"
	"garita/border/watch/release"
)

// day gives the days since 1970 of an ISO 8601 day; 0 if it is not known.
func day(s string) int32 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0
	}
	return int32(t.Unix() / (24 * 60 * 60))
}

// keepDocuments gives a preview's file its name and opens the preview.
func (k *Keeper) keepDocuments(ctx context.Context, p *reading, path string, digest border.Digest, size, n int64) error {
	summary, err := json.Marshal(p.preview.Summary)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "keep a preview", Err: err}
	}
	k.documents.mu.Lock() // a sweep between the two would take the file
	defer k.documents.mu.Unlock()
	if err := rename(path, k.documentPath(digest)); err != nil {
		return err
	}
	return k.store.write(ctx, "keep a preview", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO preview_documents (preview, digest, size, documents) VALUES (?, ?, ?, ?)`,
			p.preview.ID.String(), digest[:], size, n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE preview SET state = ?, summary = ? WHERE id = ?`, PreviewOpen, string(summary), p.preview.ID.String())
		return err
	})
}

// rename gives a synced file its name, on the disk.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fileError(err)
	}
	d, err := os.Open(filepath.Dir(to))
	if err != nil {
		return fileError(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fileError(err)
	}
	return nil
}

// documentChange is what posts get of documents with a release.
type documentChange struct {
	source         string // whose file is replaced; "": none
	store          border.Digest
	size           int64 // of that file
	held           int64 // documents in it
	added, removed int64
	documents      int64  // of all sources, doubles left out
	filter         pieces // its path is "" if the one in force stays
	changes        pieces // since the filter; no file if there are none
}

// pieces is a file of a release that is written and synced, and has no name yet.
type pieces struct {
	path string
	*release.File
}

func (d *documentChange) drop() {
	for _, f := range []pieces{d.filter, d.changes} {
		if f.path != "" {
			_ = os.Remove(f.path) // goes at the next opening otherwise
		}
	}
}

// confirmDocuments makes an import of documents hold. The filter, which may take minutes, is
// made before anybody has to wait.
func (k *Keeper) confirmDocuments(ctx context.Context, op string, id border.ID, who words) (border.ListPosition, error) {
	none := border.ListPosition{}
	k.documents.busy.Lock()
	defer k.documents.busy.Unlock()
	set, err := k.importSet(ctx, op, id)
	if err != nil {
		return none, err
	}
	d := &documentChange{source: set.source}
	if err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		var b []byte
		err := tx.QueryRowContext(ctx, `SELECT digest, size, documents FROM preview_documents WHERE preview = ?`, id.String()).Scan(&b, &d.size, &d.held)
		if err == nil {
			d.store = border.Digest(b)
		}
		return err
	}); err != nil {
		return none, err
	}
	defer d.drop()
	if err := k.makeFilter(ctx, d); err != nil {
		return none, err
	}
	k.fault("filter")
	k.change.Lock()
	defer k.change.Unlock()
	if set, err = k.importSet(ctx, op, id); err != nil { // time has passed
		return none, err
	}
	set.words = who
	return k.decideDocuments(ctx, set, d)
}

// decideDocuments makes a change of documents hold. The caller holds both locks.
func (k *Keeper) decideDocuments(ctx context.Context, set *changeSet, d *documentChange) (border.ListPosition, error) {
	for _, f := range []pieces{d.filter, d.changes} {
		if f.path == "" {
			continue
		}
		if err := rename(f.path, k.path(f.Digest)); err != nil {
			return border.ListPosition{}, errors.Join(err, k.removeOrphans(ctx))
		}
	}
	set.documents, set.snapshot = d, d.filter.path != "" // who comes later takes the new filter alone
	at, err := k.decide(ctx, set)
	if err != nil {
		return at, errors.Join(err, k.removeOrphans(ctx), k.loadDocuments(ctx))
	}
	if err := errors.Join(k.loadDocuments(ctx), k.sweepDocuments(ctx, false)); err != nil {
		k.log.Error("the files of documents could not be put in order after an import", "error", err)
	}
	return at, nil
}

// makeFilter works out what posts need: a filter, or changes to the one in force.
func (k *Keeper) makeFilter(ctx context.Context, d *documentChange) error {
	var epoch border.Epoch
	if err := k.store.read(ctx, "read the epoch of documents", func(tx *sql.Tx) (err error) {
		epoch, err = documentEpoch(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	stores, was, is, err := k.unions(d)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range stores {
			_ = s.file.Close() // it was only read
		}
	}()
	walk := func(each func(hash uint64, was, is bool)) error {
		all := make([]*document.Store, len(stores))
		for i, s := range stores {
			all[i] = s.Store
		}
		return document.Walk(ctx, all, func(hash, in uint64) error {
			each(hash, in&was != 0, in&is != 0)
			return nil
		})
	}
	changes := k.changesInForce(epoch)
	var came, went []uint64
	if err := walk(func(hash uint64, was, is bool) {
		switch {
		case is && !was:
			d.added++
			if changes != nil {
				came = keep(came, hash)
			}
		case was && !is:
			d.removed++
			if changes != nil {
				went = keep(went, hash)
			}
		}
		if is {
			d.documents++
		}
	}); err != nil {
		return err
	}
	if changes != nil && was != 0 && max(d.added, d.removed) <= document.MaxChanges {
		changes = changes.With(came, went)
		if k.few(changes, d.documents) {
			d.filter.File = k.current.Load().manifest.Filter
			if len(changes.Added)+len(changes.Removed) > 0 {
				d.changes, err = k.writeOpen(changes)
			}
			return err
		}
	}
	if d.documents > document.MaxDocuments {
		return &border.Error{Code: border.TooLarge, Op: "build a document filter", Message: "All lists of documents together have more documents than a filter can hold."}
	}
	hashes := make([]uint64, 0, d.documents)
	if err := walk(func(hash uint64, _, is bool) {
		if is {
			hashes = append(hashes, hash)
		}
	}); err != nil {
		return err
	}
	filter, err := document.Build(epoch, hashes)
	if err != nil {
		return err
	}
	d.filter, err = k.writeOpen(filter)
	return err
}

// few reports whether posts do without a new filter.
func (k *Keeper) few(c *document.Changes, documents int64) bool {
	n := len(c.Added) + len(c.Removed)
	return max(len(c.Added), len(c.Removed)) <= document.MaxChanges &&
		(n <= k.rules.DocumentFloor || float64(n) <= k.rules.DocumentShare*float64(documents))
}

// keep bounds what is noted of a large change; then a new filter follows anyway.
func keep(list []uint64, hash uint64) []uint64 {
	if len(list) > document.MaxChanges {
		return list
	}
	return append(list, hash)
}

// unions opens all stores that are or will be in force, and says which of them make up what was
// listed and what will be. The caller closes their files. was is 0 if that is not known.
func (k *Keeper) unions(d *documentChange) (stores []*documentStore, was, is uint64, err error) {
	defer func() {
		if err != nil {
			for _, s := range stores {
				_ = s.file.Close() // it was only read
			}
			stores = nil
		}
	}()
	k.documents.mu.RLock()
	held := slices.Clone(k.documents.stores)
	k.documents.mu.RUnlock()
	known := true
	open := func(name string, digest border.Digest) (uint64, error) {
		f, s, err := k.openDocument(digest)
		if err != nil {
			return 0, err
		}
		stores = append(stores, &documentStore{source: name, digest: digest, file: f, Store: s})
		return 1 << (len(stores) - 1), nil
	}
	for _, h := range held {
		bit, err := open(h.source, h.digest)
		switch {
		case err == nil:
			was |= bit
			if h.source != d.source {
				is |= bit
			}
		case h.source == d.source:
			known = false // it is being replaced
		default:
			return stores, 0, 0, &border.Error{Code: border.Conflict, Op: "make the filter of documents", Err: err,
				Message: "The documents of the source {0} are damaged on the hub's disk. Import that source again first.", Args: []any{h.source}}
		}
	}
	if d.source != "" {
		if len(stores) == document.MaxStores {
			return stores, 0, 0, &border.Error{Code: border.TooLarge, Op: "make the filter of documents", Message: "There are too many sources of documents."}
		}
		bit, err := open(d.source, d.store)
		if err != nil {
			return stores, 0, 0, err
		}
		is |= bit
	}
	if !known {
		was = 0
	}
	return stores, was, is, nil
}

// changesInForce gives the changes since the filter in force, nil if there is none to go on from.
func (k *Keeper) changesInForce(epoch border.Epoch) *document.Changes {
	s := k.current.Load()
	if s == nil || s.manifest.Filter == nil || !k.there(s.manifest.Filter) {
		return nil
	}
	if s.manifest.FilterSet == nil {
		return &document.Changes{Epoch: epoch}
	}
	f, err := os.Open(k.path(s.manifest.FilterSet.Digest))
	if err != nil {
		return nil
	}
	defer f.Close()
	c, err := document.ReadChanges(f)
	if err != nil || c.Epoch != epoch {
		return nil
	}
	return c
}

// there reports whether a file of a release lies where it should.
func (k *Keeper) there(f *release.File) bool {
	info, err := os.Stat(k.path(f.Digest))
	return err == nil && info.Size() == f.Size
}

// writeOpen writes a file that is not sealed: it holds keyed hashes only.
func (k *Keeper) writeOpen(what io.WriterTo) (p pieces, err error) {
	f, err := os.CreateTemp(k.documentDir, "new-*") // mode 0600
	if err != nil {
		return p, fileError(err)
	}
	sum := sha256.New()
	n, err := what.WriteTo(io.MultiWriter(f, sum))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return p, fileError(err)
	}
	return pieces{f.Name(), &release.File{Digest: border.Digest(sum.Sum(nil)), Size: n}}, nil
}

// documentRows writes what a change of documents puts in force.
func (d *documentChange) rows(ctx context.Context, tx *sql.Tx, serial int64) error {
	if d.source == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO document_store (source, digest, size, documents, serial) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (source) DO UPDATE SET digest = ?2, size = ?3, documents = ?4, serial = ?5`, d.source, d.store[:], d.size, d.held, serial)
	return err
}

// mendDocuments makes the filter again if its files are not there.
func (k *Keeper) mendDocuments(ctx context.Context) error {
	damaged := func() bool {
		s := k.current.Load()
		return s != nil && s.manifest.Filter != nil && (!k.there(s.manifest.Filter) || s.manifest.FilterSet != nil && !k.there(s.manifest.FilterSet))
	}
	if !damaged() {
		return nil
	}
	k.documents.busy.Lock()
	defer k.documents.busy.Unlock()
	d := new(documentChange)
	defer d.drop()
	k.log.Error("a file of the document filter is missing or damaged; it is made again")
	if err := k.makeFilter(ctx, d); err != nil {
		return err
	}
	k.change.Lock()
	defer k.change.Unlock()
	d.added, d.removed = 0, 0
	if _, err := k.decideDocuments(ctx, &changeSet{kind: kindRefresh}, d); err != nil {
		return err
	}
	// Older releases need what is lost; who is behind takes the new snapshot.
	if err := k.store.write(ctx, "prune releases of a lost filter", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM release WHERE serial < ?`, k.current.Load().base)
		return err
	}); err != nil {
		return err
	}
	return k.removeOrphans(ctx)
}
