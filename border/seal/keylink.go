package seal

import (
	"context"
	"sync"

	"garita/border"
)

var (
	_ border.KeySource = (*KeySource)(nil)
	_ border.KeySink   = (*KeySink)(nil)
)

// KeySource gives stations their keys back: [border.KeySource] over the hub's keys.
type KeySource struct {
	keys *HubKeys
	pub  func(ctx context.Context, station border.StationID) ([]byte, error)
}

// NewKeySource makes a source; pub is the sealing key with which a station is enrolled, an error if it is
// not, or was revoked.
func NewKeySource(keys *HubKeys, pub func(ctx context.Context, station border.StationID) ([]byte, error)) *KeySource {
	return &KeySource{keys: keys, pub: pub}
}

// Rewrapped implements [border.KeySource].
func (s *KeySource) Rewrapped(ctx context.Context, station border.StationID, after string) ([]border.KeyWrap, error) {
	pub, err := s.pub(ctx, station)
	if err != nil {
		return nil, err
	}
	return s.keys.Rewrapped(ctx, station, pub, after)
}

// KeySink takes keys back: [border.KeySink] over a station's keys. Safe for concurrent use.
type KeySink struct {
	keys   *StationKeys
	opener *StationOpener
	named  func(ctx context.Context) ([]string, error)

	mu    sync.Mutex
	asked map[string]bool // keys that the hub was asked for, and has not: they were destroyed
	open  map[string]bool // those that the hub is being asked for
}

// NewKeySink makes a sink. named lists key ids that the journal names in places that may have come from
// elsewhere: events that the hub gave back, drafts that do not open. nil: none are looked for.
func NewKeySink(keys *StationKeys, opener *StationOpener, named func(ctx context.Context) ([]string, error)) *KeySink {
	return &KeySink{keys: keys, opener: opener, named: named, asked: make(map[string]bool), open: make(map[string]bool)}
}

// Lacking implements [border.KeySink].
func (s *KeySink) Lacking(ctx context.Context) (bool, error) {
	const op = "look for missing keys"
	missing, err := s.keys.Changed(ctx)
	if err != nil {
		return false, err
	}
	expects, err := s.keys.store.expectsKeys(ctx)
	if err != nil {
		return false, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	if s.named != nil {
		ids, err := s.named(ctx)
		if err != nil {
			return false, err
		}
		if ids, err = s.keys.store.unheld(ctx, s.keys.station, ids); err != nil {
			return false, &border.Error{Code: border.Internal, Op: op, Err: err}
		}
		missing = append(missing, ids...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
	for _, id := range missing {
		if !s.asked[id] {
			s.open[id] = true
		}
	}
	return expects || len(s.open) > 0, nil
}

// Regain implements [border.KeySink].
func (s *KeySink) Regain(ctx context.Context, wraps []border.KeyWrap) error {
	if len(wraps) > 0 {
		return s.keys.Regain(ctx, s.opener, wraps)
	}
	s.mu.Lock()
	for id := range s.open {
		s.asked[id] = true
	}
	clear(s.open)
	s.mu.Unlock()
	if err := s.keys.store.hasKeys(ctx); err != nil {
		return notStored("take back keys from the hub", err)
	}
	return nil
}
