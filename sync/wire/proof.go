package wire

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// The broker is not trusted: station and hub sign what they say to each other, and answers that
// may tell of a hit are sealed. What is signed begins with a line of its own for each purpose.

// Headers of proof.
const (
	// HeaderSignature is an Ed25519 signature in base64: on an event over border.HeadMessage, on a
	// request over [RequestMessage], on a reply over [ReplyMessage], on a message down over
	// [DownMessage].
	HeaderSignature = "Garita-Signature"
	// HeaderTime is when a request was signed, RFC 3339, in the hub's time as far as the station
	// knows it; HeaderNonce makes the request one of its kind: 32 hexadecimal digits.
	HeaderTime  = "Garita-Time"
	HeaderNonce = "Garita-Nonce"
	// HeaderSealed is "1" on a reply whose body is sealed to the station.
	HeaderSealed = "Garita-Sealed"
)

// signatureSize is that of an Ed25519 signature.
const signatureSize = 64

// Signature reads the signature of a message: nil if there is none, false if what is there cannot
// be one.
func Signature(h nats.Header) (signature []byte, ok bool) {
	s := get(h, HeaderSignature)
	if s == "" {
		return nil, true
	}
	if len(s) != base64.StdEncoding.EncodedLen(signatureSize) {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != signatureSize {
		return nil, false
	}
	return b, true
}

func setSignature(h nats.Header, signature []byte) {
	h[HeaderSignature] = []string{base64.StdEncoding.EncodeToString(signature)}
}

// RequestMessage is what a station signs to vouch for a request, and what the hub's signature of
// the answer names. Its station is that of the subject.
func RequestMessage(m *nats.Msg) []byte {
	_, station, kind, _ := ParseSubject(m.Subject)
	return lines("garita request v1", kind, string(station), get(m.Header, HeaderTime), get(m.Header, HeaderNonce), digest(m.Data))
}

// ReplyMessage is what the hub signs to vouch for the answer to a request.
func ReplyMessage(request []byte, reply *nats.Msg) []byte {
	return lines("garita reply v1", digest(request), get(reply.Header, HeaderError), get(reply.Header, HeaderSealed), digest(reply.Data))
}

// DownMessage is what the hub signs to vouch for a message down to a station.
func DownMessage(m *nats.Msg) []byte {
	_, station, kind, _ := ParseSubject(m.Subject)
	return lines("garita down v1", kind, string(station), digest(m.Data))
}

// lines joins fields that end in a line feed. A field has none within: it would be another
// message that looks the same.
func lines(fields ...string) []byte {
	var b []byte
	for _, f := range fields {
		b = append(append(b, strings.ReplaceAll(f, "\n", " ")...), '\n')
	}
	return b
}

func digest(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}

// SignRequest marks a request as one of its kind, made at a time of the hub's clock, and signs it
// if sign is not nil.
func SignRequest(m *nats.Msg, at time.Time, sign func(message []byte) []byte) error {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return &border.Error{Code: border.Internal, Op: "sign a request", Err: err}
	}
	m.Header[HeaderNonce] = []string{hex.EncodeToString(nonce[:])}
	m.Header[HeaderTime] = []string{at.UTC().Format(time.RFC3339Nano)}
	if sign != nil {
		setSignature(m.Header, sign(RequestMessage(m)))
	}
	return nil
}

// SignReply signs the answer to a request.
func SignReply(request []byte, reply *nats.Msg, sign func(message []byte) []byte) {
	setSignature(reply.Header, sign(ReplyMessage(request, reply)))
}

// SignDown signs a message down to a station.
func SignDown(m *nats.Msg, sign func(message []byte) []byte) {
	setSignature(m.Header, sign(DownMessage(m)))
}

// SignedAt reads when a request was signed, as far as its signature is believed.
func SignedAt(h nats.Header) (time.Time, error) {
	s := get(h, HeaderTime)
	if s == "" || len(s) > 40 {
		return time.Time{}, invalid("the request does not say when it was signed")
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, invalid("the request does not say when it was signed")
	}
	return at, nil
}

// Sealed reports whether the body of a reply is sealed.
func Sealed(h nats.Header) bool { return get(h, HeaderSealed) == "1" }

// padStep is what a padded body's length is a multiple of: a length tells little.
const padStep = 512

// Pad brings a body to a length that says little of it: its length in 4 bytes, big endian, the
// body, and zeros up to the next multiple of 512 bytes.
func Pad(body []byte) []byte {
	b := make([]byte, (4+len(body)+padStep-1)/padStep*padStep)
	binary.BigEndian.PutUint32(b, uint32(len(body)))
	copy(b[4:], body)
	return b
}

// Unpad undoes [Pad].
func Unpad(b []byte) ([]byte, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read a sealed answer", Err: errors.New("it is not padded as it must be")}
	if len(b) < padStep || len(b)%padStep != 0 {
		return nil, bad
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-4) || uint64(len(b)-4)-n >= padStep || len(bytes.Trim(b[4+n:], "\x00")) != 0 {
		return nil, bad
	}
	return b[4 : 4+n], nil
}
