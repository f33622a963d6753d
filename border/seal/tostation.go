package seal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"sync"

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
func SealToStation(pub []byte, purpose string, plain []byte) ([]byte, error) { //nolint:revive // seal.ToStation would not say that it seals
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
type StationOpener struct {
	mu   sync.RWMutex      // guards keys
	keys []hpke.PrivateKey // the present one, then the one before
}

// NewStationOpener takes the private key (X25519, 32 bytes) of the station's identity.
func NewStationOpener(private []byte) (*StationOpener, error) {
	o := &StationOpener{}
	return o, o.Renewed(private)
}

// Renewed takes the private key of an identity that was renewed. What is under way for the one
// before opens still.
func (o *StationOpener) Renewed(private []byte) error {
	const op = "read the station's sealing key"
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: op, Message: "The station's identity is damaged."}
	}
	h, err := hpke.NewDHKEMPrivateKey(k)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys = append([]hpke.PrivateKey{h}, o.keys[:min(len(o.keys), 1)]...)
	return nil
}

// Open opens what was sealed to this station for that purpose; anything else is [border.Invalid].
func (o *StationOpener) Open(purpose string, sealed []byte) ([]byte, error) {
	const op = "open what was sealed to this station"
	if len(sealed) > MaxToStation+256 {
		return nil, &border.Error{Code: border.TooLarge, Op: op}
	}
	o.mu.RLock()
	keys := o.keys
	o.mu.RUnlock()
	var err error
	for _, key := range keys {
		var plain []byte
		if plain, err = hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(toStationInfo+purpose), sealed); err == nil {
			return plain, nil
		}
	}
	return nil, &border.Error{Code: border.Invalid, Op: op, Err: err}
}
