package confine

// #include "early.h"
import "C"

import (
	"bytes"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// mappedBytes returns how many bytes of addresses the process has mapped, and closes the
// last file that it had open.
func mappedBytes() (uint64, error) {
	fd := int(C.garita_statm)
	if fd < 0 {
		return 0, errors.New("how much memory is mapped cannot be read: is /proc there?")
	}
	defer unix.Close(fd)
	var b [128]byte
	n, err := unix.Pread(fd, b[:], 0)
	if err != nil {
		return 0, err
	}
	first, _, _ := bytes.Cut(b[:n], []byte(" "))
	pages, err := strconv.ParseUint(string(first), 10, 32)
	if err != nil {
		return 0, errors.New("how much memory is mapped cannot be understood")
	}
	return pages * uint64(unix.Getpagesize()), nil
}
