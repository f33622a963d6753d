// Package ask carries a station's requests to the hub: it proves that the station asks, and
// believes no answer that the hub did not give to this very request.
package ask

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// Trust is what a station has to be believed and to believe the hub with. Each part may be nil,
// and is then not used: on loopback, and in tests. None may block.
type Trust struct {
	// Sign signs with the station's key (Ed25519): requests, and the heads of its journal.
	Sign func(message []byte) []byte
	// VerifyReply checks the hub's signature. What bears none is then refused.
	VerifyReply func(message, signature []byte) error
	// OpenReply opens what is sealed to this station. Answers that must be sealed and are not are
	// then refused.
	OpenReply func(sealed []byte) ([]byte, error)
}

// Sealed reports whether the answers to a kind of request must be sealed: they may tell of a hit.
func Sealed(kind string) bool {
	return kind == wire.KindAsk || kind == wire.KindLookUp || kind == wire.KindNotices
}

// Request sends a request of a station and returns the body of its answer. At is the hub's time
// as far as the station knows it. It waits until ctx ends; [border.Unavailable]: no answer came.
// [border.Unauthenticated]: one side does not believe the other.
func (t *Trust) Request(ctx context.Context, nc *nats.Conn, station border.StationID, kind string, body []byte, at time.Time) ([]byte, error) {
	left := wire.MaxAskTimeout
	if d, ok := ctx.Deadline(); ok {
		left = time.Until(d)
	}
	m := wire.Request(station, kind, body, left)
	if t.Sign != nil || t.VerifyReply != nil {
		if err := wire.SignRequest(m, at, t.Sign); err != nil {
			return nil, err
		}
	}
	reply, err := nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "ask the hub (" + kind + ")", Message: "The hub does not answer.", Err: err}
	}
	if t.VerifyReply != nil {
		signature, ok := wire.Signature(reply.Header)
		if !ok || signature == nil {
			return nil, disbelieved(kind, errors.New("the answer bears no signature"))
		}
		if err := t.VerifyReply(wire.ReplyMessage(wire.RequestMessage(m), reply), signature); err != nil {
			return nil, disbelieved(kind, err)
		}
	}
	answer, err := wire.ReadReply(reply)
	if err != nil || !Sealed(kind) {
		return answer, err
	}
	switch sealed := wire.Sealed(reply.Header); {
	case t.OpenReply == nil && sealed:
		return nil, disbelieved(kind, errors.New("the answer is sealed, and this station cannot open it"))
	case t.OpenReply == nil:
		return answer, nil
	case !sealed:
		return nil, disbelieved(kind, errors.New("the answer is not sealed"))
	}
	padded, err := t.OpenReply(answer)
	if err != nil {
		return nil, disbelieved(kind, err)
	}
	return wire.Unpad(padded)
}

func disbelieved(kind string, err error) error {
	return &border.Error{Code: border.Unauthenticated, Op: "ask the hub (" + kind + ")", Err: err,
		Message: "What answers is not believed to be the hub. Nothing of it was used."}
}

// Believes checks a message that came down from the hub.
func (t *Trust) Believes(m *nats.Msg) error {
	if t.VerifyReply == nil {
		return nil
	}
	signature, ok := wire.Signature(m.Header)
	if !ok || signature == nil {
		return disbelieved("down", errors.New("the message bears no signature"))
	}
	if err := t.VerifyReply(wire.DownMessage(m), signature); err != nil {
		return disbelieved("down", err)
	}
	return nil
}
