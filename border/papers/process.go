package papers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// The renderer's arguments.
const (
	// argConfined has to be the first: it counts before the program begins.
	argConfined = "confined"
	// ArgApart: the process has namespaces of its own.
	ArgApart = "apart"
	// ArgWithoutLandlock: it may go on where the kernel has no Landlock.
	ArgWithoutLandlock = "without-landlock"
)

// watchEvery is how often a process's memory is looked at.
const watchEvery = 5 * time.Millisecond

// nobody is who a process is in a user namespace of its own.
const nobody = 65534

// run gives a request to a process of its own and reads its answer. When it returns the
// process and all that it may have started are gone.
func (r *Renderer) run(ctx context.Context, q *Request) (*Answer, ending, error) {
	var end ending
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Deadline, errLate)
	defer cancel()
	// The process is to die with this one; the kernel looks at the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd, out, err := r.start(ctx, io.MultiReader(bytes.NewReader(q.Head()), bytes.NewReader(q.Document)))
	if err != nil {
		return nil, end, err
	}
	watched, full := make(chan struct{}), make(chan bool, 1)
	go func() { full <- watch(cmd.Process.Pid, watched, cancel) }()

	answer, err := ReadAnswer(bufio.NewReaderSize(out, 64<<10), q)
	if err != nil && !errors.As(err, new(refused)) {
		// It may be at its end anyway: how it ends says more than that it fell silent. One that
		// talks nonsense is not waited for.
		if errors.Is(err, errAnswer) {
			cancel()
		}
	}
	_ = out.Close()
	waited := cmd.Wait()
	close(watched)
	end.memory = <-full
	end.late = !end.memory && errors.Is(context.Cause(ctx), errLate)
	if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		end.forbidden = st.Signaled() && st.Signal() == syscall.SIGSYS
		end.late = end.late || st.Signaled() && st.Signal() == syscall.SIGXCPU
		end.broken = !cmd.ProcessState.Success()
	}
	if err != nil {
		return nil, end, fmt.Errorf("%w (%w)", err, errors.Join(waited, context.Cause(ctx)))
	}
	return answer, end, nil
}

var errLate = errors.New("the deadline is over")

// start starts the program: without an environment, in a process group and, where the kernel
// lets it, in namespaces of its own.
func (r *Renderer) start(ctx context.Context, in io.Reader) (*exec.Cmd, io.ReadCloser, error) {
	for {
		apart := !r.together.Load()
		args := []string{argConfined}
		if apart {
			args = append(args, ArgApart)
		}
		if r.cfg.WithoutLandlock {
			args = append(args, ArgWithoutLandlock)
		}
		cmd := exec.CommandContext(ctx, r.cfg.Program, args...) //nolint:gosec // the program of the configuration, beside this one
		cmd.Env, cmd.Dir, cmd.Stdin = []string{}, "/", in
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		cmd.WaitDelay = time.Second
		if apart {
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, nil, err
		}
		switch err = cmd.Start(); {
		case err == nil:
			return cmd, out, nil
		case apart && noNamespaces(err):
			r.together.Store(true)
			r.cfg.Log.Info("papers: the kernel gives no namespaces of their own to programs that draw; they go without", "error", err)
		default:
			return nil, nil, err
		}
	}
}

// noNamespaces reports whether a process could not be started because of its namespaces.
func noNamespaces(err error) bool {
	for _, e := range []error{syscall.EPERM, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// watch looks at a process's memory until done and kills it when it holds too much; it reports whether it did.
func watch(pid int, done <-chan struct{}, kill func()) bool {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	path := "/proc/" + strconv.Itoa(pid) + "/statm"
	for {
		select {
		case <-done:
			return false
		case <-t.C:
			b, err := os.ReadFile(path)
			if err != nil {
				continue // it has gone, or may not be looked at: its own limit holds
			}
			f := bytes.Fields(b)
			if len(f) < 2 {
				continue
			}
			if pages, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil && pages*int64(os.Getpagesize()) > MaxMemory {
				kill()
				return true
			}
		}
	}
}
