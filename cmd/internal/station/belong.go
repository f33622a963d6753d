package station

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"net"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/counter"
	"garita/border/enrolment"
	"garita/border/pki"
	"garita/border/seal"
	"garita/border/signin"
	"garita/cmd/internal/version"
	"garita/sync/ask"
	"garita/sync/enrol"
	"garita/sync/link"
	"garita/sync/uplink"
)

// openSignIn opens signing in, by the roster that the hub sends.
func (s *Station) openSignIn(ctx context.Context) (err error) {
	id := s.identity.Load()
	s.SignIn, err = signin.Open(ctx, signin.Config{Dir: s.cfg.Data, Clock: s.clock, Mono: s.clock.Mono, Root: s.root, Audit: s.attended, Log: s.log,
		Demo: s.cfg.Demo.On, Station: s.cfg.Station, Post: s.cfg.Post, RosterSigner: id.Grant.RosterSigner, Opener: s.opener, RPID: id.Grant.RPID,
		Origins: s.origins()})
	return err
}

// origins are the addresses under which browsers reach the pages, for passkeys.
func (s *Station) origins() (out []string) {
	_, port, err := net.SplitHostPort(s.cfg.Listen)
	if err != nil {
		return nil // Listen says what is wrong with it
	}
	for _, h := range append(slices.Clone(s.cfg.Hosts), "localhost") {
		out = append(out, "https://"+h, "https://"+net.JoinHostPort(h, port), "http://"+net.JoinHostPort(h, port))
	}
	return out
}

// officers are those of the roster who work at counters.
func (s *Station) officers() []counter.Officer {
	overdue := s.SignIn.RosterState().Expired
	all := s.SignIn.Officers()
	out := make([]counter.Officer, len(all))
	for i := range all {
		o := &all[i]
		out[i] = counter.Officer{Badge: o.Badge, Name: o.Name, Language: o.Language, Overdue: overdue, Roles: make([]string, len(o.Roles))}
		for j, r := range o.Roles {
			out[i].Roles[j] = string(r)
		}
	}
	return out
}

// logSigner signs the checkpoints of the station's log with the key that it has now.
type logSigner struct{ *Station }

func (l logSigner) now() note.Signer {
	n, err := checkpoint.NewSigner(checkpoint.Name(l.cfg.Station), ed25519.NewKeyFromSeed(l.identity.Load().SignSeed))
	if err != nil {
		panic(err) // the identity was validated
	}
	return n
}

// Name implements [note.Signer].
func (l logSigner) Name() string { return checkpoint.Name(l.cfg.Station) }

// KeyHash implements [note.Signer].
func (l logSigner) KeyHash() uint32 { return l.now().KeyHash() }

// Sign implements [note.Signer].
func (l logSigner) Sign(msg []byte) ([]byte, error) { return l.now().Sign(msg) }

// pair is the station's certificate with its key, as it is now.
func (s *Station) pair() (pki.Pair, error) { return pairOf(s.identity.Load()), nil }

func pairOf(id *enrolment.Identity) pki.Pair {
	return pki.Pair{Certificate: id.Grant.Certificate, Key: id.TLSPrivate}
}

// reach is how the station reaches the broker, and how it and the hub believe each other.
func (s *Station) reach() (link.Access, ask.Trust, error) {
	return Reach(s.identity.Load, s.clock, s.opener)
}

// Reach is how a station with an identity, as now gives it, reaches the broker, and how it and the
// hub believe each other.
func Reach(now func() *enrolment.Identity, clock border.Clock, opener *seal.StationOpener) (link.Access, ask.Trust, error) {
	id := now()
	secure, err := pki.ClientTLS(pki.ClientConfig{CA: id.Grant.CA, Clock: clock, Pair: func() (pki.Pair, error) { return pairOf(now()), nil }})
	if err != nil {
		return link.Access{}, ask.Trust{}, err
	}
	hub := ed25519.PublicKey(id.Provisioning.ListSigner)
	reach := link.Access{TLS: secure, Credentials: func() (string, func([]byte) ([]byte, error)) {
		id := now()
		return id.Grant.UserJWT, id.SignNATS
	}}
	believed := ask.Trust{
		Sign: func(message []byte) []byte { return now().Sign(message) },
		VerifyReply: func(message, signature []byte) error {
			if !ed25519.Verify(hub, message, signature) {
				return &border.Error{Code: border.Unauthenticated, Op: "verify the hub's answer"}
			}
			return nil
		},
		OpenReply: func(sealed []byte) ([]byte, error) { return opener.Open("reply", sealed) },
	}
	return reach, believed, nil
}

func (s *Station) openUplink() error {
	if s.cfg.Alone {
		return nil
	}
	reach, believed, err := s.reach()
	if err != nil {
		return err
	}
	s.uplink, err = uplink.New(uplink.Config{URL: s.cfg.Hub, Access: reach, Trust: believed, Station: s.cfg.Station, Post: s.cfg.Post, Zone: s.cfg.Zone,
		Software: version.Version, Clock: s.clock, Source: s.Journal, Lists: s.listReports, Health: s.health, Log: s.log,
		Checkpoints: s.Journal, Roster: s.SignIn, Keys: seal.NewKeySink(s.keys, s.opener, nil),
		OnOffset: func(offset, _ time.Duration) { s.clock.Measured(offset) }})
	if err != nil {
		return err
	}
	s.renewer, err = enrol.NewRenewer(enrol.RenewerConfig{Identity: s.known, Keep: s.renewed, TLS: reach.TLS, Measured: func(offset time.Duration) { s.clock.Measured(offset) },
		Clock: s.clock, Software: version.Version, Log: s.log})
	return err
}

// known is what the station is now, with the hub's address as the configuration has it.
func (s *Station) known() enrolment.Identity {
	id := *s.identity.Load()
	id.URL = cmp.Or(s.cfg.Enrol, id.URL)
	return id
}

// renewed takes up a renewed identity once it is on the disk.
func (s *Station) renewed(id enrolment.Identity) error {
	if err := s.opener.Renewed(id.SealPrivate); err != nil {
		return err
	}
	if err := SaveIdentity(s.cfg, s.root, &id); err != nil {
		return err
	}
	s.identity.Store(&id)
	return nil
}
