package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/officers"
	"garita/border/signin"
)

// hub is the hub's sign-in over its accounts.
type hub struct {
	t        testing.TB
	time     *world
	audit    *acts
	accounts *officers.Keeper
	cfg      signin.Config
	s        *signin.Service
}

func newHub(t testing.TB) *hub {
	t.Helper()
	w := &world{wall: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), up: time.Hour}
	h := &hub{t: t, time: w, audit: &acts{}}
	quick := pin.New(pin.AtOnce, pin.Wait)
	quick.Cost = pin.Cost{Memory: 8, Passes: 1}
	k, err := officers.Open(t.Context(), officers.Config{PINs: quick, Dir: t.TempDir(), Clock: w, Root: sealed{"root"}, Audit: h.audit})
	must(t, err)
	t.Cleanup(func() { k.Close() })
	h.accounts = k
	must(t, k.AddWith(t.Context(), access.Officer{Badge: "9001", Name: "Ada Utopia", Roles: []access.Role{access.Administrator}}, goodPIN))
	must(t, k.AddWith(t.Context(), access.Officer{Badge: "3001", Name: "Ben Utopia", Roles: []access.Role{access.Operator}}, goodPIN))
	h.cfg = signin.Config{Dir: t.TempDir(), Clock: w, Mono: w.mono, Root: sealed{"root"}, Audit: h.audit, Known: k.Known, Accounts: k, RPID: rpID, Origins: []string{origin}}
	s, err := signin.Open(t.Context(), h.cfg)
	must(t, err)
	s.Cheap()
	h.s = s
	t.Cleanup(func() { _ = h.s.Close() })
	return h
}

func (h *hub) signIn(badge, pin string) signin.Signed {
	h.t.Helper()
	s, err := h.s.SignIn(here, signin.In{Badge: badge, PIN: pin})
	must(h.t, err)
	return s
}

func TestChangePIN(t *testing.T) {
	h := newHub(t)
	given, err := h.accounts.ResetPIN(t.Context(), "3001")
	must(t, err)
	mine, other := h.signIn("3001", given), h.signIn("3001", given)
	if !mine.Principal.MustChange || mine.Principal.May(access.CasesRead) {
		t.Errorf("with a PIN of somebody else: %+v", mine.Principal)
	}
	change := func(before, after string) (signin.Signed, error) {
		return h.s.ChangePIN(here, mine.Principal, before, after)
	}
	_, err = change(otherPIN, newPIN)
	wantCode(t, "the old PIN is wrong", err, border.Unauthenticated)
	for _, weak := range []string{"123456", "111111", "300130", given, "12345"} {
		_, err = change(given, weak)
		wantCode(t, "weak: "+weak, err, border.Invalid)
	}
	next, err := change(given, newPIN)
	must(t, err)
	if next.Token == mine.Token || next.Principal.MustChange || !next.Principal.May(access.CasesRead) {
		t.Errorf("after the change: %+v", next.Principal)
	}
	for _, old := range []string{mine.Token, other.Token} {
		if h.s.Still(here, old) {
			t.Error("a token from before the change opens something")
		}
	}
	if _, err := h.s.Session(here, next.Token); err != nil {
		t.Error(err)
	}
	_, err = h.s.SignIn(here, signin.In{Badge: "3001", PIN: given})
	wantCode(t, "the old PIN", err, border.Unauthenticated)
	h.signIn("3001", newPIN)
}

// A changed account's sessions end at once.
func TestAccountChanges(t *testing.T) {
	h := newHub(t)
	s := h.signIn("3001", goodPIN)
	must(t, h.accounts.Change(t.Context(), access.Officer{Badge: "3001", Name: "Benita Utopia", Roles: []access.Role{access.Operator}}))
	if p, err := h.s.Session(here, s.Token); err != nil || p.Name != "Benita Utopia" {
		t.Errorf("another name: %+v, %v", p, err)
	}
	must(t, h.accounts.Change(t.Context(), access.Officer{Badge: "3001", Name: "Ben", Roles: []access.Role{access.Operator, access.Supervisor}}))
	if h.s.Still(here, s.Token) {
		t.Error("the session has more rights than it was opened with")
	}
	s = h.signIn("3001", goodPIN)
	if !s.Principal.May(access.ApproveOther) {
		t.Error("the new role does not count")
	}
	must(t, h.accounts.Revoke(t.Context(), "3001", "left"))
	if _, err := h.s.Session(here, s.Token); !errors.Is(err, signin.ErrRevoked) {
		t.Errorf("revoked: %v", err)
	}
	if h.s.Now("3001") || !h.s.Now("90-01") {
		t.Error("who is known is wrong")
	}
}

// register gives an officer a passkey.
func (h *hub) register(badge string) *authenticator {
	h.t.Helper()
	p := h.signIn(badge, goodPIN).Principal
	a := newAuthenticator(h.t)
	a.count = 1
	name, options, err := h.s.BeginRegister(here, p)
	must(h.t, err)
	must(h.t, h.s.FinishRegister(here, p, name, "blue key", a.create(options)))
	return a
}

