package replica

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/document"
	"garita/border/watch/release"
)

// Apply implements [border.ListSink]. A failure at any step leaves the last good list in force,
// here and after a restart: files are renamed into place before the position is committed, and
// old ones are removed only after that.
func (r *Replica) Apply(ctx context.Context, manifest []byte) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	o, err := r.examine(ctx, manifest)
	if err != nil {
		return err
	}
	return notKept("put a release in force", r.apply(ctx, &o))
}

func (r *Replica) apply(ctx context.Context, o *offer) error {
	const op = "put a release in force"
	paths := map[border.Digest]string{}
	for _, n := range o.needs() {
		p := r.parts[n.Digest]
		switch {
		case r.has(n.File):
			paths[n.Digest] = r.path(n.Digest)
		case p != nil && p.have == p.size:
			paths[n.Digest] = r.partPath(n.Digest)
		default:
			return &border.Error{Code: border.Conflict, Op: op, Message: "A file of the release is not there yet."}
		}
	}
	for d, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.checkDigest(ctx, o, d, path); err != nil {
			return err
		}
	}
	if err := r.cfg.step("checked"); err != nil {
		return err
	}
	n, filter, err := r.build(o, paths)
	if err != nil {
		return r.unusable(ctx, o.list, err)
	}
	if err := r.cfg.step("built"); err != nil {
		return err
	}
	if err := r.settle(paths); err != nil {
		return err
	}
	if err := r.cfg.step("settled"); err != nil {
		return err
	}
	if err := r.store.do(ctx, func(t tx) error { return put(t, o.m, o.position, o.signed, n.Since) }); err != nil {
		return err
	}
	if err := r.cfg.step("committed"); err != nil {
		return err
	}
	for d, p := range r.parts {
		if p.list == o.m.List {
			delete(r.parts, d)
			_ = p.close() // it was synced and renamed, or is of no use
		}
	}
	h := o.list
	r.mu.Lock()
	if o.m.IsSnapshot() {
		h.chain = nil
	}
	h.chain = append(h.chain, o.m)
	h.inForce, h.newest, h.filter, h.refused, h.problem = n, o.position, filter, refusalRow{}, ""
	delete(r.lists, unknownList)
	r.publish()
	r.mu.Unlock()
	r.cfg.Log.Info("lists: a release is in force", "list", o.m.List, "version", o.m.Version, "entries", o.m.Entries)
	r.sweep()
	return nil
}

// checkDigest reads a file to its end and compares it with its name.
func (r *Replica) checkDigest(ctx context.Context, o *offer, d border.Digest, path string) error {
	sum, err := digestOf(path)
	if err != nil || sum == d {
		return err
	}
	if path == r.path(d) {
		r.bad[d] = true // it was whole once
	} else if err := r.drop(ctx, d); err != nil {
		return err
	}
	return r.refuse(ctx, o.list, Corrupt, &border.Error{Code: border.Invalid, Op: "put a release in force", Err: release.ErrDamaged,
		Message: "What was received is not the file that the release names. It is fetched anew."})
}

// digestOf gives the digest of a file's bytes.
func digestOf(path string) (border.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return border.Digest{}, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return border.Digest{}, err
	}
	return border.Digest(sum.Sum(nil)), nil
}

// unusable raises the alarm for a release whose files are what the hub made, and are no list that
// can follow. It would not get better by being fetched again.
func (r *Replica) unusable(ctx context.Context, h *held, err error) error {
	var e *border.Error
	if !errors.As(err, &e) || e.Code == border.Internal {
		return err // the disk's fault
	}
	reason := Corrupt
	switch {
	case errors.Is(err, release.ErrKey):
		reason = Key
	case errors.Is(err, release.ErrTruncated):
		reason = Truncated
	case e.Code == border.TooLarge:
		reason = TooLarge
	}
	return r.refuse(ctx, h, reason, &border.Error{Code: border.Forbidden, Op: "put a release in force", Message: refusedWords(reason), Err: err})
}

