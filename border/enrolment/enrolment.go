// Package enrolment holds the words by which a station becomes one of the hub's: what it asks with
// a one-time code, what it is given, and what it then is. Bytes only; the hub's side of the matter
// is border/stations, the way between them sync/enrol.
package enrolment

import (
	"time"

	"garita/border"
	"garita/border/seal"
)

// Keys are the public keys that a station makes for itself. The private ones never leave it.
type Keys struct {
	Sign []byte `json:"sign"` // Ed25519, 32 bytes: journal heads and checkpoints
	Seal []byte `json:"seal"` // X25519, 32 bytes: what the hub seals to the station
	NATS string `json:"nats"` // nkey of a user, "U…"
	TLS  []byte `json:"tls"`  // PKIX DER of an ECDSA P-256 key: the client certificate's
}

// Request is what a station asks with. The way it travels binds it to the code (sync/enrol).
type Request struct {
	Software string `json:"software"`
	Keys     Keys   `json:"keys"`
}

// Grant is what the hub answers.
type Grant struct {
	Station     border.StationID `json:"station"`
	Post        border.PostID    `json:"post"`
	Zone        string           `json:"zone,omitempty"` // of the post; "": as configured at the station
	Hub         string           `json:"hub"`            // name, for people
	NATS        string           `json:"nats"`           // URL of the broker, "tls://host:port"
	CA          []byte           `json:"ca"`             // PEM, of the hub's own authority
	Certificate []byte           `json:"certificate"`    // PEM, of the station: client of the broker, server of its pages
	UserJWT     string           `json:"user_jwt"`       // NATS; expires
	Expires     time.Time        `json:"expires"`        // of certificate and JWT, the earlier
	// Provisioning is a seal.Provisioning, sealed to the station's key (HPKE, border/seal).
	Provisioning []byte `json:"provisioning"`
	RosterSigner []byte `json:"roster_signer"` // Ed25519 public key that rosters are signed with
	Cosigner     string `json:"cosigner"`      // verifier key of the hub's cosignatures (note)
	// RPID is the WebAuthn relying party of the country, a domain that hub and stations are under;
	// "": passkeys are not used.
	RPID string `json:"rp_id,omitempty"`
}

// Identity is what a station is: kept sealed by border/keystore, in one file.
type Identity struct {
	Grant        Grant             `json:"grant"`
	SignSeed     []byte            `json:"sign_seed"`    // Ed25519
	SealPrivate  []byte            `json:"seal_private"` // X25519
	NATSSeed     []byte            `json:"nats_seed"`    // nkey seed, "SU…"
	TLSPrivate   []byte            `json:"tls_private"`  // PKCS 8 DER
	Provisioning seal.Provisioning `json:"provisioning"` // opened
	// URL is where the station enrolled, "https://host:port": it renews there, and asks the time.
	URL string `json:"url,omitempty"`
	// Previous signing keys, newest first, so that old heads can be checked after a rotation.
	Previous [][]byte `json:"previous,omitempty"`
}
