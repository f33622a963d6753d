package supervisor_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices/supervisor"

	"github.com/google/go-cmp/cmp"
)

func collect() (chan border.Scan, supervisor.Deliver) {
	ch := make(chan border.Scan, 4096)
	return ch, func(_ context.Context, s border.Scan) error {
		ch <- s
		return nil
	}
}

func receive(tb testing.TB, ch <-chan border.Scan) border.Scan {
	tb.Helper()
	select {
	case s := <-ch:
		return s
	case <-time.After(20 * time.Second):
		tb.Fatal("no scan came")
		return border.Scan{}
	}
}

func TestDocumentReachesItsCounter(t *testing.T) {
	r := openReader(t, "one")
	ch, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}}, deliver)
	until(t, s, "left", "ready")
	p, _ := embedded(t).Get("generic-framed-mrz")
	for _, lines := range [][]string{td3, td1} {
		if _, err := r.Present(lines); err != nil {
			t.Fatal(err)
		}
		got := receive(t, ch)
		if got.ReceivedAt.IsZero() || got.ReceivedAt.Location() != time.UTC {
			t.Errorf("time of receipt %v is not UTC", got.ReceivedAt)
		}
		got.ReceivedAt = time.Time{}
		want := border.Scan{Counter: "1", Source: border.SourceReader, Scanner: "left", Profile: p.Hash, Lines: lines}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

func TestUnassignedScannerOpensNothing(t *testing.T) {
	r := openReader(t, "one")
	ch, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path()}}, deliver)
	st := until(t, s, "left", "ready")
	if st.Reason == "" {
		t.Error("the status does not say that the scanner belongs to no counter")
	}
	if _, err := r.Present(td3); err != nil {
		t.Fatal(err)
	}
	untilStatus(t, s, "left", func(st border.ScannerStatus) bool { return strings.Contains(st.Reason, "ignored so far: 1") })
	if c := counts(t, s, "left"); c.Unassigned != 1 || c.Delivered != 0 {
		t.Errorf("counts %+v", c)
	}
	if err := s.Assign(t.Context(), "left", "2"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Present(td1); err != nil {
		t.Fatal(err)
	}
	got := receive(t, ch)
	if got.Counter != "2" || !cmp.Equal(got.Lines, td1) {
		t.Errorf("after the assignment: a scan for counter %q", got.Counter)
	}
	if len(ch) != 0 {
		t.Error("the document of the unassigned scanner opened something")
	}
}

func TestAssignRefusesWhatIsNotThere(t *testing.T) {
	_, deliver := collect()
	s, err := supervisor.New(supervisor.Config{Scanners: nil, Profiles: embedded(t), Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Assign(t.Context(), "nobody", "1"); border.CodeOf(err) != border.NotFound {
		t.Errorf("unknown scanner: %v", err)
	}
	if err := s.Assign(t.Context(), "nobody", "no counter"); border.CodeOf(err) != border.Invalid {
		t.Errorf("bad counter: %v", err)
	}
}

func TestReplugIsReadyAgain(t *testing.T) {
	r := openReader(t, "one")
	ch, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}}, deliver)
	for range 3 {
		until(t, s, "left", "ready")
		if err := r.Unplug(); err != nil {
			t.Fatal(err)
		}
		until(t, s, "left", "absent")
		began := time.Now()
		if err := r.Replug(); err != nil {
			t.Fatal(err)
		}
		until(t, s, "left", "ready")
		t.Logf("replugged to ready: %v", time.Since(began))
		if _, err := r.Present(td3); err != nil {
			t.Fatal(err)
		}
		receive(t, ch)
	}
	if c := counts(t, s, "left"); c.Unplugged != 3 || c.Opened != 4 {
		t.Errorf("the fault did not fire as often as it should: %+v", c)
	}
}

func TestCounterThatFailsLeavesTheScannerReady(t *testing.T) {
	r := openReader(t, "one")
	calls := 0
	ch := make(chan border.Scan, 1)
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}},
		func(ctx context.Context, scan border.Scan) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("deliver has no deadline")
			}
			if calls++; calls == 1 {
				return errors.New("planted")
			}
			ch <- scan
			return nil
		})
	until(t, s, "left", "ready")
	if _, err := r.Present(td3); err != nil {
		t.Fatal(err)
	}
	st := untilStatus(t, s, "left", func(st border.ScannerStatus) bool { return st.Reason != "" })
	if st.State != "ready" || strings.Contains(st.Reason, "planted") {
		t.Errorf("status %+v", st)
	}
	if _, err := r.Present(td3); err != nil {
		t.Fatal(err)
	}
	receive(t, ch)
	untilStatus(t, s, "left", func(st border.ScannerStatus) bool { return st.Reason == "" })
}

