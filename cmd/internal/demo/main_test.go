package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// programs is the folder of the programs under test, built once.
var programs string

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func testMain(m *testing.M) (code int, err error) {
	if programs, err = os.MkdirTemp("", "garita-programs-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(programs)) }()
	out, err := exec.Command("go", "build", "-o", programs+string(filepath.Separator),
		"garita/cmd/garita", "garita/cmd/garita-post", "garita/cmd/garita-hub").CombinedOutput()
	if err != nil {
		return 1, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	if code = m.Run(); code == 0 {
		// fasthttp's worker pool sleeps out its last 10 s before it sees that it was stopped; its
		// clock of the Date header runs as long as the process.
		err = goleak.Find(goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
	}
	return code, err
}

// soak skips a test that measures time or counts high unless it was asked for.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("time limits and large counts: make soak")
	}
}

// random gives the test's randomness; its seed is printed and can be given again in GARITA_SEED.
func random(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("GARITA_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("GARITA_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1)), seed
}
