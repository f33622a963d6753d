package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"garita/border/papers"
	"garita/cmd/garita-render/confine"
)

// The test's own program stands in for garita-render: started as that, it confines itself
// with the same code and then draws, or tries to break out if the paper says so.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == confine.Argument || os.Args[1] == argLoose) {
		os.Exit(hostile(os.Args[2:], os.Args[1] == argLoose))
	}
	goleak.VerifyTestMain(m)
}

func renderer(t testing.TB, cfg papers.Config) *papers.Renderer {
	t.Helper()
	if cfg.Program == "" {
		cfg.Program = os.Args[0]
	}
	return papers.New(cfg)
}
