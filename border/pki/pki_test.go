package pki

import (
	"context"
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
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// testClock is believed as far as its state says.
type testClock struct {
	mu    sync.Mutex
	now   time.Time
	state border.TrustState
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) Trust() border.ClockTrust {
	return border.ClockTrust{State: c.state}
}
func (c *testClock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// rig is a hub's authority, and a station's key with its certificate.
type rig struct {
	t     *testing.T
	clock *testClock // the hub's
	*Authority
	key *ecdsa.PrivateKey
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c := &testClock{now: noon}
	return &rig{t, c, must[*Authority](t)(NewAuthority("Utopia", c)), must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
}

func (r *rig) public() []byte {
	return must[[]byte](r.t)(x509.MarshalPKIXPublicKey(r.key.Public()))
}

func (r *rig) pair(certificate []byte) Pair {
	return Pair{Certificate: certificate, Key: must[[]byte](r.t)(x509.MarshalPKCS8PrivateKey(r.key))}
}

func (r *rig) station() Pair {
	r.t.Helper()
	c, _, err := r.Station(r.public(), "PUT-1", "PUT", "garita.example")
	if err != nil {
		r.t.Fatal(err)
	}
	return r.pair(c)
}

func (r *rig) server() Pair {
	return must[Pair](r.t)(r.Server([]string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}))
}

// signed is a certificate such as the hub's for the station's key, but for what change says.
func (r *rig) signed(change func(*x509.Certificate)) Pair {
	r.t.Helper()
	c := &x509.Certificate{DNSNames: []string{HubName}, URIs: []*url.URL{{Scheme: "urn", Opaque: hubRole}}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	change(c)
	cert, err := r.issue(c, r.key.Public(), ServerFor)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.pair(encode(cert.Raw))
}

func fixed(p Pair) func() (Pair, error) { return func() (Pair, error) { return p, nil } }

func everybody(border.StationID, []byte) error { return nil }

// shake connects both ends over a real socket and says what each end made of it.
func shake(t *testing.T, client, server *tls.Config) (atClient, atServer error) {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer c.Close()
		s := tls.Server(c, server)
		err = s.HandshakeContext(ctx)
		if err == nil {
			_, err = s.Write([]byte("!"))
		}
		served <- err
	}()
	c, err := (&tls.Dialer{Config: client}).DialContext(ctx, "tcp", l.Addr().String())
	if err == nil {
		// In TLS 1.3 the server's refusal comes after the client's end of the handshake.
		_, err = c.Read(make([]byte, 1))
		c.Close()
	}
	return err, <-served
}

func (r *rig) client(clock border.Clock, p func() (Pair, error)) *tls.Config {
	return must[*tls.Config](r.t)(ClientTLS(ClientConfig{CA: r.Certificate(), Pair: p, Clock: clock}))
}

func (r *rig) serves(p Pair, c *Clients) *tls.Config {
	return must[*tls.Config](r.t)(ServerTLS(Present(fixed(p)), c))
}

func TestBothEndsAreKnown(t *testing.T) {
	r := newRig(t)
	var asked border.StationID
	var key []byte
	clients := &Clients{CA: r.Certificate(), Clock: r.clock, Required: true, Belongs: func(s border.StationID, k []byte) error {
		asked, key = s, k
		return nil
	}}
	atClient, atServer := shake(t, r.client(r.clock, fixed(r.station())), r.serves(r.server(), clients))
	if atClient != nil || atServer != nil {
		t.Fatalf("client: %v, server: %v", atClient, atServer)
	}
	if asked != "PUT-1" || !slices.Equal(key, r.public()) {
		t.Errorf("asked about %q", asked)
	}
	clients.Belongs = func(border.StationID, []byte) error {
		return &border.Error{Code: border.Forbidden, Op: "revoked"}
	}
	if c, s := shake(t, r.client(r.clock, fixed(r.station())), r.serves(r.server(), clients)); c == nil || s == nil {
		t.Errorf("revoked: client %v, server %v", c, s)
	}
}

// Who is not the hub of this authority is not spoken to.
func TestOtherServers(t *testing.T) {
	r := newRig(t)
	other := newRig(t) // another hub of the same name
	self := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: HubName}, DNSNames: []string{HubName},
		URIs: []*url.URL{{Scheme: "urn", Opaque: hubRole}}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	signed := r.signed
	for name, c := range map[string]struct {
		shown Pair
		good  bool
	}{
		"the hub":           {r.server(), true},
		"made the same way": {signed(func(*x509.Certificate) {}), true}, // control
		"another hub":       {other.server(), false},
		"self-signed":       {r.pair(encode(must[[]byte](t)(x509.CreateCertificate(rand.Reader, self, self, r.key.Public(), r.key)))), false},
		"a station":         {r.station(), false},
		"another name":      {signed(func(c *x509.Certificate) { c.DNSNames = []string{"localhost"} }), false},
		"no role":           {signed(func(c *x509.Certificate) { c.URIs = nil }), false},
		"a client's usage": {signed(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}), false},
		"the authority": {r.authorityPair(), false},
	} {
		atClient, _ := shake(t, r.client(r.clock, nil), r.serves(c.shown, nil))
		if (atClient == nil) != c.good {
			t.Errorf("%s: %v", name, atClient)
		}
		if !c.good && border.CodeOf(atClient) != border.Forbidden {
			t.Errorf("%s: refused as %v", name, atClient)
		}
	}
}

