package intake

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// Each kind of request has its own queue and workers, so that a rush of one kind, or
// slow answers to it, holds up no other. What does not fit into the queue is dropped by
// the client library; the station tries again.
const (
	requestWorkers = 3
	requestQueue   = 256
)

type handler func(ctx context.Context, station border.StationID, body []byte) ([]byte, error)

// serve subscribes to all kinds of request and starts their workers, which end with ctx.
func (in *Intake) serve(ctx context.Context, wg *sync.WaitGroup) error {
	for kind, h := range map[string]handler{
		wire.KindHello: in.hello, wire.KindHoldings: in.holdings, wire.KindEvents: in.events,
		wire.KindWraps: in.wraps, wire.KindAsk: in.ask,
	} {
		queue := make(chan *nats.Msg, requestQueue)
		if _, err := in.nc.ChanSubscribe(wire.RequestSubjects(kind), queue); err != nil {
			return &border.Error{Code: border.Internal, Op: "listen to stations", Err: err}
		}
		for range requestWorkers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					select {
					case m := <-queue:
						if m != nil { // nil: the connection is closed
							in.answer(ctx, m, h)
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

func (in *Intake) answer(ctx context.Context, m *nats.Msg, h handler) {
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
		ctx, cancel := context.WithTimeout(ctx, wire.Timeout(m.Header, in.c.RequestTimeout))
		reply.Data, err = h(ctx, station, m.Data)
		if err != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
			err = &border.Error{Code: border.Unavailable, Op: "answer a request", Err: err}
		}
		cancel()
	}
	if err != nil {
		in.c.Log.Warn("request refused", "station", station, "kind", kind, "err", err)
		reply = wire.Refusal(err)
	}
	if err := m.RespondMsg(reply); err != nil {
		in.c.Log.Debug("not answered", "station", station, "kind", kind, "err", err)
	}
}

func (in *Intake) hello(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	h, err := wire.DecodeHello(body, station)
	if err != nil {
		return nil, err
	}
	w, err := in.c.Sink.Greet(ctx, h)
	if err != nil {
		return nil, err
	}
	in.generation.Store(w.Generation)
	return wire.Encode(w)
}

func (in *Intake) holdings(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeHoldingsRequest(body)
	if err != nil {
		return nil, err
	}
	hs, err := in.c.Sink.Holdings(ctx, station, r.Offset, r.Limit)
	if err != nil {
		return nil, err
	}
	return wire.Encode(wire.HoldingsReply{Holdings: hs})
}

func (in *Intake) events(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeEventsRequest(body)
	if err != nil {
		return nil, err
	}
	events, err := in.c.Sink.Events(ctx, station, r.Epoch, r.After, r.Limit)
	if err != nil {
		return nil, err
	}
	return wire.AppendEventList(nil, events), nil
}

func (in *Intake) wraps(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeWrapsRequest(body, station)
	if err != nil {
		return nil, err
	}
	if err := in.c.Sink.StoreWraps(ctx, r.Wraps); err != nil {
		return nil, err
	}
	return []byte("{}"), nil
}

func (in *Intake) ask(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	q, err := wire.DecodeQuestion(body, station)
	if err != nil {
		return nil, err
	}
	a, err := in.c.Asker.AskDocument(ctx, q)
	if err != nil {
		return nil, err
	}
	return wire.Encode(a)
}
