package bordertest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"

	"garita/border"
)

// The parts of who belongs, in memory. Their signatures are keyed hashes: whoever has the key can
// sign, which is enough to tell a forgery from the real thing in tests.

func mark(key, what string, b []byte) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(what + "\n"))
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// logRoot stands for the root of a log of so many events.
func logRoot(origin string, size uint64) string {
	return mark("", "root", fmt.Appendf(nil, "%s %d", origin, size))
}

// MemoryLog is a station's transparency log in memory. It serves as [border.CheckpointSource].
// Safe for concurrent use.
type MemoryLog struct {
	origin, key, hub string

	mu       sync.Mutex // guards all below
	size     uint64
	cosigned border.Checkpoint
	fail     error
}

var _ border.CheckpointSource = (*MemoryLog)(nil)

// NewMemoryLog returns an empty log that signs with key, and takes what bears the hub's.
func NewMemoryLog(station border.StationID, key, hub string) *MemoryLog {
	return &MemoryLog{origin: "garita/" + string(station) + "/" + EpochNo(1).String(), key: key, hub: hub}
}

// Append adds n events.
func (l *MemoryLog) Append(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size += uint64(n)
}

// Fail makes every call fail; nil ends it.
func (l *MemoryLog) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// Last is the newest cosigned checkpoint, and the size of the log that it covers.
func (l *MemoryLog) Last() (c border.Checkpoint, size uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, size, _, _ = readNote(l.cosigned.Note)
	return l.cosigned, size
}

// Checkpoint implements [border.CheckpointSource].
func (l *MemoryLog) Checkpoint(ctx context.Context) (border.Checkpoint, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ended(ctx, l.fail); err != nil {
		return border.Checkpoint{}, err
	}
	if _, size, _, ok := readNote(l.cosigned.Note); l.size == 0 || ok && size == l.size {
		return border.Checkpoint{}, nil
	}
	return border.Checkpoint{Note: note(l.origin, l.size, logRoot(l.origin, l.size), l.key)}, nil
}

// Cosigned implements [border.CheckpointSource].
func (l *MemoryLog) Cosigned(ctx context.Context, c border.Checkpoint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ended(ctx, l.fail); err != nil {
		return err
	}
	origin, size, marks, ok := readNote(c.Note)
	text := noteText(origin, size, logRoot(origin, size))
	if !ok || origin != l.origin || size > l.size || len(marks) != 2 || marks[0] != mark(l.key, "log", text) || marks[1] != mark(l.hub, "hub", text) {
		return &border.Error{Code: border.Invalid, Op: "keep a checkpoint"}
	}
	l.cosigned = c
	return nil
}

func noteText(origin string, size uint64, root string) []byte {
	return fmt.Appendf(nil, "%s\n%d\n%s\n\n", origin, size, root)
}

func note(origin string, size uint64, root, key string) []byte {
	text := noteText(origin, size, root)
	return append(text, mark(key, "log", text)+"\n"...)
}

func readNote(b []byte) (origin string, size uint64, marks []string, ok bool) {
	text, rest, found := strings.Cut(string(b), "\n\n")
	f := strings.Split(text, "\n")
	if !found || len(f) != 3 {
		return "", 0, nil, false
	}
	size, err := strconv.ParseUint(f[1], 10, 63)
	return f[0], size, strings.Fields(rest), err == nil
}

// ended gives the error of a call whose context has ended or that is to fail.
func ended(ctx context.Context, fail error) error {
	if err := ctx.Err(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "test", Err: err}
	}
	return fail
}

// MemoryCosigner is a hub that cosigns checkpoints, in memory. It serves as
// [border.CheckpointSink]. Safe for concurrent use.
type MemoryCosigner struct {
	key, hub string

	mu    sync.Mutex // guards all below
	held  map[border.StationID]uint64
	sizes map[string]uint64
	calls int
	fail  error
}

var _ border.CheckpointSink = (*MemoryCosigner)(nil)

// NewMemoryCosigner returns a hub that holds no events; key is the stations'.
func NewMemoryCosigner(key, hub string) *MemoryCosigner {
	return &MemoryCosigner{key: key, hub: hub, held: map[border.StationID]uint64{}, sizes: map[string]uint64{}}
}

// Hold makes the hub hold the first n events of a station.
func (s *MemoryCosigner) Hold(station border.StationID, n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[station] = n
}

// Calls counts the calls so far.
func (s *MemoryCosigner) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Fail makes every call fail; nil ends it.
func (s *MemoryCosigner) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Cosign implements [border.CheckpointSink].
func (s *MemoryCosigner) Cosign(ctx context.Context, station border.StationID, c border.Checkpoint) (border.Checkpoint, error) {
	const op = "cosign a checkpoint"
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if err := ended(ctx, s.fail); err != nil {
		return border.Checkpoint{}, err
	}
	origin, size, marks, ok := readNote(c.Note)
	text := noteText(origin, size, logRoot(origin, size))
	switch {
	case !ok || !strings.HasPrefix(origin, "garita/"+string(station)+"/"):
		return border.Checkpoint{}, &border.Error{Code: border.Invalid, Op: op}
	case size > s.held[station]:
		return border.Checkpoint{}, &border.Error{Code: border.Unavailable, Op: op}
	case size < s.sizes[origin] || !bytes.HasPrefix(c.Note, text):
		return border.Checkpoint{}, &border.Error{Code: border.Conflict, Op: op}
	case len(marks) != 1 || marks[0] != mark(s.key, "log", text):
		return border.Checkpoint{}, &border.Error{Code: border.Forbidden, Op: op}
	}
	s.sizes[origin] = size
	return border.Checkpoint{Note: append(bytes.Clone(c.Note), mark(s.hub, "hub", text)+"\n"...), Hub: []byte("the hub's own log")}, nil
}

