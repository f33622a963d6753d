package intake

import (
	"context"
	"sync"

	"garita/border"
	"garita/sync/answer"
	"garita/sync/wire"
)

// serve answers all kinds of request until ctx ends.
func (in *Intake) serve(ctx context.Context, wg *sync.WaitGroup) error {
	// Other people's services may take seconds: what they are asked keeps no other question waiting.
	if err := answer.ServeSlow(ctx, wg, in.nc, in.c.Log, in.c.RequestTimeout, wire.KindLookUp, in.ask); err != nil {
		return err
	}
	return answer.Serve(ctx, wg, in.nc, in.c.Log, in.c.RequestTimeout, map[string]answer.Handler{
		wire.KindHello: in.hello, wire.KindHoldings: in.holdings, wire.KindEvents: in.events,
		wire.KindWraps: in.wraps, wire.KindAsk: in.ask,
	})
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
