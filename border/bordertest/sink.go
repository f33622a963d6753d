package bordertest

import (
	"bytes"
	"context"
	"sync"

	"garita/border"
)

// MemorySink is a national register in memory: raw events and holdings only. It serves
// as [border.EventSink] in tests of parts above it, and can be copied and rolled back
// as a database can. Safe for concurrent use.
type MemorySink struct {
	clock border.Clock

	mu    sync.Mutex // guards all below
	state sinkState
	fail  error
	calls int
}

type sinkState struct {
	generation  uint64
	stations    map[border.StationID]*sinkStation
	quarantined []border.Received
	malformed   []border.Received
	alarms      int
}

type sinkStation struct {
	order  []border.Epoch
	epochs map[border.Epoch]*sinkEpoch
	wraps  map[string]border.KeyWrap
	hello  border.Hello
}

type sinkEpoch struct {
	events    map[uint64][]byte
	unread    map[uint64]bool // malformed, held under the claimed key
	held      uint64
	highest   uint64
	announced uint64
}

var _ border.EventSink = (*MemorySink)(nil)

// NewMemorySink returns an empty register of generation 1.
func NewMemorySink(clock border.Clock) *MemorySink {
	return &MemorySink{clock: clock, state: sinkState{generation: 1, stations: map[border.StationID]*sinkStation{}}}
}

// Store implements [border.EventSink].
func (s *MemorySink) Store(ctx context.Context, received []border.Received) ([]border.StationHolding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		return nil, s.fail
	}
	type touched struct {
		station border.StationID
		epoch   border.Epoch
	}
	var order []touched
	seen := map[touched]bool{}
	for _, r := range received {
		r.Event = bytes.Clone(r.Event) // the caller may use its buffers again
		if r.Claimed.Station.Validate() != nil || r.Claimed.Epoch.IsZero() || r.Claimed.Seq == 0 {
			s.state.malformed = append(s.state.malformed, r)
			s.state.alarms++
			continue
		}
		st := s.station(r.Claimed.Station)
		ep := st.epoch(r.Claimed.Epoch)
		s.put(ep, r)
		if r.Head.Seq > 0 && !r.Head.Epoch.IsZero() {
			he := st.epoch(r.Head.Epoch)
			he.announced = max(he.announced, r.Head.Seq)
		}
		if k := (touched{r.Claimed.Station, r.Claimed.Epoch}); !seen[k] {
			seen[k] = true
			order = append(order, k)
		}
	}
	out := make([]border.StationHolding, 0, len(order))
	for _, k := range order {
		out = append(out, border.StationHolding{Station: k.station, Holding: s.station(k.station).holding(k.epoch)})
	}
	return out, nil
}

func (s *MemorySink) put(ep *sinkEpoch, r border.Received) {
	e, err := border.DecodeEvent(r.Event)
	good := err == nil && e.Key == r.Claimed && e.Verify() == nil
	old, held := ep.events[r.Claimed.Seq]
	switch {
	case held && bytes.Equal(old, r.Event):
		return
	case held && !ep.unread[r.Claimed.Seq]: // first come stays
		s.state.quarantined = append(s.state.quarantined, r)
		s.state.alarms++
		return
	case !good:
		s.state.malformed = append(s.state.malformed, r)
		s.state.alarms++
		if held {
			return
		}
		ep.unread[r.Claimed.Seq] = true
	default:
		delete(ep.unread, r.Claimed.Seq)
	}
	ep.events[r.Claimed.Seq] = r.Event
	ep.highest = max(ep.highest, r.Claimed.Seq)
	for {
		if _, ok := ep.events[ep.held+1]; !ok {
			return
		}
		ep.held++
	}
}

func (s *MemorySink) station(id border.StationID) *sinkStation {
	st := s.state.stations[id]
	if st == nil {
		st = &sinkStation{epochs: map[border.Epoch]*sinkEpoch{}, wraps: map[string]border.KeyWrap{}}
		s.state.stations[id] = st
	}
	return st
}

func (st *sinkStation) epoch(e border.Epoch) *sinkEpoch {
	ep := st.epochs[e]
	if ep == nil {
		ep = &sinkEpoch{events: map[uint64][]byte{}, unread: map[uint64]bool{}}
		st.epochs[e] = ep
		st.order = append(st.order, e)
	}
	return ep
}

func (st *sinkStation) holding(e border.Epoch) border.Holding {
	ep := st.epochs[e]
	return border.Holding{Epoch: e, Held: ep.held, Highest: ep.highest, Announced: ep.announced}
}

// Greet implements [border.EventSink].
func (s *MemorySink) Greet(ctx context.Context, hello border.Hello) (border.Welcome, error) {
	if err := ctx.Err(); err != nil {
		return border.Welcome{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.station(hello.Station)
	var held uint64
	if ep := st.epochs[hello.Watermark.Epoch]; ep != nil {
		held = ep.held
	}
	g := &s.state.generation
	switch {
	case hello.Generation > *g:
		*g = hello.Generation + 1
		s.state.alarms++
	case hello.Generation == *g && hello.Watermark.Seq > held:
		*g++
		s.state.alarms++
	}
	st.hello = hello
	if !hello.Head.Epoch.IsZero() && hello.Head.Seq > 0 {
		ep := st.epoch(hello.Head.Epoch)
		ep.announced = max(ep.announced, hello.Head.Seq)
	}
	w := border.Welcome{Generation: *g, Now: s.clock.Now(), Epochs: len(st.order), Keys: []string{}}
	for id := range st.wraps {
		w.Keys = append(w.Keys, id)
	}
	return w, nil
}

// Holdings implements [border.EventSink].
func (s *MemorySink) Holdings(ctx context.Context, station border.StationID, offset, limit int) ([]border.Holding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state.stations[station]
	if st == nil || offset < 0 || offset >= len(st.order) {
		return nil, nil
	}
	var out []border.Holding
	for _, e := range st.order[offset:] {
		if len(out) >= limit {
			break
		}
		out = append(out, st.holding(e))
	}
	return out, nil
}

// Events implements [border.EventSink].
func (s *MemorySink) Events(ctx context.Context, station border.StationID, epoch border.Epoch, after uint64, limit int) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state.stations[station]
	if st == nil || st.epochs[epoch] == nil {
		return nil, nil
	}
	var run [][]byte
	for seq := after + 1; len(run) < limit; seq++ {
		b, ok := st.epochs[epoch].events[seq]
		if !ok {
			break
		}
		run = append(run, b)
	}
	return bounded(run, limit, 512<<10), nil
}

// StoreWraps implements [border.EventSink].
func (s *MemorySink) StoreWraps(ctx context.Context, wraps []border.KeyWrap) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, w := range wraps {
		s.station(w.Station).wraps[w.KeyID] = w
	}
	return nil
}
