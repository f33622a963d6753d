package attack

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// fasthttp's worker pool sleeps out its last 10 s before it sees that it was stopped; its clock
	// of the Date header runs as long as the process. nats-server 2.15.2 forgets the files of a stream
	// that is made while it is shut down; a server that was not stopped would leave its listeners, too,
	// and those are looked for.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"),
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*msgBlock).flushLoop"))
}

// soak skips a test that measures time unless it was asked for.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("time limits: make soak")
	}
}
