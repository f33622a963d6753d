package credentials

import (
	"time"

	"github.com/nats-io/jwt/v2"

	"garita/border"
	"garita/sync/wire"
)

// Tree is what a broker must know to judge tokens. None of it is secret.
type Tree struct {
	Operator *jwt.OperatorClaims
	System   string            // public key of the broker's own account
	Accounts map[string]string // tokens of all accounts, by public key
	Posts    *jwt.AccountClaims
}

// never is when a revoked key may be used again. A revocation stands for a key, not for the
// tokens issued up to a moment: no clock takes part, and renewed credentials have a new key.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// crossing is what passes between the two accounts. Stations are in one without any stream: a
// broker sends its answers, and those of the hub, to whatever subject the asker names, with the
// right to every subject of the asker's account. In one account with the streams a station could
// so have put messages there in another's name, and replaced the heads of lists.
var crossing = []jwt.Export{
	{Name: "events", Subject: wire.StreamSubjects, Type: jwt.Service},
	{Name: "requests", Subject: "hub.>", Type: jwt.Service},
	{Name: "files", Subject: wire.FileStreamSubjects, Type: jwt.Service},
	{Name: "lists", Subject: fetches, Type: jwt.Service},
	{Name: "messages to stations", Subject: "down.>", Type: jwt.Stream},
	{Name: "heads of lists", Subject: wire.ListHeads, Type: jwt.Stream},
}

// fetches is where lists are fetched message by message.
var fetches = jwt.Subject(wire.FetchSubject(wire.ListSubjects))

// Tree makes what a broker must know, with the public keys of stations that are not let in any
// more.
func (a *Authority) Tree(revoked []string) (Tree, error) {
	fail := func(err error) (Tree, error) {
		return Tree{}, &border.Error{Code: border.Internal, Op: "make the broker's accounts", Err: err}
	}
	public := map[string]string{}
	for _, k := range a.keys() {
		p, err := (*k.pair).PublicKey()
		if err != nil {
			return fail(err)
		}
		public[k.name] = p
	}

	oc := jwt.NewOperatorClaims(public["operator"])
	oc.Name, oc.SystemAccount = "Garita", public["system"]
	token, err := oc.Encode(a.operator)
	if err == nil {
		oc, err = jwt.DecodeOperatorClaims(token)
	}
	if err != nil {
		return fail(err)
	}

	system := account(public["system"], "SYSTEM")
	system.Limits.Conn = 0 // nobody is let in

	country := account(public["country"], "COUNTRY")
	country.Limits.DiskStorage = jwt.NoLimit // the broker bounds it
	country.Limits.Streams, country.Limits.Consumer = jwt.NoLimit, jwt.NoLimit
	country.SigningKeys.AddScopedSigner(hubScope(public["hub"]))

	posts := account(public["posts"], "POSTS")
	posts.SigningKeys.AddScopedSigner(stationScope(public["stations"]))
	for _, user := range revoked {
		if !ValidKey(user) { // "*" would mean all of them
			return Tree{}, &border.Error{Code: border.Invalid, Op: "revoke credentials", Message: "What is to be revoked is no station's key."}
		}
		posts.RevokeAt(user, never)
	}

	for _, x := range crossing {
		country.Exports.Add(&jwt.Export{Name: x.Name, Subject: x.Subject, Type: x.Type})
		posts.Imports.Add(&jwt.Import{Name: x.Name, Subject: x.Subject, Type: x.Type, Account: country.Subject})
	}

	t := Tree{Operator: oc, System: system.Subject, Accounts: map[string]string{}, Posts: posts}
	for _, c := range []*jwt.AccountClaims{system, country, posts} {
		if t.Accounts[c.Subject], err = c.Encode(a.operator); err != nil {
			return fail(err)
		}
	}
	return t, nil
}

func account(public, name string) *jwt.AccountClaims {
	c := jwt.NewAccountClaims(public)
	c.Name = name
	c.Limits.DisallowBearer = true // a token alone is not enough: its key must sign
	c.Limits.LeafNodeConn = 0
	return c
}

// Limits of one connection of a station; a subscription more or less is no matter, a thousand are.
const (
	maxSubscriptions = 64
	maxPayload       = 1 << 20
)

// stationScope is what a station may do; whatever is not named is refused.
func stationScope(key string) *jwt.UserScope {
	const name = "{{name()}}"
	s := jwt.NewUserScope()
	s.Key, s.Role = key, "station"
	s.Template.Pub.Allow.Add(
		"in."+name+".>",
		"hub."+name+".>",
		"files."+name+".piece",
		string(fetches), // of the broker's own API nothing else: stations have no consumers
	)
	s.Template.Sub.Allow.Add("down."+name+".*", wire.ListHeads, wire.InboxRoot+"."+name+".>")
	s.Template.Subs, s.Template.Payload = maxSubscriptions, maxPayload
	s.Template.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard)
	return s
}

// hubScope is what the hub's own ends of the stream may do. They cannot speak as a station.
func hubScope(key string) *jwt.UserScope {
	s := jwt.NewUserScope()
	s.Key, s.Role = key, "hub"
	s.Template.Pub.Allow.Add("down.>", wire.ListSubjects, wire.InboxRoot+".>", "_R_.>", "$JS.API.>", "$JS.ACK.>")
	s.Template.Sub.Allow.Add("hub.>", wire.HubInbox+".>")
	s.Template.Payload = maxPayload
	s.Template.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard, jwt.ConnectionTypeInProcess)
	return s
}
