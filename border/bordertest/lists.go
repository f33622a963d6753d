package bordertest

import (
	"bytes"
	"context"
	"io"
	"sort"
	"sync"

	"garita/border"
)

// MemoryLists is the hub's keeper of lists in memory. It serves as [border.ListSource] in
// tests of parts above it. Safe for concurrent use.
type MemoryLists struct {
	key       string
	published chan struct{}

	mu     sync.Mutex // guards all below
	lists  map[string]*memoryList
	opened map[border.Digest]int
	spoilt map[border.Digest]bool
	fail   error
}

type memoryList struct {
	chains []*ReleaseChain // one for each epoch, the present one last
	kept   uint64          // releases of the present epoch below it are pruned
	gone   bool            // older epochs are pruned
}

var _ border.ListSource = (*MemoryLists)(nil)

// NewMemoryLists returns a keeper without lists that signs with key.
func NewMemoryLists(key string) *MemoryLists {
	return &MemoryLists{key: key, published: make(chan struct{}, 1), lists: map[string]*memoryList{}, opened: map[border.Digest]int{}, spoilt: map[border.Digest]bool{}}
}

// Release publishes the next release of a list.
func (s *MemoryLists) Release(list string, snapshot bool, files ...[]byte) border.ListPosition {
	s.mu.Lock()
	l := s.lists[list]
	if l == nil {
		l = &memoryList{chains: []*ReleaseChain{NewReleaseChain(list, s.epochNo(list, 0), border.ListPosition{}, s.key)}}
		s.lists[list] = l
	}
	r := l.chains[len(l.chains)-1].Add(snapshot, files...)
	s.mu.Unlock()
	s.signal()
	return r.Position
}

// Restore begins a new epoch of a list as a hub does that was put back to a version of the
// present one. Nothing is published until the next release.
func (s *MemoryLists) Restore(list string, version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lists[list]
	last := len(l.chains) - 1
	l.chains[last] = l.chains[last].Fork(int(version))
	l.chains = append(l.chains, NewReleaseChain(list, s.epochNo(list, last+1), l.chains[last].Last(), s.key))
	l.kept, l.gone = 0, false
}

// Prune forgets releases below a version of the present epoch, and older epochs.
func (s *MemoryLists) Prune(list string, below uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lists[list]
	l.kept, l.gone = below, true
}

// Fail makes every call fail with err from now on, nil ends that.
func (s *MemoryLists) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Spoil lets a file break off before its last byte.
func (s *MemoryLists) Spoil(d border.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoilt[d] = true
}

// Opened counts how often a file was opened.
func (s *MemoryLists) Opened(d border.Digest) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened[d]
}

// epochNo spreads the lists' epochs apart.
func (s *MemoryLists) epochNo(list string, n int) border.Epoch {
	h := 0
	for _, c := range list {
		h = h*131 + int(c)
	}
	return EpochNo(-2 - h%1_000_000*1000 - n)
}

func (s *MemoryLists) signal() {
	select {
	case s.published <- struct{}{}:
	default:
	}
}

// kept lists the releases that are kept, oldest epoch first. Called with mu held.
func (l *memoryList) releases() []MadeRelease {
	var out []MadeRelease
	for i, c := range l.chains {
		if i < len(l.chains)-1 && l.gone {
			continue
		}
		for _, r := range c.Releases() {
			if i < len(l.chains)-1 || r.Position.Version >= l.kept {
				out = append(out, r)
			}
		}
	}
	return out
}

// enter locks s and reports whether the call may go on.
func (s *MemoryLists) enter(ctx context.Context) error {
	s.mu.Lock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.fail
}

// Heads implements [border.ListSource].
func (s *MemoryLists) Heads(ctx context.Context) ([]border.ListRelease, error) {
	err := s.enter(ctx)
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var out []border.ListRelease
	for _, l := range s.lists {
		if rs := l.releases(); len(rs) > 0 {
			out = append(out, rs[len(rs)-1].ListRelease)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Position.List < out[j].Position.List })
	return out, nil
}

// Releases implements [border.ListSource].
func (s *MemoryLists) Releases(ctx context.Context, list string, epoch border.Epoch, after uint64, limit int) ([]border.ListRelease, error) {
	err := s.enter(ctx)
	defer s.mu.Unlock()
	if err != nil || s.lists[list] == nil {
		return nil, err
	}
	var out []border.ListRelease
	for _, r := range s.lists[list].releases() {
		if r.Position.Epoch == epoch && r.Position.Version > after && len(out) < limit {
			out = append(out, r.ListRelease)
		}
	}
	return out, nil
}

// Latest implements [border.ListSource].
func (s *MemoryLists) Latest(ctx context.Context, list string) (border.ListRelease, error) {
	err := s.enter(ctx)
	defer s.mu.Unlock()
	if err != nil {
		return border.ListRelease{}, err
	}
	if l := s.lists[list]; l != nil {
		rs := l.releases()
		for i := len(rs) - 1; i >= 0; i-- {
			if rs[i].Snapshot {
				return rs[i].ListRelease, nil
			}
		}
	}
	return border.ListRelease{}, notThere("find a snapshot")
}

func notThere(op string) error { return &border.Error{Code: border.NotFound, Op: op} }

// Files implements [border.ListSource].
func (s *MemoryLists) Files(ctx context.Context, p border.ListPosition) ([]border.ListFile, error) {
	err := s.enter(ctx)
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if l := s.lists[p.List]; l != nil {
		for _, r := range l.releases() {
			if r.Position == p {
				m, _ := decodeMemoryManifest(r.Manifest, s.key)
				return m.Files, nil
			}
		}
	}
	return nil, notThere("list the files of a release")
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// Open implements [border.ListSource].
func (s *MemoryLists) Open(ctx context.Context, d border.Digest) (io.ReadSeekCloser, error) {
	err := s.enter(ctx)
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	for _, l := range s.lists {
		for _, r := range l.releases() {
			if b, ok := r.Files[d]; ok {
				s.opened[d]++
				if s.spoilt[d] {
					b = b[:len(b)-1]
				}
				return memoryFile{bytes.NewReader(b)}, nil
			}
		}
	}
	return nil, notThere("open a file of a list")
}

// Published implements [border.ListSource].
func (s *MemoryLists) Published() <-chan struct{} { return s.published }
