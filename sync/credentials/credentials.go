// Package credentials makes what the broker asks of whoever connects to it: an operator, the
// accounts it vouches for, and the tokens of their users. Users keep their own keys; what is
// issued for them says who they are and until when, and the account says what that allows.
//
// A station may publish as itself and as nobody else, read its own feed and what all stations
// read, and of the broker's own API ask for the lists alone.
package credentials

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"garita/border"
)

// Authority holds the keys that all tokens are signed with. Whoever has them is the hub: they
// are made once, and kept sealed. It is safe for concurrent use.
type Authority struct {
	operator nkeys.KeyPair
	system   nkeys.KeyPair // names the broker's own account, which has no users
	country  nkeys.KeyPair // names the account of the streams and the hub
	posts    nkeys.KeyPair // names the account of the stations
	hub      nkeys.KeyPair // signs the hub's tokens, bound to a template
	stations nkeys.KeyPair // signs stations' tokens, bound to another
}

// NewAuthority makes all keys.
func NewAuthority() (*Authority, error) {
	a := &Authority{}
	for _, k := range a.keys() {
		var err error
		if *k.pair, err = k.make(); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "make the broker's authority", Err: err}
		}
	}
	return a, nil
}

type key struct {
	name string
	pair *nkeys.KeyPair
	kind nkeys.PrefixByte
	make func() (nkeys.KeyPair, error)
}

func (a *Authority) keys() []key {
	return []key{
		{"operator", &a.operator, nkeys.PrefixByteOperator, nkeys.CreateOperator},
		{"system", &a.system, nkeys.PrefixByteAccount, nkeys.CreateAccount},
		{"country", &a.country, nkeys.PrefixByteAccount, nkeys.CreateAccount},
		{"posts", &a.posts, nkeys.PrefixByteAccount, nkeys.CreateAccount},
		{"hub", &a.hub, nkeys.PrefixByteAccount, nkeys.CreateAccount},
		{"stations", &a.stations, nkeys.PrefixByteAccount, nkeys.CreateAccount},
	}
}

// MarshalJSON gives the seeds. They are secret: only border/keystore may write them down.
func (a *Authority) MarshalJSON() ([]byte, error) {
	seeds := map[string]string{}
	for _, k := range a.keys() {
		if *k.pair == nil {
			return nil, &border.Error{Code: border.Internal, Op: "write the broker's authority", Err: errors.New("it has no keys")}
		}
		seed, err := (*k.pair).Seed()
		if err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "write the broker's authority", Err: err}
		}
		seeds[k.name] = string(seed)
	}
	return json.Marshal(seeds)
}

// UnmarshalJSON reads them. Whatever is not its seeds is [border.Invalid]; nothing of it is
// repeated in the error.
func (a *Authority) UnmarshalJSON(b []byte) error {
	bad := &border.Error{Code: border.Invalid, Op: "read the broker's authority", Message: "The keys of the hub's broker cannot be read."}
	var seeds map[string]string
	if json.Unmarshal(b, &seeds) != nil {
		return bad
	}
	var read Authority
	for _, k := range read.keys() {
		kind, _, err := nkeys.DecodeSeed([]byte(seeds[k.name]))
		if err != nil || kind != k.kind {
			return bad
		}
		if *k.pair, err = nkeys.FromSeed([]byte(seeds[k.name])); err != nil {
			return bad
		}
	}
	*a = read
	return nil
}

// Marshal is [Authority.MarshalJSON].
func (a *Authority) Marshal() ([]byte, error) { return a.MarshalJSON() }

// Unmarshal is [Authority.UnmarshalJSON] into a new authority.
func Unmarshal(b []byte) (*Authority, error) {
	a := &Authority{}
	if err := a.UnmarshalJSON(b); err != nil {
		return nil, err
	}
	return a, nil
}

// Issue makes a station's token for the public part of its key ("U…"). The broker refuses it from
// expires on, and cuts the connection then.
func (a *Authority) Issue(station border.StationID, user string, expires time.Time) (string, error) {
	const op = "issue a station's credentials"
	if err := station.Validate(); err != nil {
		return "", err
	}
	if !nkeys.IsValidPublicUserKey(user) || expires.Unix() <= 0 {
		return "", &border.Error{Code: border.Invalid, Op: op, Message: "The station's key for the stream is none, or the credentials would not expire."}
	}
	c := jwt.NewUserClaims(user)
	c.Name = string(station)
	c.Expires = expires.Unix()
	token, err := sign(c, a.posts, a.stations)
	if err != nil {
		return "", &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return token, nil
}

// User is what a connection proves itself with.
type User struct {
	JWT  string
	Sign func(nonce []byte) ([]byte, error)
}

// Credentials is what [link.Config] asks for.
func (u User) Credentials() (token string, sign func(nonce []byte) ([]byte, error)) {
	return u.JWT, u.Sign
}

// HubUser makes a user for the hub's own ends of the stream. Its key lives in this process only,
// and so its token need not expire: a hub whose clock is wrong can still reach its own broker.
func (a *Authority) HubUser() (User, error) {
	const op = "make the hub's own credentials"
	public, seed, err := NewKey()
	if err != nil {
		return User{}, err
	}
	c := jwt.NewUserClaims(public)
	c.Name = "hub"
	token, err := sign(c, a.country, a.hub)
	if err != nil {
		return User{}, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	answer, err := Signer(seed)
	if err != nil {
		return User{}, err
	}
	return User{JWT: token, Sign: answer}, nil
}

// sign issues a token of an account's user by a signing key, whose template says what it allows.
func sign(c *jwt.UserClaims, of, by nkeys.KeyPair) (string, error) {
	issuer, err := of.PublicKey()
	if err != nil {
		return "", err
	}
	c.IssuerAccount = issuer
	c.SetScoped(true)
	return c.Encode(by)
}

// NewKey makes a user's key: a station does so for itself, and sends the public part alone.
func NewKey() (public string, seed []byte, err error) {
	const op = "make a key for the stream"
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	if public, err = pair.PublicKey(); err == nil {
		seed, err = pair.Seed()
	}
	if err != nil {
		return "", nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return public, seed, nil
}

// Signer answers the broker's challenges with a user's seed. The seed is copied.
func Signer(seed []byte) (func(nonce []byte) ([]byte, error), error) {
	bad := &border.Error{Code: border.Invalid, Op: "read the key for the stream", Message: "The station's key for the stream cannot be read."}
	if kind, _, err := nkeys.DecodeSeed(seed); err != nil || kind != nkeys.PrefixByteUser {
		return nil, bad
	}
	pair, err := nkeys.FromSeed(append([]byte(nil), seed...))
	if err != nil {
		return nil, bad
	}
	return pair.Sign, nil
}

// ValidKey reports whether public is the public part of a user's key.
func ValidKey(public string) bool { return nkeys.IsValidPublicUserKey(public) }
