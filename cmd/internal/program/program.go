// Package program is what the main functions of the services share: signals, logs, exit.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"garita/border"
)

// gcPercent lets the heap grow fivefold between collections. The live heap is a few MiB;
// at Go's default of 100 collections take a third of the time of a decision over HTTP.
const gcPercent = 400

// Start tunes the runtime for a service, keeps its memory out of dumps, and returns a context that ends at
// SIGINT or SIGTERM.
func Start() (context.Context, context.CancelFunc) {
	if err := NoDumps(); err != nil {
		fmt.Fprintln(os.Stderr, "memory may be dumped:", err)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
}

// Log writes JSON lines to w. What is logged never holds personal data.
func Log(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

// Exit prints an error for a person and returns the exit code.
func Exit(err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return 0
	}
	if m := border.MessageOf(err); m != "" {
		fmt.Fprintln(os.Stderr, m)
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	return 1
}
