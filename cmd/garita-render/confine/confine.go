// Package confine takes from its own process whatever drawing a document does not need: the
// file system, the network, other processes, new programs, and memory without end. What is
// left is reading the standard input, writing the standard output, and computing.
//
// Three layers, each enough for most of it: Landlock without any rule (early.c, before Go
// has more than one thread), a seccomp filter over all threads that lists what is allowed,
// and resource limits. The parent adds namespaces where the kernel lets it, a deadline and
// a look at the memory.
package confine

// #include "early.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Argument is the first argument of a process that is to be confined. It counts only there,
// and before Go has begun: a process cannot think better of it later.
const Argument = C.GARITA_CONFINED

// Limits of a confined process.
const (
	// MaxMemory is how many bytes it may map besides what it has when it is confined.
	MaxMemory = 512 << 20
	// maxSeconds of computing; the parent's deadline comes first.
	maxSeconds = 4
	// maxThreads, where the process has a user namespace of its own to count in.
	maxThreads = 32
)

// ErrNoLandlock says that the kernel does not know Landlock, or was started without it.
var ErrNoLandlock = errors.New("the kernel has no Landlock")

// Options say what a process may go without, and what its parent did for it.
type Options struct {
	// WithoutLandlock lets it go on where the kernel has none: seccomp alone has to do.
	WithoutLandlock bool
	// Apart: it has a user namespace of its own, so threads can be counted.
	Apart bool
}

// Facts say what confines a process.
type Facts struct {
	Landlock int // ABI; 0: none
}

// Enter confines the whole process for good, all threads included. It has to be called
// before a byte from outside is read; after an error nothing may be read.
func Enter(o Options) (Facts, error) {
	f := Facts{Landlock: int(C.garita_landlock)}
	if f.Landlock == 0 && !o.WithoutLandlock {
		if C.garita_errno == 0 {
			return f, errors.New("the process was not started to be confined")
		}
		return f, fmt.Errorf("%w: %w", ErrNoLandlock, syscall.Errno(C.garita_errno))
	}
	// Go opens what its timers wait on with the first timer; later there is nothing to open.
	time.Sleep(time.Microsecond)
	runtime.GOMAXPROCS(1)
	if err := limit(o); err != nil {
		return f, err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return f, fmt.Errorf("no new privileges: %w", err)
	}
	if err := filter(); err != nil {
		return f, fmt.Errorf("seccomp: %w", err)
	}
	return f, proven()
}

// limit sets what the process may use. Limits on memory count from what is mapped now: Go
// reserves addresses that it never uses.
func limit(o Options) error {
	mapped, err := mappedBytes()
	if err != nil {
		return err
	}
	limits := []struct {
		what  int
		bound uint64
	}{
		{unix.RLIMIT_CPU, maxSeconds},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
		{unix.RLIMIT_AS, mapped + MaxMemory},
		{unix.RLIMIT_NOFILE, 0}, // the open ones stay
	}
	if o.Apart {
		limits = append(limits, struct {
			what  int
			bound uint64
		}{unix.RLIMIT_NPROC, maxThreads})
	}
	for _, l := range limits {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.bound, Max: l.bound}); err != nil {
			return fmt.Errorf("resource limit %d: %w", l.what, err)
		}
	}
	return nil
}

// proven tries what must not work any more. A filter that was not put in place, for whatever
// reason, is found here and not by a hostile document.
func proven() error {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
		return errors.New("a confined process could open a folder")
	}
	if mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil || mode != unix.SECCOMP_MODE_FILTER {
		return errors.New("no filter is in place")
	}
	return nil
}