func (r *rig) authorityPair() Pair {
	return Pair{Certificate: r.Certificate(), Key: must[[]byte](r.t)(x509.MarshalPKCS8PrivateKey(r.Authority.key))}
}

func TestOtherClients(t *testing.T) {
	r, other := newRig(t), newRig(t)
	for name, c := range map[string]struct {
		shown func() (Pair, error)
		good  bool
	}{
		"a station":      {fixed(r.station()), true},
		"nothing":        {nil, false},
		"the hub itself": {fixed(r.server()), false},
		"another hub's":  {fixed(other.station()), false},
		"the authority":  {fixed(r.authorityPair()), false},
		"a server's usage": {fixed(r.signed(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			c.URIs = []*url.URL{{Scheme: "urn", Opaque: stationRole + "PUT:PUT-1"}}
		})), false},
		"made the same way": {fixed(r.signed(func(c *x509.Certificate) { // control
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			c.URIs = []*url.URL{{Scheme: "urn", Opaque: stationRole + "PUT:PUT-1"}}
		})), true},
		"of another's key": {fixed(Pair{Certificate: r.station().Certificate, Key: other.pair(nil).Key}), false},
	} {
		clients := &Clients{CA: r.Certificate(), Clock: r.clock, Required: true, Belongs: everybody}
		atClient, atServer := shake(t, r.client(r.clock, c.shown), r.serves(r.server(), clients))
		if (atClient == nil && atServer == nil) != c.good {
			t.Errorf("%s: client %v, server %v", name, atClient, atServer)
		}
	}
	own := &Clients{CA: r.Certificate(), Clock: r.clock, Required: true, Hub: true, Belongs: everybody}
	for name, c := range map[string]struct {
		shown Pair
		good  bool
	}{"the hub, where it may": {r.server(), true}, "another hub, where the hub may": {other.server(), false}, "a station, where the hub may, too": {r.station(), true}} {
		if _, s := shake(t, r.client(r.clock, fixed(c.shown)), r.serves(r.server(), own)); (s == nil) != c.good {
			t.Errorf("%s: %v", name, s)
		}
	}
	clients := &Clients{CA: r.Certificate(), Clock: r.clock, Belongs: everybody}
	if c, s := shake(t, r.client(r.clock, nil), r.serves(r.server(), clients)); c != nil || s != nil {
		t.Errorf("where none is required: client %v, server %v", c, s)
	}
	if c, s := shake(t, r.client(r.clock, fixed(other.station())), r.serves(r.server(), clients)); c == nil || s == nil {
		t.Errorf("where none is required, a bad one: client %v, server %v", c, s)
	}
}

func TestNothingOlderThanTLS13(t *testing.T) {
	r := newRig(t)
	old := r.client(r.clock, nil)
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if c, s := shake(t, old, r.serves(r.server(), nil)); c == nil || s == nil {
		t.Errorf("an old client: client %v, server %v", c, s)
	}
	server := r.serves(r.server(), nil)
	server.MinVersion, server.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if c, s := shake(t, r.client(r.clock, nil), server); c == nil || s == nil {
		t.Errorf("an old server: client %v, server %v", c, s)
	}
}

