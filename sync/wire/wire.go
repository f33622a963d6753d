// Package wire is the language that stations and hub speak over NATS: subjects, the
// envelope of an event, request and reply bodies, and the limits of each. It is written
// down for other implementers in docs/PROTOCOL.md.
//
// Every decoder here reads bytes from outside. None of them panics, none allocates more
// than its limit, and each has a fuzz target.
package wire

import (
	"strings"
	"time"

	"garita/border"
)

// Version is the major version of the protocol, sent in [HeaderVersion]. Within a
// version fields and kinds are only added.
const Version = "1"

// Stream is the name of the JetStream stream that carries events to the hub.
const Stream = "GARITA_IN"

// StreamSubjects is what [Stream] listens to.
const StreamSubjects = "in.>"

// Consumer is the name of the hub's durable consumer on [Stream].
const Consumer = "intake"

// Limits. Whatever is beyond them is refused by the receiver and never sent by Garita.
const (
	MaxBatch      = 500       // events in one atomic batch
	MaxBody       = 512 << 10 // bytes of a JSON body
	MaxEventList  = 896 << 10 // bytes of an event list, below the NATS default of 1 MiB
	MaxHoldings   = 500       // holdings in one page
	MaxEvents     = 500       // events in one list
	MaxWraps      = 50        // key wraps in one delivery
	MaxWrapped    = 4 << 10   // bytes of one wrapped key
	MaxAskLimit   = 20        // crossings of a document in one answer, and of a person on others
	MaxLookups    = 16
	MaxLookupHits = 32
	MaxListed     = 16      // listed documents asked about at once
	MaxCode       = 128     // bytes of a coded field of a past crossing
	MaxDays       = 100_000 // days granted
	MaxAskTimeout = 10 * time.Second
)

// The kinds of request, the last token of a request subject.
const (
	KindHello    = "hello"
	KindHoldings = "holdings"
	KindEvents   = "events"
	KindWraps    = "wraps"
	KindAsk      = "ask"
	KindLookUp   = "lookup" // like ask, with an inquiry; it may take seconds
)

// The kinds of message down to a station.
const (
	KindWatermark = "watermark"
	KindResend    = "resend"
)

// InboxRoot is what the subjects of answers begin with.
const InboxRoot = "_INBOX"

// HubInbox is what the subjects of answers to the hub begin with. No station can be called so.
const HubInbox = InboxRoot + ".hub"

// Inbox is what the subjects of answers to a station begin with: it may listen to no others.
func Inbox(s border.StationID) string { return InboxRoot + "." + string(s) }

// EventSubject is where a station publishes its events.
func EventSubject(s border.StationID) string { return "in." + string(s) + ".event" }

// RequestSubject is where a station sends requests of one kind.
func RequestSubject(s border.StationID, kind string) string {
	return "hub." + string(s) + "." + kind
}

// DownSubject is where the hub sends messages of one kind to a station.
func DownSubject(s border.StationID, kind string) string {
	return "down." + string(s) + "." + kind
}

// DownSubjects is what a station listens to.
func DownSubjects(s border.StationID) string { return "down." + string(s) + ".*" }

// RequestSubjects is where the hub listens for requests of one kind by all stations.
func RequestSubjects(kind string) string { return "hub.*." + kind }

// ParseSubject takes a subject of three tokens apart. Ok is false when it has another
// shape or its station is no well-formed name.
func ParseSubject(subject string) (root string, station border.StationID, kind string, ok bool) {
	if len(subject) > 128 {
		return "", "", "", false
	}
	f := strings.Split(subject, ".")
	if len(f) != 3 || border.StationID(f[1]).Validate() != nil {
		return "", "", "", false
	}
	return f[0], border.StationID(f[1]), f[2], true
}
