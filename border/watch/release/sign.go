package release

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
)

// A signed manifest is "GLM1", the Ed25519 signature (64), and the manifest's encoding. The
// signature is over the domain and the encoding.
const (
	manifestMagic  = "GLM1"
	manifestDomain = "garita.list.manifest.v1\n"
	manifestHead   = len(manifestMagic) + ed25519.SignatureSize
)

// What can be wrong with what was received; the errors of this package wrap one of these
// where it applies.
var (
	ErrSignature = errors.New("the signature does not verify")
	ErrSigner    = errors.New("the signer is not known")
	ErrKey       = errors.New("the list key is not held")
	ErrTruncated = errors.New("the end is missing")
	ErrDamaged   = errors.New("the bytes are not those that were sealed")
)

// SignerID names the key that manifests are signed with.
func SignerID(key ed25519.PublicKey) KeyID { return keyID("garita list signer id v1\n", key) }

func keyID(domain string, key []byte) KeyID {
	s := sha256.Sum256(append([]byte(domain), key...))
	return KeyID(s[:8])
}

// Sign encodes a manifest and signs it. Times are put in UTC and cut to the millisecond,
// sources in the order of their names; m itself is not changed. [border.TooLarge]: it has more
// than [border.MaxManifest] bytes.
func Sign(m *Manifest, key ed25519.PrivateKey) ([]byte, error) {
	const op = "sign a manifest"
	if len(key) != ed25519.PrivateKeySize {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The key that signs lists is damaged."}
	}
	n := *m
	n.Signer = SignerID(key.Public().(ed25519.PublicKey))
	n.Issued, n.ValidUntil = plain(m.Issued), plain(m.ValidUntil)
	n.Sources = make([]watch.Source, len(m.Sources)) // none is [], not null
	for i, s := range m.Sources {
		s.Issued = plain(s.Issued)
		n.Sources[i] = s
	}
	slices.SortFunc(n.Sources, func(a, b watch.Source) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	if len(n.Parents) == 0 {
		n.Parents = nil
	}
	body, err := n.encode()
	if err != nil {
		return nil, err
	}
	if manifestHead+len(body) > border.MaxManifest {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The manifest is too large: the list has too many sources."}
	}
	b := make([]byte, 0, manifestHead+len(body))
	b = append(b, manifestMagic...)
	b = append(b, ed25519.Sign(key, signed(body))...)
	return append(b, body...), nil
}

func plain(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func signed(body []byte) []byte { return append([]byte(manifestDomain), body...) }

// Verify checks the signature of a signed manifest by one of the keys and reads it.
// [border.Forbidden] with [ErrSigner] or [ErrSignature]: it is not the hub's.
// [border.Invalid], [border.TooLarge]: it cannot be read.
func Verify(b []byte, keys ...ed25519.PublicKey) (*Manifest, error) {
	const op = "verify a manifest"
	body, err := split(b)
	if err != nil {
		return nil, err
	}
	// Nothing of it is read before it is known to be the hub's.
	ok := slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool {
		return len(k) == ed25519.PublicKeySize && ed25519.Verify(k, signed(body), b[len(manifestMagic):manifestHead])
	})
	if !ok {
		cause := ErrSignature
		if m, err := decode(body); err == nil && !slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return SignerID(k) == m.Signer }) {
			cause = ErrSigner
		}
		return nil, &border.Error{Code: border.Forbidden, Op: op, Err: cause,
			Message: "The release of the list was not signed by the hub that this station belongs to."}
	}
	m, err := decode(body)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return SignerID(k) == m.Signer }) {
		return nil, &border.Error{Code: border.Forbidden, Op: op, Err: ErrSigner, Message: "The manifest names another signer than its own."}
	}
	return m, nil
}

// DecodeManifest reads a signed manifest without looking at the signature: for what one's own
// hand has written, and for tools that show it.
func DecodeManifest(b []byte) (*Manifest, error) {
	body, err := split(b)
	if err != nil {
		return nil, err
	}
	return decode(body)
}

func split(b []byte) (body []byte, err error) {
	const op = "read a manifest"
	switch {
	case len(b) > border.MaxManifest:
		return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The manifest is too large."}
	case !bytes.HasPrefix(b, []byte(manifestMagic)):
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "This is no manifest that this program knows."}
	case len(b) <= manifestHead:
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The manifest's end is missing.", Err: ErrTruncated}
	}
	return b[manifestHead:], nil
}

// Hash is the hash of a signed manifest by which the next one and positions name it.
func Hash(b []byte) border.Digest { return sha256.Sum256(b) }

// Position is the position of a signed manifest that m was read from.
func (m *Manifest) Position(b []byte) border.ListPosition {
	return border.ListPosition{List: m.List, Epoch: m.Epoch, Version: m.Version, Hash: Hash(b)}
}