func TestOneScannerNeverDelaysAnother(t *testing.T) {
	bad, slow, good := openReader(t, "bad"), openReader(t, "slow"), openReader(t, "good")
	ch := make(chan border.Scan, 16)
	hang := make(chan struct{})
	s := start(t, []supervisor.Scanner{
		{ID: "bad", Profile: "generic-framed-mrz", Path: bad.Path(), Counter: "1"},
		{ID: "slow", Profile: "generic-framed-mrz", Path: slow.Path(), Counter: "2"},
		{ID: "good", Profile: "generic-framed-mrz", Path: good.Path(), Counter: "3"},
	}, func(ctx context.Context, scan border.Scan) error {
		if scan.Counter == "2" {
			close(hang)
			<-ctx.Done() // as long as it may
			return ctx.Err()
		}
		ch <- scan
		return nil
	})
	for _, id := range []string{"bad", "slow", "good"} {
		until(t, s, id, "ready")
	}
	if _, err := slow.Present(td3); err != nil {
		t.Fatal(err)
	}
	<-hang
	if err := bad.Flood(200 << 10); err != nil {
		t.Fatal(err)
	}
	until(t, s, "bad", "degraded")
	if _, err := good.Present(td1); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, ch); got.Counter != "3" {
		t.Errorf("a scan for counter %s", got.Counter)
	}
	if c := counts(t, s, "slow"); c.Refused != 0 {
		t.Error("the slow counter was waited for")
	}
	if c := counts(t, s, "bad"); c.Floods == 0 || c.Oversize+c.Garbage == 0 {
		t.Errorf("the flood did not fire: %+v", c)
	}
	until(t, s, "bad", "ready") // once the line is silent again
	if c := counts(t, s, "bad"); c.Oversize+c.Garbage > 3 {
		t.Errorf("a flood became %d readings", c.Oversize+c.Garbage)
	}
}

func TestUnreadableDocumentsDegradeAndAGoodOneHeals(t *testing.T) {
	r := openReader(t, "one")
	ch, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}}, deliver)
	until(t, s, "left", "ready")
	for i := range 3 {
		if err := r.Half(td3); err != nil {
			t.Fatal(err)
		}
		untilCount(t, s, "left", func(c supervisor.Counts) bool { return c.Incomplete == uint64(i+1) })
	}
	until(t, s, "left", "degraded")
	if _, err := r.Present(td3); err != nil {
		t.Fatal(err)
	}
	receive(t, ch)
	until(t, s, "left", "ready")
}

func TestNoSerialPortFailsWithAReason(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain-file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, deliver := collect()
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: path, Counter: "1"}}, deliver)
	st := until(t, s, "left", "failed")
	if !strings.Contains(st.Reason, "not a serial port") {
		t.Errorf("reason %q", st.Reason)
	}
	// The technician corrects it: the scanner recovers by itself.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	until(t, s, "left", "absent")
}

func TestSecondUserOfThePortIsFoundOut(t *testing.T) {
	r := openReader(t, "one")
	_, deliver := collect()
	cfg := []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}}
	first := start(t, cfg, deliver)
	until(t, first, "left", "ready")
	second := start(t, cfg, deliver)
	st := until(t, second, "left", "degraded")
	if !strings.Contains(st.Reason, "using") {
		t.Errorf("reason %q", st.Reason)
	}
}

func TestConfigurationErrors(t *testing.T) {
	r := openReader(t, "one")
	node, err := os.Readlink(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	ok := supervisor.Scanner{ID: "a", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}
	with := func(f func(*supervisor.Scanner)) supervisor.Scanner {
		c := ok
		f(&c)
		return c
	}
	tests := map[string]struct {
		cfg  []supervisor.Scanner
		says string
	}{
		"two counters":      {[]supervisor.Scanner{ok, with(func(s *supervisor.Scanner) { s.Counter = "2" })}, "exactly one counter"},
		"same path":         {[]supervisor.Scanner{ok, with(func(s *supervisor.Scanner) { s.ID = "b" })}, "same port"},
		"same node by link": {[]supervisor.Scanner{ok, with(func(s *supervisor.Scanner) { s.ID, s.Path = "b", node })}, "same port"},
		"unknown profile":   {[]supervisor.Scanner{with(func(s *supervisor.Scanner) { s.Profile = "none" })}, "no profile"},
		"relative path":     {[]supervisor.Scanner{with(func(s *supervisor.Scanner) { s.Path = "ttyACM0" })}, "begin with"},
		"bad id":            {[]supervisor.Scanner{with(func(s *supervisor.Scanner) { s.ID = "a b" })}, "its id"},
		"bad counter":       {[]supervisor.Scanner{with(func(s *supervisor.Scanner) { s.Counter = "x y" })}, "A name of a post, station or counter"},
	}
	_, deliver := collect()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := supervisor.New(supervisor.Config{Scanners: tc.cfg, Profiles: embedded(t), Clock: wall{}, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
			if border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
