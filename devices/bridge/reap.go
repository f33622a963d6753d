package bridge

import (
	"errors"

	"golang.org/x/sys/unix"
)

// waitUnreaped waits until a child has ended and leaves it to be reaped, so that its
// number cannot be given to another process meanwhile.
func waitUnreaped(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
