//go:build vm

package vm

import (
	"os"
	"testing"
	"time"
)

// patience is how long a test waits for something that must happen. It only ends a test
// that has failed.
const patience = 20 * time.Second

// injecting is false in the control run: faults are left out, and the tests must notice.
var injecting = os.Getenv("GARITA_VM_INJECT") != "off"

// inject makes a fault happen and then demands the proof that it did. The proof must not
// come from the code under test: it looks into sysfs, or into the emulator's own books.
// harness (.vm/judge) knows the words of its failure.
func inject(t *testing.T, what string, do func() error, proof func() bool) {
	t.Helper()
	wait := 2 * time.Second
	if injecting {
		wait = patience
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if !came(wait, proof) {
		t.Fatalf("FAULT NOT INJECTED: %s", what)
	}
}

// came waits for a condition.
func came(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// until waits for something that must happen.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !came(patience, ok) {
		t.Fatalf("never came: %s", what)
	}
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