func (h *hub) withPasskey(a *authenticator) (signin.Signed, error) {
	h.t.Helper()
	name, options, err := h.s.BeginSignIn(here)
	must(h.t, err)
	return h.s.FinishSignIn(here, name, a.get(options), signin.In{})
}

func TestPasskey(t *testing.T) {
	h := newHub(t)
	a := h.register("3001")
	s, err := h.withPasskey(a)
	must(t, err)
	if s.Principal.Badge != "3001" {
		t.Errorf("signed in as %s", s.Principal.Badge)
	}
	if _, err := h.s.Session(here, s.Token); err != nil {
		t.Error(err)
	}
	// It works while the PIN is locked: nobody can guess it.
	for range 5 {
		_, err := h.s.SignIn(here, signin.In{Badge: "3001", PIN: otherPIN})
		wantCode(t, "wrong PIN", err, border.Unauthenticated)
	}
	_, err = h.withPasskey(a)
	must(t, err)
	// A counter that goes back is a copy, also after a restart.
	must(t, h.s.Close())
	h.s, err = signin.Open(t.Context(), h.cfg)
	must(t, err)
	a.count--
	_, err = h.withPasskey(a)
	wantCode(t, "a copied passkey", err, border.Unauthenticated)
	if h.audit.have(access.SignIn, border.ActRefused, "passkey_copied") != 1 {
		t.Errorf("the audit is %+v", h.audit.all)
	}
	_, err = h.withPasskey(a)
	must(t, err)
}

func TestPasskeyRefused(t *testing.T) {
	h := newHub(t)
	good, stranger := h.register("3001"), newAuthenticator(t)
	stranger.user = make([]byte, 32)
	for what, spoil := range map[string]func(a *authenticator){
		"nobody verified":   func(a *authenticator) { a.flags = flagUP },
		"nobody present":    func(a *authenticator) { a.flags = flagUV },
		"another origin":    func(a *authenticator) { a.origin = "https://garita.example.evil.example" },
		"another party":     func(a *authenticator) { a.rp = "evil.example" },
		"another challenge": func(a *authenticator) { a.replace = b64(make([]byte, 32)) },
		"another key":       func(a *authenticator) { a.key = stranger.key },
		"another id":        func(a *authenticator) { a.id = stranger.id },
		"nobody's":          func(a *authenticator) { a.user = stranger.user },
		"no handle":         func(a *authenticator) { a.user = nil },
		"portable now":      func(a *authenticator) { a.flags |= flagBE | flagBS },
	} {
		before := h.audit.have(access.SignIn, border.ActRefused, "")
		a := *good
		spoil(&a)
		_, err := h.withPasskey(&a)
		wantCode(t, what, err, border.Unauthenticated)
		if n := h.audit.have(access.SignIn, border.ActRefused, "") - before; n != 1 {
			t.Errorf("%s: %d refusals in the audit", what, n)
		}
	}
	a := good
	name, options, err := h.s.BeginSignIn(here)
	must(t, err)
	answer := a.get(options)
	_, err = h.s.FinishSignIn(here, name, answer, signin.In{})
	must(t, err)
	_, err = h.s.FinishSignIn(here, name, answer, signin.In{})
	wantCode(t, "the same answer again", err, border.Unauthenticated)

	plain := newAuthenticator(t) // it counts nothing: only the challenge tells two answers apart
	p := h.signIn("9001", goodPIN).Principal
	name, options, err = h.s.BeginRegister(here, p)
	must(t, err)
	must(t, h.s.FinishRegister(here, p, name, "green key", plain.create(options)))
	name, options, err = h.s.BeginSignIn(here)
	must(t, err)
	answer = plain.get(options)
	for i := range 2 {
		if _, err = h.s.FinishSignIn(here, name, answer, signin.In{}); (err == nil) != (i == 0) {
			t.Errorf("answer %d of a key that does not count: %v", i+1, err)
		}
	}

	name, options, err = h.s.BeginSignIn(here)
	must(t, err)
	answer = a.get(options)
	h.time.pass(2 * time.Minute)
	_, err = h.s.FinishSignIn(here, name, answer, signin.In{})
	wantCode(t, "after two minutes", err, border.Unauthenticated)

	name, options, err = h.s.BeginSignIn(here)
	must(t, err)
	thief := access.WithClient(here, access.Client{Address: "10.0.0.1", Agent: [32]byte{9}})
	_, err = h.s.FinishSignIn(thief, name, a.get(options), signin.In{})
	wantCode(t, "in another browser", err, border.Unauthenticated)

	name, options, err = h.s.BeginSignIn(here)
	must(t, err)
	_, err = h.s.FinishApprove(here, &access.Principal{Badge: "9001"}, access.CasesClose, name, a.get(options))
	wantCode(t, "an answer for something else", err, border.Unauthenticated)

	for what, b := range map[string][]byte{"empty": nil, "rubbish": []byte("{}"), "large": make([]byte, 20<<10)} {
		name, _, err := h.s.BeginSignIn(here)
		must(t, err)
		_, err = h.s.FinishSignIn(here, name, b, signin.In{})
		wantCode(t, what, err, border.Unauthenticated)
	}
	must(t, h.accounts.Revoke(t.Context(), "3001", "left"))
	_, err = h.withPasskey(a)
	wantCode(t, "of a closed account", err, border.Unauthenticated)
}

