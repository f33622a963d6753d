// Package roster is how the officers of one post travel from the hub to a station: as canonical
// JSON, signed by the hub (Ed25519) and sealed to the station. Neither the broker nor who copies
// files between stations can read, alter or age one.
package roster

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
)

// A signed roster is "GRO1", the signature (64 bytes), and the JSON.
const (
	magic    = "GRO1"
	headSize = len(magic) + ed25519.SignatureSize
)

// context separates these signatures from whatever else the key may sign.
const context = "garita roster v1\n"

// MaxSigned bounds a signed roster in bytes: what its sealing adds fits [border.MaxRoster].
const MaxSigned = border.MaxRoster - 1024

// Limits of what a roster holds.
const (
	MaxOfficers = 5000
	MaxBadge    = 32                  // bytes
	MaxName     = 200                 // bytes
	maxPIN      = 256                 // bytes of a verifier
	maxPasskeys = 16                  // of one officer
	maxRoles    = 16                  // of one officer
	maxPosts    = 1000                // of one officer
	maxLife     = 60 * 24 * time.Hour // from issue to expiry
)

// What is wrong with a roster that is refused: causes of the [border.Error] of [Verify].
var (
	ErrSigner     = errors.New("not signed by the hub, or altered") // Invalid
	ErrMalformed  = errors.New("not a roster")                      // Invalid
	ErrStation    = errors.New("for another station")               // Forbidden
	ErrRolledBack = errors.New("older than the one in force")       // Stale
	ErrTooLarge   = errors.New("too large")                         // TooLarge
)

func refused(code border.Code, cause error, message string) error {
	return &border.Error{Code: code, Op: "read a roster", Err: cause, Message: message}
}

// Sign encodes and signs a roster. The same roster gives the same bytes, in whatever order its
// officers and roles are. [border.Invalid]: it breaks a rule; [border.TooLarge]: it has too many
// officers for one message.
func Sign(r *access.Roster, key ed25519.PrivateKey) ([]byte, error) {
	c := canonical(r)
	body, err := json.Marshal(c)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write a roster", Err: err}
	}
	if headSize+len(body) > MaxSigned {
		return nil, refused(border.TooLarge, ErrTooLarge, "The post has too many officers for one roster. Say of each at which posts they work.")
	}
	if err := check(c); err != nil {
		return nil, err
	}
	out := make([]byte, 0, headSize+len(body))
	out = append(out, magic...)
	out = append(out, ed25519.Sign(key, message(body))...)
	return append(out, body...), nil
}

func message(body []byte) []byte { return append([]byte(context), body...) }

// canonical gives the roster in the one order and form.
func canonical(r *access.Roster) *access.Roster {
	c := *r
	c.IssuedAt, c.ExpiresAt = c.IssuedAt.UTC().Truncate(time.Second), c.ExpiresAt.UTC().Truncate(time.Second)
	c.Officers = slices.Clone(r.Officers)
	if c.Officers == nil {
		c.Officers = []access.Officer{}
	}
	for i := range c.Officers {
		o := &c.Officers[i]
		o.Roles, o.Posts = slices.Clone(o.Roles), slices.Clone(o.Posts)
		slices.Sort(o.Roles)
		slices.Sort(o.Posts)
		o.Revoked = o.Revoked.UTC().Truncate(time.Second)
	}
	slices.SortFunc(c.Officers, func(a, b access.Officer) int { return strings.Compare(a.Badge, b.Badge) })
	return &c
}

// Want says which roster is expected.
type Want struct {
	Station border.StationID
	Post    border.PostID
	AtLeast uint64 // version of the newest one ever in force here
}

// Verify checks whose a signed roster is and reads it. Roles that this program does not know are
// kept: they allow nothing. An officer's fields of later versions are passed over.
func Verify(signed []byte, key ed25519.PublicKey, want Want) (*access.Roster, error) {
	if len(signed) > MaxSigned {
		return nil, refused(border.TooLarge, ErrTooLarge, "")
	}
	if len(signed) < headSize || string(signed[:len(magic)]) != magic {
		return nil, refused(border.Invalid, ErrMalformed, "")
	}
	signature, body := signed[len(magic):headSize], signed[headSize:]
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, message(body), signature) {
		return nil, refused(border.Invalid, ErrSigner, "The roster was not signed by this hub.")
	}
	var r access.Roster
	if err := json.Unmarshal(body, &r); err != nil { // its text could repeat names
		return nil, refused(border.Invalid, ErrMalformed, "")
	}
	if err := check(&r); err != nil {
		return nil, err
	}
	switch {
	case r.Station != want.Station || r.Post != want.Post:
		return nil, refused(border.Forbidden, ErrStation, "The roster is for another station or post.")
	case r.Version < want.AtLeast:
		return nil, refused(border.Stale, ErrRolledBack, "The roster is older than the one in force here.")
	}
	return &r, nil
}

// check holds the rules that a reader relies on.
func check(r *access.Roster) error {
	malformed := refused(border.Invalid, ErrMalformed, "")
	life := r.ExpiresAt.Sub(r.IssuedAt)
	switch {
	case r.Version == 0, r.Version > 1<<62, r.Station.Validate() != nil, r.Post.Validate() != nil, r.IssuedAt.IsZero(), life <= 0, life > maxLife:
		return malformed
	case len(r.Officers) > MaxOfficers:
		return refused(border.TooLarge, ErrTooLarge, "")
	}
	before := ""
	for i := range r.Officers {
		o := &r.Officers[i]
		if o.Badge <= before || !fits(o) {
			return malformed
		}
		before = o.Badge
	}
	return nil
}

func fits(o *access.Officer) bool {
	if border.SameBadge(o.Badge) != o.Badge || len(o.Badge) > MaxBadge || len(o.Name) > MaxName || len(o.Language) > 8 ||
		len(o.PIN) > maxPIN || len(o.Roles) > maxRoles || len(o.Posts) > maxPosts || len(o.Passkeys) > maxPasskeys {
		return false
	}
	for _, r := range o.Roles {
		if len(r) > 32 {
			return false
		}
	}
	for _, p := range o.Passkeys {
		if len(p.ID) == 0 || len(p.ID) > 1023 || len(p.PublicKey) == 0 || len(p.PublicKey) > 4096 || len(p.Name) > 100 {
			return false
		}
	}
	return true
}
