// Package pki is the hub's own certificate authority and the TLS that rests on it: TLS 1.3 alone,
// both ends shown where both are known, names of roles instead of addresses. There are no lists of
// revoked certificates: who belongs is asked at every handshake (border/stations).
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"garita/border"
)

// How long certificates are valid.
const (
	AuthorityFor = 10 * 365 * 24 * time.Hour
	ServerFor    = 365 * 24 * time.Hour
	StationFor   = 90 * 24 * time.Hour // see [Authority.Station]
	// backdated: clocks of browsers may be a little behind.
	backdated = time.Hour
)

// HubName is the name by which every station knows its hub, whatever the address is: each
// server certificate of the hub carries it, no other certificate may.
const HubName = "hub.garita.internal"

const (
	hubRole     = "garita:hub" // as an URN among the names of a certificate
	stationRole = "garita:station:"
)

// Pair is a certificate and its private key: secret, to be kept sealed (border/keystore).
type Pair struct {
	Certificate []byte `json:"certificate"` // PEM
	Key         []byte `json:"key"`         // PKCS 8 DER
}

// Authority signs certificates for one country's hub and stations (ECDSA P-256, which all
// browsers take). Safe for concurrent use.
type Authority struct {
	clock border.Clock
	key   *ecdsa.PrivateKey

	mu   sync.Mutex // guards cert
	cert *x509.Certificate
}

// NewAuthority makes the authority of a new hub. The name is for people.
func NewAuthority(name string, clock border.Clock) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "make the authority", Err: err}
	}
	a := &Authority{clock: clock, key: key}
	if a.cert, err = a.root(name); err != nil {
		return nil, err
	}
	return a, nil
}

// ParseAuthority reads what [Authority.Marshal] wrote.
func ParseAuthority(b []byte, clock border.Clock) (*Authority, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read the authority", Message: "The file of the hub's certificate authority is damaged."}
	var p Pair
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, bad // the cause could repeat the content, and the content is secret
	}
	cert, key, err := p.parse()
	if err != nil || !cert.IsCA {
		return nil, bad
	}
	return &Authority{clock: clock, key: key, cert: cert}, nil
}

// Marshal gives certificate and key; to be kept sealed.
func (a *Authority) Marshal() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write the authority", Err: err}
	}
	return json.Marshal(Pair{Certificate: a.Certificate(), Key: key})
}

// Certificate is the authority's own certificate, PEM: what stations and browsers trust.
func (a *Authority) Certificate() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return encode(a.cert.Raw)
}

// Expires is when the authority's certificate ends.
func (a *Authority) Expires() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cert.NotAfter
}

// Refresh signs the authority's own certificate anew, with the same name and key, when less than a
// third of its time is left, and reports whether it did: it must then be kept. Stations get the
// new one as they renew, years before the old one ends.
func (a *Authority) Refresh() (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !Due(a.cert, a.clock.Now()) {
		return false, nil
	}
	cert, err := a.root(a.cert.Subject.CommonName)
	if err != nil {
		return false, err
	}
	a.cert = cert
	return true, nil
}

func (a *Authority) root(name string) (*x509.Certificate, error) {
	now := a.clock.Now()
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Garita"}},
		NotBefore:             now.Add(-backdated),
		NotAfter:              now.Add(AuthorityFor),
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs no other authority
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return a.sign(t, t, a.key.Public())
}

// sign signs a certificate with a random serial number. No certificate outlives the authority's.
func (a *Authority) sign(t, parent *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	rand.Read(serial) // never fails: crypto/rand ends the program instead
	serial[0] = serial[0]&0x7f | 0x40
	t.SerialNumber = new(big.Int).SetBytes(serial)
	if parent != t && t.NotAfter.After(parent.NotAfter) {
		t.NotAfter = parent.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, a.key)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "sign a certificate", Err: err}
	}
	return x509.ParseCertificate(der)
}

func (a *Authority) issue(t *x509.Certificate, public crypto.PublicKey, life time.Duration) (*x509.Certificate, error) {
	a.mu.Lock()
	parent := a.cert
	a.mu.Unlock()
	now := a.clock.Now()
	t.NotBefore, t.NotAfter = now.Add(-backdated), now.Add(life)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.BasicConstraintsValid = true
	return a.sign(t, parent, public)
}

