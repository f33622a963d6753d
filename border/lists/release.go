package lists

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

// newEpoch begins an epoch with the release that is being made.
type newEpoch struct {
	no    int64
	epoch border.Epoch
	from  border.ListPosition // of the epoch before: all stations of it go on from there
}

// serialOf is the place of a release among those of all epochs.
func serialOf(epochNo int64, version uint64) int64 { return epochNo<<40 | int64(version) }

func epochOf(serial int64) int64 { return serial >> 40 }

// file is a sealed file of a release, written and synced under its name.
type file struct {
	role release.Role
	release.File
}

// decide makes a change set hold: files, then one transaction, then the list in memory. The
// caller holds k.change. On any error everything is as it was.
func (k *Keeper) decide(ctx context.Context, set *changeSet) (border.ListPosition, error) {
	none := border.ListPosition{}
	s := k.current.Load()
	if s == nil {
		s = &state{hubOnly: map[watch.Key]*watch.Entry{}, silent: map[watch.Key]*watch.Entry{}, counts: map[string]int{}}
	}
	p, err := k.plan(ctx, s, set)
	if err != nil {
		return none, err
	}
	n, files, err := k.next(ctx, s, set, p)
	if err != nil {
		k.removeFiles(files)
		return none, err
	}
	signed, err := release.Sign(n.manifest, k.sign)
	if err != nil {
		k.removeFiles(files)
		return none, err
	}
	n.Position = n.manifest.Position(signed)
	k.fault("files")
	err = k.store.write(ctx, "make a release of the list", func(tx *sql.Tx) error {
		if err := k.writeSet(ctx, tx, n, set, p); err != nil {
			return err
		}
		k.fault("rows")
		return k.writeRelease(ctx, tx, n, signed, files)
	})
	if err != nil {
		// A commit that failed may be on the disk all the same. The store has been reopened and
		// says what is; files that it names must stay.
		return none, errors.Join(err, k.settle())
	}
	k.fault("committed")
	k.current.Store(n)
	k.publish()
	k.log.Info("list release made", "list", k.name, "version", n.Position.Version, "kind", set.kind, "source", set.source,
		"changes", len(p.changes), "snapshot", n.base == n.serial, "entries", n.Posts.Len())
	return n.Position, nil
}

// settle finds out what holds after a commit of unknown fate.
func (k *Keeper) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the caller's may be what has ended
	defer cancel()
	if err := k.removeOrphans(ctx); err != nil {
		return err
	}
	serial, err := k.newest(ctx)
	if err != nil {
		return err
	}
	if s := k.current.Load(); s == nil && serial != 0 || s != nil && s.serial != serial {
		return k.load(ctx)
	}
	return nil
}

// next makes the state of the next version and its files.
func (k *Keeper) next(ctx context.Context, s *state, set *changeSet, p *plan) (*state, []file, error) {
	n := &state{hubOnly: p.hubOnly, silent: p.silent, counts: p.counts, changes: s.changes + len(p.changes)}
	issued := k.clock.Now().UTC().Truncate(time.Millisecond)
	if issued.Before(s.Issued) { // the clock went back; a later release is not an older one
		issued = s.Issued
	}
	n.Issued, n.ValidUntil = issued, issued.Add(k.rules.Validity)
	epochNo := epochOf(s.serial)
	switch {
	case s.manifest == nil:
		if set.epoch == nil {
			set.epoch = &newEpoch{no: 1, epoch: randomEpoch()}
		}
		n.manifest = &release.Manifest{List: k.name, Epoch: set.epoch.epoch, Version: 1}
	case set.epoch != nil:
		n.manifest = s.manifest.Renew(set.epoch.epoch, s.Position.Hash)
		n.manifest.Parents[0].Version, n.manifest.Parents[0].Hash = set.epoch.from.Version, set.epoch.from.Hash
	default:
		n.manifest = s.manifest.Next(s.Position.Hash)
	}
	if set.epoch != nil {
		epochNo = set.epoch.no
	}
	m := n.manifest
	m.Issued, m.ValidUntil, m.Key = n.Issued, n.ValidUntil, k.keys.ID()
	n.serial = serialOf(epochNo, m.Version)
	if d := set.documents; d != nil {
		m.Filter, m.FilterSet, m.Documents = d.filter.File, d.changes.File, d.documents
	}

	var made []file
	var err error
	if set.snapshot || set.epoch != nil || k.needsSnapshot(s, n.changes) {
		made, err = k.snapshot(ctx, s, n, set, p)
	} else {
		n.base = s.base
		made, err = k.delta(s, n, p)
	}
	if err != nil {
		return nil, made, err
	}
	m.Entries, m.Sources = int64(n.Posts.Len()), n.Posts.Sources()
	n.List, err = k.overlay(ctx, n, set)
	return n, made, err
}

