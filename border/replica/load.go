package replica

import (
	"context"
	"errors"
	"fmt"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/document"
	"garita/border/watch/release"
)

// load puts in force what lists.db names and what opens.
func (r *Replica) load(ctx context.Context) error {
	type found struct {
		forceRow
		signed [][]byte
	}
	var lists []found
	var refused []refusalRow
	err := r.store.do(ctx, func(t tx) error {
		rows, err := inForce(t)
		if err != nil {
			return err
		}
		for _, f := range rows {
			signed, err := manifests(t, f.position)
			if err != nil {
				return err
			}
			lists = append(lists, found{f, signed})
		}
		if refused, err = refusals(t); err != nil {
			return err
		}
		begun, err := parts(t)
		r.loadParts(begun)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range refused {
		if h := r.list(row.list); h != nil {
			h.refused = row
		}
	}
	for _, f := range lists {
		h := r.list(f.position.List)
		if h == nil || r.keys == nil {
			continue
		}
		h.newest = f.position
		r.loadList(h, f.forceRow, f.signed)
	}
	r.mu.Lock()
	r.publish()
	r.mu.Unlock()
	return nil
}

// loadList opens the snapshot and the changes of a list, as far as they open.
func (r *Replica) loadList(h *held, f forceRow, signed [][]byte) {
	chain, last := chainOf(signed)
	err := errors.New("its manifests are not there")
	if len(chain) > 0 {
		var list *watch.List
		var n int
		list, n, err = r.openChain(chain)
		if list != nil {
			m := chain[n-1]
			h.chain = chain[:n]
			h.inForce = &Held{List: list, Position: m.Position(last[n-1]), Issued: m.Issued, ValidUntil: m.ValidUntil, Since: f.since}
			if err == nil && h.inForce.Position != f.position {
				err = errors.New("its last manifest is not there")
			}
			err = errors.Join(err, r.loadDocuments(h, m))
		}
	}
	if err == nil {
		return
	}
	switch {
	case h.inForce == nil:
		h.problem = "The list on this station's disk is damaged and is not in force. It is fetched anew from the hub."
	case h.inForce.Position != f.position:
		h.problem = fmt.Sprintf("A part of the list on this station's disk is damaged: version %d is in force instead of %d. What is missing is fetched anew from the hub.",
			h.inForce.Position.Version, f.position.Version)
	default:
		h.problem = "The filter of lost and stolen documents on this station's disk is damaged and is not in force. It is fetched anew with the next release."
	}
	if h.refused.reason == "" {
		h.refused = refusalRow{h.name, Damaged, r.now()}
	}
	r.cfg.Log.Error("lists: what was in force does not open", "list", h.name, "version", f.position.Version, "error", err)
}

// chainOf reads manifests that the replica verified when it took them, from the one with the snapshot on.
func chainOf(signed [][]byte) (chain []*release.Manifest, kept [][]byte) {
	for _, b := range signed {
		m, err := release.DecodeManifest(b)
		if err != nil {
			break
		}
		switch n := len(chain); {
		case m.IsSnapshot():
			chain, kept = nil, nil
		case n == 0 || m.Version != chain[n-1].Version+1 || m.Previous != release.Hash(kept[n-1]) || m.Base != chain[n-1].Base:
			return chain, kept
		}
		chain, kept = append(chain, m), append(kept, b)
	}
	return chain, kept
}

// openChain opens a snapshot and the changes since, and says how many releases that is; with
// an error where they are not all.
func (r *Replica) openChain(chain []*release.Manifest) (*watch.List, int, error) {
	whole := make(chan error, 1) // a large file: it is compared with its name while it is opened
	go func() { whole <- r.whole(chain[0].Base.Digest) }()
	base, err := r.openBase(chain[0], r.path(chain[0].Base.Digest))
	if err = errors.Join(<-whole, err); err != nil {
		r.bad[chain[0].Base.Digest] = true
		return nil, 0, err
	}
	var changes []watch.Change
	n := 1
	for ; n < len(chain); n++ {
		if chain[n].Delta == nil {
			continue
		}
		var more []watch.Change
		if err = r.whole(chain[n].Delta.Digest); err == nil {
			more, err = r.openDelta(chain[n], r.path(chain[n].Delta.Digest))
		}
		if err != nil {
			r.bad[chain[n].Delta.Digest] = true
			break
		}
		changes = append(changes, more...)
	}
	list, failed := watch.New(base).With(changes)
	if failed != nil {
		return nil, 0, failed
	}
	return list, n, err
}

// loadDocuments opens the document filter of the release in force.
func (r *Replica) loadDocuments(h *held, m *release.Manifest) error {
	if m.Filter == nil {
		return nil
	}
	paths := map[border.Digest]string{m.Filter.Digest: r.path(m.Filter.Digest)}
	if m.FilterSet != nil {
		paths[m.FilterSet.Digest] = r.path(m.FilterSet.Digest)
	}
	filter, set, err := r.openBoth(m, paths)
	if err != nil {
		h.inForce.DocumentsDamaged = true
		return err
	}
	h.filter, h.inForce.Documents = filter, set
	return nil
}

// openBoth opens a filter and its changes, and remembers which of the files is not what it was.
func (r *Replica) openBoth(m *release.Manifest, paths map[border.Digest]string) (filter *document.Filter, set *document.Set, err error) {
	if err = r.whole(m.Filter.Digest); err == nil {
		filter, err = r.openFilter(m, paths, &held{})
	}
	if err != nil {
		r.bad[m.Filter.Digest] = true
		return nil, nil, err
	}
	if m.FilterSet != nil {
		err = r.whole(m.FilterSet.Digest)
	}
	if err == nil {
		set, err = r.openDocuments(m, filter, paths)
	}
	if err != nil && m.FilterSet != nil {
		r.bad[m.FilterSet.Digest] = true
	}
	return filter, set, err
}

// whole reads a file to its end and compares it with its name.
func (r *Replica) whole(d border.Digest) error {
	sum, err := digestOf(r.path(d))
	if err == nil && sum != d {
		err = release.ErrDamaged
	}
	return err
}
