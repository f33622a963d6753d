package seal

import (
	"bytes"
	"crypto/hpke"
	"encoding/json"

	"garita/border"
)

const inquiryInfo = "garita inquiry v1\n"

// inquiryStep is the step in bytes to which an inquiry is padded, so that its length says little.
const inquiryStep = 512

// SealInquiry seals an inquiry to the hub alone (HPKE, RFC 9180), bound to the station.
func (k *StationKeys) SealInquiry(q *border.Inquiry) ([]byte, error) {
	plain, err := json.Marshal(q)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write an inquiry", Err: err}
	}
	plain = append(plain, bytes.Repeat([]byte{' '}, (inquiryStep-len(plain)%inquiryStep)%inquiryStep)...)
	sealed, err := hpke.Seal(k.hub, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(inquiryInfo+string(q.Station)), plain)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "seal an inquiry", Err: err}
	}
	if len(sealed) > border.MaxInquiry {
		return nil, &border.Error{Code: border.TooLarge, Op: "seal an inquiry"}
	}
	return sealed, nil
}

// OpenInquiry opens an inquiry of a station; one of another station, or a changed one, is
// [border.Invalid].
func (h *HubKeys) OpenInquiry(station border.StationID, sealed []byte) (q border.Inquiry, err error) {
	bad := &border.Error{Code: border.Invalid, Op: "open an inquiry"}
	if len(sealed) > border.MaxInquiry {
		return q, bad
	}
	plain, err := hpke.Open(h.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(inquiryInfo+string(station)), sealed)
	if err != nil || json.Unmarshal(plain, &q) != nil || q.Station != station {
		return border.Inquiry{}, bad // the cause could repeat content
	}
	return q, nil
}
