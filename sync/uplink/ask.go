package uplink

import (
	"context"

	"garita/border"
	"garita/sync/wire"
)

// AskDocument implements [border.HubAsker]: it carries the question to the hub and waits
// until ctx ends, at most 10 s. Without a hub it fails at once.
func (u *Uplink) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	const op = "ask the hub about a document"
	away := func(err error) (border.DocumentAnswer, error) {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: op, Message: "The hub does not answer.", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, wire.MaxAskTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return away(err)
	}
	u.mu.Lock()
	nc, connected := u.nc, u.connected
	u.mu.Unlock()
	if !connected {
		return away(nil)
	}
	q.Station = u.c.Station
	q.Limit = max(1, min(q.Limit, wire.MaxAskLimit))
	body, err := wire.Encode(q)
	if err != nil {
		return border.DocumentAnswer{}, err
	}
	kind := wire.KindAsk
	if len(q.Inquiry) > 0 {
		kind = wire.KindLookUp
	}
	reply, err := u.c.Request(ctx, nc, u.c.Station, kind, body, u.hubTime())
	if err != nil {
		return border.DocumentAnswer{}, err
	}
	return wire.DecodeAnswer(reply)
}
