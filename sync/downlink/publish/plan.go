package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"garita/border"
	"garita/sync/wire"
)

// releasePage is how many releases are asked for at a time; maxReleases bounds those of a list.
const (
	releasePage = 200
	maxReleases = 4000
)

// plan is what is to be published of one list.
type plan struct {
	list  string
	head  wire.Head
	need  []planned // before the head may name them
	older []planned // after it, for stations that were away
	full  bool
}

// planned is a release with its files.
type planned struct {
	border.ListRelease
	files []border.ListFile
}

// plan reads the source. Complete reports that the plans name all that is to stay.
func (p *Publisher) plan(ctx context.Context, out map[string]wire.Head, all bool) (plans []*plan, complete bool, err error) {
	heads, err := p.c.Lists.Heads(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.alarm(" heads", "The lists cannot be read; stations keep what they have.", err)
		}
		return nil, false, ctx.Err()
	}
	p.over(" heads")
	complete = true
	for i, head := range heads {
		list := head.Position.List
		if i >= wire.MaxLists || !wire.ValidListName(list) {
			p.alarm(" names", "There are lists that cannot be published: too many, or a name that is none.", nil)
			complete = false
			continue
		}
		if !all && out[list].Position == head.Position {
			continue
		}
		pl, err := p.gather(ctx, head.Position, out[list].Position, all)
		if err == nil {
			plans = append(plans, pl)
			continue
		}
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		complete = false
		p.alarm(list, "List "+list+" cannot be published; stations keep what they have.", err)
	}
	return plans, complete, nil
}

// gather lists the releases of one list: all that are kept, or those behind what this
// session published last.
func (p *Publisher) gather(ctx context.Context, head, since border.ListPosition, all bool) (*plan, error) {
	pl := &plan{list: head.List, head: wire.Head{Position: head}}
	seen := map[border.ListPosition]bool{}
	add := func(to *[]planned, r border.ListRelease) error {
		if seen[r.Position] {
			return nil
		}
		files, err := p.check(ctx, r)
		if border.CodeOf(err) == border.NotFound && r.Position != head {
			return nil // pruned meanwhile
		}
		seen[r.Position] = true
		*to = append(*to, planned{r, files})
		return err
	}
	latest, err := p.c.Lists.Latest(ctx, head.List)
	switch {
	case border.CodeOf(err) == border.NotFound:
	case err != nil:
		return nil, err
	default:
		pl.head.Snapshot = latest.Position
		if err := add(&pl.need, latest); err != nil {
			return nil, err
		}
	}
	snapshot := pl.head.Snapshot
	if snapshot.Version > 0 && snapshot.Epoch != head.Epoch { // a new epoch goes on from an older one
		rs, err := p.releases(ctx, head.List, snapshot.Epoch, snapshot.Version)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if err := add(&pl.need, r); err != nil {
				return nil, err
			}
		}
	}
	after := since.Version
	if all || since.Epoch != head.Epoch {
		after = 0
	}
	rs, err := p.releases(ctx, head.List, head.Epoch, after)
	if err != nil {
		return nil, err
	}
	for _, r := range rs {
		to := &pl.need
		if all && snapshot.Epoch == head.Epoch && r.Position.Version < snapshot.Version {
			to = &pl.older
		}
		if err := add(to, r); err != nil {
			return nil, err
		}
	}
	if !seen[head] {
		return nil, &border.Error{Code: border.Internal, Op: "list releases", Err: errors.New("the head is not among them")}
	}
	return pl, nil
}

// check looks at a release and lists its files.
func (p *Publisher) check(ctx context.Context, r border.ListRelease) ([]border.ListFile, error) {
	bad := func(why string) ([]border.ListFile, error) {
		return nil, &border.Error{Code: border.Internal, Op: "publish a release", Err: errors.New(why)}
	}
	if len(r.Manifest) == 0 || len(r.Manifest) > border.MaxManifest || sha256.Sum256(r.Manifest) != r.Position.Hash {
		return bad("its manifest is not what its position says")
	}
	files, err := p.c.Lists.Files(ctx, r.Position)
	if err != nil {
		return nil, err
	}
	if len(files) > wire.MaxListFiles {
		return bad("it needs too many files")
	}
	for _, f := range files {
		if f.Size < 0 || f.Size > wire.MaxListFile {
			return bad("a file of it is too large")
		}
	}
	return files, nil
}

// releases lists the releases of an epoch behind a version, the newest maxReleases of them.
func (p *Publisher) releases(ctx context.Context, list string, epoch border.Epoch, after uint64) ([]border.ListRelease, error) {
	var out []border.ListRelease
	for {
		rs, err := p.c.Lists.Releases(ctx, list, epoch, after, releasePage)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if r.Position.List != list || r.Position.Epoch != epoch || r.Position.Version <= after {
				return nil, &border.Error{Code: border.Internal, Op: "list releases", Err: errors.New("they are not in order")}
			}
			after = r.Position.Version
		}
		out = append(out, rs...)
		if len(out) > maxReleases {
			out = slices.Clone(out[len(out)-maxReleases:])
		}
		if len(rs) < releasePage {
			return out, nil
		}
	}
}