// MemoryOfficers is the hub's roster in memory. It serves as [border.RosterSource]. Safe for
// concurrent use.
type MemoryOfficers struct {
	key     string
	changed chan struct{}

	mu      sync.Mutex // guards both below
	version uint64
	asked   map[border.StationID]int
}

var _ border.RosterSource = (*MemoryOfficers)(nil)

// NewMemoryOfficers returns a source at version 1 that signs with key.
func NewMemoryOfficers(key string) *MemoryOfficers {
	return &MemoryOfficers{key: key, changed: make(chan struct{}, 1), version: 1, asked: map[border.StationID]int{}}
}

// Change makes a new version.
func (s *MemoryOfficers) Change() {
	s.mu.Lock()
	s.version++
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Asked counts how often a station has asked.
func (s *MemoryOfficers) Asked(station border.StationID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[station]
}

// Roster implements [border.RosterSource].
func (s *MemoryOfficers) Roster(ctx context.Context, station border.StationID, have uint64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[station]++
	if err := ended(ctx, nil); err != nil || have >= s.version {
		return nil, err
	}
	return RosterFor(station, s.version, s.key), nil
}

// Changed implements [border.RosterSource].
func (s *MemoryOfficers) Changed() <-chan struct{} { return s.changed }

// RosterFor makes a roster as [MemoryOfficers] does.
func RosterFor(station border.StationID, version uint64, key string) []byte {
	text := fmt.Sprintf("roster of %s %d", station, version)
	return []byte(text + " " + mark(key, "roster", []byte(text)))
}

// MemoryRoster is a station's roster in memory. It serves as [border.RosterSink]. Safe for
// concurrent use.
type MemoryRoster struct {
	station border.StationID
	key     string

	mu      sync.Mutex // guards version
	version uint64
}

var _ border.RosterSink = (*MemoryRoster)(nil)

// NewMemoryRoster returns a sink without a roster that takes what bears the hub's key.
func NewMemoryRoster(station border.StationID, key string) *MemoryRoster {
	return &MemoryRoster{station: station, key: key}
}

// RosterVersion implements [border.RosterSink].
func (s *MemoryRoster) RosterVersion() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// InstallRoster implements [border.RosterSink].
func (s *MemoryRoster) InstallRoster(ctx context.Context, sealed []byte) error {
	const op = "install a roster"
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ended(ctx, nil); err != nil {
		return err
	}
	f := strings.Fields(string(sealed))
	if len(f) != 5 {
		return &border.Error{Code: border.Invalid, Op: op}
	}
	version, err := strconv.ParseUint(f[3], 10, 63)
	if err != nil || !bytes.Equal(sealed, RosterFor(s.station, version, s.key)) {
		return &border.Error{Code: border.Invalid, Op: op}
	}
	if version < s.version {
		return &border.Error{Code: border.Stale, Op: op}
	}
	s.version = version
	return nil
}

// MemoryKeys gives keys back, in memory. It serves as [border.KeySource]. Safe for concurrent use.
type MemoryKeys struct {
	mu    sync.Mutex // guards wraps
	wraps map[border.StationID][]border.KeyWrap
}

var _ border.KeySource = (*MemoryKeys)(nil)

// NewMemoryKeys returns a source without keys.
func NewMemoryKeys() *MemoryKeys {
	return &MemoryKeys{wraps: map[border.StationID][]border.KeyWrap{}}
}

// Add gives a station n more keys.
func (s *MemoryKeys) Add(station border.StationID, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		id := fmt.Sprintf("%s-key-%06d", station, len(s.wraps[station])+1)
		s.wraps[station] = append(s.wraps[station], border.KeyWrap{
			Station: station, KeyID: id, Part: border.PartPersonal, Bucket: "2026-11", Wrapped: Filled(id, 80),
		})
	}
}

// Rewrapped implements [border.KeySource].
func (s *MemoryKeys) Rewrapped(ctx context.Context, station border.StationID, after string) ([]border.KeyWrap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ended(ctx, nil); err != nil {
		return nil, err
	}
	all := s.wraps[station]
	all = all[sort.Search(len(all), func(i int) bool { return all[i].KeyID > after }):]
	return append([]border.KeyWrap(nil), all[:min(len(all), 1000)]...), nil
}

// MemoryKeyring is a station's keys in memory. It serves as [border.KeySink]. Safe for concurrent
// use.
type MemoryKeyring struct {
	mu     sync.Mutex // guards both below
	needed map[string]bool
	held   map[string]bool
}

var _ border.KeySink = (*MemoryKeyring)(nil)

// NewMemoryKeyring returns a keyring whose journal names no keys.
func NewMemoryKeyring() *MemoryKeyring {
	return &MemoryKeyring{needed: map[string]bool{}, held: map[string]bool{}}
}

// Need makes the journal name keys.
func (s *MemoryKeyring) Need(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.needed[id] = true
	}
}

// Lacking implements [border.KeySink].
func (s *MemoryKeyring) Lacking(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ended(ctx, nil); err != nil {
		return false, err
	}
	for id := range s.needed {
		if !s.held[id] {
			return true, nil
		}
	}
	return false, nil
}

// Regain implements [border.KeySink].
func (s *MemoryKeyring) Regain(ctx context.Context, wraps []border.KeyWrap) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ended(ctx, nil); err != nil {
		return err
	}
	for _, w := range wraps {
		if !bytes.Equal(w.Wrapped, Filled(w.KeyID, 80)) {
			return &border.Error{Code: border.Invalid, Op: "regain a key"}
		}
	}
	for _, w := range wraps {
		s.held[w.KeyID] = true
	}
	return nil
}
