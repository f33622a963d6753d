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
	"syscall"

	"garita/border"
)

// Context ends at SIGINT or SIGTERM.
func Context() (context.Context, context.CancelFunc) {
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
