package bordertest

import (
	"context"
	"fmt"
	"sync"

	"garita/border"
)

// MemorySource is a station's journal in memory. It serves as [border.EventSource] in
// tests of parts above it, and can be copied and rolled back as a database file can.
// Safe for concurrent use, except that Commits has one reader.
type MemorySource struct {
	station border.StationID
	commits chan struct{}

	mu     sync.Mutex // guards all below
	opened int        // epochs ever opened; never rolled back, so no epoch repeats
	order  []border.Epoch
	epochs map[border.Epoch]*memoryEpoch
	chain  *Chain // current epoch
	wraps  []border.KeyWrap
}

type memoryEpoch struct {
	parent border.Parent
	events [][]byte
	last   border.Digest
}

var _ border.EventSource = (*MemorySource)(nil)

// NewMemorySource opens a new journal: one epoch with its first event.
func NewMemorySource(station border.StationID) *MemorySource {
	s := &MemorySource{station: station, commits: make(chan struct{}, 1), epochs: map[border.Epoch]*memoryEpoch{}}
	s.Open()
	return s
}

// Open begins a new epoch that continues the present one, as every opening of a real
// journal does.
func (s *MemorySource) Open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open()
}

func (s *MemorySource) open() {
	var parent border.Parent
	if s.chain != nil {
		parent = s.chain.Last()
	}
	s.opened++
	epoch := s.epochNo(s.opened)
	s.chain = NewChain(s.station, epoch, parent)
	e := &s.chain.Events()[0]
	s.order = append(s.order, epoch)
	s.epochs[epoch] = &memoryEpoch{parent: parent, events: [][]byte{e.Encode()}, last: e.Hash}
	for _, p := range []struct{ part, id string }{
		{border.PartPersonal, KeyIDOf(s.station, epoch)},
		{border.PartHub, KeyIDOf(s.station, epoch) + "-hub"},
	} {
		s.wraps = append(s.wraps, border.KeyWrap{Station: s.station, KeyID: p.id, Part: p.part, Bucket: "2026-11", Wrapped: []byte("wrapped " + p.id)})
	}
	s.signal()
}

// epochNo spreads the stations' epochs apart.
func (s *MemorySource) epochNo(n int) border.Epoch {
	h := 0
	for _, c := range s.station {
		h = h*131 + int(c)
	}
	return EpochNo(h%1_000_000*1000 + n)
}

// Append commits n events to the current epoch.
func (s *MemorySource) Append(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.epochs[s.chain.Epoch()]
	me.events = append(me.events, s.chain.Add(n)...)
	me.last = s.chain.Last().Hash
	s.signal()
}

// AppendType commits one event of any type to the current epoch.
func (s *MemorySource) AppendType(typ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.epochs[s.chain.Epoch()]
	e := s.chain.AddType(typ)
	me.events = append(me.events, e.Encode())
	me.last = e.Hash
	s.signal()
}

func (s *MemorySource) signal() {
	select {
	case s.commits <- struct{}{}:
	default:
	}
}

// Copy takes a copy of the journal as it is and returns a function that puts the copy
// back and opens it: what was written since is lost, and a new epoch begins.
func (s *MemorySource) Copy() (putBack func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := append([]border.Epoch(nil), s.order...)
	epochs := map[border.Epoch]*memoryEpoch{}
	for e, me := range s.epochs {
		c := *me
		c.events = append([][]byte(nil), me.events...)
		epochs[e] = &c
	}
	chain := *s.chain
	chain.events = append([]border.Event(nil), s.chain.events...)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.order, s.epochs, s.chain = order, epochs, &chain
		s.open()
	}
}

// All returns every event held, by key.
func (s *MemorySource) All() map[border.Key][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[border.Key][]byte{}
	for epoch, me := range s.epochs {
		for i, b := range me.events {
			out[border.Key{Station: s.station, Epoch: epoch, Seq: uint64(i) + 1}] = b
		}
	}
	return out
}

// Extents implements [border.EventSource].
func (s *MemorySource) Extents(ctx context.Context) ([]border.Extent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]border.Extent, 0, len(s.order))
	for _, e := range s.order {
		me := s.epochs[e]
		out = append(out, border.Extent{Epoch: e, Last: uint64(len(me.events)), Parent: me.parent})
	}
	return out, nil
}

// Read implements [border.EventSource].
func (s *MemorySource) Read(ctx context.Context, epoch border.Epoch, after uint64, limit int) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.epochs[epoch]
	if me == nil || after >= uint64(len(me.events)) {
		return nil, nil
	}
	return bounded(me.events[after:], limit, 1<<20), nil
}

// bounded takes at most limit items and about size bytes off the front, but at least
// one if there is one.
func bounded(events [][]byte, limit, size int) [][]byte {
	var out [][]byte
	n := 0
	for _, b := range events {
		if len(out) >= limit || len(out) > 0 && n+len(b) > size {
			break
		}
		out = append(out, b)
		n += len(b)
	}
	return out
}

// Head implements [border.EventSource].
func (s *MemorySource) Head() border.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.chain.Last()
	return border.Position{Epoch: l.Epoch, Seq: l.Seq}
}

// Commits implements [border.EventSource].
func (s *MemorySource) Commits() <-chan struct{} { return s.commits }

// Restore implements [border.EventSource]. It stores all events or none.
func (s *MemorySource) Restore(ctx context.Context, events [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bad := func(format string, a ...any) error {
		return &border.Error{Code: border.Invalid, Op: "restore events", Err: fmt.Errorf(format, a...)}
	}
	fresh := map[border.Epoch]*memoryEpoch{} // what the epochs become if all goes well
	var order []border.Epoch
	for _, b := range events {
		e, err := border.DecodeEvent(b)
		if err != nil {
			return bad("%w", err)
		}
		if e.Verify() != nil || e.Key.Station != s.station {
			return bad("%s: not an intact event of this station", e.Key)
		}
		me := fresh[e.Key.Epoch]
		if me == nil {
			me = &memoryEpoch{}
			if old := s.epochs[e.Key.Epoch]; old != nil {
				*me = *old
				me.events = append([][]byte(nil), old.events...)
			} else {
				h, err := e.ReadHeader()
				if err != nil || e.Key.Seq != 1 || h.Parent == nil || h.Parent.Hash != e.Prev {
					return bad("%s: not the beginning of an epoch", e.Key)
				}
				me.parent, me.last = *h.Parent, e.Prev
				order = append(order, e.Key.Epoch)
			}
			fresh[e.Key.Epoch] = me
		}
		n := uint64(len(me.events))
		switch {
		case e.Key.Seq <= n && string(me.events[e.Key.Seq-1]) == string(b):
			continue
		case e.Key.Seq <= n:
			return &border.Error{Code: border.Conflict, Op: "restore events", Err: fmt.Errorf("%s: another event is held", e.Key)}
		case e.Key.Seq != n+1 || e.Prev != me.last || e.Key.Epoch == s.chain.Epoch():
			return bad("%s: does not continue the chain", e.Key)
		}
		me.events, me.last = append(me.events, b), e.Hash
	}
	for epoch, me := range fresh {
		s.epochs[epoch] = me
	}
	s.order = append(s.order, order...)
	return nil
}

// Wraps implements [border.EventSource].
func (s *MemorySource) Wraps(ctx context.Context) ([]border.KeyWrap, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]border.KeyWrap(nil), s.wraps...), nil
}
