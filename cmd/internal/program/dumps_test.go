package program_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"garita/cmd/internal/program"
)

func TestNoDumps(t *testing.T) {
	if err := program.NoDumps(); err != nil {
		t.Fatal(err)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core != (unix.Rlimit{}) {
		t.Errorf("%+v, %v", core, err)
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		t.Errorf("dumpable %d, %v", n, err)
	}
}
