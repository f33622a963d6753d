package enrolment

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"garita/border"
	"garita/border/seal"
)

// Domain is added to what signatures of keys are over, so that none can pass for another.
const renewDomain = "garita renewal v1\n"

// RenewMessage is what a station signs with its old key to be given new ones: binding is the
// connection's (RFC 9266), digest the SHA-256 of the request's body.
func RenewMessage(binding, digest []byte) []byte {
	return append(append([]byte(renewDomain), binding...), digest...)
}

// SignPublic is the public half of the station's signing key; nil if there is none.
func (i *Identity) SignPublic() ed25519.PublicKey {
	if len(i.SignSeed) != ed25519.SeedSize {
		return nil
	}
	return ed25519.NewKeyFromSeed(i.SignSeed).Public().(ed25519.PublicKey)
}

// Sign signs a message with the station's signing key (journal heads, checkpoints, renewals).
func (i *Identity) Sign(message []byte) []byte {
	return ed25519.Sign(ed25519.NewKeyFromSeed(i.SignSeed), message)
}

// SignNATS signs the broker's challenge with the key of the station's user.
func (i *Identity) SignNATS(nonce []byte) ([]byte, error) {
	k, ok := natsPrivate(i.NATSSeed)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: "sign the broker's challenge", Message: damaged}
	}
	return ed25519.Sign(k, nonce), nil
}

const damaged = "The station's identity is damaged. Have it enrolled anew: garita-hub station rotate."

// Validate reports an [border.Invalid] error when an identity is not whole or its parts do not belong
// together. It does not judge times.
func (i *Identity) Validate() error {
	bad := func(what string) error {
		return &border.Error{Code: border.Invalid, Op: "read the station's identity: " + what, Message: damaged}
	}
	g := &i.Grant
	if g.Station.Validate() != nil || g.Post.Validate() != nil {
		return bad("names")
	}
	if _, err := time.LoadLocation(g.Zone); err != nil {
		return bad("zone")
	}
	if len(i.SignSeed) != ed25519.SeedSize || len(i.SealPrivate) != 32 {
		return bad("keys")
	}
	if _, ok := natsPrivate(i.NATSSeed); !ok {
		return bad("key for the broker")
	}
	ca, cert := parsePEM(g.CA), parsePEM(g.Certificate)
	if ca == nil || cert == nil || cert.CheckSignatureFrom(ca) != nil {
		return bad("certificates")
	}
	k, err := x509.ParsePKCS8PrivateKey(i.TLSPrivate)
	if web, ok := k.(*ecdsa.PrivateKey); err != nil || !ok || !web.PublicKey.Equal(cert.PublicKey) {
		return bad("key of the certificate")
	}
	if g.UserJWT == "" || g.Expires.IsZero() {
		return bad("credentials")
	}
	if len(i.Provisioning.PublicKey) != 32 || len(i.Provisioning.BlindKey) != 32 {
		return bad("provisioning")
	}
	return nil
}

func parsePEM(text []byte) *x509.Certificate {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) != 0 {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return cert
}

// Complete makes the identity of what a station has made ([MakeKeys]) and the hub has granted: it opens
// the provisioning and checks that all parts belong together. The caller has made sure that the
// grant is the hub's. url is where the hub was found.
func Complete(made Identity, g Grant, url string) (Identity, error) {
	opener, err := seal.NewStationOpener(made.SealPrivate)
	if err != nil {
		return Identity{}, err
	}
	plain, err := opener.Open(seal.ForProvisioning, g.Provisioning)
	if err != nil {
		return Identity{}, err
	}
	defer clear(plain)
	made.Grant, made.URL = g, url
	made.Grant.Provisioning = nil // opened below
	if err := parse(plain, MaxGrant, "read the provisioning", &made.Provisioning); err != nil {
		return Identity{}, err
	}
	return made, made.Validate()
}

// maxPrevious is how many old signing keys a station remembers.
const maxPrevious = 64

// After keeps the signing key of the identity that this one replaces, so that old heads can be checked.
func (i *Identity) After(old *Identity) {
	k := old.SignPublic()
	if k == nil || bytes.Equal(k, i.SignPublic()) {
		i.Previous = old.Previous
		return
	}
	i.Previous = append([][]byte{k}, old.Previous...)
	i.Previous = i.Previous[:min(len(i.Previous), maxPrevious)]
}

// Warned is how long before its certificate ends a station's people are told. It has renewed itself by
// then, unless something is wrong.
const Warned = 30 * 24 * time.Hour

// Warnings says what a person should do about the station's belonging; none: nothing. now is the
// hub's time if that is known, for a wrong clock would warn of nothing or of too much.
func Warnings(i *Identity, now time.Time) []string {
	end := i.Grant.Expires
	day := end.UTC().Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left > Warned:
		return nil
	case left > 0:
		return []string{fmt.Sprintf("What the hub knows this station by ends on %s, in %d days. It renews itself as soon as it reaches the hub: see to the connection.", day, int(left/(24*time.Hour)))}
	case left > -LateFor*24*time.Hour:
		last := end.AddDate(0, 0, LateFor).UTC().Format(time.DateOnly)
		return []string{fmt.Sprintf("What the hub knows this station by ended on %s. Travellers are recorded as before; the hub gets nothing. It renews itself if it reaches the hub before %s.", day, last)}
	default:
		return []string{fmt.Sprintf("What the hub knows this station by ended on %s, too long ago to renew by itself. Travellers are recorded as before; the hub gets nothing. Have an administrator run: garita-hub station rotate %s, and then here: garita-post enrol.", day, i.Grant.Station)}
	}
}
