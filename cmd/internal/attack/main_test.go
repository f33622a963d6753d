package attack

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// fasthttp's worker pool sleeps out its last 10 s before it sees that it was stopped; its clock
	// of the Date header runs as long as the process.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// soak skips a test that measures time unless it was asked for.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("time limits: make soak")
	}
}
