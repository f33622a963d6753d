package wire

import (
	"garita/border"
)

// Limits of notices.
const (
	MaxNotices = 20  // notices in one reply; their bodies are up to 16 KiB each
	MaxOfficer = 128 // bytes of an officer's pseudonym
)

// The kinds of request about notices.
const (
	KindNotices   = "notices"    // [NoticesRequest] → [NoticesReply]
	KindNoticeAck = "notice_ack" // border.NoticeAck → an empty object, once it is durable
)

// KindNotice is the message that tells a station to ask for its notices. Its body is an
// empty object.
const KindNotice = "notice"

// NoticesRequest asks for the station's notices that lie above what it holds.
type NoticesRequest struct {
	After uint64 `json:"after"`
	Limit int    `json:"limit"` // 1 to [MaxNotices]
}

// NoticesReply is one page of notices, ascending by order. Fewer than were asked for are the end.
type NoticesReply struct {
	Notices []border.Notice `json:"notices"`
}

// DecodeNoticesRequest reads and checks a request for notices.
func DecodeNoticesRequest(b []byte) (NoticesRequest, error) {
	var r NoticesRequest
	if err := decode(b, &r); err != nil {
		return NoticesRequest{}, err
	}
	if r.After > maxSeq || r.Limit < 1 || r.Limit > MaxNotices {
		return NoticesRequest{}, invalid("a number is out of bounds")
	}
	return r, nil
}

// DecodeNoticesReply reads and checks the answer to a request for notices.
func DecodeNoticesReply(b []byte, asked NoticesRequest) (NoticesReply, error) {
	var r NoticesReply
	if err := decode(b, &r); err != nil {
		return NoticesReply{}, err
	}
	if len(r.Notices) > asked.Limit {
		return NoticesReply{}, invalid("more notices than were asked for")
	}
	at := asked.After
	for i := range r.Notices {
		n := &r.Notices[i]
		if n.ID.IsZero() || n.Order <= at || n.Order > maxSeq || len(n.Body) > border.MaxNotice {
			return NoticesReply{}, invalid("a notice is out of bounds")
		}
		at = n.Order
	}
	return r, nil
}

// DecodeNoticeAck reads and checks an acknowledgement by an officer of the given station.
func DecodeNoticeAck(b []byte, station border.StationID) (border.NoticeAck, error) {
	var a border.NoticeAck
	if err := decode(b, &a); err != nil {
		return border.NoticeAck{}, err
	}
	switch {
	case a.Station != station:
		return border.NoticeAck{}, invalid("a station speaks for another")
	case a.ID.IsZero():
		return border.NoticeAck{}, invalid("no notice is named")
	case a.Officer == "" || len(a.Officer) > MaxOfficer:
		return border.NoticeAck{}, invalid("a text is out of bounds")
	}
	return a, nil
}
