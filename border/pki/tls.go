package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"sync"
	"time"

	"garita/border"
)

// Certificate gives a certificate for a handshake, as [tls.Config] asks for it.
type Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// Present gives the certificate that pair returns, and reads it again when pair returns another
// one: a renewed certificate takes effect with the next handshake.
func Present(pair func() (Pair, error)) Certificate {
	var mu sync.Mutex // guards what follows
	var have Pair
	var read *tls.Certificate
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		p, err := pair()
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if read == nil || !bytes.Equal(have.Certificate, p.Certificate) || !bytes.Equal(have.Key, p.Key) {
			c, err := p.tls()
			if err != nil {
				return nil, err
			}
			have, read = p, c
		}
		return read, nil
	}
}

func (p Pair) tls() (*tls.Certificate, error) {
	leaf, key, err := p.parse()
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// Hosted is the hub's server certificate, renewed when a third of its time is left. Safe for
// concurrent use.
type Hosted struct {
	renew func() (Pair, error)
	save  func(Pair) error
	clock border.Clock

	mu      sync.Mutex // guards what follows
	pair    Pair
	current *tls.Certificate
	tried   time.Time // of the last renewal that failed
}

// retryRenewal is how long a renewal that failed is left alone.
const retryRenewal = 10 * time.Minute

// Host gives the hub its server certificate, which server makes: old if it is for the same names and
// addresses and still serves, else a new one. save keeps each new one before it is shown.
func (a *Authority) Host(server func() (Pair, error), old Pair, save func(Pair) error) (*Hosted, error) {
	h := &Hosted{renew: server, save: save, clock: a.clock}
	if c, err := old.tls(); err == nil && c.Leaf.CheckSignatureFrom(a.cert) == nil && isHub(c.Leaf) {
		h.pair, h.current = old, c
	}
	if h.current != nil {
		p, err := server() // only to see what it is for
		if err != nil {
			return nil, err
		}
		if c, err := p.tls(); err != nil || !sameNames(c.Leaf, h.current.Leaf) {
			h.current = nil
		}
	}
	if h.current == nil || Due(h.current.Leaf, a.clock.Now()) {
		if err := h.replace(); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func sameNames(a, b *x509.Certificate) bool {
	return slices.Equal(a.DNSNames, b.DNSNames) && slices.EqualFunc(a.IPAddresses, b.IPAddresses, net.IP.Equal)
}

func (h *Hosted) replace() error {
	p, err := h.renew()
	if err != nil {
		return err
	}
	c, err := p.tls()
	if err != nil {
		return err
	}
	if err := h.save(p); err != nil {
		return err
	}
	h.pair, h.current = p, c
	return nil
}

// Pair is what is shown now, for the hub as a client of its own broker.
func (h *Hosted) Pair() (Pair, error) {
	if _, err := h.Certificate(nil); err != nil {
		return Pair{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pair, nil
}

// Certificate is shown at a handshake. While it cannot be renewed the old one is.
func (h *Hosted) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	since := now.Sub(h.tried)
	if Due(h.current.Leaf, now) && (h.tried.IsZero() || since < 0 || since > retryRenewal) {
		h.tried = now
		if h.replace() == nil {
			h.tried = time.Time{}
		}
	}
	return h.current, nil
}

// Expires is when the certificate that is shown ends.
func (h *Hosted) Expires() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current.Leaf.NotAfter
}

// ClientConfig says how a station connects to its hub.
type ClientConfig struct {
	CA []byte // PEM, of the hub's authority
	// Pair is what the station shows; nil: nothing.
	Pair func() (Pair, error)
	// Clock is the station's. Only one that is [border.TrustedClock] and synced is believed when it
	// says that the hub's certificate has expired: a wrong clock alone locks no station out.
	Clock border.Clock
}

// ClientTLS is the station's end: TLS 1.3, and a hub with a certificate for [HubName] of this
// authority, whatever its address.
func ClientTLS(c ClientConfig) (*tls.Config, error) {
	ca, roots, err := pool(c.CA)
	if err != nil {
		return nil, err
	}
	out := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: HubName,
		RootCAs:    roots,
		// The standard check knows no time but one; VerifyConnection does all that it does.
		InsecureSkipVerify: true, //nolint:gosec // chain, name and usage are verified below, at a time within the chain's
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return refused("The hub shows no certificate.", nil)
			}
			leaf := s.PeerCertificates[0]
			if !isHub(leaf) {
				return refused("What answers at the hub's address is not the hub.", nil)
			}
			return verify(s.PeerCertificates[0], ca, x509.VerifyOptions{Roots: roots, DNSName: HubName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
				c.Clock.Now(), !synced(c.Clock), 0)
		},
		SessionTicketsDisabled: true,
	}
	if c.Pair != nil {
		show := Present(c.Pair)
		out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return show(nil) }
	}
	return out, nil
}

func synced(c border.Clock) bool {
	t, ok := c.(border.TrustedClock)
	return ok && t.Trust().State == border.ClockSynced
}

// Clients says which clients a server of the hub takes.
type Clients struct {
	CA    []byte // PEM
	Clock border.Clock
	// Required: without a certificate there is no connection. Else one that is shown must be good.
	Required bool
	// Hub: the hub itself connects as well, to its own broker, with its server certificate.
	Hub bool
	// Late is how long after its end a certificate is still taken.
	Late time.Duration
	// Belongs refuses stations and keys (PKIX DER) that do not belong, or not any more. It is asked at every
	// handshake and must be quick.
	Belongs func(station border.StationID, key []byte) error
}

// ServerTLS is a server's end: TLS 1.3. clients is nil where clients show nothing, as browsers do.
func ServerTLS(show Certificate, clients *Clients) (*tls.Config, error) {
	out := &tls.Config{
		MinVersion:             tls.VersionTLS13,
		GetCertificate:         show,
		SessionTicketsDisabled: true, // each connection is asked who it is
	}
	if clients == nil {
		return out, nil
	}
	ca, roots, err := pool(clients.CA)
	if err != nil {
		return nil, err
	}
	out.ClientCAs, out.Time = roots, clients.Clock.Now
	out.ClientAuth = tls.RequestClientCert // what is shown is verified below
	if clients.Required {
		out.ClientAuth = tls.RequireAnyClientCert
	}
	out.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			if clients.Required {
				return refused("No certificate was shown.", nil)
			}
			return nil
		}
		leaf := s.PeerCertificates[0]
		if err := verify(s.PeerCertificates[0], ca, x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
			clients.Clock.Now(), false, clients.Late); err != nil {
			return err
		}
		if clients.Hub && isHub(leaf) {
			return nil
		}
		station, _, err := StationOf(leaf)
		if err != nil {
			return err
		}
		return clients.Belongs(station, leaf.RawSubjectPublicKeyInfo)
	}
	return out, nil
}

// verify checks a certificate at a time within its validity and the authority's: of the authority's own
// certificate there may be an older or newer one at the other end. A validity that begins after
// now is no threat; one that has ended before now is refused, unless now is not believed or it
// ended less than late ago.
func verify(leaf, ca *x509.Certificate, o x509.VerifyOptions, now time.Time, doubtful bool, late time.Duration) error {
	begin, end := leaf.NotBefore, leaf.NotAfter
	if ca.NotBefore.After(begin) {
		begin = ca.NotBefore
	}
	if ca.NotAfter.Before(end) {
		end = ca.NotAfter
	}
	at := now
	switch {
	case at.Before(begin):
		at = begin
	case at.After(end):
		if !doubtful && at.Sub(end) > late {
			return refused("The certificate has expired.", nil)
		}
		at = end
	}
	o.CurrentTime = at
	if _, err := leaf.Verify(o); err != nil {
		return refused("The certificate was not made by this hub, or not for this.", err)
	}
	return nil
}

func refused(message string, err error) error {
	return &border.Error{Code: border.Forbidden, Op: "verify a certificate", Message: message, Err: err}
}

func pool(ca []byte) (*x509.Certificate, *x509.CertPool, error) {
	cert, err := ParseCertificate(ca)
	if err != nil {
		return nil, nil, err
	}
	if !cert.IsCA {
		return nil, nil, &border.Error{Code: border.Invalid, Op: "read an authority", Message: "This is no authority's certificate."}
	}
	p := x509.NewCertPool()
	p.AddCert(cert)
	return cert, p, nil
}
