package access

import (
	"slices"
	"time"

	"garita/border"
)

// Officer is an account as the hub keeps it and rosters carry it.
type Officer struct {
	Badge    string          `json:"badge"`
	Name     string          `json:"name"`
	Roles    []Role          `json:"roles"`
	Posts    []border.PostID `json:"posts,omitempty"` // where the officer may work; none: everywhere
	Language string          `json:"language,omitempty"`
	// PIN verifies the officer's PIN (border/signin); "" if there is none.
	PIN      string    `json:"pin,omitempty"`
	Passkeys []Passkey `json:"passkeys,omitempty"`
	// MustChange: the PIN was given by somebody else.
	MustChange bool `json:"must_change,omitempty"`
	// Demo accounts are refused outside the demonstration.
	Demo bool `json:"demo,omitempty"`
	// Revoked is since when the account is closed; zero: it is open. A revoked officer stays on
	// the roster for as long as one without the revocation could be in force.
	Revoked time.Time `json:"revoked,omitzero"`
}

// Passkey is a WebAuthn credential of an officer (W3C Web Authentication Level 3).
type Passkey struct {
	ID        []byte    `json:"id"`         // credential id, at most 1023 bytes
	PublicKey []byte    `json:"public_key"` // COSE key
	SignCount uint32    `json:"sign_count"`
	Name      string    `json:"name"` // for people: "blue key"
	AddedAt   time.Time `json:"added_at"`
	// Portable: the authenticator may copy it to other devices (flag BE), which never changes.
	Portable bool `json:"portable,omitempty"`
}

// WorksAt reports whether the officer may work at a post.
func (o *Officer) WorksAt(p border.PostID) bool {
	return len(o.Posts) == 0 || slices.Contains(o.Posts, p)
}

// Roster is who may sign in at one post, as the hub knows it. It travels signed and sealed
// (border/access/roster).
type Roster struct {
	Version   uint64           `json:"version"` // grows with every change in the country
	Station   border.StationID `json:"station"`
	Post      border.PostID    `json:"post"`
	IssuedAt  time.Time        `json:"issued_at"`
	ExpiresAt time.Time        `json:"expires_at"` // after it sign-ins are flagged, not refused
	Officers  []Officer        `json:"officers"`
}
