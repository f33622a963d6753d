package bridge

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"garita/border"
	"garita/devices"
)

// Program is a bridge's program that the station runs: it is started, started again when
// it ends, and stopped with all that it has started.
type Program struct {
	// Command is the program and its arguments; no shell is involved.
	Command []string
	// Dir is where it runs; "" for the station's own folder.
	Dir string
	// Env is its environment beside PATH and LANG, "NAME=value"; the station's other
	// variables are not for it.
	Env []string
	// Listen is the address that it is to listen at; it finds it in the variable
	// GARITA_BRIDGE_LISTEN.
	Listen string
	// RetryFirst and RetryMax are the pauses between its end and its next start: they
	// double from one to the other; 0 for 500 ms and 30 s.
	RetryFirst, RetryMax time.Duration
}

// The times of a program's life.
const (
	retryFirst = 500 * time.Millisecond
	retryMax   = 30 * time.Second
	// provenAfter is how long a program must have run for its earlier ends to be forgotten.
	provenAfter = 10 * time.Second
	// stopWithin is how long it may take to end when it is asked to.
	stopWithin = 2 * time.Second
)

// Run keeps the program running until ctx ends, and returns when it and the other
// processes of its group have been ended; nil then. The error has code [border.Invalid]
// if there is no command.
//
// What the program prints goes nowhere: it may be anybody's data. The log says when it
// started and how it ended.
func (p Program) Run(ctx context.Context, log *slog.Logger) error {
	if len(p.Command) == 0 {
		return &border.Error{Code: border.Invalid, Op: "run a bridge's program", Message: "No program is named."}
	}
	first, most := p.RetryFirst, p.RetryMax
	if first <= 0 {
		first = retryFirst
	}
	if most <= 0 {
		most = retryMax
	}
	for wait := first; ; {
		began := devices.Monotonic()
		err := p.once(ctx, log)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		ran := devices.Monotonic() - began
		if ran >= provenAfter {
			wait = first
		}
		log.Warn("bridge program ended", "program", p.Command[0], "after", ran.Round(time.Millisecond).String(), "again_in", wait.String(), "err", err)
		pause(ctx, wait)
		wait = min(2*wait, most)
	}
}

// once runs the program to its end. The thread that starts it is kept for as long: the
// kernel ends the program when that thread ends, whatever becomes of the station.
func (p Program) once(ctx context.Context, log *slog.Logger) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(p.Command[0], p.Command[1:]...) //nolint:gosec,noctx // the configuration names it; it is stopped below, with its group
	cmd.Dir = p.Dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LANG=" + os.Getenv("LANG"), "GARITA_BRIDGE_LISTEN=" + p.Listen}, p.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	log.Info("bridge program started", "program", p.Command[0], "pid", cmd.Process.Pid)
	group := -cmd.Process.Pid
	var late *time.Timer
	var mu sync.Mutex // guards late, and that the group is signalled only while its number is ours
	ended := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if ended {
			return
		}
		_ = syscall.Kill(group, syscall.SIGTERM) // it may be ending already
		late = time.AfterFunc(stopWithin, func() {
			mu.Lock()
			defer mu.Unlock()
			if !ended {
				_ = syscall.Kill(group, syscall.SIGKILL) // the same
			}
		})
	})
	err := waitUnreaped(cmd.Process.Pid)
	mu.Lock()
	ended = true
	// It has ended and still holds its number: whatever it has started goes too.
	_ = syscall.Kill(group, syscall.SIGKILL)
	if late != nil {
		late.Stop()
	}
	mu.Unlock()
	stop()
	return errors.Join(err, cmd.Wait())
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
