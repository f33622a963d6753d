package seal

import (
	"crypto/hpke"

	"garita/border"
)

const toHubInfo = "garita to hub v1 "

// ForBackup is the purpose for which a station seals the key of a backup to its hub.
const ForBackup = "backup"

// SealToHub seals bytes to the hub alone (HPKE, RFC 9180), bound to a purpose.
func (p *Provisioning) SealToHub(purpose string, plain []byte) ([]byte, error) {
	k, err := p.key()
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "seal to the hub", Message: "The provisioning is damaged.", Err: err}
	}
	sealed, err := hpke.Seal(k, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(toHubInfo+purpose), plain)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "seal to the hub", Err: err}
	}
	return sealed, nil
}

// OpenFromStation opens what a station sealed to this hub for that purpose; anything else is
// [border.Invalid].
func (h *HubPrivate) OpenFromStation(purpose string, sealed []byte) ([]byte, error) {
	k, err := h.key()
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open what was sealed to the hub", Message: "The hub's key file is damaged."}
	}
	plain, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(toHubInfo+purpose), sealed)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open what was sealed to the hub", Err: err}
	}
	return plain, nil
}
