package confine

import "golang.org/x/sys/unix"

// older are calls that newer processors' kernels do not have.
var older = map[uint32]unix.Errno{
	unix.SYS_OPEN:     unix.EACCES,
	unix.SYS_ACCESS:   unix.EACCES,
	unix.SYS_READLINK: unix.EACCES,
	unix.SYS_STAT:     unix.EACCES,
	unix.SYS_LSTAT:    unix.EACCES,
}
