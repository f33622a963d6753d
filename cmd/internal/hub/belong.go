package hub

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/enrolment"
	"garita/border/keystore"
	"garita/border/officers"
	"garita/border/pki"
	"garita/border/seal"
	"garita/border/stations"
	"garita/cmd/internal/web"
	"garita/sync/answer"
	"garita/sync/broker"
	"garita/sync/link"
)

// cosignName is the hub's name in notes: in those that it cosigns, and in those of its own log.
const cosignName = "garita/HUB"

// openStations opens the keeper of who belongs, with what stations are given.
func openStations(ctx context.Context, cfg Config, root keystore.Root, private *seal.HubPrivate, t *trust, clock border.Clock, c stations.Config) (*stations.Keeper, error) {
	c.Dir, c.Clock, c.Root = cfg.Data, clock, root
	c.Provisioning = private.Provisioning
	c.Certificate = func(key []byte, station border.StationID, post border.PostID) ([]byte, time.Time, error) {
		return t.pki.Station(key, station, post, cfg.RPID)
	}
	c.UserJWT = t.broker.Issue
	return stations.Open(ctx, c)
}

// openOfficers opens the accounts. keeper finds the stations that rosters are made for; nil: none are.
func openOfficers(ctx context.Context, cfg Config, root keystore.Root, clock border.Clock, keeper *stations.Keeper, c officers.Config) (*officers.Keeper, error) {
	c.Dir, c.Clock, c.Root, c.Demo = cfg.Data, clock, root, cfg.Demo
	if keeper != nil {
		c.Seal = seal.SealToStation
		c.Station = func(ctx context.Context, station border.StationID) (border.PostID, []byte, error) {
			post, err := keeper.Post(station)
			if err != nil {
				return "", nil, err
			}
			key, err := keeper.SealKey(ctx, station)
			return post, key, err
		}
	}
	return officers.Open(ctx, c)
}

// openBelonging opens stations and accounts.
func (h *Hub) openBelonging(ctx context.Context, private *seal.HubPrivate) (err error) {
	h.Stations, err = openStations(ctx, h.cfg, h.root, private, h.trust, h.clock, stations.Config{Audit: h.self.audit, Log: h.log, Grant: h.grant})
	if err != nil {
		return err
	}
	h.Officers, err = openOfficers(ctx, h.cfg, h.root, h.clock, h.Stations, officers.Config{Audit: h.self.audit, Log: h.log,
		Alarm: func(_ context.Context, kind, text string) { h.alarm("", kind, text) }})
	return err
}

// alarm tells the hub's people what their own parts find: it stands in the log, and in the audit.
func (h *Hub) alarm(station border.StationID, kind, text string) {
	h.log.Error("alarm", "kind", kind, "station", station, "text", text)
	if err := h.self.audit.Audit(context.Background(), border.Act{Action: "alarm", Result: border.ActFailed, Object: kind + " " + string(station), Text: text}); err != nil {
		h.log.Error("an alarm could not be recorded", "error", err)
	}
}

// grant is what every station is given alike.
func (h *Hub) grant() (enrolment.Grant, error) {
	cosigner, err := checkpoint.VerifierKey(cosignName, h.trust.cosign.Public().(ed25519.PublicKey))
	if err != nil {
		return enrolment.Grant{}, err
	}
	return enrolment.Grant{Hub: h.cfg.Name, NATS: h.reachedAt(), CA: h.trust.pki.Certificate(), RosterSigner: h.Officers.Signer(),
		Cosigner: cosigner, RPID: h.cfg.RPID}, nil
}

// reachedAt is the broker's address as stations reach it.
func (h *Hub) reachedAt() string {
	if h.cfg.Reached != "" {
		return h.cfg.Reached
	}
	return strings.Replace(h.NATSURL(), "nats://", "tls://", 1)
}

// clients says which stations a server of the hub takes.
func (h *Hub) clients() *pki.Clients {
	return &pki.Clients{CA: h.trust.pki.Certificate(), Clock: h.clock, Belongs: h.Stations.Belongs}
}

