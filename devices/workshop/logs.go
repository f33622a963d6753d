package workshop

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
)

// maxLines is how many lines are kept of each scanner, maxScanners of how many.
const (
	maxLines    = 200
	maxScanners = 128
)

// Logs passes what is logged on, and keeps the last lines that name a scanner (attribute
// "scanner"), for its diagnostic file. As everywhere, nothing personal is logged.
type Logs struct {
	next    slog.Handler
	keep    *kept
	own     slog.Handler // writes JSON to keep
	scanner string       // of the attributes given beforehand
}

// kept is shared by a handler and those made from it.
type kept struct {
	mu   sync.Mutex // guards both
	buf  bytes.Buffer
	last map[string][][]byte
}

// NewLogs makes a handler in front of another.
func NewLogs(next slog.Handler) *Logs {
	k := &kept{last: make(map[string][][]byte)}
	return &Logs{next: next, keep: k, own: slog.NewJSONHandler(&k.buf, &slog.HandlerOptions{Level: slog.LevelDebug})}
}

// Lines returns the last lines about a scanner, oldest first.
func (l *Logs) Lines(scanner string) [][]byte {
	l.keep.mu.Lock()
	defer l.keep.mu.Unlock()
	return slices.Clone(l.keep.last[scanner])
}

// Enabled takes all levels: what is not logged may still help the technician.
func (l *Logs) Enabled(context.Context, slog.Level) bool { return true }

// Handle passes a record on and keeps it if it names a scanner.
func (l *Logs) Handle(ctx context.Context, r slog.Record) error {
	scanner := l.scanner
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "scanner" {
			scanner = a.Value.String()
		}
		return true
	})
	if scanner != "" {
		l.remember(ctx, scanner, r)
	}
	if !l.next.Enabled(ctx, r.Level) {
		return nil
	}
	return l.next.Handle(ctx, r)
}

func (l *Logs) remember(ctx context.Context, scanner string, r slog.Record) {
	k := l.keep
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buf.Reset()
	if l.own.Handle(ctx, r) != nil {
		return // a buffer takes everything
	}
	if _, known := k.last[scanner]; !known && len(k.last) == maxScanners {
		return
	}
	lines := append(k.last[scanner], bytes.TrimSpace(bytes.Clone(k.buf.Bytes())))
	k.last[scanner] = lines[max(0, len(lines)-maxLines):]
}

// WithAttrs adds attributes.
func (l *Logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	m := *l
	m.next, m.own = l.next.WithAttrs(attrs), l.own.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == "scanner" {
			m.scanner = a.Value.String()
		}
	}
	return &m
}

// WithGroup begins a group.
func (l *Logs) WithGroup(name string) slog.Handler {
	m := *l
	m.next, m.own = l.next.WithGroup(name), l.own.WithGroup(name)
	return &m
}
