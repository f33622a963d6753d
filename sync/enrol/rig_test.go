package enrol

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time      { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// desk is a keeper of one station with one code that never ends, in memory.
type desk struct {
	ca    *pki.Authority
	clock *testClock
	code  enrolment.Code

	mu      sync.Mutex // guards what follows
	keys    enrolment.Keys
	next    enrolment.Keys
	asked   int // how often Enrol or Renew was reached
	granted int
	seen    map[string]int // connections by key
	revoked bool
	lost    int // how many grants are made and not answered
}

func (d *desk) Enrol(_ context.Context, id string, proven func([]byte) bool, r enrolment.Request) (enrolment.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	key, err := d.code.Key()
	if err != nil {
		return enrolment.Grant{}, err
	}
	if id != d.code.ID() || !proven(key) {
		return enrolment.Grant{}, &border.Error{Code: border.Forbidden, Op: "enrol", Message: "The one-time code is not right."}
	}
	if d.granted > 0 && d.keys.NATS != r.Keys.NATS {
		return enrolment.Grant{}, &border.Error{Code: border.Forbidden, Op: "enrol", Message: "It was used."}
	}
	d.keys = r.Keys
	if d.lost > 0 {
		d.lost--
		d.granted++
		return enrolment.Grant{}, &border.Error{Code: border.Unavailable, Op: "enrol", Message: "lost"}
	}
	return d.grant(r.Keys)
}

func (d *desk) Renew(_ context.Context, station border.StationID, shown []byte, proven func(ed25519.PublicKey) bool, r enrolment.Request) (enrolment.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if station != "PUT-1" || !bytes.Equal(shown, d.keys.TLS) || !proven(d.keys.Sign) {
		return enrolment.Grant{}, &border.Error{Code: border.Forbidden, Op: "renew", Message: "Not signed with the station's key."}
	}
	d.next = r.Keys
	return d.grant(r.Keys)
}

// grant must be called with mu held.
func (d *desk) grant(k enrolment.Keys) (enrolment.Grant, error) {
	d.granted++
	g := enrolment.Grant{Station: "PUT-1", Post: "PUT", Zone: "UTC", Hub: "Utopia", NATS: "tls://127.0.0.1:4222", CA: d.ca.Certificate(), UserJWT: "jwt"}
	var err error
	if g.Certificate, g.Expires, err = d.ca.Station(k.TLS, g.Station, g.Post, ""); err != nil {
		return g, err
	}
	g.Provisioning, err = sealed(k.Seal, []byte(`{"hub":"Utopia","public_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","blind_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`))
	return g, err
}

// sealed seals provisioning as border/seal does.
func sealed(public, plain []byte) ([]byte, error) {
	k, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	h, err := hpke.NewDHKEMPublicKey(k)
	if err != nil {
		return nil, err
	}
	return hpke.Seal(h, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("garita to station v1 provisioning"), plain)
}

func (d *desk) belongs(_ border.StationID, key []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[string(key)]++
	if d.revoked {
		return &border.Error{Code: border.Forbidden, Op: "admit", Message: "revoked"}
	}
	if bytes.Equal(key, d.next.TLS) {
		d.keys = d.next
	}
	if !bytes.Equal(key, d.keys.TLS) {
		return &border.Error{Code: border.Forbidden, Op: "admit", Message: "not its key"}
	}
	return nil
}

func (d *desk) counts() (asked, granted int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked, d.granted
}

// rig is a hub's end on a real socket.
type rig struct {
	*desk
	t      *testing.T
	server *Server
	addr   string
	url    string
}

func newRig(t *testing.T, change ...func(*Server)) *rig {
	t.Helper()
	clock := &testClock{now: noon}
	ca, err := pki.NewAuthority("Utopia", clock)
	check(t, err)
	code, err := enrolment.NewCode(nil)
	check(t, err)
	r := &rig{desk: &desk{ca: ca, clock: clock, code: code, seen: make(map[string]int)}, t: t}
	host, err := ca.Host(func() (pki.Pair, error) { return ca.Server(nil, nil) }, pki.Pair{}, func(pki.Pair) error { return nil })
	check(t, err)
	config, err := pki.ServerTLS(host.Certificate, &pki.Clients{CA: ca.Certificate(), Clock: clock, Late: enrolment.LateFor * day, Belongs: r.belongs})
	check(t, err)
	start := time.Now()
	r.server, err = New(Config{Hub: r.desk, Clock: clock, Mono: func() time.Duration { return time.Since(start) }, TLS: config, StationOf: stationOf})
	check(t, err)
	for _, f := range change {
		f(r.server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	r.addr = l.Addr().String()
	r.url = "https://" + r.addr
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.server.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait() })
	return r
}

func stationOf(c *x509.Certificate) (border.StationID, error) {
	s, _, err := pki.StationOf(c)
	return s, err
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
	if code != "" && border.MessageOf(err) == "" {
		t.Errorf("%s: nothing is said to a person: %v", what, err)
	}
}

func (r *rig) enrolled() enrolment.Identity {
	r.t.Helper()
	id, err := Enrol(r.t.Context(), r.url, r.code, "garita-post test")
	check(r.t, err)
	return id
}

// secure is a station's TLS towards the hub.
func (r *rig) secure(clock border.Clock, id func() enrolment.Identity) *tls.Config {
	r.t.Helper()
	c := pki.ClientConfig{CA: r.ca.Certificate(), Clock: clock}
	if id != nil {
		c.Pair = func() (pki.Pair, error) {
			i := id()
			return pki.Pair{Certificate: i.Grant.Certificate, Key: i.TLSPrivate}, nil
		}
	}
	out, err := pki.ClientTLS(c)
	check(r.t, err)
	return out
}

func of(id enrolment.Identity) func() enrolment.Identity {
	return func() enrolment.Identity { return id }
}

// dial opens a connection that trusts whoever is there.
func dial(t *testing.T, addr string) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}) //nolint:gosec // the code says who is there
	check(t, err)
	t.Cleanup(func() { c.Close() })
	check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

func bound(t *testing.T, c *tls.Conn) []byte {
	t.Helper()
	s := c.ConnectionState()
	b, err := binding(&s)
	check(t, err)
	return b
}

// asking is the body of a request to enrol with new keys.
func (r *rig) asking() []byte {
	r.t.Helper()
	q, _, err := enrolment.MakeKeys("garita-post test", rand.Reader)
	check(r.t, err)
	raw, err := json.Marshal(q)
	check(r.t, err)
	body, err := json.Marshal(ask{Code: r.code.ID(), Request: raw})
	check(r.t, err)
	return body
}

func (r *rig) key() []byte {
	r.t.Helper()
	k, err := r.code.Key()
	check(r.t, err)
	return k
}
