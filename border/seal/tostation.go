package seal

import (
	"crypto/ecdh"
	"crypto/hpke"

	"garita/border"
)

// What the hub seals to a station, by purpose. A sealed thing opens for its own purpose only.
const (
	ForProvisioning = "provisioning"
	ForRoster       = "roster"
	ForKeys         = "keys"
	ForReply        = "reply"
)

const toStationInfo = "garita to station v1 "

// MaxToStation bounds what SealToStation seals in bytes.
const MaxToStation = 8 << 20

// SealToStation seals bytes to a station's enrolled key (X25519, 32 bytes) with HPKE (RFC 9180), bound to a
// purpose. It says nothing of who sealed it: what must come from the hub is signed, or comes over a
// connection that proves it.
func SealToStation(pub []byte, purpose string, plain []byte) ([]byte, error) {
	const op = "seal to a station"
	if len(plain) > MaxToStation {
		return nil, &border.Error{Code: border.TooLarge, Op: op}
	}
	k, err := ecdh.X25519().NewPublicKey(pub)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The station's key cannot be read.", Err: err}
	}
	h, err := hpke.NewDHKEMPublicKey(k)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	sealed, err := hpke.Seal(h, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(toStationInfo+purpose), plain)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return sealed, nil
}

// StationOpener opens what was sealed to a station. Safe for concurrent use.
type StationOpener struct{ key hpke.PrivateKey }

// NewStationOpener takes the private key (X25519, 32 bytes) of the station's identity.
func NewStationOpener(private []byte) (*StationOpener, error) {
	const op = "read the station's sealing key"
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The station's identity is damaged."}
	}
	h, err := hpke.NewDHKEMPrivateKey(k)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return &StationOpener{h}, nil
}

// Open opens what was sealed to this station for that purpose; anything else is [border.Invalid].
func (o *StationOpener) Open(purpose string, sealed []byte) ([]byte, error) {
	const op = "open what was sealed to this station"
	if len(sealed) > MaxToStation+256 {
		return nil, &border.Error{Code: border.TooLarge, Op: op}
	}
	plain, err := hpke.Open(o.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(toStationInfo+purpose), sealed)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Err: err}
	}
	return plain, nil
}