// needsSnapshot reports whether so many changes since the last snapshot are too many.
func (k *Keeper) needsSnapshot(s *state, changes int) bool {
	if s.Posts == nil || changes > k.rules.BaseCount {
		return true
	}
	return changes > k.rules.BaseFloor && float64(changes) > k.rules.BaseShare*float64(s.Posts.Len())
}

// delta applies a plan to the list in force and writes what has changed.
func (k *Keeper) delta(s, n *state, p *plan) ([]file, error) {
	if len(p.changes) == 0 {
		n.Posts = s.Posts
		return nil, nil
	}
	var err error
	if n.Posts, err = s.Posts.With(p.changes); err != nil {
		return nil, err
	}
	b, err := release.EncodeDelta(p.changes)
	if err != nil {
		return nil, err
	}
	f, err := k.writeFile(n.manifest.DeltaLabel(), bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	n.manifest.Delta = &f
	return []file{{release.Delta, f}}, nil
}

// snapshot compiles all entries that posts hold after a plan.
func (k *Keeper) snapshot(ctx context.Context, s, n *state, set *changeSet, p *plan) ([]file, error) {
	c, err := k.contents(ctx, s, set, p)
	if err != nil {
		return nil, err
	}
	base, err := watch.Compile(c.description, c.entries)
	if err != nil {
		return nil, err
	}
	// The hub opens the very bytes that posts open.
	var b bytes.Buffer
	if _, err := base.WriteTo(&b); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "make a snapshot of the list", Err: err}
	}
	if base, err = watch.OpenBase(b.Bytes()); err != nil {
		return nil, err
	}
	n.Posts, n.base, n.changes = watch.New(base), n.serial, 0
	n.manifest.Delta, n.manifest.Base.Version = nil, n.manifest.Version
	f, err := k.writeFile(n.manifest.SnapshotLabel(), bytes.NewReader(b.Bytes()))
	if err != nil {
		return nil, err
	}
	n.manifest.Base.File = f
	return []file{{release.Snapshot, f}}, nil
}

// contents is what a snapshot is made of.
type contents struct {
	description watch.Description
	entries     []*watch.Entry
}

// contents applies a plan to all that posts hold, entry by entry: a snapshot is for when there
// is too much for an overlay.
func (k *Keeper) contents(ctx context.Context, s *state, set *changeSet, p *plan) (*contents, error) {
	if set.kind == kindRepaired {
		return k.contentsOfStore(ctx)
	}
	c := &contents{description: watch.Description{Name: k.name}}
	type memory struct {
		document border.BlindIndex
		key      watch.Key
	}
	remembered := make(map[memory]watch.NonMatch)
	if err := k.eachMemory(ctx, func(m *watch.NonMatch) {
		key := watch.Key{Source: m.Source, ID: m.ID}
		if s.Posts == nil {
			return
		}
		if _, ok := s.Posts.Entry(key); ok {
			remembered[memory{m.Document, key}] = *m
		}
	}); err != nil {
		return nil, err
	}
	entries := make(map[watch.Key]*watch.Entry)
	if s.Posts != nil {
		for e := range s.Posts.Entries() {
			entries[e.Key()] = e
		}
		c.description.Sources = slices.Clone(s.Posts.Sources())
	}
	for _, ch := range p.changes {
		switch {
		case ch.Put != nil:
			entries[ch.Put.Key()] = ch.Put
		case ch.Remove != nil:
			delete(entries, *ch.Remove)
		case ch.Remember != nil:
			remembered[memory{ch.Remember.Document, watch.Key{Source: ch.Remember.Source, ID: ch.Remember.ID}}] = *ch.Remember
		case ch.Forget != nil:
			delete(remembered, memory{ch.Forget.Document, watch.Key{Source: ch.Forget.Source, ID: ch.Forget.ID}})
		case ch.Describe != nil:
			c.description.Sources = describeIn(c.description.Sources, *ch.Describe)
		}
	}
	c.entries = make([]*watch.Entry, 0, len(entries))
	for _, e := range entries {
		c.entries = append(c.entries, e)
	}
	for _, m := range remembered {
		c.description.Remembered = append(c.description.Remembered, m)
	}
	c.order()
	return c, nil
}

