//go:build !amd64

package confine

import "golang.org/x/sys/unix"

// older are calls that newer processors' kernels do not have.
var older map[uint32]unix.Errno
