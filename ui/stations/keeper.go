package stations

import (
	"context"
	"time"

	"garita/border"
)

// Keeper is border/stations as these pages use it. Who does it is the principal in the context,
// and every change is audited by the keeper.
type Keeper interface {
	All(ctx context.Context) ([]Station, error)
	// Add makes a one-time code with which a station enrols; zone is an IANA time zone or "".
	Add(ctx context.Context, station border.StationID, post border.PostID, zone string) (Code, error)
	// Rotate asks a station for new keys: it enrols again with the code, or by itself when it is
	// reached.
	Rotate(ctx context.Context, station border.StationID) (Code, error)
	// Revoke ends a station's belonging at once.
	Revoke(ctx context.Context, station border.StationID, reason string) error
}

// Code is a one-time code of enrolment. It is shown once and kept nowhere.
type Code struct {
	Code    string
	Expires time.Time
}

// Station is a station as these pages show it.
type Station struct {
	ID         border.StationID
	Post       border.PostID
	State      string    // invited, enrolled, expired or revoked
	EnrolledAt time.Time // zero: not yet
	Expires    time.Time // of certificate and credentials, the earlier; zero: none yet
	Heard      time.Time // zero: never
	Keys       string    // what protects its keys: tpm, credential, passphrase or software; "": not known
	RevokedAt  time.Time
	Reason     string // of the revocation
	Warnings   []string
}
