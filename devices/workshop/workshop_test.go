package workshop

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/devices/bundle"
	"garita/devices/devicetest"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }

var specimen = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}

// bench is a workshop with one simulated reader, and another that nobody has configured.
func bench(t *testing.T, stop <-chan struct{}) (w *Workshop, reader *devicetest.Reader, other *devicetest.Reader) {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("generic-framed-mrz")
	var readers []*devicetest.Reader
	for _, name := range []string{"one", "two"} {
		r, err := devicetest.OpenReader(filepath.Join(t.TempDir(), name), p.Framing)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		readers = append(readers, r)
	}
	logs := NewLogs(slog.DiscardHandler)
	s, err := supervisor.New(supervisor.Config{Scanners: []supervisor.Scanner{{ID: "one", Profile: p.ID, Path: readers[0].Path()}}, Counters: []border.CounterID{"1", "2"},
		Profiles: set, Clock: wall{}, Deliver: func(context.Context, border.Scan) error { return nil }, Log: slog.New(logs)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w = New(Config{Supervisor: s, Clock: wall{}, Counters: []border.CounterID{"1", "2"}, Software: "test", Logs: logs, Stop: stop})
	changes, give := s.Subscribe()
	defer give()
	for s.Status()[0].State != "ready" {
		<-changes
	}
	return w, readers[0], readers[1]
}

func TestBundle(t *testing.T) {
	w, _, _ := bench(t, nil)
	var out bytes.Buffer
	if err := w.Bundle(t.Context(), "one", &out); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(out.Bytes())
	if err != nil || b.Manifest.Scanner.ID != "one" || len(b.Trace) == 0 || len(b.Log) == 0 || !strings.Contains(string(b.Log[0]), `"scanner":"one"`) {
		t.Errorf("%v %+v %s", err, b, b.Log)
	}
	if err := w.Bundle(t.Context(), "two", &out); border.CodeOf(err) != border.NotFound {
		t.Error(err)
	}
}

func TestAssignKnowsTheCounters(t *testing.T) {
	w, _, _ := bench(t, nil)
	if err := w.Assign(t.Context(), "one", "3"); border.CodeOf(err) != border.NotFound {
		t.Error(err)
	}
	if err := w.Assign(t.Context(), "one", "2"); err != nil || w.Status()[0].Counter != "2" {
		t.Error(err, w.Status())
	}
}

func TestLearn(t *testing.T) {
	stop := make(chan struct{})
	w, taken, r := bench(t, stop)
	request := border.LearnRequest{Path: r.Path(), Bauds: []int{9600}, Lines: specimen, ID: "acme-1", Name: "Acme 1"}
	if _, err := w.Learn(t.Context(), border.LearnRequest{Path: "ttyACM0"}); border.CodeOf(err) != border.Invalid {
		t.Error("a path that is none:", err)
	}
	busy := request
	busy.Path = taken.Path()
	if _, err := w.Learn(t.Context(), busy); border.CodeOf(err) != border.Unavailable || border.MessageOf(err) == "" {
		t.Error("a port that the station uses:", err)
	}

	learned := make(chan error, 1)
	go func() {
		result, err := w.Learn(t.Context(), request)
		if err == nil {
			_, err = profile.Parse("acme-1.toml", []byte(result.TOML))
		}
		learned <- err
	}()
	for w.learning.TryLock() { // until the other has begun
		w.learning.Unlock()
		time.Sleep(time.Millisecond)
	}
	if _, err := w.Learn(t.Context(), busy); border.CodeOf(err) != border.Conflict {
		t.Error("two at once:", err)
	}
	for waiting := true; waiting; {
		if _, err := r.Present(specimen); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-learned:
			if err != nil {
				t.Fatal(err)
			}
			waiting = false
		case <-time.After(1200 * time.Millisecond):
		}
	}

	go func() {
		_, err := w.Learn(t.Context(), request)
		learned <- err
	}()
	close(stop) // the station ends
	select {
	case err := <-learned:
		if err == nil {
			t.Error("it has learned from nothing")
		}
	case <-time.After(10 * time.Second):
		t.Error("it still listens")
	}
}

func TestLogsKeepTheLastLines(t *testing.T) {
	var passed bytes.Buffer
	logs := NewLogs(slog.NewTextHandler(&passed, &slog.HandlerOptions{Level: slog.LevelWarn}))
	log := slog.New(logs)
	for i := range maxLines + 10 {
		log.Debug("tick", "scanner", "a", "n", i)
	}
	log.With("scanner", "b").Warn("hot", "n", 1)
	log.WithGroup("g").Warn("nobody's")
	a, b := logs.Lines("a"), logs.Lines("b")
	if len(a) != maxLines || !strings.Contains(string(a[0]), `"n":10}`) || len(b) != 1 || !strings.Contains(string(b[0]), `"scanner":"b"`) {
		t.Errorf("%d lines, the first %s; %s", len(a), a[0], b)
	}
	if got := passed.String(); strings.Contains(got, "tick") || !strings.Contains(got, "hot") || !strings.Contains(got, "nobody's") {
		t.Errorf("passed on: %s", got)
	}
	for i := range 2 * maxScanners {
		log.Info("x", "scanner", fmt.Sprint(i))
	}
	if n := len(logs.keep.last); n != maxScanners {
		t.Errorf("%d scanners are remembered", n)
	}
}
