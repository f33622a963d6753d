package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"garita/border"
	"garita/border/access"
)

// Passkeys are WebAuthn credentials (W3C Web Authentication Level 3) that are discoverable and
// verify their owner themselves, by a PIN or a finger. Checking one needs no network.

const (
	ceremonyLife  = 2 * time.Minute
	maxCeremonies = 512
	maxOfClient   = 16       // ceremonies of one address
	maxAnswer     = 16 << 10 // bytes of what the browser answers
)

// ceremony is one that has begun. Each ends with the first answer, whatever it is.
type ceremony struct {
	data    webauthn.SessionData // with the challenge
	kind    access.Action        // SignIn, ApproveOther or OwnPIN (to register)
	action  access.Action        // to approve
	badge   string               // of who is signed in
	session string
	agent   [32]byte
	client  string
	born    time.Duration // service time
}

// relyingParty is nil if passkeys are not used.
func relyingParty(cfg Config) (*webauthn.WebAuthn, error) {
	if cfg.RPID == "" || len(cfg.Origins) == 0 {
		return nil, nil
	}
	require := true
	w, err := webauthn.New(&webauthn.Config{RPID: cfg.RPID, RPDisplayName: "Garita", RPOrigins: cfg.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &require, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
	})
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "set up passkeys", Err: err, Message: "The relying party of passkeys is a domain, and its origins are addresses under it."}
	}
	return w, nil
}

// Passkeys reports whether passkeys can be used here.
func (s *Service) Passkeys() bool { return s.web != nil }

// user is an officer as the library sees one. The handle says nothing and is the same everywhere.
type user struct {
	o    *access.Officer
	keys []webauthn.Credential
}

func handle(badge string) []byte {
	h := sha256.Sum256([]byte("garita officer\n" + badge))
	return h[:]
}

func (u *user) WebAuthnID() []byte                         { return handle(u.o.Badge) }
func (u *user) WebAuthnName() string                       { return u.o.Badge }
func (u *user) WebAuthnDisplayName() string                { return u.o.Name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// user gives an officer's passkeys with the highest counters seen. mu is held.
func (s *Service) user(o *access.Officer) *user {
	copied := *o
	u := &user{o: &copied}
	for _, p := range o.Passkeys {
		u.keys = append(u.keys, webauthn.Credential{ID: p.ID, PublicKey: p.PublicKey, AttestationType: "none",
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: p.Portable},
			Authenticator: webauthn.Authenticator{SignCount: max(p.SignCount, s.counts[s.vault.who("passkey", string(p.ID))])}})
	}
	return u
}

