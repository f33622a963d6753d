package replica

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"garita/border"
	"garita/border/watch/release"
)

// need is a file that a release needs.
type need struct {
	role release.Role
	release.File
}

// part is a file that is being received. What is below synced survives a power cut.
type part struct {
	list               string
	size, have, synced int64
	f                  *os.File // nil: not open
}

// A large file is synced, and its length noted, every so many bytes: after a power cut no more
// than that is fetched again. A smaller one goes on where it ends, and is begun anew if its
// digest is not right then.
const syncEvery = 4 << 20

const partSuffix = ".part"

func (r *Replica) path(d border.Digest) string     { return filepath.Join(r.dir, d.String()) }
func (r *Replica) partPath(d border.Digest) string { return r.path(d) + partSuffix }

// has reports whether a whole file is there. What it holds is looked at when it is used.
func (r *Replica) has(f release.File) bool {
	info, err := os.Stat(r.path(f.Digest))
	return err == nil && info.Size() == f.Size && !r.bad[f.Digest]
}

// needs lists the files that putting an offer in force takes beyond what is in force.
func (o *offer) needs() []need {
	var out []need
	if in := o.list.inForce; o.m.IsSnapshot() || in == nil || in.Position.Epoch != o.m.Epoch {
		out = append(out, need{release.Snapshot, o.m.Base.File})
	}
	if o.m.Delta != nil {
		out = append(out, need{release.Delta, *o.m.Delta})
	}
	if o.m.Filter != nil {
		out = append(out, need{release.Filter, *o.m.Filter})
	}
	if o.m.FilterSet != nil {
		out = append(out, need{release.FilterSet, *o.m.FilterSet})
	}
	return out
}

// Offer implements [border.ListSink].
func (r *Replica) Offer(ctx context.Context, manifest []byte) ([]border.ListFile, error) {
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	o, err := r.examine(ctx, manifest)
	if err != nil {
		return nil, err
	}
	out, err := r.want(ctx, &o)
	return out, notKept("take a release", err)
}

// want makes the missing files of an offer the ones that are received for its list.
func (r *Replica) want(ctx context.Context, o *offer) ([]border.ListFile, error) {
	var out []border.ListFile
	wanted := map[border.Digest]bool{}
	var begun []partRow
	for _, n := range o.needs() {
		if r.has(n.File) || wanted[n.Digest] {
			continue
		}
		wanted[n.Digest] = true
		p := r.parts[n.Digest]
		if p == nil || p.size != n.Size {
			if err := r.drop(ctx, n.Digest); err != nil {
				return nil, err
			}
			p = &part{list: o.m.List, size: n.Size}
			r.parts[n.Digest] = p
			if n.Size > syncEvery {
				begun = append(begun, partRow{n.Digest, p.list, p.size, 0})
			} else if info, err := os.Stat(r.partPath(n.Digest)); err == nil && info.Size() <= n.Size {
				p.have = info.Size() // left by a run before this one; its digest will tell
			}
		}
		if p.have < p.size {
			out = append(out, border.ListFile{Digest: n.Digest, Size: n.Size, Have: p.have})
		}
	}
	for d, p := range r.parts {
		if p.list == o.m.List && !wanted[d] { // of an offer that this one takes the place of
			if err := r.drop(ctx, d); err != nil {
				return nil, err
			}
		}
	}
	if len(begun) == 0 {
		return out, nil
	}
	return out, r.store.do(ctx, func(t tx) error {
		for _, p := range begun {
			if err := putPart(t, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// drop forgets what has been received of a file.
func (r *Replica) drop(ctx context.Context, d border.Digest) error {
	p := r.parts[d]
	delete(r.parts, d)
	if p == nil {
		return nil
	}
	err := p.close()
	if removed := os.Remove(r.partPath(d)); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	if p.size > syncEvery {
		err = errors.Join(err, r.store.do(ctx, func(t tx) error { return dropPart(t, d) }))
	}
	return err
}

func (p *part) close() error {
	if p.f == nil {
		return nil
	}
	err := p.f.Close()
	p.f = nil
	return err
}

// Receive implements [border.ListSink].
func (r *Replica) Receive(ctx context.Context, digest border.Digest, offset int64, b []byte) error {
	const op = "receive a file of a list"
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	p := r.parts[digest]
	switch {
	case p == nil:
		return &border.Error{Code: border.NotFound, Op: op, Message: "No list needs this file."}
	case offset != p.have:
		return &border.Error{Code: border.Conflict, Op: op, Message: "These bytes do not follow those that are there."}
	case int64(len(b)) > p.size-p.have:
		return &border.Error{Code: border.TooLarge, Op: op, Message: "The file is larger than its release says."}
	case len(b) == 0:
		return nil
	}
	if err := r.receive(ctx, digest, p, b); err != nil {
		return notKept(op, err)
	}
	return nil
}

func (r *Replica) receive(ctx context.Context, d border.Digest, p *part, b []byte) error {
	if p.f == nil {
		f, err := os.OpenFile(r.partPath(d), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := f.Truncate(p.have); err != nil {
			return errors.Join(err, f.Close())
		}
		p.f = f
	}
	if _, err := p.f.WriteAt(b, p.have); err != nil {
		return err // what was written of it is written over
	}
	p.have += int64(len(b))
	if err := r.cfg.step("received"); err != nil {
		return err
	}
	if p.size <= syncEvery || p.have-p.synced < syncEvery {
		return nil
	}
	if err := p.f.Sync(); err != nil {
		p.have = p.synced // what a failed sync leaves behind is not known
		return errors.Join(err, p.close())
	}
	if err := r.store.do(ctx, func(t tx) error { return putPart(t, partRow{d, p.list, p.size, p.have}) }); err != nil {
		return err
	}
	p.synced = p.have
	return nil
}

// loadParts takes up what was being received when the station stopped. What was never synced is
// not believed.
func (r *Replica) loadParts(rows []partRow) {
	for _, row := range rows {
		info, err := os.Stat(r.partPath(row.digest))
		if err != nil || info.Size() < row.synced || row.synced > row.size {
			row.synced = 0 // begun anew
		}
		r.parts[row.digest] = &part{list: row.list, size: row.size, have: row.synced, synced: row.synced}
	}
}

// sweep removes files that nothing needs. One that cannot be removed costs room and nothing
// else: the next sweep tries again.
func (r *Replica) sweep() {
	needed := map[string]bool{}
	for d := range r.parts {
		needed[d.String()+partSuffix] = true
		needed[d.String()] = true // one that is bad, until its successor has come
	}
	r.mu.Lock()
	for _, h := range r.lists {
		for i, m := range h.chain {
			files := []*release.File{&m.Base.File, m.Delta}
			if i == len(h.chain)-1 {
				files = append(files, m.Filter, m.FilterSet)
			}
			for _, f := range files {
				if f != nil {
					needed[f.Digest.String()] = true
				}
			}
		}
	}
	r.mu.Unlock()
	entries, err := os.ReadDir(r.dir)
	for _, e := range entries {
		name := e.Name()
		var d border.Digest
		if needed[name] || d.UnmarshalText([]byte(strings.TrimSuffix(name, partSuffix))) != nil {
			continue // what has another name is not ours
		}
		delete(r.bad, d)
		err = errors.Join(err, os.Remove(filepath.Join(r.dir, name)))
	}
	if err != nil {
		r.cfg.Log.Warn("lists: files that nothing needs could not be removed", "error", err)
	}
}

// syncDir makes what was done in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