// order makes the same contents the same bytes.
func (c *contents) order() {
	slices.SortFunc(c.entries, func(a, b *watch.Entry) int { return compareKeys(a.Key(), b.Key()) })
	slices.SortFunc(c.description.Sources, func(a, b watch.Source) int { return compareText(a.Name, b.Name) })
	slices.SortFunc(c.description.Remembered, func(a, b watch.NonMatch) int {
		if n := bytes.Compare(a.Document[:], b.Document[:]); n != 0 {
			return n
		}
		return compareKeys(watch.Key{Source: a.Source, ID: a.ID}, watch.Key{Source: b.Source, ID: b.ID})
	})
}

func describeIn(sources []watch.Source, d watch.Source) []watch.Source {
	if i := slices.IndexFunc(sources, func(s watch.Source) bool { return s.Name == d.Name }); i >= 0 {
		sources[i] = d
		return sources
	}
	return append(sources, d)
}

// overlay lays over the posts' list what is for the hub alone: entries, and beside those of
// posts what these must not know of silent ones.
func (k *Keeper) overlay(ctx context.Context, n *state, set *changeSet) (*watch.List, error) {
	inFull := func(l *watch.List) *watch.List {
		if len(n.silent) == 0 {
			return l
		}
		return l.InFull(slices.Collect(maps.Values(n.silent)))
	}
	if len(n.hubOnly) == 0 {
		return inFull(n.Posts), nil
	}
	changes := make([]watch.Change, 0, len(n.hubOnly))
	for _, key := range sortedKeys(n.hubOnly) {
		changes = append(changes, watch.Change{Put: n.hubOnly[key]})
	}
	put := func(m *watch.NonMatch) {
		e := n.hubOnly[watch.Key{Source: m.Source, ID: m.ID}]
		if e != nil && watch.FingerprintOf(e) == m.Fields {
			changes = append(changes, watch.Change{Remember: m})
		}
	}
	forgotten := func(m *watch.NonMatch) bool {
		return slices.ContainsFunc(set.memories, func(c watch.Change) bool { return c.Forget != nil && *c.Forget == *m })
	}
	if err := k.eachMemory(ctx, func(m *watch.NonMatch) {
		if !forgotten(m) {
			put(m)
		}
	}); err != nil {
		return nil, err
	}
	for _, c := range set.memories {
		if c.Remember != nil {
			put(c.Remember)
		}
	}
	hidden, err := k.hiddenSources(ctx, n, set)
	if err != nil {
		return nil, err
	}
	for i := range hidden {
		changes = append(changes, watch.Change{Describe: &hidden[i]})
	}
	l, err := n.Posts.With(changes)
	if err != nil {
		return nil, err
	}
	return inFull(l), nil
}

// hiddenSources describes the sources that posts do not hear of.
func (k *Keeper) hiddenSources(ctx context.Context, n *state, set *changeSet) ([]watch.Source, error) {
	counts := make(map[string]int)
	for key := range n.hubOnly {
		counts[key.Source]++
	}
	var all []watch.Source
	err := k.store.read(ctx, "read the sources", func(tx *sql.Tx) error {
		var err error
		all, err = sourcesOf(ctx, tx, "described = 0", counts)
		return err
	})
	if a := set.about; a != nil && set.source != "" {
		all = describeIn(all, watch.Source{Name: set.source, Version: a.version, Issued: a.issued, MaxAge: a.maxAge, Entries: counts[set.source]})
	}
	return slices.DeleteFunc(all, func(d watch.Source) bool {
		return slices.ContainsFunc(n.Posts.Sources(), func(known watch.Source) bool { return known.Name == d.Name })
	}), err
}