// Server makes a key and a certificate for the hub's broker, enrolment and pages: for [HubName],
// and for the names and addresses that browsers use.
func (a *Authority) Server(names []string, ips []net.IP) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, &border.Error{Code: border.Internal, Op: "make a key", Err: err}
	}
	cert, err := a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: HubName},
		DNSNames:    append([]string{HubName}, names...),
		IPAddresses: ips,
		URIs:        []*url.URL{{Scheme: "urn", Opaque: hubRole}},
		// The hub is also a client of its own broker.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key.Public(), ServerFor)
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, &border.Error{Code: border.Internal, Op: "write a key", Err: err}
	}
	return Pair{Certificate: encode(cert.Raw), Key: der}, nil
}

// Station certifies a station's public key (PKIX DER, ECDSA P-256) for [StationFor], as a client
// of the hub and as the server of its own pages: under localhost, its name, and its name in
// domain if that is not "". [border.Invalid]: the key is none of that kind.
func (a *Authority) Station(public []byte, station border.StationID, post border.PostID, domain string) (certificate []byte, expires time.Time, err error) {
	key, err := parsePublic(public)
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := errors.Join(station.Validate(), post.Validate()); err != nil {
		return nil, time.Time{}, err
	}
	host := strings.ToLower(string(station))
	names := []string{"localhost", host}
	if domain != "" {
		names = append(names, host+"."+domain)
	}
	cert, err := a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: string(station), OrganizationalUnit: []string{string(post)}},
		DNSNames:    names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		URIs:        []*url.URL{{Scheme: "urn", Opaque: stationRole + string(post) + ":" + string(station)}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, key, StationFor)
	if err != nil {
		return nil, time.Time{}, err
	}
	return encode(cert.Raw), cert.NotAfter, nil
}

// Due reports whether less than a third of a certificate's time is left.
func Due(cert *x509.Certificate, now time.Time) bool {
	return cert.NotAfter.Sub(now) < cert.NotAfter.Sub(cert.NotBefore)/3
}

// StationOf says whose certificate this is. [border.Forbidden]: no station's.
func StationOf(cert *x509.Certificate) (border.StationID, border.PostID, error) {
	for _, u := range cert.URIs {
		rest, ok := strings.CutPrefix(u.Opaque, stationRole)
		if u.Scheme != "urn" || !ok {
			continue
		}
		post, station, _ := strings.Cut(rest, ":")
		if border.StationID(station).Validate() == nil && border.PostID(post).Validate() == nil {
			return border.StationID(station), border.PostID(post), nil
		}
	}
	return "", "", &border.Error{Code: border.Forbidden, Op: "read a certificate", Message: "This is no station's certificate."}
}

func isHub(cert *x509.Certificate) bool {
	for _, u := range cert.URIs {
		if u.Scheme == "urn" && u.Opaque == hubRole {
			return true
		}
	}
	return false
}

func parsePublic(der []byte) (*ecdsa.PublicKey, error) {
	k, err := x509.ParsePKIXPublicKey(der)
	key, ok := k.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, &border.Error{Code: border.Invalid, Op: "read a public key", Message: "A station's key for TLS is an ECDSA P-256 key."}
	}
	return key, nil
}

func encode(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// ParseCertificate reads the one certificate of a PEM text of at most 16 KiB.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read a certificate", Message: "The certificate is damaged."}
	if len(text) > 16<<10 {
		return nil, bad
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		return nil, bad
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, bad
	}
	return cert, nil
}

func (p Pair) parse() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	cert, err := ParseCertificate(p.Certificate)
	if err != nil {
		return nil, nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(p.Key)
	key, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok || !key.PublicKey.Equal(cert.PublicKey) { // the cause could repeat the key
		return nil, nil, &border.Error{Code: border.Invalid, Op: "read a key", Message: "The private key is damaged, or not that of the certificate."}
	}
	return cert, key, nil
}
