// Package answer is the hub's desk: it takes the requests of stations off a connection and
// answers them. Each kind has its own queue and workers, so that a rush of one kind, or slow
// answers to it, holds up no other.
package answer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// What does not fit into a queue is dropped by the client library; the station tries again.
const (
	workers     = 3
	slowWorkers = 64 // of a kind whose workers mostly wait
	queue       = 256
)

// Handler answers one request of a station; its error goes back as its code alone.
type Handler func(ctx context.Context, station border.StationID, body []byte) ([]byte, error)

// Serve subscribes to kinds of request and starts their workers, which end with ctx and are
// counted in wg. Longest bounds the work on one request. It fails when a subscription is
// refused.
func Serve(ctx context.Context, wg *sync.WaitGroup, nc *nats.Conn, log *slog.Logger, longest time.Duration, kinds map[string]Handler) error {
	for kind, h := range kinds {
		if err := serve(ctx, wg, nc, log, longest, kind, h, workers); err != nil {
			return err
		}
	}
	return nil
}

// ServeSlow is [Serve] for one kind of request whose answers wait for somebody else.
func ServeSlow(ctx context.Context, wg *sync.WaitGroup, nc *nats.Conn, log *slog.Logger, longest time.Duration, kind string, h Handler) error {
	return serve(ctx, wg, nc, log, longest, kind, h, slowWorkers)
}

func serve(ctx context.Context, wg *sync.WaitGroup, nc *nats.Conn, log *slog.Logger, longest time.Duration, kind string, h Handler, workers int) error {
	queue := make(chan *nats.Msg, queue)
	if _, err := nc.ChanSubscribe(wire.RequestSubjects(kind), queue); err != nil {
		return &border.Error{Code: border.Internal, Op: "listen to stations", Err: err}
	}
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case m := <-queue:
					if m != nil { // nil: the connection is closed
						reply(ctx, m, log, longest, h)
					}
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	return nil
}

func reply(ctx context.Context, m *nats.Msg, log *slog.Logger, longest time.Duration, h Handler) {
	if m.Reply == "" {
		return
	}
	_, station, kind, ok := wire.ParseSubject(m.Subject)
	err := wire.KnownVersion(m.Header)
	if !ok {
		err = &border.Error{Code: border.Invalid, Op: "read a request", Err: errors.New("the subject names no station")}
	}
	reply := &nats.Msg{Header: nats.Header{wire.HeaderVersion: {wire.Version}}}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, wire.Timeout(m.Header, longest))
		reply.Data, err = h(ctx, station, m.Data)
		if err != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
			err = &border.Error{Code: border.Unavailable, Op: "answer a request", Err: err}
		}
		cancel()
	}
	if err != nil {
		log.Warn("request refused", "station", station, "kind", kind, "err", err)
		reply = wire.Refusal(err)
	}
	if err := m.RespondMsg(reply); err != nil {
		log.Debug("not answered", "station", station, "kind", kind, "err", err)
	}
}