// A wrong clock alone locks no station out; one that the hub has set is believed.
func TestStationsClock(t *testing.T) {
	r := newRig(t)
	server := r.server()
	for _, c := range []struct {
		at    time.Time
		state border.TrustState
		good  bool
	}{
		{noon, border.ClockSynced, true},
		{noon.AddDate(10, 0, 0), border.ClockUntrusted, true},
		{noon.AddDate(-10, 0, 0), border.ClockUntrusted, true},
		{noon.AddDate(2, 0, 0), border.ClockHoldover, true},
		{noon.AddDate(-2, 0, 0), border.ClockHoldover, true},
		{noon.Add(-3 * time.Hour), border.ClockSynced, true},
		{noon.Add(ServerFor + time.Second), border.ClockSynced, false},
		{noon.Add(ServerFor - time.Second), border.ClockSynced, true},
		{time.Unix(0, 0), border.ClockUntrusted, true},
		{time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), border.ClockUntrusted, true},
	} {
		clock := &testClock{now: c.at, state: c.state}
		if atClient, _ := shake(t, r.client(clock, nil), r.serves(server, nil)); (atClient == nil) != c.good {
			t.Errorf("at %s, %s: %v", c.at, c.state, atClient)
		}
	}
	// Nor does it let anybody else in.
	for _, at := range []time.Time{noon.AddDate(10, 0, 0), noon.AddDate(-10, 0, 0)} {
		clock := &testClock{now: at, state: border.ClockUntrusted}
		if atClient, _ := shake(t, r.client(clock, nil), r.serves(newRig(t).server(), nil)); border.CodeOf(atClient) != border.Forbidden {
			t.Errorf("at %s another hub: %v", at, atClient)
		}
		if atClient, _ := shake(t, r.client(clock, nil), r.serves(r.station(), nil)); border.CodeOf(atClient) != border.Forbidden {
			t.Errorf("at %s a station: %v", at, atClient)
		}
	}
}

func TestStationsCertificateEnds(t *testing.T) {
	r := newRig(t)
	p := r.station()
	for _, c := range []struct {
		after, late time.Duration
		good        bool
	}{
		{StationFor, 0, true},
		{StationFor + time.Second, 0, false},
		{StationFor + 30*24*time.Hour, 30 * 24 * time.Hour, true},
		{StationFor + 30*24*time.Hour + time.Second, 30 * 24 * time.Hour, false},
		{-24 * 365 * time.Hour, 0, true}, // the hub's clock was set back
	} {
		hub := &testClock{now: noon.Add(c.after)}
		clients := &Clients{CA: r.Certificate(), Clock: hub, Required: true, Late: c.late, Belongs: everybody}
		if _, atServer := shake(t, r.client(r.clock, fixed(p)), r.serves(r.server(), clients)); (atServer == nil) != c.good {
			t.Errorf("%s after, %s late: %v", c.after, c.late, atServer)
		}
	}
}

// Who has the authority's older certificate knows what is made under the newer one, and the reverse.
func TestAuthorityGrowsOld(t *testing.T) {
	r := newRig(t)
	if did, err := r.Refresh(); did || err != nil {
		t.Fatalf("a new one was refreshed: %v, %v", did, err)
	}
	before := r.Certificate()
	r.clock.set(noon.Add(AuthorityFor*3/4 - ServerFor/2))
	oldServer := r.server()
	r.clock.set(noon.Add(AuthorityFor * 3 / 4))
	if did, err := r.Refresh(); !did || err != nil {
		t.Fatalf("an old one was not refreshed: %v, %v", did, err)
	}
	if r.Expires().Before(noon.Add(AuthorityFor + 5*365*24*time.Hour)) {
		t.Errorf("the new one ends at %s", r.Expires())
	}
	after := r.Certificate()
	r.clock.set(noon.Add(AuthorityFor - 30*24*time.Hour)) // a new server's certificate outlives the older one
	for name, c := range map[string]struct {
		ca     []byte
		server Pair
		clock  time.Time
	}{
		"old CA, new server":                  {before, r.server(), r.clock.Now()},
		"new CA, old server":                  {after, oldServer, noon.Add(AuthorityFor * 3 / 4)},
		"new CA, old server, clock far back":  {after, oldServer, noon.AddDate(-10, 0, 0)},
		"old CA, new server, clock far ahead": {before, r.server(), noon.AddDate(30, 0, 0)},
	} {
		client := must[*tls.Config](t)(ClientTLS(ClientConfig{CA: c.ca, Clock: &testClock{now: c.clock, state: border.ClockUntrusted}}))
		if atClient, _ := shake(t, client, r.serves(c.server, nil)); atClient != nil {
			t.Errorf("%s: %v", name, atClient)
		}
	}
	// Nothing outlives the authority.
	r.clock.set(r.Expires().Add(-time.Hour))
	_, expires, err := r.Station(r.public(), "PUT-1", "PUT", "")
	if err != nil || !expires.Equal(r.Expires()) {
		t.Errorf("a station until %s, %v; the authority until %s", expires, err, r.Expires())
	}
}