// build makes the list of an offer from its files, and the filter that the next may use again.
func (r *Replica) build(o *offer, paths map[border.Digest]string) (*Held, *document.Filter, error) {
	m := o.m
	n := &Held{Position: o.position, Issued: m.Issued, ValidUntil: m.ValidUntil, Since: r.now()}
	if path, fresh := paths[m.Base.Digest]; fresh {
		base, err := r.openBase(m, path)
		if err != nil {
			return nil, nil, err
		}
		n.List = watch.New(base)
	} else {
		n.List = o.list.inForce.List
	}
	if m.Delta != nil {
		changes, err := r.openDelta(m, paths[m.Delta.Digest])
		if err != nil {
			return nil, nil, err
		}
		if n.List, err = n.List.With(changes); err != nil {
			return nil, nil, err
		}
	}
	if int64(n.List.Len()) != m.Entries {
		return nil, nil, &border.Error{Code: border.Invalid, Op: "put a release in force", Err: errors.New("another number of entries than the manifest says")}
	}
	filter, err := r.openFilter(m, paths, o.list)
	if err != nil || filter == nil {
		return n, nil, err
	}
	n.Documents, err = r.openDocuments(m, filter, paths)
	return n, filter, err
}

// openFilter opens the document filter; nil if there is none. That of the release in force
// is used again if it is the same.
func (r *Replica) openFilter(m *release.Manifest, paths map[border.Digest]string, h *held) (*document.Filter, error) {
	if m.Filter == nil {
		return nil, nil
	}
	if h.filter != nil && h.last().Filter != nil && *h.last().Filter == *m.Filter {
		return h.filter, nil
	}
	f, err := os.Open(paths[m.Filter.Digest])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return document.Read(f)
}

func (r *Replica) openDocuments(m *release.Manifest, filter *document.Filter, paths map[border.Digest]string) (*document.Set, error) {
	key, err := document.DeriveKey(r.cfg.Prov.ListKey, m.List, filter.Epoch)
	if err != nil {
		return nil, err
	}
	if m.FilterSet == nil {
		return document.NewSet(key, filter, nil)
	}
	f, err := os.Open(paths[m.FilterSet.Digest])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	changes, err := document.ReadChanges(f)
	if err != nil {
		return nil, err
	}
	return document.NewSet(key, filter, changes)
}

// openBase opens a sealed snapshot into memory.
func (r *Replica) openBase(m *release.Manifest, path string) (*watch.Base, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, ok := release.PlainSize(m.Base.Size)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: "open a list", Err: release.ErrTruncated}
	}
	o, err := r.keys.Open(f, m.SnapshotLabel())
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(o, data); err != nil {
		return nil, err
	}
	if _, err := o.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, &border.Error{Code: border.Invalid, Op: "open a list", Err: release.ErrDamaged}
	}
	return watch.OpenBase(data)
}

// openDelta opens the sealed changes of a release.
func (r *Replica) openDelta(m *release.Manifest, path string) ([]watch.Change, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	o, err := r.keys.Open(f, m.DeltaLabel())
	if err != nil {
		return nil, err
	}
	return release.DecodeDelta(o)
}

// settle puts received files under their names, on the disk.
func (r *Replica) settle(paths map[border.Digest]string) error {
	for d, path := range paths {
		if path == r.path(d) {
			continue
		}
		p := r.parts[d]
		if p.f == nil { // received before a restart
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			p.f = f
		}
		if err := p.f.Sync(); err != nil {
			p.have, p.synced = 0, 0 // what a failed sync leaves behind is not known
			return errors.Join(err, p.close())
		}
		if err := r.cfg.step("synced"); err != nil {
			return err
		}
		if err := os.Rename(path, r.path(d)); err != nil {
			return err
		}
		delete(r.bad, d)
		if err := r.cfg.step("renamed"); err != nil {
			return err
		}
	}
	// Also if all were there: a run before this one may have ended before it came to that.
	return errors.Join(syncDir(r.dir), syncDir(r.cfg.Dir))
}
