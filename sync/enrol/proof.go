// Package enrol is the way by which a station becomes one of a hub's, stays one, and asks the time:
// HTTPS on a listener of the hub's own, TLS 1.3.
//
//	POST /enrol   with a one-time code; neither end needs to know the other before
//	POST /renew   with the certificate and the signing key that the station has
//	GET  /time    with nothing
//
// The code does not travel. Each end proves that it knows it with an HMAC over the connection itself
// (RFC 9266) and what is said on it: who stands between has two connections with two different
// bindings, and learns and alters nothing. The formats are in docs/PROTOCOL.md.
package enrol

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"

	"garita/border"
)

// Paths and headers.
const (
	pathEnrol = "/enrol"
	pathRenew = "/renew"
	pathTime  = "/time"

	headerProof     = "Garita-Proof"     // base64 of an HMAC
	headerSignature = "Garita-Signature" // base64 of an Ed25519 signature
	jsonType        = "application/json"
)

// MaxBody bounds what a station may say, in bytes.
const MaxBody = 8 << 10

// Roles keep one end's proof from passing for the other's.
const (
	roleStation = "station"
	roleHub     = "hub"
)

const proofDomain = "garita enrolment v1\n"

// proof is the HMAC-SHA-256 by which an end proves to know the code's key: over its role, the binding of
// the connection, and the digests of what was asked and, for the hub, of what it answers.
func proof(key []byte, role string, binding []byte, bodies ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(proofDomain + role + "\n"))
	m.Write(binding)
	for _, b := range bodies {
		sum := sha256.Sum256(b)
		m.Write(sum[:])
	}
	return m.Sum(nil)
}

// binding is the tls-exporter channel binding (RFC 9266): the same at both ends of one connection,
// and on no other.
func binding(s *tls.ConnectionState) ([]byte, error) {
	if s == nil || s.Version < tls.VersionTLS13 {
		return nil, &border.Error{Code: border.Forbidden, Op: "bind to a connection", Message: "The connection is not TLS 1.3."}
	}
	b, err := s.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "bind to a connection", Err: err}
	}
	return b, nil
}

// header reads a header of size bytes in base 64; nil if it is none.
func header(text string, size int) []byte {
	if len(text) != base64.StdEncoding.EncodedLen(size) {
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != size {
		return nil
	}
	return b
}

func spell(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
