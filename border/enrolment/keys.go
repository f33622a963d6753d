package enrolment

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"io"

	"garita/border"
)

// Limits of what travels, in bytes.
const (
	MaxRequest  = 4 << 10
	MaxGrant    = 64 << 10
	maxSoftware = 64
	maxTLSKey   = 200
)

// MakeKeys makes the keys of a station: what it asks with, and the private half of what it will
// be. software names the program. A nil random source means crypto/rand.
func MakeKeys(software string, random io.Reader) (Request, Identity, error) {
	const op = "make a station's keys"
	fail := func(err error) (Request, Identity, error) {
		return Request{}, Identity{}, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	if random == nil {
		random = rand.Reader
	}
	seeds := make([]byte, 3*32)
	if _, err := io.ReadFull(random, seeds); err != nil {
		return fail(err)
	}
	id := Identity{SignSeed: seeds[:32:32], SealPrivate: seeds[32:64:64], NATSSeed: natsSeed(seeds[64:])}
	private, err := ecdh.X25519().NewPrivateKey(id.SealPrivate)
	if err != nil {
		return fail(err)
	}
	web, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return fail(err)
	}
	if id.TLSPrivate, err = x509.MarshalPKCS8PrivateKey(web); err != nil {
		return fail(err)
	}
	public, err := x509.MarshalPKIXPublicKey(web.Public())
	if err != nil {
		return fail(err)
	}
	return Request{Software: software, Keys: Keys{
		Sign: id.SignPublic(),
		Seal: private.PublicKey().Bytes(),
		NATS: natsPublic(ed25519.NewKeyFromSeed(seeds[64:]).Public().(ed25519.PublicKey)),
		TLS:  public,
	}}, id, nil
}

// Validate reports an [border.Invalid] error when a key is not of its kind.
func (k *Keys) Validate() error {
	bad := func(what string) error {
		return &border.Error{Code: border.Invalid, Op: "read a station's keys", Message: "The station's key for " + what + " is not of its kind."}
	}
	if len(k.Sign) != ed25519.PublicKeySize || bytes.Equal(k.Sign, make([]byte, len(k.Sign))) {
		return bad("signing")
	}
	if _, err := ecdh.X25519().NewPublicKey(k.Seal); err != nil || bytes.Equal(k.Seal, make([]byte, len(k.Seal))) {
		return bad("sealing")
	}
	if !validNATS(k.NATS) {
		return bad("the broker")
	}
	if len(k.TLS) > maxTLSKey {
		return bad("TLS")
	}
	web, err := x509.ParsePKIXPublicKey(k.TLS)
	if key, ok := web.(*ecdsa.PublicKey); err != nil || !ok || key.Curve != elliptic.P256() {
		return bad("TLS")
	}
	return nil
}

// Validate reports an [border.Invalid] error when this cannot be asked.
func (r *Request) Validate() error {
	if len(r.Software) > maxSoftware || !printable(r.Software) {
		return &border.Error{Code: border.Invalid, Op: "read a request to enrol", Message: "The name of the program is too long or not readable."}
	}
	return r.Keys.Validate()
}

func printable(s string) bool {
	for _, c := range s {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// ParseRequest reads a request of at most [MaxRequest] bytes.
func ParseRequest(b []byte) (r Request, err error) {
	if err := parse(b, MaxRequest, "read a request to enrol", &r); err != nil {
		return Request{}, err
	}
	return r, r.Validate()
}

// ParseGrant reads a grant of at most [MaxGrant] bytes.
func ParseGrant(b []byte) (g Grant, err error) {
	if err := parse(b, MaxGrant, "read the hub's grant", &g); err != nil {
		return Grant{}, err
	}
	return g, nil
}

// parse reads JSON. Fields that are not known are of a newer program and left out.
func parse(b []byte, limit int, op string, v any) error {
	if len(b) > limit {
		return &border.Error{Code: border.TooLarge, Op: op}
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &border.Error{Code: border.Invalid, Op: op} // the cause could repeat content
	}
	return nil
}

// An nkey is an Ed25519 key in base 32 between its kind and a checksum (CRC-16/XMODEM), as the NATS
// project describes it.
const (
	nkeySeed = 18 << 3 // "S"
	nkeyUser = 20 << 3 // "U"
)

var nkeyText = base32.StdEncoding.WithPadding(base32.NoPadding)

func natsSeed(seed []byte) []byte {
	return []byte(nkeyEncode(append([]byte{nkeySeed | nkeyUser>>5, nkeyUser & 31 << 3}, seed...)))
}

func natsPublic(k ed25519.PublicKey) string { return nkeyEncode(append([]byte{nkeyUser}, k...)) }

func nkeyEncode(b []byte) string {
	return nkeyText.EncodeToString(binary.LittleEndian.AppendUint16(b, crc16(b)))
}

// nkeyDecode checks the sum and gives what stands before it.
func nkeyDecode(text string, size int) ([]byte, bool) {
	if len(text) != nkeyText.EncodedLen(size+2) {
		return nil, false
	}
	b, err := nkeyText.DecodeString(text)
	if err != nil || len(b) != size+2 || binary.LittleEndian.Uint16(b[size:]) != crc16(b[:size]) {
		return nil, false
	}
	return b[:size], nkeyEncode(b[:size:size]) == text // one spelling of each key
}

func validNATS(text string) bool {
	b, ok := nkeyDecode(text, 1+ed25519.PublicKeySize)
	return ok && b[0] == nkeyUser
}

func natsPrivate(seed []byte) (ed25519.PrivateKey, bool) {
	b, ok := nkeyDecode(string(seed), 2+ed25519.SeedSize)
	if !ok || b[0] != nkeySeed|nkeyUser>>5 || b[1] != nkeyUser&31<<3 {
		return nil, false
	}
	return ed25519.NewKeyFromSeed(b[2:]), true
}

func crc16(b []byte) (crc uint16) {
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
