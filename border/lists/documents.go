package lists

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"garita/border"
	"garita/border/watch/document"
	"garita/border/watch/source"
)

// Documents are not entries: a hundred million of them lie in one sorted file for each source,
// by keyed hashes (border/watch/document). What an import leaves out is not listed any more; a
// document is listed while any source has it. A release carries a filter of all of them and the
// exact changes since it was built.
//
// The hashes' key belongs to an epoch of its own, made with the first import and named by every
// filter. It stays when the list begins a new epoch: the files hold no numbers, so that other
// hashes could only come from importing every source again, and a station that was offline
// would ask for digests that nobody knows any more.
type documents struct {
	busy sync.Mutex // one import of documents is put in force at a time; taken before Keeper.change

	mu     sync.RWMutex // held alone while files get their names, are closed or removed
	stores []*documentStore
}

// documentStore is what is in force of one source.
type documentStore struct {
	source          string
	digest          border.Digest
	documents       int64
	file            *os.File
	*document.Store // nil: its file does not open
}

func (s *documentStore) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (k *Keeper) documentPath(d border.Digest) string {
	return filepath.Join(k.documentDir, d.String())
}

// openDocument opens a file of documents.
func (k *Keeper) openDocument(d border.Digest) (*os.File, *document.Store, error) {
	const op = "open a list of documents"
	f, err := os.Open(k.documentPath(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &border.Error{Code: border.NotFound, Op: op, Err: err}
	}
	if err != nil {
		return nil, nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(&border.Error{Code: border.Internal, Op: op, Err: err}, f.Close())
	}
	s, err := document.OpenStore(f, info.Size())
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, s, nil
}

// loadDocuments opens the files that the database names as in force, and closes those that it
// does not name any more.
func (k *Keeper) loadDocuments(ctx context.Context) error {
	var named []*documentStore
	err := k.store.read(ctx, "list the files of documents", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT source, digest, documents FROM document_store ORDER BY source`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			s := new(documentStore)
			var d []byte
			if err := rows.Scan(&s.source, &d, &s.documents); err != nil {
				return err
			}
			s.digest = border.Digest(d)
			named = append(named, s)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	k.documents.mu.Lock()
	defer k.documents.mu.Unlock()
	old := k.documents.stores
	for i, s := range named {
		if at := slices.IndexFunc(old, func(o *documentStore) bool { return o.source == s.source && o.digest == s.digest && o.Store != nil }); at >= 0 {
			named[i], old = old[at], slices.Delete(slices.Clone(old), at, at+1)
			continue
		}
		if s.file, s.Store, err = k.openDocument(s.digest); err != nil {
			k.log.Error("a list of documents does not open; import it again", "source", s.source, "error", err)
		}
	}
	k.documents.stores = named
	for _, s := range old {
		_ = s.close() // it was only read
	}
	return nil
}

// countDocuments adds the documents of each source.
func countDocuments(ctx context.Context, tx *sql.Tx, counts map[string]int) error {
	rows, err := tx.QueryContext(ctx, `SELECT source, documents FROM document_store`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		counts[name] += n
	}
	return rows.Err()
}

func (k *Keeper) closeDocuments() error {
	k.documents.mu.Lock()
	defer k.documents.mu.Unlock()
	var errs []error
	for _, s := range k.documents.stores {
		errs = append(errs, s.close())
	}
	k.documents.stores = nil
	return errors.Join(errs...)
}

// Listed says of each digest that a station's filter found ([document.Set.Find]) whether that
// document is listed. One of which that is not known, because a file does not open, is left out.
func (k *Keeper) Listed(ctx context.Context, digests []border.BlindIndex) (map[border.BlindIndex]bool, error) {
	k.documents.mu.RLock()
	defer k.documents.mu.RUnlock()
	out := make(map[border.BlindIndex]bool, len(digests))
	if len(k.documents.stores) == 0 {
		return out, nil
	}
	for _, b := range digests {
		if err := ctx.Err(); err != nil {
			return nil, &border.Error{Code: border.Unavailable, Op: "look a document up", Err: err}
		}
		listed, known := false, true
		for _, s := range k.documents.stores {
			if s.Store == nil {
				known = false
				continue
			}
			_, found, err := s.Find(document.DigestOf(b))
			if err != nil {
				k.log.Error("a list of documents cannot be read", "source", s.source, "error", err)
				known = false
			}
			listed = listed || found
		}
		if listed || known {
			out[b] = listed
		}
	}
	return out, nil
}

// sweepDocuments takes away files that neither the list nor an import that waits names. all:
// also those that are being written; nobody may be writing then.
func (k *Keeper) sweepDocuments(ctx context.Context, all bool) error {
	const op = "remove old lists of documents"
	k.documents.mu.Lock()
	defer k.documents.mu.Unlock()
	named := make(map[string]bool)
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT digest FROM document_store
			UNION SELECT d.digest FROM preview_documents d JOIN preview p ON p.id = d.preview WHERE p.state = 'open'`)
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
	there, err := os.ReadDir(k.documentDir)
	for _, f := range there {
		var d border.Digest
		if whole := d.UnmarshalText([]byte(f.Name())) == nil; whole && !named[f.Name()] || !whole && all {
			err = errors.Join(err, os.RemoveAll(filepath.Join(k.documentDir, f.Name())))
		}
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return nil
}

// reasonCodes are the reasons as the files hold them; 0: not known.
var reasonCodes = map[string]uint16{"stolen": 1, "lost": 2, "revoked": 3}

// previewDocuments reads a list of documents into a file and counts what would change.
func (k *Keeper) previewDocuments(ctx context.Context, p *reading, files fs.FS, o ImportOptions) (Preview, error) {
	epoch, err := k.beginDocuments(ctx, p)
	if err != nil {
		return Preview{}, err
	}
	err = k.readDocuments(ctx, p, epoch, files, o)
	if err != nil {
		return p.preview, errors.Join(err, k.dropPreview(p.preview.ID))
	}
	return p.preview, nil
}

// beginDocuments notes that a preview is being made, and gives the epoch of hashes.
func (k *Keeper) beginDocuments(ctx context.Context, p *reading) (epoch border.Epoch, err error) {
	err = k.store.write(ctx, "keep a preview", func(tx *sql.Tx) error {
		if p.against, err = lastChange(ctx, tx, p.preview.Source); err != nil {
			return err
		}
		fresh := randomEpoch()
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO document_epoch (one, epoch) VALUES (1, ?)`, fresh[:]); err != nil {
			return err
		}
		if epoch, err = documentEpoch(ctx, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO preview (id, source, kind, made_at, expires_at, against, state, summary) VALUES (?, ?, ?, ?, ?, ?, ?, '{}')`,
			p.preview.ID.String(), p.preview.Source, string(p.preview.Kind), micros(p.preview.Made), micros(p.preview.Expires), p.against, PreviewReading)
		return err
	})
	return epoch, err
}

func documentEpoch(ctx context.Context, tx *sql.Tx) (border.Epoch, error) {
	var b []byte
	if err := tx.QueryRowContext(ctx, `SELECT epoch FROM document_epoch`).Scan(&b); err != nil {
		return border.Epoch{}, err
	}
	return border.Epoch(b), nil
}

// readDocuments makes the file and the preview of it.
func (k *Keeper) readDocuments(ctx context.Context, p *reading, epoch border.Epoch, files fs.FS, o ImportOptions) error {
	f, err := os.CreateTemp(k.documentDir, "new-*")
	if err != nil {
		return fileError(err)
	}
	defer os.Remove(f.Name()) // nothing once it has its name
	defer f.Close()
	n, err := k.hashDocuments(ctx, p, epoch, files, o, f)
	if err != nil {
		return err
	}
	k.fault("writing documents")
	if err := f.Sync(); err != nil {
		return fileError(err)
	}
	digest, size, err := digestOf(f)
	if err != nil {
		return fileError(err)
	}
	now, err := document.OpenStore(f, size)
	if err != nil {
		return err
	}
	if err := k.compareDocuments(ctx, p, now); err != nil {
		return err
	}
	p.judge(o)
	p.preview.State = PreviewOpen
	return k.keepDocuments(ctx, p, f.Name(), digest, size, n)
}

// hashDocuments reads the rows and writes their hashes, sorted.
func (k *Keeper) hashDocuments(ctx context.Context, p *reading, epoch border.Epoch, files fs.FS, o ImportOptions, w io.WriteSeeker) (n int64, err error) {
	key, err := document.DeriveKey(k.listKey, k.name, epoch)
	if err != nil {
		return 0, err
	}
	b, err := document.NewBuilder(k.documentDir, epoch)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	list := source.ReadDocuments(ctx, files, source.Options{Source: p.preview.Source, MaxBytes: o.MaxBytes, MaxEntries: o.MaxEntries})
	var failed error
	for row := range list.Rows() {
		r := document.Record{Reason: reasonCodes[row.Reason], Since: day(row.Since)}
		found := false
		for r.Digest = range key.Row(row.Issuer, row.Type, row.Number) {
			found = true
			if failed = b.Add(r); failed != nil {
				break
			}
		}
		if failed != nil {
			break
		}
		if !found {
			p.preview.NoIssuer++
		}
	}
	p.preview.Report = list.Report()
	if err := errors.Join(failed, list.Err()); err != nil {
		return 0, err
	}
	return b.WriteTo(ctx, w)
}

// compareDocuments counts what would change against what is in force of the source.
func (k *Keeper) compareDocuments(ctx context.Context, p *reading, now *document.Store) error {
	stores := []*document.Store{now}
	if d, err := k.digestInForce(ctx, p.preview.Source); err != nil {
		return err
	} else if d != nil {
		f, held, err := k.openDocument(*d)
		if err == nil {
			defer f.Close()
			stores = append(stores, held)
		} // else all is new: the first import asks too
	}
	return document.Walk(ctx, stores, func(_, in uint64) error {
		switch in {
		case 1:
			p.preview.Added++
		case 2:
			p.preview.Held++
			p.preview.Removed++
		default:
			p.preview.Held++
			p.preview.Unchanged++
		}
		return nil
	})
}

// digestInForce names the file of a source; nil if there is none.
func (k *Keeper) digestInForce(ctx context.Context, name string) (*border.Digest, error) {
	var b []byte
	err := k.store.read(ctx, "find a list of documents", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT digest FROM document_store WHERE source = ?`, name).Scan(&b)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	d := border.Digest(b)
	return &d, nil
}

// digestOf gives the digest of a file from its beginning, and its size.
func digestOf(f *os.File) (border.Digest, int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return border.Digest{}, 0, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return border.Digest(sum.Sum(nil)), n, err
}