// Registering takes verification of the owner, the session that asked, and a passkey of nobody.
func TestRegisterRefused(t *testing.T) {
	h := newHub(t)
	p, other := h.signIn("3001", goodPIN).Principal, h.signIn("9001", goodPIN).Principal
	begin := func() (string, []byte) {
		name, options, err := h.s.BeginRegister(here, p)
		must(t, err)
		return name, options
	}
	a := newAuthenticator(t)
	a.flags = flagUP
	name, options := begin()
	wantCode(t, "nobody verified", h.s.FinishRegister(here, p, name, "key", a.create(options)), border.Invalid)
	a.flags = flagUP | flagUV
	name, options = begin()
	wantCode(t, "another session", h.s.FinishRegister(here, other, name, "key", a.create(options)), border.Invalid)
	name, options = begin()
	must(t, h.s.FinishRegister(here, p, name, "key", a.create(options)))
	name, options, err := h.s.BeginRegister(here, other)
	must(t, err)
	wantCode(t, "somebody else's passkey", h.s.FinishRegister(here, other, name, "key", a.create(options)), border.Conflict)
	_, _, err = h.s.BeginRegister(here, nil)
	wantCode(t, "nobody", err, border.Unauthenticated)
}

// Ceremonies that are begun without end leave no trace and keep nobody out for long.
func TestManyCeremonies(t *testing.T) {
	h := newHub(t)
	begun := 0
	for range 100 {
		if _, _, err := h.s.BeginSignIn(here); err == nil {
			begun++
		} else {
			wantCode(t, "too many", err, border.TooMany)
		}
	}
	if begun != 16 {
		t.Errorf("one client began %d ceremonies", begun)
	}
	if _, _, err := h.s.BeginSignIn(from("10.0.0.2")); err != nil {
		t.Error(err)
	}
	h.time.pass(2 * time.Minute)
	if _, _, err := h.s.BeginSignIn(here); err != nil {
		t.Error(err)
	}
}

func TestNoPasskeys(t *testing.T) {
	r := newStation(t, staff()...)
	_, _, err := r.s.BeginSignIn(here)
	wantCode(t, "without a relying party", err, border.Unavailable)
	_, err = r.s.ChangePIN(here, r.signIn("1001", "").Principal, goodPIN, newPIN)
	wantCode(t, "a station changes no PINs", err, border.Unavailable)
	for _, bad := range []string{"a b", "https://x"} {
		_, err := signin.Open(context.Background(), signin.Config{Dir: t.TempDir(), Clock: r.time, Mono: r.time.mono, Root: sealed{"root"}, Audit: r.audit, RPID: bad, Origins: []string{origin}, Known: func() access.Roster { return access.Roster{} }})
		if err == nil {
			t.Errorf("the relying party %q was taken", bad)
		}
	}
}

// An administrator who is signed in opens locks, but not their own.
func TestUnlockSignedIn(t *testing.T) {
	h := newHub(t)
	admin, operator := h.signIn("9001", goodPIN).Principal, h.signIn("3001", goodPIN).Principal
	for _, badge := range []string{"9001", "3001"} {
		_, err := h.s.SignIn(here, signin.In{Badge: badge, PIN: otherPIN})
		wantCode(t, "wrong", err, border.Unauthenticated)
	}
	as := func(p *access.Principal, badge string) error {
		return h.s.Unlock(access.With(here, p), badge, signin.In{})
	}
	wantCode(t, "one's own", as(admin, "9001"), border.Forbidden)
	wantCode(t, "an operator", as(operator, "9001"), border.Unauthenticated)
	must(t, as(admin, "3001"))
	wantCode(t, "nobody's badge", as(admin, "7777"), border.NotFound)
}

// FuzzAnswer gives hostile answers of browsers to both ceremonies: they are refused, and nothing
// breaks.
func FuzzAnswer(f *testing.F) {
	h := newHub(f)
	p := h.signIn("3001", goodPIN).Principal
	a := newAuthenticator(f)
	name, options, err := h.s.BeginRegister(here, p)
	must(f, err)
	created := a.create(options)
	must(f, h.s.FinishRegister(here, p, name, "key", created))
	_, options, err = h.s.BeginSignIn(here)
	must(f, err)
	f.Add(created)
	f.Add(a.get(options))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		h.time.pass(3 * time.Minute)
		name, _, err := h.s.BeginSignIn(here)
		must(t, err)
		_, err = h.s.FinishSignIn(here, name, answer, signin.In{})
		wantCode(t, "an answer of nobody's", err, border.Unauthenticated)
		name, _, err = h.s.BeginRegister(here, p)
		must(t, err)
		wantCode(t, "an answer of nobody's", h.s.FinishRegister(here, p, name, "key", answer), border.Invalid)
	})
}
