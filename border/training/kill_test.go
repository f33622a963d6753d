package training_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"garita/border/training"
)

// diesIn names the folder in which a child of the test trains until it is killed.
const diesIn = "GARITA_TRAINING_DIES_IN"

// A program that is killed in the middle of training leaves a folder, which the next start removes.
func TestGoneAfterKill(t *testing.T) {
	if parent := os.Getenv(diesIn); parent != "" {
		r := newRig(t)
		r.parent = parent
		r.open()
		r.present(r.enter(), training.FirstVisit)
		fmt.Println("trains")
		select {} // until it is killed
	}
	r := newRig(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGoneAfterKill$")
	child.Env = append(os.Environ(), diesIn+"="+r.parent)
	out, err := child.StdoutPipe()
	r.must(err)
	r.must(child.Start())
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "trains"; {
	}
	if n := len(r.folders()); n != 1 {
		t.Errorf("%d folders while it trains", n)
	}
	r.open() // another program starts meanwhile: it leaves alone what is held
	if n := len(r.folders()); n != 1 {
		t.Errorf("%d folders after another start", n)
	}
	r.must(child.Process.Kill())
	_ = child.Wait() // it was killed
	if n := len(r.folders()); n != 1 {
		t.Fatalf("%d folders after the kill: nothing was left to remove", n)
	}
	r.open()
	if left := r.folders(); len(left) != 0 {
		t.Errorf("after the next start: %v", left)
	}
}
