package program

import (
	"errors"

	"golang.org/x/sys/unix"
)

// NoDumps keeps what is in memory, keys and people, out of core dumps, and other programs of the same user
// from reading it. Whoever is root can still do so. Memory may go to swap: encrypt it (docs/OPERATIONS.md).
func NoDumps() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}
