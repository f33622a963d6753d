package signin_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/roster"
	"garita/border/signin"
)

// world is the time of a test: wall clock and monotonic clock apart.
type world struct {
	mu   sync.Mutex
	wall time.Time
	up   time.Duration
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wall
}

func (w *world) mono() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.up
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wall, w.up = w.wall.Add(d), w.up+d
}

// set moves the wall clock alone.
func (w *world) set(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wall = w.wall.Add(d)
}

// boot starts the machine anew after a time without power.
func (w *world) boot(off time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wall, w.up = w.wall.Add(off), time.Second
}

// acts is an audit that can fail.
type acts struct {
	mu   sync.Mutex
	all  []border.Act
	fail error
}

func (a *acts) Audit(_ context.Context, act border.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail == nil {
		a.all = append(a.all, act)
	}
	return a.fail
}

func (a *acts) failWith(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail = err
}

// have counts acts of an action, result and reason; "" stands for any.
func (a *acts) have(action access.Action, result border.ActResult, reason string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, act := range a.all {
		if act.Action == string(action) && act.Result == result && (reason == "" || act.Reason == reason) {
			n++
		}
	}
	return n
}

// sealed is a root for tests, and an opener of rosters: it binds the name and shows nothing else.
type sealed struct{ of string }

func (s sealed) Seal(name string, b []byte) ([]byte, error) {
	return append([]byte(s.of+"/"+name+"\n"), b...), nil
}

func (s sealed) Open(name string, b []byte) ([]byte, error) {
	rest, ok := strings.CutPrefix(string(b), s.of+"/"+name+"\n")
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: "open", Err: errors.New("sealed to somebody else")}
	}
	return []byte(rest), nil
}

const (
	goodPIN  = "294817"
	otherPIN = "603925"
	newPIN   = "815264"
)

// cheap are verifiers that take next to no time: a real one takes what [BenchmarkSignIn] says.
var cheap = map[string]string{
	goodPIN:  "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$RD6SJ/UrBTZqcZ80xgz38crMHAIfToaipDn2rffOQ6Y",
	otherPIN: "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$bem0kRI7rM1smCCXncOKWI6ZvOrq1+n2XRq+zsaKSQM",
	newPIN:   "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$qGPy4ElIYth+htbxl6lse7aaYD/XPIIMlICVqvbsZ+c",
}

func officer(badge string, roles ...access.Role) access.Officer {
	return access.Officer{Badge: badge, Name: "Officer " + badge + " Utopia", Roles: roles, PIN: cheap[goodPIN]}
}

// staff is a post with two inspectors, a supervisor and a technician.
func staff() []access.Officer {
	return []access.Officer{officer("1001", access.Inspector), officer("1002", access.Inspector),
		officer("2001", access.Supervisor), officer("4001", access.Technician)}
}

// station is a station's sign-in that can be restarted.
type station struct {
	t      testing.TB
	time   *world
	audit  *acts
	cfg    signin.Config
	key    ed25519.PrivateKey
	s      *signin.Service
	at     time.Time // when the next roster is issued; zero: now
	expiry time.Duration
}

func newStation(t testing.TB, officers ...access.Officer) *station {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	w := &world{wall: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), up: 40 * time.Minute}
	r := &station{t: t, time: w, audit: &acts{}, key: key, expiry: 72 * time.Hour}
	r.cfg = signin.Config{Dir: t.TempDir(), Clock: w, Mono: w.mono, Root: sealed{"root"}, Audit: r.audit,
		Station: "PCA-1", Post: "PCA", RosterSigner: pub, Opener: sealed{"PCA-1"}}
	r.open()
	t.Cleanup(func() { _ = r.s.Close() })
	if len(officers) > 0 {
		must(t, r.install(1, officers...))
	}
	return r
}

func (r *station) open() {
	r.t.Helper()
	s, err := signin.Open(context.Background(), r.cfg)
	must(r.t, err)
	s.Cheap()
	r.s = s
}

// restart ends the program and starts it again.
func (r *station) restart() {
	r.t.Helper()
	must(r.t, r.s.Close())
	r.open()
}

func (r *station) roster(version uint64, officers ...access.Officer) []byte {
	r.t.Helper()
	at := r.at
	if at.IsZero() {
		at = r.time.Now()
	}
	signed, err := roster.Sign(&access.Roster{Version: version, Station: "PCA-1", Post: "PCA", IssuedAt: at, ExpiresAt: at.Add(r.expiry), Officers: officers}, r.key)
	must(r.t, err)
	b, err := sealed{"PCA-1"}.Seal("roster", signed)
	must(r.t, err)
	return b
}

func (r *station) install(version uint64, officers ...access.Officer) error {
	r.t.Helper()
	return r.s.InstallRoster(r.t.Context(), r.roster(version, officers...))
}

// from is a client by its address.
func from(address string) context.Context {
	return access.WithClient(context.Background(), access.Client{Address: address, Agent: [32]byte{1}})
}

var here = from("10.0.0.1")

func at(counter string) border.CounterID { return border.CounterID(counter) }

func (r *station) signIn(badge, counter string) signin.Signed {
	r.t.Helper()
	s, err := r.s.SignIn(here, signin.In{Badge: badge, PIN: goodPIN, Counter: at(counter)})
	must(r.t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, what string, err error, codes ...border.Code) {
	t.Helper()
	if !slices.Contains(codes, border.CodeOf(err)) {
		t.Errorf("%s: %v, want %v", what, err, codes)
	}
}
