package credentials

import (
	"time"

	"github.com/nats-io/jwt/v2"

	"garita/border"
)

// Tree is what a broker must know to judge tokens. None of it is secret.
type Tree struct {
	Operator      *jwt.OperatorClaims
	System        string            // public key of the broker's own account
	Country       string            // public key of the account with streams and users
	Accounts      map[string]string // their tokens, by public key
	CountryClaims *jwt.AccountClaims
}

// never is when a revoked key may be used again. A revocation stands for a key, not for the
// tokens issued up to a moment: no clock takes part, and renewed credentials have a new key.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Tree makes what a broker must know, with the public keys of users that are not let in any more.
func (a *Authority) Tree(revoked []string) (Tree, error) {
	fail := func(err error) (Tree, error) {
		return Tree{}, &border.Error{Code: border.Internal, Op: "make the broker's accounts", Err: err}
	}
	var names [5]string
	for i, k := range a.keys() {
		public, err := (*k.pair).PublicKey()
		if err != nil {
			return fail(err)
		}
		names[i] = public
	}
	operator, account, stations, hub, system := names[0], names[1], names[2], names[3], names[4]

	oc := jwt.NewOperatorClaims(operator)
	oc.Name = "Garita"
	oc.SystemAccount = system
	token, err := oc.Encode(a.operator)
	if err != nil {
		return fail(err)
	}
	if oc, err = jwt.DecodeOperatorClaims(token); err != nil {
		return fail(err)
	}

	sc := jwt.NewAccountClaims(system)
	sc.Name = "SYSTEM"
	sc.Limits.Conn, sc.Limits.LeafNodeConn = 0, 0 // nobody is let in
	sysToken, err := sc.Encode(a.operator)
	if err != nil {
		return fail(err)
	}

	ac := jwt.NewAccountClaims(account)
	ac.Name = country
	ac.Limits.DisallowBearer = true // a token alone is not enough: its key must sign
	ac.Limits.LeafNodeConn = 0
	ac.Limits.Imports, ac.Limits.Exports = 0, 0
	ac.Limits.DiskStorage = jwt.NoLimit // the broker bounds it
	ac.Limits.Streams, ac.Limits.Consumer = jwt.NoLimit, jwt.NoLimit
	ac.SigningKeys.AddScopedSigner(scope(stations, "station", allowed(), maxSubscriptions))
	ac.SigningKeys.AddScopedSigner(scope(hub, "hub", allowedHub(), jwt.NoLimit))
	for _, user := range revoked {
		if !ValidKey(user) { // "*" would mean all of them
			return Tree{}, &border.Error{Code: border.Invalid, Op: "revoke credentials", Message: "What is to be revoked is no station's key."}
		}
		ac.RevokeAt(user, never)
	}
	accToken, err := ac.Encode(a.operator)
	if err != nil {
		return fail(err)
	}
	return Tree{
		Operator: oc, System: system, Country: account, CountryClaims: ac,
		Accounts: map[string]string{system: sysToken, account: accToken},
	}, nil
}

func scope(key, role string, p jwt.Permissions, subscriptions int64) *jwt.UserScope {
	s := jwt.NewUserScope()
	s.Key, s.Role = key, role
	s.Template.Permissions = p
	s.Template.Subs, s.Template.Payload = subscriptions, maxPayload
	s.Template.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard)
	if role == "hub" {
		s.Template.AllowedConnectionTypes.Add(jwt.ConnectionTypeInProcess)
	}
	return s
}
