package devicetest

import (
	"os"
	"syscall"

	"github.com/creack/pty"
)

// terminal opens a pseudo-terminal. The library leaves the master's reads blocking, and
// such a read holds the terminal open however often it is closed: the line would not hang
// up. The master returned here is polled, so that closing it ends its reads.
func terminal() (master, slave *os.File, err error) {
	m, slave, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	fd, err := syscall.Dup(int(m.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
		if err = syscall.SetNonblock(fd, true); err != nil {
			_ = syscall.Close(fd)
		}
	}
	if err != nil {
		_ = slave.Close()
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), m.Name()), slave, nil
}
