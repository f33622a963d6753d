package bordertest

import (
	"maps"
	"slices"

	"garita/border"
)

// Fail makes Store and StoreWraps fail with err from now on, nil ends that.
func (s *MemorySink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Calls counts the calls of Store so far.
func (s *MemorySink) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// All returns every event held of a station, by key, malformed ones left out.
func (s *MemorySink) All(station border.StationID) map[border.Key][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[border.Key][]byte{}
	st := s.state.stations[station]
	if st == nil {
		return out
	}
	for epoch, ep := range st.epochs {
		for seq, b := range ep.events {
			if !ep.unread[seq] {
				out[border.Key{Station: station, Epoch: epoch, Seq: seq}] = b
			}
		}
	}
	return out
}

// Count returns how many well-formed events are held of a station.
func (s *MemorySink) Count(station border.StationID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	if st := s.state.stations[station]; st != nil {
		for _, ep := range st.epochs {
			n += len(ep.events) - len(ep.unread)
		}
	}
	return n
}

// Quarantined returns the messages in quarantine: same key, other content.
func (s *MemorySink) Quarantined() []border.Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state.quarantined)
}

// Malformed returns the messages held that are no well-formed event.
func (s *MemorySink) Malformed() []border.Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state.malformed)
}

// Alarms counts the alarms raised.
func (s *MemorySink) Alarms() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.alarms
}

// Generation returns the hub generation.
func (s *MemorySink) Generation() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.generation
}

// Hello returns a station's last hello.
func (s *MemorySink) Hello(station border.StationID) border.Hello {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.state.stations[station]; st != nil {
		return st.hello
	}
	return border.Hello{}
}

// Wraps returns a station's key wraps by key id.
func (s *MemorySink) Wraps(station border.StationID) map[string]border.KeyWrap {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.state.stations[station]; st != nil {
		return maps.Clone(st.wraps)
	}
	return nil
}

// Copy takes a copy of the register and returns a function that puts the copy back:
// what came since is lost, as when a hub is restored from a backup.
func (s *MemorySink) Copy() (putBack func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.state.clone()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.state = kept.clone()
	}
}

func (st sinkState) clone() sinkState {
	c := st
	c.quarantined, c.malformed = slices.Clone(st.quarantined), slices.Clone(st.malformed)
	c.stations = map[border.StationID]*sinkStation{}
	for id, s := range st.stations {
		n := &sinkStation{order: slices.Clone(s.order), epochs: map[border.Epoch]*sinkEpoch{}, wraps: maps.Clone(s.wraps), hello: s.hello}
		for e, ep := range s.epochs {
			ne := *ep
			ne.events, ne.unread = maps.Clone(ep.events), maps.Clone(ep.unread)
			n.epochs[e] = &ne
		}
		c.stations[id] = n
	}
	return c
}
