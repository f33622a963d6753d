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
	slowWorkers = 64
	queue       = 256
)

// Trust is what the hub has to believe stations and to be believed with. Each part may be nil,
// and is then not used: on loopback, and in tests.
type Trust struct {
	// Verify checks a station's signature. It fails for a station that is not, or not any more, one
	// of the hub's. What bears no signature is then refused.
	Verify func(ctx context.Context, station border.StationID, message, signature []byte) error
	// SignReply signs with the hub's key (Ed25519): answers, and messages down.
	SignReply func(message []byte) []byte
	// SealReply seals to a station's key.
	SealReply func(ctx context.Context, station border.StationID, plain []byte) ([]byte, error)
}

// Handler answers one request of a station; its error goes back as its code alone.
type Handler func(ctx context.Context, station border.StationID, body []byte) ([]byte, error)

// Kind is one kind of request.
type Kind struct {
	Name   string // the last token of its subject
	Answer Handler
	Slow   bool // its answers wait for somebody else, and need many workers
	Sealed bool // its answers may tell of a hit, and are sealed to the station
	Once   bool // a copy of the request must have no effect, not even later
}

// Desk answers requests. Its fields do not change any more once it serves.
type Desk struct {
	Conn    *nats.Conn
	Log     *slog.Logger
	Clock   border.Clock
	Longest time.Duration // work on one request
	Trust

	once sync.Once
	seen *seen
}

// Serve subscribes to kinds of request and starts their workers, which end with ctx and are
// counted in wg. It fails when a subscription is refused.
func (d *Desk) Serve(ctx context.Context, wg *sync.WaitGroup, kinds ...Kind) error {
	d.once.Do(func() { d.seen = newSeen(d.Clock.Now()) })
	for _, k := range kinds {
		queue := make(chan *nats.Msg, queue)
		if _, err := d.Conn.ChanSubscribe(wire.RequestSubjects(k.Name), queue); err != nil {
			return &border.Error{Code: border.Internal, Op: "listen to stations", Err: err}
		}
		n := workers
		if k.Slow {
			n = slowWorkers
		}
		for range n {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					select {
					case m := <-queue:
						if m != nil { // nil: the connection is closed
							d.reply(ctx, m, &k)
						}
					case <-ctx.Done():
						return
					}
				}
			}()
		}
	}
	return nil
}

func (d *Desk) reply(ctx context.Context, m *nats.Msg, k *Kind) {
	if m.Reply == "" {
		return
	}
	_, station, _, ok := wire.ParseSubject(m.Subject)
	err := wire.KnownVersion(m.Header)
	if !ok {
		err = &border.Error{Code: border.Invalid, Op: "read a request", Err: errors.New("the subject names no station")}
	}
	reply := &nats.Msg{Header: nats.Header{wire.HeaderVersion: {wire.Version}}}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, wire.Timeout(m.Header, d.Longest))
		reply.Data, err = d.answer(ctx, station, m, k)
		if err != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
			err = &border.Error{Code: border.Unavailable, Op: "answer a request", Err: err}
		}
		cancel()
	}
	switch {
	case err != nil:
		d.Log.Warn("request refused", "station", station, "kind", k.Name, "err", err)
		reply = wire.Refusal(err)
	case k.Sealed && d.SealReply != nil:
		reply.Header[wire.HeaderSealed] = []string{"1"}
	}
	if d.SignReply != nil {
		wire.SignReply(wire.RequestMessage(m), reply, d.SignReply)
	}
	if err := m.RespondMsg(reply); err != nil {
		d.Log.Debug("not answered", "station", station, "kind", k.Name, "err", err)
	}
}

// answer answers a request if its station made it.
func (d *Desk) answer(ctx context.Context, station border.StationID, m *nats.Msg, k *Kind) ([]byte, error) {
	if d.Verify != nil {
		if err := d.believe(ctx, station, m, k); err != nil {
			return nil, err
		}
	}
	body, err := k.Answer(ctx, station, m.Data)
	if err != nil || !k.Sealed || d.SealReply == nil {
		return body, err
	}
	return d.SealReply(ctx, station, wire.Pad(body))
}

func (d *Desk) believe(ctx context.Context, station border.StationID, m *nats.Msg, k *Kind) error {
	refuse := func(err error) error {
		return &border.Error{Code: border.Unauthenticated, Op: "believe a request", Err: err}
	}
	signature, ok := wire.Signature(m.Header)
	if !ok || signature == nil {
		return refuse(errors.New("it bears no signature"))
	}
	if err := d.Verify(ctx, station, wire.RequestMessage(m), signature); err != nil {
		if border.CodeOf(err) == border.Unavailable { // who belongs cannot be said now
			return err
		}
		return refuse(err)
	}
	if !k.Once {
		return nil
	}
	at, err := wire.SignedAt(m.Header)
	if err != nil {
		return err
	}
	return d.seen.note(d.Clock.Now(), at, signature)
}
