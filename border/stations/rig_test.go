package stations

import (
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"context"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/keystore"
	"garita/border/pki"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time      { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// auditor keeps acts, and refuses them while broken is set.
type auditor struct {
	mu     sync.Mutex
	acts   []border.Act
	broken error
}

func (a *auditor) Audit(_ context.Context, act border.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken == nil {
		a.acts = append(a.acts, act)
	}
	return a.broken
}

func (a *auditor) take() []border.Act {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.acts
	a.acts = nil
	return out
}

func (a *auditor) set(err error) { a.mu.Lock(); defer a.mu.Unlock(); a.broken = err }

// rig is a hub with a keeper of stations.
type rig struct {
	*Keeper
	t     *testing.T
	dir   string
	clock *testClock
	root  keystore.Root
	audit *auditor
	ca    *pki.Authority
	hub   *seal.HubPrivate
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), clock: &testClock{now: noon}, audit: &auditor{}}
	var err error
	r.root, err = keystore.Open(t.Context(), keystore.Config{Kind: keystore.Software, Dir: r.dir, Demo: true})
	r.check(err)
	r.ca, err = pki.NewAuthority("Utopia", r.clock)
	r.check(err)
	r.hub, err = seal.NewHubPrivate("Utopia")
	r.check(err)
	r.Keeper = r.open(r.config())
	t.Cleanup(func() { r.check(r.Close()); r.check(r.root.Close()) })
	return r
}

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) config() Config {
	return Config{
		Dir: r.dir, Clock: r.clock, Root: r.root, Audit: r.audit,
		Grant: func() (enrolment.Grant, error) {
			return enrolment.Grant{Hub: "Utopia", NATS: "tls://127.0.0.1:4222", CA: r.ca.Certificate()}, nil
		},
		Provisioning: r.hub.Provisioning,
		Certificate: func(key []byte, s border.StationID, p border.PostID) ([]byte, time.Time, error) {
			return r.ca.Station(key, s, p, "")
		},
		UserJWT: func(border.StationID, string, time.Time) (string, error) { return "jwt", nil },
	}
}

// commandLine is the keeper of a program that runs beside the hub.
func (r *rig) commandLine() *Keeper {
	r.t.Helper()
	k := r.open(Config{Dir: r.dir, Clock: r.clock, Root: r.root})
	r.t.Cleanup(func() { r.check(k.Close()) })
	return k
}

func (r *rig) open(c Config) *Keeper {
	r.t.Helper()
	k, err := Open(r.t.Context(), c)
	r.check(err)
	return k
}

// restart closes the keeper and opens it anew.
func (r *rig) restart() {
	r.t.Helper()
	r.check(r.Close())
	r.Keeper = r.open(r.config())
}

func (r *rig) path() string { return filepath.Join(r.dir, "stations.db") }

func (r *rig) invite() Invitation {
	r.t.Helper()
	in, err := r.Add(r.t.Context(), "PUT-1", "PUT", "America/Costa_Rica", "A1")
	r.check(err)
	return in
}

// made is what a station makes.
type made struct {
	enrolment.Request
	part enrolment.Identity
}

func (r *rig) make() made {
	r.t.Helper()
	q, part, err := enrolment.MakeKeys("garita-post test", nil)
	r.check(err)
	return made{q, part}
}

// knows proves to know a code as one that does.
func knows(c enrolment.Code) func([]byte) bool {
	return func(key []byte) bool {
		mine, err := c.Key()
		return err == nil && string(mine) == string(key)
	}
}

func (r *rig) enrol(in Invitation, m made) (enrolment.Identity, error) {
	r.t.Helper()
	g, err := r.Enrol(r.t.Context(), in.Code.ID(), knows(in.Code), m.Request)
	if err != nil {
		return enrolment.Identity{}, err
	}
	return enrolment.Complete(m.part, g, "https://127.0.0.1:1")
}

// enrolled is a station that belongs.
func (r *rig) enrolled() (made, enrolment.Identity) {
	r.t.Helper()
	m := r.make()
	id, err := r.enrol(r.invite(), m)
	r.check(err)
	return m, id
}

// signs proves by a signature with the station's key.
func signs(id *enrolment.Identity) func(ed25519.PublicKey) bool {
	return func(k ed25519.PublicKey) bool {
		return ed25519.Verify(k, []byte("m"), id.Sign([]byte("m")))
	}
}

func (r *rig) renew(old made, m made) (enrolment.Identity, error) {
	r.t.Helper()
	g, err := r.Renew(r.t.Context(), "PUT-1", old.Keys.TLS, signs(&old.part), m.Request)
	if err != nil {
		return enrolment.Identity{}, err
	}
	return enrolment.Complete(m.part, g, "https://127.0.0.1:1")
}

func (r *rig) view() Station {
	r.t.Helper()
	all, err := r.All(r.t.Context())
	r.check(err)
	if len(all) != 1 {
		r.t.Fatalf("%d stations", len(all))
	}
	return all[0]
}

func wants(t *testing.T, what string, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
	if code != "" && border.MessageOf(err) == "" && code != border.Internal {
		t.Errorf("%s: nothing is said to a person: %v", what, err)
	}
}

var errBroken = errors.New("broken")
