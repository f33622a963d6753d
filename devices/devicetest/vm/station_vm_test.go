//go:build vm

package vm

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices/hotplug"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// readerProfile is all that Garita is told of the made-up serial reader.
const readerProfile = `schema = 1
id     = "vm-reader"
name   = "Reader of the virtual machine"
kind   = "mrz"
driver = "framed"
evidence        = "emulated"
evidence_source = "the kernel's own USB serial gadget, played by a test"

[[match]]
bus = "usb"
vid = 0x1209
pid = 0x0001

[transport]
kind      = "serial"
baud      = 9600
data_bits = 8
parity    = "none"
stop_bits = 1

[timing]
read_timeout_ms = 200
retry_first_ms  = 100
retry_max_ms    = 2000
attempts        = 5

[framing]
kind        = "stx-etx"
start       = 0x02
end         = 0x03
idle_gap_ms = 400
max_bytes   = 512

[limits]
max_bytes_per_second = 65536
bad_readings         = 3
`

// station is a station's scanners at work on the guest's real bus: hot-plug, transports,
// drivers and supervisor as `garita post` runs them.
type station struct {
	*supervisor.Supervisor
	t       *testing.T
	framing profile.Framing
	scans   chan border.Scan

	mu     sync.Mutex
	states map[string][]string // the states that each scanner was seen in, in order
}

// profiles are those that ship with Garita, and the made-up reader's.
func profiles() (profile.Set, *profile.Profile, error) {
	set, err := profile.Embedded()
	if err != nil {
		return profile.Set{}, nil, err
	}
	var list []*profile.Profile
	for _, id := range set.IDs() {
		p, _ := set.Get(id)
		list = append(list, p)
	}
	reader, err := profile.Parse("vm-reader.toml", []byte(readerProfile))
	if err != nil {
		return profile.Set{}, nil, err
	}
	set, err = profile.NewSet(append(list, reader)...)
	return set, reader, err
}

// startStation runs a station until the test ends. store is its file of assignments; ""
// for none.
func startStation(t *testing.T, store string, counters ...border.CounterID) *station {
	t.Helper()
	set, reader, err := profiles()
	must(t, err)
	s := &station{t: t, framing: reader.Framing, scans: make(chan border.Scan, 64), states: make(map[string][]string)}
	watcher := hotplug.New(hotplug.Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	s.Supervisor, err = supervisor.New(supervisor.Config{Counters: counters, Profiles: set, Bus: watcher, Store: store,
		Clock: wall{}, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Deliver: func(_ context.Context, scan border.Scan) error { s.scans <- scan; return nil }})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	changes, stop := s.Subscribe()
	var all sync.WaitGroup
	all.Go(func() { watcher.Run(ctx) })
	all.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() { s.note(ctx, changes) })
	t.Cleanup(func() {
		cancel()
		all.Wait()
		stop()
	})
	return s
}

// note writes the states down as they come.
func (s *station) note(ctx context.Context, changes <-chan struct{}) {
	for {
		s.mu.Lock()
		for _, u := range s.Status() {
			if seen := s.states[u.ID]; len(seen) == 0 || seen[len(seen)-1] != u.State {
				s.states[u.ID] = append(seen, u.State)
			}
		}
		s.mu.Unlock()
		select {
		case <-changes:
		case <-ctx.Done():
			return
		}
	}
}

// seen returns the states that a scanner was seen in.
func (s *station) seen(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.states[id])
}

func (s *station) status(id string) border.ScannerStatus {
	for _, u := range s.Status() {
		if u.ID == id {
			return u
		}
	}
	return border.ScannerStatus{}
}

// since is when the scanner in a socket came into its present state.
func (s *station) since(port string) time.Time { return s.status(socket(port)).Since }

// state waits until the scanner in a socket is in a state.
func (s *station) state(port, state string) {
	s.t.Helper()
	if !came(patience, func() bool { return s.status(socket(port)).State == state }) {
		s.t.Fatalf("the scanner in %s never was %s: %+v", port, state, s.Status())
	}
}

// expect takes the next document, which must be this one, from this socket's scanner.
func (s *station) expect(port string, lines []string) border.Scan {
	s.t.Helper()
	select {
	case scan := <-s.scans:
		if !slices.Equal(scan.Lines, lines) {
			s.t.Errorf("another document came than the one presented: %d lines", len(scan.Lines))
		}
		if scan.Scanner != socket(port) {
			s.t.Errorf("the document came from %s, not from the scanner in %s", scan.Scanner, port)
		}
		return scan
	case <-time.After(patience):
		s.t.Fatalf("no document came; %+v", s.Status())
		return border.Scan{}
	}
}

// nothing demands that no document has come.
func (s *station) nothing() {
	s.t.Helper()
	if n := len(s.scans); n > 0 {
		s.t.Errorf("%d documents came where none was whole", n)
	}
}

func (s *station) counts(port string) supervisor.Counts {
	s.t.Helper()
	c, err := s.Counts("usb-" + port)
	must(s.t, err)
	return c
}

// soon demands that something took no longer than a limit of the guest's time.
func soon(t *testing.T, what string, took, limit time.Duration) {
	t.Helper()
	t.Logf("%s after %v of the guest's time", what, took.Round(100*time.Microsecond))
	if took > limit {
		t.Errorf("%s only after %v; the limit is %v", what, took, limit)
	}
}

func socket(port string) string { return fmt.Sprintf("usb-%s", port) }

// wall is the guest's clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }
