package streamtest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/answer"
	"garita/sync/ask"
	"garita/sync/broker"
	"garita/sync/credentials"
	"garita/sync/intake"
	"garita/sync/link"
	"garita/sync/uplink"
	"garita/sync/wire"
)

// nation is a hub to which only those come who belong: TLS, credentials, signatures, sealed
// answers. What a real hub keeps in its rooms is here in memory.
type nation struct {
	*rig
	authority *credentials.Authority
	ca        *ca
	hubKey    ed25519.PrivateKey
	unsigned  bool // no signatures and nothing sealed, for comparison
	clock     *movableClock

	logs     *bordertest.MemoryCosigner
	officers *bordertest.MemoryOfficers
	keys     *bordertest.MemoryKeys
	sink     *recorder

	mu       sync.Mutex // guards all below
	members  map[border.StationID]*member
	revoked  []string
	refusals []string
}

// member is what a station has from its enrolment.
type member struct {
	sign    ed25519.PrivateKey
	seal    cipher.AEAD
	user    string
	token   string
	answer  func([]byte) ([]byte, error)
	cert    tls.Certificate
	revoked bool
}

// movableClock is the wall clock, moved.
type movableClock struct {
	wallClock
	mu sync.Mutex
	by time.Duration
}

func (c *movableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wallClock.Now().Add(c.by)
}

func (c *movableClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += by
}

// recorder keeps what the register is given.
type recorder struct {
	*bordertest.MemorySink
	mu  sync.Mutex
	got []border.Received
}

func (r *recorder) Store(ctx context.Context, received []border.Received) ([]border.StationHolding, error) {
	r.mu.Lock()
	for _, m := range received {
		m.Event = append([]byte(nil), m.Event...)
		r.got = append(r.got, m)
	}
	r.mu.Unlock()
	return r.MemorySink.Store(ctx, received)
}

func (r *recorder) received() []border.Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]border.Received(nil), r.got...)
}

func newNation(t *testing.T) *nation {
	t.Helper()
	return makeNation(t, newRig(t))
}

func makeNation(t testing.TB, r *rig) *nation {
	t.Helper()
	n := &nation{rig: r, ca: newCA(t), clock: &movableClock{}, members: map[border.StationID]*member{},
		logs: bordertest.NewMemoryCosigner("station", "hub"), officers: bordertest.NewMemoryOfficers("hub"), keys: bordertest.NewMemoryKeys(),
		sink: &recorder{MemorySink: r.sink}}
	var err error
	if n.authority, err = credentials.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	if _, n.hubKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	server := n.ca.issue(t, "hub", x509.ExtKeyUsageServerAuth)
	r.seam = n.sink
	r.auth = func() *broker.Auth {
		n.mu.Lock()
		defer n.mu.Unlock()
		return &broker.Auth{Authority: n.authority, Revoked: append([]string(nil), n.revoked...),
			TLS: &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: n.ca.pool}}
	}
	r.refused = func(reason string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.refusals = append(n.refusals, reason)
	}
	r.tune = func(c *intake.Config) {
		c.Access, c.Clock = n.hubAccess(), n.clock
		if !n.unsigned {
			c.Trust = n.hubTrust()
		}
		c.Checkpoints, c.Roster, c.Keys = n.logs, n.officers, n.keys
	}
	return n
}

func (n *nation) hubAccess() link.Access {
	user, err := n.authority.HubUser()
	if err != nil {
		n.t.Fatal(err)
	}
	return link.Access{Credentials: user.Credentials, InProcess: n.broker}
}

func (n *nation) hubTrust() answer.Trust {
	return answer.Trust{
		Verify: func(_ context.Context, station border.StationID, message, signature []byte) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			m := n.members[station]
			if m == nil || m.revoked || !ed25519.Verify(m.sign.Public().(ed25519.PublicKey), message, signature) {
				return errors.New("not this station's signature")
			}
			return nil
		},
		SignReply: func(message []byte) []byte { return ed25519.Sign(n.hubKey, message) },
		SealReply: func(_ context.Context, station border.StationID, plain []byte) ([]byte, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			m := n.members[station]
			if m == nil {
				return nil, &border.Error{Code: border.NotFound, Op: "seal"}
			}
			return m.seal.Seal(nil, nil, plain, []byte(station)), nil //nolint:gosec // no nonce is passed: the cipher makes one
		},
	}
}

// enrol makes a station a member, or gives it new keys.
func (n *nation) enrol(station border.StationID, expires time.Duration) *member {
	n.t.Helper()
	m := &member{cert: n.ca.issue(n.t, string(station), x509.ExtKeyUsageClientAuth)}
	var err error
	if _, m.sign, err = ed25519.GenerateKey(rand.Reader); err != nil {
		n.t.Fatal(err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	block, err := aes.NewCipher(secret)
	if err == nil {
		m.seal, err = cipher.NewGCMWithRandomNonce(block)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	var seed []byte
	if m.user, seed, err = credentials.NewKey(); err == nil {
		m.answer, err = credentials.Signer(seed)
	}
	if err == nil {
		m.token, err = n.authority.Issue(station, m.user, time.Now().Add(expires))
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.members[station] = m
	return m
}

func (n *nation) member(station border.StationID) *member {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.members[station]
}

// access is a station's; what it presents follows its enrolment.
func (n *nation) access(station border.StationID) link.Access {
	return link.Access{
		TLS: &tls.Config{RootCAs: n.ca.pool, ServerName: "hub", GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &n.member(station).cert, nil
		}},
		Credentials: func() (string, func([]byte) ([]byte, error)) { m := n.member(station); return m.token, m.answer },
	}
}

func (n *nation) trust(station border.StationID) ask.Trust {
	return ask.Trust{
		Sign: func(message []byte) []byte { return ed25519.Sign(n.member(station).sign, message) },
		VerifyReply: func(message, signature []byte) error {
			if !ed25519.Verify(n.hubKey.Public().(ed25519.PublicKey), message, signature) {
				return errors.New("not the hub's signature")
			}
			return nil
		},
		OpenReply: func(sealed []byte) ([]byte, error) {
			return n.member(station).seal.Open(nil, nil, sealed, []byte(station))
		},
	}
}

// citizen starts the uplink of a station that belongs.
func (n *nation) citizen(id border.StationID, url string, tune ...func(*uplink.Config)) *station {
	n.t.Helper()
	if n.member(id) == nil {
		n.enrol(id, time.Hour)
	}
	return n.station(id, url, append([]func(*uplink.Config){func(c *uplink.Config) {
		c.Access, c.Trust = n.access(id), n.trust(id)
	}}, tune...)...)
}

// attacker is a connection with a member's credentials and without its manners.
func (n *nation) attacker(id border.StationID) *nats.Conn {
	n.t.Helper()
	if n.member(id) == nil {
		n.enrol(id, time.Hour)
	}
	a := n.access(id)
	token, sign := a.Credentials()
	nc, err := nats.Connect(n.url(), nats.Secure(a.TLS), nats.TLSHandshakeFirst(), nats.CustomInboxPrefix(wire.Inbox(id)),
		nats.UserJWT(func() (string, error) { return token, nil }, sign), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		n.t.Fatalf("attacker: %v", err)
	}
	n.t.Cleanup(nc.Close)
	return nc
}

// broken is a connection as the broker itself could make one: it may all that the hub may.
func (n *nation) broken() (*nats.Conn, jetstream.JetStream) {
	n.t.Helper()
	a := n.hubAccess()
	token, sign := a.Credentials()
	var nc *nats.Conn
	eventually(n.t, "a connection within the process", func() bool {
		var err error
		nc, err = nats.Connect("", nats.InProcessServer(n.broker), nats.CustomInboxPrefix(wire.HubInbox), nats.Timeout(5*time.Second),
			nats.UserJWT(func() (string, error) { return token, nil }, sign))
		if err != nil { // a busy machine takes longer than the library waits
			n.t.Logf("within the process: %v", err)
		}
		return err == nil
	})
	n.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		n.t.Fatal(err)
	}
	return nc, js
}

func (n *nation) begin() {
	n.t.Helper()
	n.startBroker()
	n.startIntake()
	_, js := n.broken()
	eventually(n.t, "the stream is there", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := js.Stream(ctx, wire.Stream)
		return err == nil
	})
}

// ca is an authority for certificates.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	next int64
}

func newCA(t testing.TB) *ca {
	t.Helper()
	c := &ca{next: 2, pool: x509.NewCertPool()}
	var err error
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	c.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c.cert, c.cert, c.key.Public(), c.key)
	if err == nil {
		c.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.pool.AddCert(c.cert)
	return c
}

func (c *ca) issue(t testing.TB, name string, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.next++
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(c.next), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}, c.cert, key.Public(), c.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