func TestAuthorityIsKept(t *testing.T) {
	r := newRig(t)
	b := must[[]byte](t)(r.Marshal())
	again := must[*Authority](t)(ParseAuthority(b, r.clock))
	if !slices.Equal(again.Certificate(), r.Certificate()) {
		t.Error("another certificate")
	}
	if c, _ := shake(t, r.client(r.clock, nil), r.serves(must[Pair](t)(again.Server(nil, nil)), nil)); c != nil {
		t.Errorf("what it makes: %v", c)
	}
	station := must[[]byte](t)(func() ([]byte, error) {
		p := r.station()
		return []byte(`{"certificate":"` + string(p.Certificate) + `"}`), nil
	}())
	for _, damaged := range [][]byte{nil, []byte("{}"), b[:len(b)/2], station} {
		if _, err := ParseAuthority(damaged, r.clock); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", damaged, err)
		}
	}
}

func TestStationKeys(t *testing.T) {
	r := newRig(t)
	other := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	edwards, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]any{"P-384": other.Public(), "Ed25519": edwards} {
		der := must[[]byte](t)(x509.MarshalPKIXPublicKey(k))
		if _, _, err := r.Station(der, "PUT-1", "PUT", ""); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []border.StationID{"", "put-1", "A:B", "A B"} {
		if _, _, err := r.Station(r.public(), name, "PUT", ""); border.CodeOf(err) != border.Invalid {
			t.Errorf("station %q: %v", name, err)
		}
	}
	cert := must[*x509.Certificate](t)(ParseCertificate(r.station().Certificate))
	station, post, err := StationOf(cert)
	if station != "PUT-1" || post != "PUT" || err != nil {
		t.Errorf("%s %s %v", station, post, err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "put-1", "put-1.garita.example"} {
		if err := cert.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

// The hub's certificate is renewed with a third left; while that fails the old one is shown.
func TestHosted(t *testing.T) {
	r := newRig(t)
	var kept []Pair
	var broken error
	save := func(p Pair) error {
		if broken == nil {
			kept = append(kept, p)
		}
		return broken
	}
	server := func() (Pair, error) { return r.Server(nil, nil) }
	h := must[*Hosted](t)(r.Host(server, Pair{}, save))
	shown := func() *x509.Certificate {
		t.Helper()
		return must[*tls.Certificate](t)(h.Certificate(nil)).Leaf
	}
	first := shown()
	if p, err := h.Pair(); err != nil || !slices.Equal(encode(first.Raw), p.Certificate) {
		t.Errorf("its pair is another one: %v", err)
	}
	if len(kept) != 1 || !slices.Equal(encode(first.Raw), kept[0].Certificate) {
		t.Fatal("the first is not kept")
	}
	h = must[*Hosted](t)(r.Host(server, kept[0], save))
	if len(kept) != 1 || !shown().Equal(first) {
		t.Error("a good one was replaced at the start")
	}
	h = must[*Hosted](t)(r.Host(func() (Pair, error) { return r.Server([]string{"hub.example"}, nil) }, kept[0], save))
	if len(kept) != 2 || shown().VerifyHostname("hub.example") != nil {
		t.Error("a new name is not served")
	}
	h, kept = must[*Hosted](t)(r.Host(server, kept[0], save)), kept[:1]
	r.clock.set(noon.Add(ServerFor/3*2 + 24*time.Hour))
	broken = errors.New("disk full")
	if !shown().Equal(first) {
		t.Error("one that was not kept is shown")
	}
	broken = nil
	if !shown().Equal(first) {
		t.Error("tried again at once")
	}
	r.clock.set(r.clock.Now().Add(retryRenewal + time.Second))
	if shown().Equal(first) || len(kept) != 2 || !h.Expires().After(first.NotAfter) {
		t.Error("it was not renewed")
	}
	// One of another authority is not taken over.
	other := newRig(t)
	must[*Hosted](t)(other.Host(func() (Pair, error) { return other.Server(nil, nil) }, kept[1], save))
	if len(kept) != 3 {
		t.Error("another authority's certificate was taken over")
	}
}
