package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// Header names. The first six are the attributes of CloudEvents 1.0 in its NATS binding
// (binary mode); the others are ours.
const (
	HeaderSpecVersion = "ce-specversion"
	HeaderID          = "ce-id"
	HeaderSource      = "ce-source"
	HeaderType        = "ce-type"
	HeaderEventTime   = "ce-time"
	HeaderContentType = "content-type"

	// HeaderHead announces the station's last durable event as "epoch.seq".
	HeaderHead = "Garita-Head"
	// HeaderVersion is the protocol's major version; absent means "1".
	HeaderVersion = "Garita-Version"
	// HeaderTimeout is how long the asker will wait, in milliseconds.
	HeaderTimeout = "Garita-Timeout"
	// HeaderError is a border.Code on a reply that refuses.
	HeaderError = "Garita-Error"
)

// EventContentType is the media type of an encoded event, see border.Event.Encode.
const EventContentType = "application/vnd.garita.event.v1"

// TypeUnreadable is the ce-type of bytes in a journal that are no event.
const TypeUnreadable = "unreadable"

// FormatPosition gives "epoch.seq".
func FormatPosition(p border.Position) string {
	return p.Epoch.String() + "." + strconv.FormatUint(p.Seq, 10)
}

// ParsePosition reads "epoch.seq" in its one canonical form. Seq 0 is allowed, the zero
// epoch is not.
func ParsePosition(s string) (border.Position, bool) {
	var p border.Position
	e, n, found := strings.Cut(s, ".")
	if !found || len(n) > 19 || p.Epoch.UnmarshalText([]byte(e)) != nil || p.Epoch.IsZero() {
		return border.Position{}, false
	}
	seq, err := strconv.ParseUint(n, 10, 63)
	if err != nil || strconv.FormatUint(seq, 10) != n || p.Epoch.String() != e {
		return border.Position{}, false
	}
	p.Seq = seq
	return p, true
}

// EventMessage puts an encoded event into its envelope. The key is the place where the
// station holds it, which is what counts if the bytes are no event. Sign vouches for
// it; nil: nobody does. It also returns the ids of the keys that the event's parts are
// sealed under.
func EventMessage(key border.Key, head border.Position, encoded []byte, sign func(message []byte) []byte) (msg *nats.Msg, keyIDs []string) {
	msg = nats.NewMsg(EventSubject(key.Station))
	msg.Data = encoded
	typ, at := TypeUnreadable, time.Time{}
	var signature []byte
	if e, err := border.DecodeEvent(encoded); err == nil {
		typ = e.Type
		var h struct {
			OccurredAt time.Time `json:"occurred_at"`
		}
		if json.Unmarshal(e.Header, &h) == nil {
			at = h.OccurredAt
		}
		for i := range e.Parts {
			keyIDs = append(keyIDs, e.Parts[i].KeyID)
		}
	}
	if sign != nil {
		signature = sign(border.HeadMessage(key, border.Vouched(encoded)))
	}
	msg.Header = nats.Header{
		HeaderSpecVersion: {"1.0"},
		HeaderID:          {FormatPosition(border.Position{Epoch: key.Epoch, Seq: key.Seq})},
		HeaderSource:      {"/stations/" + string(key.Station)},
		HeaderType:        {headerSafe(typ)},
		HeaderContentType: {EventContentType},
		HeaderHead:        {FormatPosition(head)},
		HeaderVersion:     {Version},
	}
	if signature != nil {
		setSignature(msg.Header, signature)
	}
	if !at.IsZero() {
		msg.Header[HeaderEventTime] = []string{at.UTC().Format(time.RFC3339Nano)}
	}
	return msg, keyIDs
}

// headerSafe keeps a type of an unknown version from breaking the header block.
func headerSafe(s string) string {
	if len(s) > 128 {
		s = s[:128]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, s)
}

// Envelope is what the hub reads from the outside of an event message. None of it is
// to be trusted beyond the station's name, which the broker vouches for.
type Envelope struct {
	Station border.StationID // "" if the subject names none
	Claimed border.Key       // zero if unreadable
	Head    border.Position  // zero if absent or unreadable
	// Signature is nil if absent or unreadable.
	Signature []byte
	// Problem says in plain words what is wrong with the envelope, "" if nothing is.
	Problem string
}

// ReadEnvelope reads the envelope of an event message. It never fails: what cannot be
// read is zero, and Problem says so. The station of the claimed key is always that of
// the subject.
func ReadEnvelope(subject string, h nats.Header) Envelope {
	root, station, kind, ok := ParseSubject(subject)
	if !ok || root != "in" {
		return Envelope{Problem: "the subject names no station"}
	}
	env := Envelope{Station: station}
	if p, ok := ParsePosition(get(h, HeaderHead)); ok {
		env.Head = p
	}
	var signed bool
	env.Signature, signed = Signature(h)
	switch v := get(h, HeaderVersion); {
	case v != "" && v != Version:
		// Kept all the same: the next hub will know what it is.
		env.Problem = "the protocol version is unknown"
	case kind != "event":
		env.Problem = "the subject is of an unknown kind"
	case get(h, HeaderSource) != "" && get(h, HeaderSource) != "/stations/"+string(station):
		env.Problem = "the source is another station than the subject's"
	case !signed:
		env.Problem = "the signature cannot be read"
	}
	p, ok := ParsePosition(get(h, HeaderID))
	if !ok || p.Seq == 0 {
		env.Problem = "the id is no epoch and seq"
		return env
	}
	env.Claimed = border.Key{Station: station, Epoch: p.Epoch, Seq: p.Seq}
	return env
}

// get reads a header whatever its case: other clients may canonicalise names.
func get(h nats.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	for k, v := range h {
		if len(v) > 0 && strings.EqualFold(k, name) {
			return v[0]
		}
	}
	return ""
}
