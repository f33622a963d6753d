package enrolment

import (
	"context"
	"crypto/ed25519"

	"garita/border"
)

// LateFor is how many days after its certificate has ended a station still renews by itself. Later an
// administrator rotates it.
const LateFor = 30

// Hub is the hub's keeper of stations as the way to it sees it (sync/enrol). Implemented by
// border/stations.
type Hub interface {
	// Enrol makes a station of one who knows a code. proven is handed the code's key and says whether who
	// asks has proved to know it. The try is counted durably before proven is asked.
	//
	// [border.Forbidden]: wrong or unknown code, or one that is used or expired; which of these is said
	// only to one who has proved it. [border.TooMany]: five tries. The same request with the same
	// code is answered again: the first answer may have been lost.
	Enrol(ctx context.Context, code string, proven func(key []byte) bool, r Request) (Grant, error)

	// Renew gives a station new certificates for new keys. shown is the key of the certificate (PKIX
	// DER) that the station has shown; proven is handed the signing key that goes with it, and says whether
	// the request was signed with it. [border.Forbidden]: revoked, not its keys any more, not
	// signed, or too late ([LateFor]). [border.NotFound]: there is no such station.
	Renew(ctx context.Context, station border.StationID, shown []byte, proven func(ed25519.PublicKey) bool, r Request) (Grant, error)
}