// openBroker starts the embedded broker: TLS 1.3 and credentials for all, whoever it is.
func (h *Hub) openBroker(ctx context.Context) error {
	host, _, err := net.SplitHostPort(h.cfg.NATS)
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: "listen on " + h.cfg.NATS, Message: "nats is no host:port."}
	}
	probe, err := net.Listen("tcp", h.cfg.NATS) // says in plain words what is wrong with the address
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "listen on " + h.cfg.NATS, Err: err}
	}
	port := probe.Addr().(*net.TCPAddr).Port
	if err := probe.Close(); err != nil {
		return &border.Error{Code: border.Internal, Op: "listen on " + h.cfg.NATS, Err: err}
	}
	clients := h.clients()
	clients.Required = true
	secure, err := pki.ServerTLS(h.trust.host.Certificate, clients)
	if err != nil {
		return err
	}
	h.broker, err = broker.Start(ctx, broker.Config{Host: host, Port: port, StoreDir: filepath.Join(h.cfg.Data, "stream"), Log: h.log,
		Auth:    &broker.Auth{Authority: h.trust.broker, Revoked: h.Stations.Cut(), TLS: secure},
		Refused: func(reason string) { h.refusedAtBroker(reason) }})
	return err
}

// refusedAtBroker records who was turned away: it may be a forged station.
func (h *Hub) refusedAtBroker(reason string) {
	kind, text, _ := strings.Cut(reason, ":")
	if err := h.self.audit.Audit(context.Background(), border.Act{Action: "stream.connect", Result: border.ActRefused, Reason: kind, Text: text}); err != nil {
		h.log.Error("a refused connection could not be recorded", "error", err)
	}
}

// access is how the hub's own ends reach the broker.
func (h *Hub) access() (link.Access, error) {
	if h.broker == nil {
		return link.Access{}, nil // an outside one: its URL says how
	}
	user, err := h.trust.broker.HubUser()
	return link.Access{Credentials: user.Credentials, InProcess: h.broker}, err
}

// answers is how the hub believes stations, and they it.
func (h *Hub) answers(private *seal.HubPrivate) answer.Trust {
	sign := ed25519.NewKeyFromSeed(private.ListSeed)
	return answer.Trust{
		SignReply: func(message []byte) []byte { return ed25519.Sign(sign, message) },
		Verify: func(_ context.Context, station border.StationID, message, signature []byte) error {
			if !slices.ContainsFunc(h.Stations.Speaking(station), func(k ed25519.PublicKey) bool { return ed25519.Verify(k, message, signature) }) {
				return &border.Error{Code: border.Unauthenticated, Op: "verify a station's request"}
			}
			return nil
		},
		SealReply: func(ctx context.Context, station border.StationID, plain []byte) ([]byte, error) {
			key, err := h.Stations.SealKey(ctx, station)
			if err != nil {
				return nil, err
			}
			return seal.SealToStation(key, "reply", plain)
		},
	}
}

// signers gives the register the keys of stations that belong.
func (h *Hub) signers(station border.StationID) ([]ed25519.PublicKey, bool) {
	keys, revoked, err := h.Stations.Signer(context.Background(), station)
	return keys, err == nil && !revoked
}

// witness is the newest checkpoint of the hub's own journal.
func (h *Hub) witness() []byte {
	note, err := h.self.journal.CosignOwn(context.Background(), h.cosign)
	if err != nil {
		h.log.Error("the hub's own log could not be signed", "error", err)
	}
	return note
}

// shutOut ends the connections of stations that belong no more, as soon as it is known.
func (h *Hub) shutOut(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.Stations.Changed():
		}
		if h.broker == nil {
			continue
		}
		for _, user := range h.Stations.Cut() {
			if err := h.broker.Revoke(user); err != nil {
				h.log.Error("a station that does not belong could not be cut off", "error", err)
			}
		}
	}
}

// secure is how the pages are served; nil: plainly, on loopback only.
func (h *Hub) secure() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(h.cfg.Listen)
	if err != nil || !h.cfg.TLS && web.Loopback(host) {
		return nil, nil //nolint:nilnil,nilerr // documented; Listen says what is wrong with an address
	}
	return pki.ServerTLS(h.trust.host.Certificate, nil)
}
