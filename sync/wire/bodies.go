package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"garita/border"
)

// Bodies of requests and replies. Hello is answered by a border.Welcome, ask
// (border.DocumentQuestion) by a border.DocumentAnswer, events by an event list. Those about
// notices are in notices.go,
// those about checkpoints, rosters and keys in belonging.go.

// HoldingsRequest asks for a page of what the hub holds of the station.
type HoldingsRequest struct {
	Offset int `json:"offset"`
	Limit  int `json:"limit"` // 1 to [MaxHoldings]
}

// HoldingsReply is one page; an empty one is the end.
type HoldingsReply struct {
	Holdings []border.Holding `json:"holdings"`
}

// EventsRequest asks the hub for events of the station that the station has lost.
type EventsRequest struct {
	Epoch border.Epoch `json:"epoch"`
	After uint64       `json:"after"`
	Limit int          `json:"limit"` // 1 to [MaxEvents]
}

// WrapsRequest delivers key wraps. The reply has an empty object as its body and comes
// only once they are durable.
type WrapsRequest struct {
	Wraps []border.KeyWrap `json:"wraps"`
}

// Watermark tells a station what the hub holds durably of it.
type Watermark struct {
	Generation uint64           `json:"generation"` // 0: not known yet
	Holdings   []border.Holding `json:"holdings"`
}

// Resend asks a station to send an epoch's events again from after on.
type Resend struct {
	Epoch border.Epoch `json:"epoch"`
	After uint64       `json:"after"`
}

// Encode gives the JSON of a body.
func Encode(body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "encode a message", Err: err}
	}
	if len(b) > MaxBody {
		return nil, &border.Error{Code: border.TooLarge, Op: "encode a message", Err: fmt.Errorf("%d bytes", len(b))}
	}
	return b, nil
}

