package bordertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"garita/border"
)

// MemoryReplica is a station's copy of the lists in memory, for releases made by a
// [ReleaseChain]. It serves as [border.ListSink] in tests of parts above it. Safe for
// concurrent use.
type MemoryReplica struct {
	key string

	mu    sync.Mutex // guards all below
	lists map[string]*memoryCopy
	files map[border.Digest]*memoryPart
	fail  error
	// applied is called after every Apply that took effect, without the lock.
	applied func(border.ListPosition)
	fetched map[border.Digest]int64 // bytes received, those received again too
}

type memoryCopy struct {
	position border.ListPosition
	parent   border.ListPosition
	passed   map[border.Epoch]map[uint64]border.Digest
	refused  string
	refusals int
	inForce  [][]byte // the files of the release in force
}

type memoryPart struct {
	size   int64
	bytes  []byte
	wanted bool
}

var _ border.ListSink = (*MemoryReplica)(nil)

// NewMemoryReplica returns a replica that holds nothing and trusts the signatures of key.
func NewMemoryReplica(key string) *MemoryReplica {
	return &MemoryReplica{
		key: key, lists: map[string]*memoryCopy{}, files: map[border.Digest]*memoryPart{},
		applied: func(border.ListPosition) {}, fetched: map[border.Digest]int64{},
	}
}

// OnApplied sets what is called after every release that was put in force.
func (s *MemoryReplica) OnApplied(f func(border.ListPosition)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = f
}

// Fail makes Offer, Receive and Apply fail with err from now on, nil ends that.
func (s *MemoryReplica) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Fetched counts the bytes that were received of a file, those received again too.
func (s *MemoryReplica) Fetched(d border.Digest) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetched[d]
}

// Refused says why a release of a list was refused last, and how many were.
func (s *MemoryReplica) Refused(list string) (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.list(list)
	return c.refused, c.refusals
}

// InForce returns the files of the release in force.
func (s *MemoryReplica) InForce(list string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(list).inForce
}

func (s *MemoryReplica) list(name string) *memoryCopy {
	c := s.lists[name]
	if c == nil {
		c = &memoryCopy{position: border.ListPosition{List: name}, passed: map[border.Epoch]map[uint64]border.Digest{}}
		s.lists[name] = c
	}
	return c
}

// Position implements [border.ListSink].
func (s *MemoryReplica) Position(ctx context.Context, list string) (border.ListPosition, error) {
	if err := ctx.Err(); err != nil {
		return border.ListPosition{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(list).position, nil
}

func sinkError(op string, code border.Code, why string) error {
	return &border.Error{Code: code, Op: op, Err: fmt.Errorf("%s", why)}
}

// check reads a manifest and says whether it may follow what is in force. Called with mu held.
func (s *MemoryReplica) check(b []byte) (memoryManifest, *memoryCopy, error) {
	const op = "take a release"
	if len(b) > border.MaxManifest {
		return memoryManifest{}, nil, sinkError(op, border.TooLarge, "the manifest is too large")
	}
	m, ok := decodeMemoryManifest(b, s.key)
	if !ok {
		for _, c := range s.lists { // nothing in it can be believed, not even the list's name
			c.refused = "signature"
			c.refusals++
		}
		return m, nil, sinkError(op, border.Forbidden, "not signed by the hub")
	}
	c := s.list(m.Position.List)
	refuse := func(why string) (memoryManifest, *memoryCopy, error) {
		c.refused = why
		c.refusals++
		return m, c, sinkError(op, border.Forbidden, why)
	}
	if old, ok := c.passed[m.Position.Epoch][m.Position.Version]; ok && old != m.Position.Hash {
		return refuse("fork")
	}
	at := c.position
	switch {
	case at.Version == 0:
		if m.Snapshot {
			return m, c, nil
		}
	case m.Position.Epoch == at.Epoch && m.Position.Version <= at.Version:
		return m, c, sinkError(op, border.Stale, "in force already")
	case m.Position.Epoch == at.Epoch && m.Position.Version == at.Version+1 && m.Previous != at.Hash:
		return refuse("fork")
	case m.Position.Epoch == at.Epoch && (m.Snapshot || m.Position.Version == at.Version+1):
		return m, c, nil
	case m.Position.Epoch == at.Epoch: // a gap
	case c.passed[m.Position.Epoch] != nil:
		return m, c, sinkError(op, border.Stale, "of an epoch that is over")
	default: // a new epoch
		old, known := c.passed[m.Parent.Epoch][m.Parent.Version]
		behind := m.Parent.Epoch == at.Epoch && m.Parent.Version > at.Version
		switch {
		case known && old != m.Parent.Hash, !known && !behind:
			return refuse("fork")
		case m.Snapshot, m.Parent == at && m.Position.Version == 1:
			return m, c, nil
		}
	}
	return m, c, sinkError(op, border.Conflict, "does not follow what is in force")
}

// Offer implements [border.ListSink].
func (s *MemoryReplica) Offer(ctx context.Context, manifest []byte) ([]border.ListFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	m, _, err := s.check(manifest)
	if err != nil {
		return nil, err
	}
	var out []border.ListFile
	for _, f := range m.Files {
		p := s.files[f.Digest]
		if p == nil {
			p = &memoryPart{size: f.Size}
			s.files[f.Digest] = p
		}
		p.wanted = true
		if f.Have = int64(len(p.bytes)); f.Have < f.Size {
			out = append(out, f)
		}
	}
	return out, nil
}

// Receive implements [border.ListSink].
func (s *MemoryReplica) Receive(ctx context.Context, d border.Digest, offset int64, b []byte) error {
	const op = "receive a file of a list"
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	p := s.files[d]
	switch {
	case p == nil || !p.wanted:
		return sinkError(op, border.NotFound, "nobody wants it")
	case offset != int64(len(p.bytes)):
		return sinkError(op, border.Conflict, "not where the file ends")
	case offset+int64(len(b)) > p.size:
		return sinkError(op, border.TooLarge, "more than the file holds")
	}
	p.bytes = append(p.bytes, b...)
	s.fetched[d] += int64(len(b))
	return nil
}

// Apply implements [border.ListSink].
func (s *MemoryReplica) Apply(ctx context.Context, manifest []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, f, err := s.apply(manifest)
	if err == nil {
		f(p)
	}
	return err
}

func (s *MemoryReplica) apply(manifest []byte) (border.ListPosition, func(border.ListPosition), error) {
	const op = "put a release in force"
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return border.ListPosition{}, nil, s.fail
	}
	m, c, err := s.check(manifest)
	if err != nil {
		return border.ListPosition{}, nil, err
	}
	var held [][]byte
	for _, f := range m.Files {
		p := s.files[f.Digest]
		if p == nil || int64(len(p.bytes)) < f.Size {
			return border.ListPosition{}, nil, sinkError(op, border.Conflict, "a file is not whole")
		}
		if sha256.Sum256(p.bytes) != f.Digest {
			p.bytes = nil // begun anew
			c.refused = "corrupt"
			c.refusals++
			return border.ListPosition{}, nil, sinkError(op, border.Invalid, "a file is not what it should be")
		}
		held = append(held, bytes.Clone(p.bytes))
	}
	c.position, c.parent, c.inForce, c.refused = m.Position, m.Parent, held, ""
	for _, p := range []border.ListPosition{m.Position, m.Parent} {
		if p.Version > 0 {
			if c.passed[p.Epoch] == nil {
				c.passed[p.Epoch] = map[uint64]border.Digest{}
			}
			c.passed[p.Epoch][p.Version] = p.Hash
		}
	}
	return m.Position, s.applied, nil
}
