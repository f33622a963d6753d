package bordertest

import (
	"bytes"
	"context"
	"sort"
	"sync"

	"garita/border"
)

// MemoryCases is the hub's notices in memory. It serves as [border.NoticeSource] in tests of
// parts above it. Safe for concurrent use.
type MemoryCases struct {
	noticed chan struct{}

	mu      sync.Mutex // guards all below
	order   uint64
	notices map[border.ID]*memoryNotice
	acks    []border.NoticeAck
	fail    error
	asked   int
}

type memoryNotice struct {
	border.Notice
	stations []border.StationID
}

var _ border.NoticeSource = (*MemoryCases)(nil)

// NewMemoryCases returns a source without notices.
func NewMemoryCases() *MemoryCases {
	return &MemoryCases{noticed: make(chan struct{}, 1), notices: map[border.ID]*memoryNotice{}}
}

// Notice makes a notice for some stations.
func (s *MemoryCases) Notice(id border.ID, body []byte, stations ...border.StationID) {
	s.mu.Lock()
	s.order++
	s.notices[id] = &memoryNotice{Notice: border.Notice{ID: id, Body: body, Order: s.order}, stations: stations}
	s.mu.Unlock()
	s.signal()
}

// Close withdraws a notice.
func (s *MemoryCases) Close(id border.ID) {
	s.mu.Lock()
	s.close(id)
	s.mu.Unlock()
	s.signal()
}

func (s *MemoryCases) close(id border.ID) {
	if n := s.notices[id]; !n.Closed {
		s.order++
		n.Closed, n.Order = true, s.order
	}
}

func (s *MemoryCases) signal() {
	select {
	case s.noticed <- struct{}{}:
	default:
	}
}

// Acknowledged returns the acknowledgements kept, in the order in which they came.
func (s *MemoryCases) Acknowledged() []border.NoticeAck {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]border.NoticeAck(nil), s.acks...)
}

// Asked counts the calls of Notices.
func (s *MemoryCases) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Fail makes every call fail with err from now on, nil ends that.
func (s *MemoryCases) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (n *memoryNotice) to(station border.StationID) bool {
	for _, s := range n.stations {
		if s == station {
			return true
		}
	}
	return false
}

// Notices implements [border.NoticeSource].
func (s *MemoryCases) Notices(ctx context.Context, station border.StationID, after uint64, limit int) ([]border.Notice, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fail != nil {
		return nil, s.fail
	}
	var out []border.Notice
	for _, n := range s.notices {
		if n.Order > after && n.to(station) {
			out = append(out, n.Notice)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Order < out[j].Order })
	return out[:min(len(out), max(0, limit))], nil
}

// Acknowledge implements [border.NoticeSource]. One acknowledgement closes the notice for
// everybody.
func (s *MemoryCases) Acknowledge(ctx context.Context, ack border.NoticeAck) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	n := s.notices[ack.ID]
	if n == nil || !n.to(ack.Station) {
		return notThere("acknowledge a notice")
	}
	for _, a := range s.acks {
		if a.ID == ack.ID && a.Station == ack.Station {
			return nil
		}
	}
	s.acks = append(s.acks, ack)
	s.close(ack.ID)
	s.signal()
	return nil
}

// Noticed implements [border.NoticeSource].
func (s *MemoryCases) Noticed() <-chan struct{} { return s.noticed }

// MemoryNotices is a station's notices in memory. It serves as [border.NoticeSink] in tests
// of parts above it. Safe for concurrent use.
type MemoryNotices struct {
	station border.StationID
	pending chan struct{}

	mu      sync.Mutex // guards all below
	held    uint64
	notices map[border.ID]border.Notice
	acks    []border.NoticeAck
	fail    error
	calls   int
}

var _ border.NoticeSink = (*MemoryNotices)(nil)

// NewMemoryNotices returns a station without notices.
func NewMemoryNotices(station border.StationID) *MemoryNotices {
	return &MemoryNotices{station: station, pending: make(chan struct{}, 1), notices: map[border.ID]border.Notice{}}
}

// Open returns the notices that nobody has closed, by order.
func (s *MemoryNotices) Open() []border.Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []border.Notice
	for _, n := range s.notices {
		if !n.Closed {
			out = append(out, n)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Order < out[j].Order })
	return out
}

// Acknowledge notes that an officer has seen a notice.
func (s *MemoryNotices) Acknowledge(id border.ID, officer string) {
	s.mu.Lock()
	s.acks = append(s.acks, border.NoticeAck{Station: s.station, ID: id, Officer: officer, At: Start})
	s.mu.Unlock()
	select {
	case s.pending <- struct{}{}:
	default:
	}
}

// Calls counts the calls of Notify.
func (s *MemoryNotices) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Fail makes Notify fail with err from now on, nil ends that.
func (s *MemoryNotices) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// NoticesHeld implements [border.NoticeSink].
func (s *MemoryNotices) NoticesHeld(ctx context.Context) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, nil
}

// Notify implements [border.NoticeSink].
func (s *MemoryNotices) Notify(ctx context.Context, notices []border.Notice) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		return s.fail
	}
	for _, n := range notices {
		s.held = max(s.held, n.Order)
		if n.Order >= s.notices[n.ID].Order {
			n.Body = bytes.Clone(n.Body)
			s.notices[n.ID] = n
		}
	}
	return nil
}

// Acks implements [border.NoticeSink].
func (s *MemoryNotices) Acks(ctx context.Context) ([]border.NoticeAck, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]border.NoticeAck(nil), s.acks...), nil
}

// Acked implements [border.NoticeSink].
func (s *MemoryNotices) Acked(ctx context.Context, id border.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []border.NoticeAck
	for _, a := range s.acks {
		if a.ID != id {
			left = append(left, a)
		}
	}
	s.acks = left
	return nil
}

// AcksPending implements [border.NoticeSink].
func (s *MemoryNotices) AcksPending() <-chan struct{} { return s.pending }
