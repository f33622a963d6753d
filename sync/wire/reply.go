package wire

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// Request builds a request of one kind. Timeout is how long the asker will wait.
func Request(station border.StationID, kind string, body []byte, timeout time.Duration) *nats.Msg {
	m := nats.NewMsg(RequestSubject(station, kind))
	m.Data = body
	m.Header = nats.Header{
		HeaderVersion: {Version},
		HeaderTimeout: {strconv.FormatInt(max(1, timeout.Milliseconds()), 10)},
	}
	return m
}

// Timeout reads how long the asker of a request will wait, at most limit.
func Timeout(h nats.Header, limit time.Duration) time.Duration {
	ms, err := strconv.ParseInt(get(h, HeaderTimeout), 10, 32)
	if err != nil || ms <= 0 {
		return limit
	}
	return min(limit, time.Duration(ms)*time.Millisecond)
}

// KnownVersion reports an [border.Invalid] error when a message is of another major
// version than ours.
func KnownVersion(h nats.Header) error {
	if v := get(h, HeaderVersion); v != "" && v != Version {
		return invalid("the protocol version is unknown")
	}
	return nil
}

// Refusal is the reply that says no. Only the code travels: causes stay in the log of
// the side where they happened.
func Refusal(err error) *nats.Msg {
	return &nats.Msg{Header: nats.Header{HeaderVersion: {Version}, HeaderError: {string(border.CodeOf(err))}}}
}

// ReadReply returns the body of a reply, or the error it carries.
func ReadReply(m *nats.Msg) ([]byte, error) {
	if err := KnownVersion(m.Header); err != nil {
		return nil, err
	}
	switch c := get(m.Header, HeaderError); border.Code(c) {
	case "":
		return m.Data, nil
	case border.Unauthenticated:
		return nil, &border.Error{Code: border.Unauthenticated, Op: "ask the hub", Err: fmt.Errorf("the hub refused (%s)", c),
			Message: "The hub does not believe that this station asks. Ask the hub whether the station was revoked; otherwise enrol it again."}
	case border.Invalid, border.NotFound, border.Forbidden, border.Conflict, border.Stale, border.TooLarge, border.TooMany,
		border.StorageFull, border.NotDurable, border.Unavailable, border.Internal:
		return nil, &border.Error{Code: border.Code(c), Op: "ask the hub", Err: fmt.Errorf("the hub refused (%s)", c)}
	default: // a code of a later version
		return nil, &border.Error{Code: border.Internal, Op: "ask the hub", Err: fmt.Errorf("the hub refused with an unknown code")}
	}
}
