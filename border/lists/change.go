package lists

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
)

// The kinds of change sets.
const (
	kindImport   = "import"
	kindHand     = "hand"
	kindMemory   = "memory"
	kindRefresh  = "refresh"
	kindRestored = "restored"
	kindRepaired = "repaired"
)

// The operations on an entry.
const (
	opAdd    = "add"
	opChange = "change"
	opRemove = "remove"
	opReturn = "return" // what was decided by hand is left to the next import again
)

// words is who decided a change set, and why. It is stored sealed: badges are people's, and
// reasons name them.
type words struct {
	By     string `json:"by,omitempty"`
	Second string `json:"second,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// step is what a change set does to one entry.
type step struct {
	key    watch.Key
	op     string
	entry  *watch.Entry // nil: withdrawn
	urgent bool         // posts are chased for it
	row    *entryRow    // nil: the rows are made by changeSet.rows
}

// entryRow is a row of entry_revision, but for where and when.
type entryRow struct {
	identifies, hand bool
	fingerprint      watch.Fingerprint
	handling         watch.Handling
	hubOnly          bool
	digest           [digestSize]byte
	sealed           []byte // nil: withdrawn
}

// changeSet is what is decided at once and makes one release.
type changeSet struct {
	kind   string
	source string // whose entries it changes; ""
	words  words
	steps  []step
	// memories are non-matches to remember or to forget.
	memories []watch.Change
	about    *aboutSource // what is known of the source from now on; nil: as before
	snapshot bool         // asked for, whatever the count of changes
	epoch    *newEpoch    // nil: the release follows in the same epoch
	// documents is what posts get of documents from now on; nil: as before.
	documents *documentChange
	// rows writes what else belongs to it, in the same transaction. first is the revision of
	// the first step.
	rows func(tx *sql.Tx, serial, first int64) error
}

// aboutSource is what an import or a change by hand says of its source.
type aboutSource struct {
	kind    string
	version string
	issued  time.Time
	maxAge  time.Duration
}

// record makes the row of an entry as it is from now on; old is what was in force, nil if
// nothing was.
func (k *Keeper) record(e, old *watch.Entry, hand bool) (*entryRow, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write an entry", Err: err}
	}
	return k.recordPlain(e, plain, old, hand), nil
}

func (k *Keeper) recordPlain(e *watch.Entry, plain []byte, old *watch.Entry, hand bool) *entryRow {
	return &entryRow{identifies: asksAnew(old, e), hand: hand, fingerprint: watch.FingerprintOf(e), handling: e.Handling,
		hubOnly: e.Distribution == watch.HubOnly, digest: k.vault.same(plain), sealed: k.vault.sealBytes(entryName(e.Key()), plain)}
}

// asksAnew reports whether past travellers must be held against an entry again: it is new,
// or what identifies it has changed, or when it counts, or who may learn of it: what stations
// were told of one that is silent now has to be taken back.
func asksAnew(old, e *watch.Entry) bool {
	return old == nil || watch.FingerprintOf(old) != watch.FingerprintOf(e) ||
		old.Handling != e.Handling || old.Applies != e.Applies || old.ValidFrom != e.ValidFrom || old.Expires != e.Expires
}

// gone makes the row of an entry that was withdrawn.
func gone(old *watch.Entry, hand bool) *entryRow {
	return &entryRow{hand: hand, handling: old.Handling, hubOnly: old.Distribution == watch.HubOnly}
}

// forPosts says what a step changes for posts that hold the list; false: nothing.
func forPosts(held *watch.List, key watch.Key, e *watch.Entry) (watch.Change, bool) {
	var old *watch.Entry
	if held != nil {
		old, _ = held.Entry(key)
	}
	if e != nil {
		if reduced, ok := watch.ForPosts(e); ok {
			// What posts would not see changed is not sent: that something was written about a
			// silent entry is nobody's business there.
			if old != nil && alike(old, reduced) {
				return watch.Change{}, false
			}
			return watch.Change{Put: reduced}, true
		}
	}
	if old == nil {
		return watch.Change{}, false
	}
	return watch.Change{Remove: &key}, true
}

func alike(a, b *watch.Entry) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}

// plan is what a change set means for the list: at posts, and at the hub.
type plan struct {
	changes []watch.Change // for posts, in the order in which they are applied
	urgent  []watch.Key
	hubOnly map[watch.Key]*watch.Entry
	silent  map[watch.Key]*watch.Entry
	counts  map[string]int
	forget  []watch.NonMatch // rows that go with their entries
}

// plan works out a change set against the list in force.
func (k *Keeper) plan(ctx context.Context, s *state, set *changeSet) (*plan, error) {
	p := &plan{hubOnly: s.hubOnly, silent: s.silent, counts: s.counts}
	var remembered map[watch.Key][]watch.NonMatch
	if len(set.steps) > 0 {
		var err error
		if remembered, err = k.remembered(ctx); err != nil {
			return nil, err
		}
		p.hubOnly, p.silent, p.counts = maps.Clone(s.hubOnly), maps.Clone(s.silent), maps.Clone(s.counts)
	}
	// Not in the order in which a file happens to have them.
	slices.SortFunc(set.steps, func(a, b step) int { return compareKeys(a.key, b.key) })
	for _, st := range set.steps {
		if st.op == opReturn {
			continue
		}
		p.step(s, st, remembered[st.key])
	}
	for _, m := range set.memories {
		if n := memoryOf(m); p.held(s, watch.Key{Source: n.Source, ID: n.ID}) {
			p.changes = append(p.changes, m)
		}
	}
	if d, ok := k.describe(s, set, p); ok {
		p.changes = append(p.changes, d)
	}
	return p, nil
}

func (p *plan) step(s *state, st step, remembered []watch.NonMatch) {
	had := false
	if s.Posts != nil {
		_, had = s.Posts.Entry(st.key)
	}
	has := st.entry != nil && st.entry.Distribution != watch.HubOnly
	change, changes := forPosts(s.Posts, st.key, st.entry)
	if changes {
		p.changes = append(p.changes, change)
		if st.urgent {
			p.urgent = append(p.urgent, st.key)
		}
	}
	if has && !had {
		p.counts[st.key.Source]++
	}
	if had && !has {
		p.counts[st.key.Source]--
	}
	delete(p.hubOnly, st.key)
	delete(p.silent, st.key)
	switch {
	case st.entry != nil && !has:
		p.hubOnly[st.key] = st.entry
	case has && st.entry.Handling == watch.Silent:
		p.silent[st.key] = st.entry
	}
	for _, m := range remembered {
		alive := st.entry != nil && watch.FingerprintOf(st.entry) == m.Fields
		if !alive {
			p.forget = append(p.forget, m)
		}
		switch {
		case had && (!alive || !has):
			p.changes = append(p.changes, watch.Change{Forget: &m})
		case !had && alive && has:
			p.changes = append(p.changes, watch.Change{Remember: &m})
		}
	}
}

// held reports whether posts hold an entry once the plan's steps are done.
func (p *plan) held(s *state, key watch.Key) bool {
	for i := len(p.changes) - 1; i >= 0; i-- {
		switch c := p.changes[i]; {
		case c.Put != nil && c.Put.Key() == key:
			return true
		case c.Remove != nil && *c.Remove == key:
			return false
		}
	}
	if s.Posts == nil {
		return false
	}
	_, ok := s.Posts.Entry(key)
	return ok
}

// describe says what posts are told of the set's source. Of a source that has nothing for
// posts they do not hear.
func (k *Keeper) describe(s *state, set *changeSet, p *plan) (watch.Change, bool) {
	if set.source == "" || set.kind == kindMemory {
		return watch.Change{}, false
	}
	var old *watch.Source
	if s.Posts != nil {
		for _, d := range s.Posts.Sources() {
			if d.Name == set.source {
				old = &d
			}
		}
	}
	if old == nil && p.counts[set.source] == 0 && set.documents == nil {
		return watch.Change{}, false
	}
	if set.kind == kindHand && len(p.changes) == 0 { // the moment of a change that is not theirs to see
		return watch.Change{}, false
	}
	d := watch.Source{Name: set.source}
	if old != nil {
		d = *old
	}
	if a := set.about; a != nil {
		d.Version, d.Issued, d.MaxAge = a.version, a.issued.UTC().Truncate(time.Millisecond), a.maxAge
	}
	d.Entries = p.counts[set.source]
	if set.documents != nil {
		d.Entries = int(set.documents.held)
	}
	if old != nil && sameSource(*old, d) {
		return watch.Change{}, false
	}
	return watch.Change{Describe: &d}, true
}

func sameSource(a, b watch.Source) bool {
	same := a.Issued.Equal(b.Issued)
	a.Issued, b.Issued = time.Time{}, time.Time{}
	return same && a == b
}

func memoryOf(c watch.Change) *watch.NonMatch {
	if c.Remember != nil {
		return c.Remember
	}
	return c.Forget
}
