package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"garita/border"
	"garita/sync/credentials"
)

// Auth says who may connect.
type Auth struct {
	Authority *credentials.Authority
	// Revoked are the public keys of users that are not let in any more.
	Revoked []string
	// TLS has the hub's certificate and, as ClientCAs, who vouches for stations' certificates. The
	// broker adds that there is nothing below TLS 1.3 and nobody without a certificate. Its
	// VerifyConnection is heeded; one that judges certificates by itself says so by asking for any
	// (tls.RequireAnyClientCert). Nil: bytes travel in the open, on loopback only.
	TLS *tls.Config
}

// Time to show a certificate, and credentials after it.
const (
	tlsSeconds  = 5
	authSeconds = 10
)

// gate holds what can change of a running server's accounts.
type gate struct {
	authority *credentials.Authority
	accounts  []string // public keys
	resolver  *server.MemAccResolver

	mu      sync.Mutex // guards revoked, and is held while the server learns of it
	revoked []string
}

// admit writes into the options who may connect. Without an Auth everybody may who is on this
// machine.
func (c *Config) admit(opts *server.Options) (*gate, error) {
	const op = "start the broker"
	local := loopback(opts.Host)
	switch {
	case c.Auth == nil && !local:
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Without credentials the broker listens on loopback only."}
	case c.Auth == nil:
		return nil, nil
	case c.Auth.Authority == nil:
		return nil, &border.Error{Code: border.Invalid, Op: op, Err: errors.New("no authority")}
	case c.Auth.TLS == nil && !local:
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Without TLS the broker listens on loopback only."}
	}
	if t := c.Auth.TLS; t != nil {
		if t.ClientCAs == nil || len(t.Certificates) == 0 && t.GetCertificate == nil {
			return nil, &border.Error{Code: border.Invalid, Op: op, Err: errors.New("TLS without a certificate, or without an authority for those of stations")}
		}
		if t.GetConfigForClient != nil { // it could give away what is asked for here
			return nil, &border.Error{Code: border.Invalid, Op: op, Err: errors.New("TLS settings may not differ by client")}
		}
		t = t.Clone()
		t.MinVersion = tls.VersionTLS13
		if t.ClientAuth != tls.RequireAnyClientCert || t.VerifyConnection == nil {
			t.ClientAuth = tls.RequireAndVerifyClientCert
		}
		opts.TLSConfig, opts.TLSVerify, opts.TLSHandshakeFirst, opts.TLSTimeout = t, true, true, tlsSeconds
	}
	opts.AuthTimeout = authSeconds
	g := &gate{authority: c.Auth.Authority, resolver: &server.MemAccResolver{}, revoked: slices.Clone(c.Auth.Revoked)}
	tree, err := g.authority.Tree(g.revoked)
	if err != nil {
		return nil, err
	}
	for name, token := range tree.Accounts {
		if err := g.resolver.Store(name, token); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
		}
		g.accounts = append(g.accounts, name)
	}
	opts.TrustedOperators = append(opts.TrustedOperators, tree.Operator)
	opts.SystemAccount = tree.System
	opts.AccountResolver = g.resolver
	return g, nil
}

// introduce tells a server that has not started of all accounts, so that their stores are open
// before anybody can connect. A server that meets an account at its first connection opens the
// store beside those who use it already: on a new disk it clears the folder in which they have just
// made their streams, and such a stream fails at some later message.
func (g *gate) introduce(n *server.Server) error {
	if g == nil {
		return nil
	}
	for _, name := range g.accounts {
		if _, err := n.LookupAccount(name); err != nil {
			return err
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Revoke shuts a user out for good and ends its connections at once. It does nothing if the user
// is shut out already. The caller keeps who is revoked, for [Auth.Revoked] at the next start.
func (s *Server) Revoke(user string) error {
	const op = "revoke credentials"
	g := s.gate
	if g == nil {
		return &border.Error{Code: border.Conflict, Op: op, Message: "This broker knows no credentials."}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(g.revoked, user) {
		return nil
	}
	revoked := append(slices.Clone(g.revoked), user)
	tree, err := g.authority.Tree(revoked)
	if err != nil {
		return err
	}
	name := tree.Posts.Subject
	acc, err := s.nats.LookupAccount(name)
	if err == nil {
		err = g.resolver.Store(name, tree.Accounts[name])
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	s.nats.UpdateAccountClaims(acc, tree.Posts)
	g.revoked = revoked
	return nil
}

// InProcessConn is a way to the server that leaves this process nowhere, and so needs no
// certificate; see [link.Config].
func (s *Server) InProcessConn() (net.Conn, error) { return s.nats.InProcessConn() }

// refusals hands on who was refused, a few at a time: whoever knocks a thousand times a second
// must not fill an audit log.
type refusals struct {
	to    func(reason string)
	queue chan string
	stop  chan struct{}
	done  chan struct{}
}

// refusalPause is the least time between two calls of Config.Refused.
const refusalPause = 100 * time.Millisecond

func newRefusals(to func(reason string)) *refusals {
	r := &refusals{to: to, queue: make(chan string, 16), stop: make(chan struct{}), done: make(chan struct{})}
	go r.run() // ends with close
	return r
}

func (r *refusals) run() {
	defer close(r.done)
	for {
		select {
		case reason := <-r.queue:
			r.to(reason)
			select {
			case <-time.After(refusalPause):
			case <-r.stop:
				return
			}
		case <-r.stop:
			return
		}
	}
}

// note never blocks; what does not fit is dropped: there are enough others.
func (r *refusals) note(reason string) {
	select {
	case r.queue <- reason:
	default:
	}
}

func (r *refusals) close() {
	close(r.stop)
	<-r.done
}
