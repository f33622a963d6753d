package supervisor_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/profile"
	"garita/devices/supervisor"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wall is a real clock: these tests run against a real terminal.
type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }

// Specimens of Utopia (ICAO Doc 9303): nobody.
var (
	td3 = []string{
		"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
		"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
	}
	td1 = []string{
		"I<UTOD231458907<<<<<<<<<<<<<<<",
		"7408122F1204159UTO<<<<<<<<<<<6",
		"ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
	}
)

func embedded(tb testing.TB) profile.Set {
	tb.Helper()
	set, err := profile.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func framing(tb testing.TB) profile.Framing {
	p, ok := embedded(tb).Get("generic-framed-mrz")
	if !ok {
		tb.Fatal("the generic profile is missing")
	}
	return p.Framing
}

func openReader(tb testing.TB, name string) *devicetest.Reader {
	tb.Helper()
	r, err := devicetest.OpenReader(filepath.Join(tb.TempDir(), name), framing(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// start runs a supervisor until the test ends, and checks that it ends in time.
func start(tb testing.TB, cfg []supervisor.Scanner, deliver supervisor.Deliver) *supervisor.Supervisor {
	tb.Helper()
	s, err := supervisor.New(supervisor.Config{Scanners: cfg, Profiles: embedded(tb), Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				tb.Error(err)
			}
		case <-time.After(10 * time.Second):
			tb.Error("Run did not end after cancel")
		}
	})
	return s
}

// until waits for a scanner to reach a state, by the change signal alone.
func until(tb testing.TB, s *supervisor.Supervisor, id, state string) border.ScannerStatus {
	tb.Helper()
	return untilStatus(tb, s, id, func(st border.ScannerStatus) bool { return st.State == state })
}

func untilStatus(tb testing.TB, s *supervisor.Supervisor, id string, ok func(border.ScannerStatus) bool) border.ScannerStatus {
	tb.Helper()
	limit := time.After(20 * time.Second)
	changes, stop := s.Subscribe()
	defer stop()
	for {
		for _, st := range s.Status() {
			if st.ID == id && ok(st) {
				return st
			}
		}
		select {
		case <-changes:
		case <-limit:
			tb.Fatalf("scanner %s: state not reached; now %+v", id, s.Status())
		}
	}
}

func counts(tb testing.TB, s *supervisor.Supervisor, id string) supervisor.Counts {
	tb.Helper()
	c, err := s.Counts(id)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// untilCount waits for counts, which are no change of status and give no signal.
func untilCount(tb testing.TB, s *supervisor.Supervisor, id string, ok func(supervisor.Counts) bool) {
	tb.Helper()
	limit := time.After(20 * time.Second)
	for !ok(counts(tb, s, id)) {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-limit:
			tb.Fatalf("scanner %s: counts not reached; now %+v", id, counts(tb, s, id))
		}
	}
}
