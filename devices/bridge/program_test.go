package bridge

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// run runs a shell script as a bridge's program until stop is called.
func run(t *testing.T, script string, out *syncBuffer) (stop func()) {
	t.Helper()
	p := Program{Command: []string{"/bin/sh", "-c", script}, Dir: t.TempDir(), Env: []string{"HERE=" + t.TempDir()},
		Listen: "unix:/x", RetryFirst: 10 * time.Millisecond, RetryMax: 40 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, slog.New(slog.NewTextHandler(out, nil))) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("Run did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func lines(path string) []string {
	b, _ := os.ReadFile(path)
	return strings.Fields(string(b))
}

func gone(t *testing.T, pid string) func() bool {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	return func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n))
		return err != nil || strings.Contains(string(b), ") Z ")
	}
}

func TestProgramIsStartedAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "starts")
	var log syncBuffer
	t.Setenv("GARITA_SECRET_OF_THE_STATION", "x")
	run(t, `echo "$GARITA_BRIDGE_LISTEN,${GARITA_SECRET_OF_THE_STATION-none}" >> `+file+`; echo ERIKSSON; echo ERIKSSON >&2; exit 3`, &log)
	eventually(t, "it was started four times", func() bool { return len(lines(file)) >= 4 })
	if got := lines(file)[0]; got != "unix:/x,none" {
		t.Error("its environment:", got)
	}
	if s := log.String(); !strings.Contains(s, "exit status 3") || !strings.Contains(s, "again_in=20ms") || strings.Contains(s, "ERIKSSON") {
		t.Error("the log:", s)
	}
}

func TestProgramIsStoppedWithItsChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	var log syncBuffer
	stop := run(t, `sleep 1000 & echo $$ $! > `+file+`; wait`, &log)
	eventually(t, "both run", func() bool { return len(lines(file)) == 2 })
	pids := lines(file)
	stop()
	for _, p := range pids {
		eventually(t, p+" is gone", gone(t, p))
	}
}

func TestProgramThatDoesNotWantToStop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	var log syncBuffer
	stop := run(t, `trap '' TERM; echo $$ > `+file+`; while :; do sleep 0.05; done`, &log)
	eventually(t, "it runs", func() bool { return len(lines(file)) == 1 })
	pid := lines(file)[0]
	stop()
	eventually(t, "it is gone", gone(t, pid))
}

func TestChildrenOfADeadProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	var log syncBuffer
	run(t, `sleep 1000 & echo $! >> `+file+`; exit 1`, &log)
	eventually(t, "it was started twice", func() bool { return len(lines(file)) >= 2 })
	eventually(t, "its first child is gone", gone(t, lines(file)[0]))
}

// The station is killed: its program must not stay behind and hold the scanner.
func TestProgramDiesWithTheStation(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	if os.Getenv("GARITA_BRIDGE_STATION") != "" {
		p := Program{Command: []string{"/bin/sh", "-c", "echo $$ > " + os.Getenv("GARITA_BRIDGE_STATION") + "; exec sleep 1000"}}
		_ = p.Run(context.Background(), slog.New(slog.DiscardHandler))
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	station, err := os.StartProcess(exe, []string{exe, "-test.run=TestProgramDiesWithTheStation$"},
		&os.ProcAttr{Env: append(os.Environ(), "GARITA_BRIDGE_STATION="+file)})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its program runs", func() bool { return len(lines(file)) == 1 })
	if err := station.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := station.Wait(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the program is gone", gone(t, lines(file)[0]))
}

func TestNoProgram(t *testing.T) {
	if err := (Program{}).Run(t.Context(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("nothing was run")
	}
	var log syncBuffer
	p := Program{Command: []string{"/does/not/exist"}, RetryFirst: time.Millisecond, RetryMax: time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		eventually(t, "it is tried again", func() bool { return strings.Count(log.String(), "no such file") >= 2 })
		cancel()
	}()
	if err := p.Run(ctx, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Error(err)
	}
}
