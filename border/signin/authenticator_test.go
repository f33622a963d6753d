package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// authenticator is a security key in software: one discoverable credential, ES256, attestation
// "none" (W3C Web Authentication Level 3, sections 6.1 and 6.5).
type authenticator struct {
	t       testing.TB
	id      []byte
	key     *ecdsa.PrivateKey
	user    []byte
	count   uint32
	flags   byte   // of what it does; UP and UV if it is as it should be
	rp      string // the relying party that it believes to talk to
	origin  string
	replace string // challenge in place of the one asked; "": that one
}

// The flags of authenticator data.
const (
	flagUP = 1 << 0
	flagUV = 1 << 2
	flagBE = 1 << 3
	flagBS = 1 << 4
	flagAT = 1 << 6
)

const (
	rpID   = "garita.example"
	origin = "https://hub.garita.example"
)

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	a := &authenticator{t: t, id: make([]byte, 32), key: key, flags: flagUP | flagUV, rp: rpID, origin: origin}
	rand.Read(a.id)
	return a
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) clientData(kind, challenge string) []byte {
	if a.replace != "" {
		challenge = a.replace
	}
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	must(a.t, err)
	return b
}

func (a *authenticator) data(flags byte) []byte {
	rp := sha256.Sum256([]byte(a.rp))
	out := append(rp[:], flags)
	return binary.BigEndian.AppendUint32(out, a.count)
}

type rawOptions struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

func (a *authenticator) options(b []byte) rawOptions {
	var o rawOptions
	must(a.t, json.Unmarshal(b, &o))
	return o
}

// create answers navigator.credentials.create.
func (a *authenticator) create(options []byte) []byte {
	o := a.options(options)
	user, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	must(a.t, err)
	a.user = user
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	must(a.t, err)
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33]...)
	cose = append(append(cose, 0x22, 0x58, 0x20), point[33:]...)
	data := append(a.data(a.flags|flagAT), make([]byte, 16)...) // no AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), cose...)
	object := append([]byte{0xa3, 0x63}, "fmt"...)
	object = append(append(object, 0x64), "none"...)
	object = append(append(object, 0x67), "attStmt"...)
	object = append(append(object, 0xa0, 0x68), "authData"...)
	object = append(object, 0x58, byte(len(data)))
	object = append(object, data...)
	return a.answer(map[string]any{"clientDataJSON": b64(a.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object)})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(options []byte) []byte {
	o := a.options(options)
	if a.count > 0 {
		a.count++
	}
	data, client := a.data(a.flags), a.clientData("webauthn.get", o.PublicKey.Challenge)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	must(a.t, err)
	return a.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.user)})
}

func (a *authenticator) answer(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	must(a.t, err)
	return b
}