// remember keeps a ceremony and gives its name and the options for the browser.
func (s *Service) remember(ctx context.Context, c ceremony, options any) (string, []byte, error) {
	const op = "begin with a passkey"
	out, err := json.Marshal(options)
	if err != nil {
		return "", nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	c.agent, c.client = access.ClientFrom(ctx).Agent, address(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.born = s.now()
	s.forgetOld()
	own := 0
	for _, other := range s.ceremonies {
		if other.client == c.client {
			own++
		}
	}
	if own >= maxOfClient || len(s.ceremonies) >= maxCeremonies {
		return "", nil, tooMany("Too many have begun to sign in with a passkey. Try again in two minutes.")
	}
	name := newName() + newName()
	s.ceremonies[name] = &c
	return name, out, nil
}

// take ends a ceremony that this client has begun.
func (s *Service) take(ctx context.Context, name string, kind access.Action) (*ceremony, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.ceremonies[name]
	delete(s.ceremonies, name)
	if c == nil || c.kind != kind || s.now()-c.born >= ceremonyLife || c.agent != access.ClientFrom(ctx).Agent {
		return nil, unauthenticated("finish with a passkey", errors.New("no such ceremony"), "That took too long. Begin again.")
	}
	return c, nil
}

var errNoPasskeys = &border.Error{Code: border.Unavailable, Op: "use a passkey", Message: "Passkeys are not used here."}

// begin begins a ceremony in which somebody proves who they are.
func (s *Service) beginProof(ctx context.Context, c ceremony) (string, []byte, error) {
	if s.web == nil {
		return "", nil, errNoPasskeys
	}
	options, data, err := s.web.BeginDiscoverableLogin()
	if err != nil {
		return "", nil, &border.Error{Code: border.Internal, Op: "begin with a passkey", Err: err}
	}
	c.data = *data
	return s.remember(ctx, c, options)
}

// prove finds whose passkey answered. A counter that goes back means a copy: it is refused, and
// said.
func (s *Service) prove(ctx context.Context, c *ceremony, answer []byte, act border.Act) (*access.Officer, error) {
	const op = "finish with a passkey"
	s.mu.Lock()
	left, cw := s.client(ctx)
	if left.Left < 1 {
		s.mu.Unlock()
		return nil, tooMany("From here there were too many wrong tries. Try again in a minute.")
	}
	s.mu.Unlock()
	fail := func(reason string, cause error) error {
		act.Reason = reason
		s.mu.Lock()
		left, cw = s.client(ctx)
		left.Left--
		err := s.write(ctx, op, func(t *sql.Tx) error { return s.putClient(ctx, t, cw, left) })
		if err == nil {
			s.clients[cw] = left
		}
		s.mu.Unlock()
		return s.refused(ctx, act, errors.Join(unauthenticated(op, cause, "The passkey was not accepted."), err))
	}
	if len(answer) > maxAnswer {
		return nil, fail("too_large", nil)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, fail("malformed", errors.New("not an answer of a passkey"))
	}
	var found *user
	find := func(rawID, userHandle []byte) (webauthn.User, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		k := s.inForce()
		for i := range k.roster.Officers {
			if o := &k.roster.Officers[i]; bytes.Equal(handle(o.Badge), userHandle) {
				if reason := s.unfit(o); reason != "" {
					act.Officer = o.Badge
					return nil, errors.New(reason)
				}
				found = s.user(o)
				return found, nil
			}
		}
		return nil, errors.New("unknown")
	}
	_, credential, err := s.web.ValidatePasskeyLogin(find, c.data, parsed)
	if found != nil {
		act.Officer = found.o.Badge
	}
	if err != nil {
		return nil, fail("passkey", errors.New("the answer does not fit the challenge, the key or the account"))
	}
	if credential.Authenticator.CloneWarning {
		return nil, fail("passkey_copied", errors.New("the signature counter went back"))
	}
	if n := credential.Authenticator.SignCount; n > 0 {
		if err := s.keepCount(ctx, credential.ID, n); err != nil {
			return nil, err
		}
	}
	return found.o, nil
}

// keepCount writes the counter of a passkey down before it is believed. Another request with it
// may have been faster.
func (s *Service) keepCount(ctx context.Context, id []byte, n uint32) error {
	const op = "count the use of a passkey"
	w := s.vault.who("passkey", string(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	if n <= s.counts[w] {
		return unauthenticated(op, errors.New("the signature counter went back"), "The passkey was not accepted.")
	}
	sealed, err := s.vault.seal("passkey", w[:], n)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	err = s.write(ctx, op, func(t *sql.Tx) error {
		_, err := t.ExecContext(ctx, "INSERT INTO passkey (who, sealed) VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET sealed = excluded.sealed", w[:], sealed)
		return err
	})
	if err == nil {
		s.counts[w] = n
	}
	return err
}

// BeginSignIn begins signing in with a passkey: it gives a name of the ceremony and the options
// for navigator.credentials.get as JSON. [border.Unavailable]: passkeys are not used here.
func (s *Service) BeginSignIn(ctx context.Context) (string, []byte, error) {
	return s.beginProof(ctx, ceremony{kind: access.SignIn})
}

// FinishSignIn takes the browser's answer and begins a session; badge and PIN of in are not used.
// Errors as of [Service.SignIn].
func (s *Service) FinishSignIn(ctx context.Context, name string, answer []byte, in In) (Signed, error) {
	if s.web == nil {
		return Signed{}, errNoPasskeys
	}
	if err := in.valid(); err != nil {
		return Signed{}, err
	}
	c, err := s.take(ctx, name, access.SignIn)
	if err != nil {
		return Signed{}, err
	}
	o, err := s.prove(ctx, c, answer, border.Act{Action: string(access.SignIn), Counter: in.Counter})
	if err != nil {
		return Signed{}, err
	}
	return s.begin(ctx, o, in, "passkey")
}

// BeginApprove begins the word of a second person with a passkey. See [Service.Approve].
func (s *Service) BeginApprove(ctx context.Context, p *access.Principal, a access.Action) (string, []byte, error) {
	if _, err := s.mayAsk(p, a); err != nil {
		return "", nil, err
	}
	c := ceremony{kind: access.ApproveOther, action: a}
	if p != nil {
		c.badge, c.session = p.Badge, p.Session
	}
	return s.beginProof(ctx, c)
}

// FinishApprove takes the browser's answer and gives the token.
func (s *Service) FinishApprove(ctx context.Context, p *access.Principal, a access.Action, name string, answer []byte) (string, error) {
	if s.web == nil {
		return "", errNoPasskeys
	}
	act, err := s.mayAsk(p, a)
	if err != nil {
		return "", err
	}
	c, err := s.take(ctx, name, access.ApproveOther)
	if err != nil {
		return "", err
	}
	if c.action != a || p != nil && (c.badge != p.Badge || c.session != p.Session) || p == nil && c.badge != "" {
		return "", unauthenticated("approve", errors.New("another ceremony"), "Begin again.")
	}
	o, err := s.prove(ctx, c, answer, act)
	if err != nil {
		return "", err
	}
	return s.approve(ctx, p, a, o, act)
}

// BeginRegister begins adding a passkey to the account of who is signed in. The hub only.
func (s *Service) BeginRegister(ctx context.Context, p *access.Principal) (string, []byte, error) {
	const op = "add a passkey"
	switch {
	case s.web == nil:
		return "", nil, errNoPasskeys
	case s.cfg.Accounts == nil:
		return "", nil, &border.Error{Code: border.Unavailable, Op: op, Message: "Passkeys are added on the hub's pages."}
	case p == nil:
		return "", nil, unauthenticated(op, ErrNone, "Sign in first.")
	case p.MustChange:
		return "", nil, &border.Error{Code: border.Forbidden, Op: op, Message: "Change your PIN first: somebody else knows it."}
	}
	u, err := s.own(p)
	if err != nil {
		return "", nil, err
	}
	options, data, err := s.web.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()))
	if err != nil {
		return "", nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return s.remember(ctx, ceremony{data: *data, kind: access.OwnPIN, badge: p.Badge, session: p.Session}, options)
}

func (s *Service) own(p *access.Principal) (*user, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.inForce().byBadge[p.Badge]
	if s.unfit(o) != "" {
		return nil, unauthenticated("find an account", ErrRevoked, "Your session has ended. Sign in again.")
	}
	return s.user(o), nil
}

// FinishRegister takes the browser's answer and adds the passkey under a name for people.
// [border.Invalid]: it does not fit, or has not verified its owner.
func (s *Service) FinishRegister(ctx context.Context, p *access.Principal, name, label string, answer []byte) error {
	const op = "add a passkey"
	if s.web == nil || s.cfg.Accounts == nil {
		return errNoPasskeys
	}
	if p == nil {
		return unauthenticated(op, ErrNone, "Sign in first.")
	}
	c, err := s.take(ctx, name, access.OwnPIN)
	if err != nil {
		return err
	}
	act := border.Act{Action: string(access.OwnPIN), Officer: p.Badge, Session: p.Session, Object: "passkey"}
	refuse := func(reason string) error {
		act.Reason = reason
		return s.refused(ctx, act, &border.Error{Code: border.Invalid, Op: op, Message: "The passkey was not accepted."})
	}
	if c.badge != p.Badge || c.session != p.Session {
		return refuse("other_session")
	}
	if len(answer) > maxAnswer {
		return refuse("too_large")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return refuse("malformed")
	}
	u, err := s.own(p)
	if err != nil {
		return err
	}
	credential, err := s.web.CreateCredential(u, c.data, parsed)
	if err != nil || !credential.Flags.UserVerified {
		return refuse("passkey")
	}
	return s.cfg.Accounts.AddPasskey(access.With(ctx, p), p.Badge, access.Passkey{ID: credential.ID, PublicKey: credential.PublicKey,
		SignCount: credential.Authenticator.SignCount, Name: label, Portable: credential.Flags.BackupEligible})
}