// decode reads exactly one JSON value. The input is never repeated in an error.
// Unknown fields are ignored: a newer sender may add some.
func decode(b []byte, into any) error {
	if len(b) > MaxBody {
		return &border.Error{Code: border.TooLarge, Op: "read a message", Err: fmt.Errorf("%d bytes", len(b))}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(into); err != nil {
		return invalid("the body is no JSON of the known shape")
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("there are bytes after the body")
	}
	return nil
}

func invalid(what string) error {
	return &border.Error{Code: border.Invalid, Op: "read a message", Err: fmt.Errorf("%s", what)}
}

// maxSeq keeps a seq within 63 bits, as SQL does.
const maxSeq = 1<<63 - 1

// DecodeHello reads and checks a hello of the given station.
func DecodeHello(b []byte, station border.StationID) (border.Hello, error) {
	var h border.Hello
	if err := decode(b, &h); err != nil {
		return border.Hello{}, err
	}
	switch {
	case h.Station != station:
		return border.Hello{}, invalid("a station speaks for another")
	case h.Post.Validate() != nil:
		return border.Hello{}, invalid("no post")
	case len(h.Zone) > 64 || len(h.Software) > 128 || len(h.Clock.State) > 32 || len(h.Clock.Reason) > 64:
		return border.Hello{}, invalid("a text is too long")
	case h.Head.Seq > maxSeq || h.Watermark.Seq > maxSeq || h.Backlog > maxSeq || h.Generation > maxSeq:
		return border.Hello{}, invalid("a number is out of bounds")
	case !validReports(h.Lists):
		return border.Hello{}, invalid("a report on a list is out of bounds")
	case !validHealth(h.Health):
		return border.Hello{}, invalid("what is said of the machine is out of bounds")
	}
	return h, nil
}

// DecodeWelcome reads and checks the hub's answer to a hello.
func DecodeWelcome(b []byte) (border.Welcome, error) {
	var w border.Welcome
	if err := decode(b, &w); err != nil {
		return border.Welcome{}, err
	}
	if w.Generation == 0 || w.Generation > maxSeq || w.Epochs < 0 {
		return border.Welcome{}, invalid("a number is out of bounds")
	}
	return w, nil
}

// DecodeHoldingsRequest reads and checks a request for holdings.
func DecodeHoldingsRequest(b []byte) (HoldingsRequest, error) {
	var r HoldingsRequest
	if err := decode(b, &r); err != nil {
		return HoldingsRequest{}, err
	}
	if r.Offset < 0 || r.Offset > 1<<30 || r.Limit < 1 || r.Limit > MaxHoldings {
		return HoldingsRequest{}, invalid("a number is out of bounds")
	}
	return r, nil
}

// DecodeHoldingsReply reads and checks a page of holdings.
func DecodeHoldingsReply(b []byte) (HoldingsReply, error) {
	var r HoldingsReply
	if err := decode(b, &r); err != nil {
		return HoldingsReply{}, err
	}
	if !validHoldings(r.Holdings) {
		return HoldingsReply{}, invalid("a holding is out of bounds")
	}
	return r, nil
}

func validHoldings(hs []border.Holding) bool {
	if len(hs) > MaxHoldings {
		return false
	}
	for _, h := range hs {
		if h.Epoch.IsZero() || h.Held > maxSeq || h.Highest > maxSeq || h.Announced > maxSeq || h.Held > h.Highest {
			return false
		}
	}
	return true
}

// DecodeEventsRequest reads and checks a request for events.
func DecodeEventsRequest(b []byte) (EventsRequest, error) {
	var r EventsRequest
	if err := decode(b, &r); err != nil {
		return EventsRequest{}, err
	}
	if r.Epoch.IsZero() || r.After > maxSeq || r.Limit < 1 || r.Limit > MaxEvents {
		return EventsRequest{}, invalid("a number is out of bounds")
	}
	return r, nil
}

// DecodeWrapsRequest reads and checks a delivery of key wraps of the given station.
func DecodeWrapsRequest(b []byte, station border.StationID) (WrapsRequest, error) {
	var r WrapsRequest
	if err := decode(b, &r); err != nil {
		return WrapsRequest{}, err
	}
	if len(r.Wraps) > MaxWraps {
		return WrapsRequest{}, invalid("too many wraps")
	}
	for i := range r.Wraps {
		if err := validWrap(&r.Wraps[i], station); err != nil {
			return WrapsRequest{}, err
		}
	}
	return r, nil
}

// DecodeQuestion reads and checks a question of the given station.
func DecodeQuestion(b []byte, station border.StationID) (border.DocumentQuestion, error) {
	var q border.DocumentQuestion
	if err := decode(b, &q); err != nil {
		return border.DocumentQuestion{}, err
	}
	switch {
	case q.Station != station:
		return border.DocumentQuestion{}, invalid("a station speaks for another")
	case q.Limit < 1 || q.Limit > MaxAskLimit || len(q.Listed) > MaxListed || len(q.Inquiry) > border.MaxInquiry:
		return border.DocumentQuestion{}, invalid("a number is out of bounds")
	}
	return q, nil
}

// DecodeAnswer reads and checks the answer to a question.
func DecodeAnswer(b []byte) (border.DocumentAnswer, error) {
	var a border.DocumentAnswer
	if err := decode(b, &a); err != nil {
		return border.DocumentAnswer{}, err
	}
	if len(a.Crossings) > MaxAskLimit || len(a.SamePerson) > MaxAskLimit || len(a.Listed) > MaxListed || len(a.Lookups) > MaxLookups {
		return border.DocumentAnswer{}, invalid("too many crossings")
	}
	for _, cs := range [...][]border.PastCrossing{a.Crossings, a.SamePerson} {
		for i := range cs {
			if !validPast(&cs[i]) {
				return border.DocumentAnswer{}, invalid("a crossing is out of bounds")
			}
		}
	}
	for i := range a.Lookups {
		if !validLookup(&a.Lookups[i]) {
			return border.DocumentAnswer{}, invalid("a lookup is out of bounds")
		}
	}
	return a, nil
}

func validLookup(l *border.LookupAnswer) bool {
	if len(l.Service) > 64 || len(l.Outcome) > 32 || len(l.Reason) > 64 || len(l.Hits) > MaxLookupHits {
		return false
	}
	return !slices.ContainsFunc(l.Hits, func(h string) bool { return len(h) > 128 })
}

func validPast(c *border.PastCrossing) bool {
	for _, t := range [...]struct {
		text string
		most int
	}{
		{string(c.Post), 32}, {c.Direction, 32}, {c.Outcome, 64}, {c.ClockState, 32}, {c.LocalDate, 10}, {c.Category, MaxCode},
		{c.Purpose, MaxCode}, {c.Residence, MaxCode}, {c.Ground, MaxCode}, {c.PermittedUntil, 10},
	} {
		if len(t.text) > t.most {
			return false
		}
	}
	return c.Station.Validate() == nil && c.DaysGranted >= 0 && c.DaysGranted <= MaxDays
}

// DecodeWatermark reads and checks a watermark.
func DecodeWatermark(b []byte) (Watermark, error) {
	var w Watermark
	if err := decode(b, &w); err != nil {
		return Watermark{}, err
	}
	if w.Generation > maxSeq || !validHoldings(w.Holdings) {
		return Watermark{}, invalid("a holding is out of bounds")
	}
	return w, nil
}

// DecodeResend reads and checks a demand to send again.
func DecodeResend(b []byte) (Resend, error) {
	var r Resend
	if err := decode(b, &r); err != nil {
		return Resend{}, err
	}
	if r.Epoch.IsZero() || r.After > maxSeq {
		return Resend{}, invalid("a number is out of bounds")
	}
	return r, nil
}
