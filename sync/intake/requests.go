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
	desk := &answer.Desk{Conn: in.nc, Log: in.c.Log, Clock: in.c.Clock, Longest: in.c.RequestTimeout, Trust: in.c.Trust}
	kinds := []answer.Kind{
		{Name: wire.KindHello, Answer: in.hello},
		{Name: wire.KindHoldings, Answer: in.holdings},
		{Name: wire.KindEvents, Answer: in.events},
		// A copy sent later would bring back a key that was destroyed.
		{Name: wire.KindWraps, Answer: in.wraps, Once: true},
		{Name: wire.KindAsk, Answer: in.ask, Sealed: true},
		// Other people's services may take seconds: what they are asked keeps no other question waiting.
		{Name: wire.KindLookUp, Answer: in.ask, Sealed: true, Slow: true},
	}
	if in.c.Checkpoints != nil {
		kinds = append(kinds, answer.Kind{Name: wire.KindCheckpoint, Answer: in.checkpoint})
	}
	if in.c.Keys != nil {
		kinds = append(kinds, answer.Kind{Name: wire.KindKeys, Answer: in.keys})
	}
	if in.c.Roster != nil {
		kinds = append(kinds, answer.Kind{Name: wire.KindRoster, Answer: in.roster})
		wg.Add(1)
		go func() { // ends with ctx
			defer wg.Done()
			in.wake(ctx)
		}()
	}
	return desk.Serve(ctx, wg, kinds...)
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
	if in.c.Roster != nil && in.meet(station) { // officers may have changed while this hub was away
		in.send(station, wire.KindRoster, struct{}{})
	}
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
