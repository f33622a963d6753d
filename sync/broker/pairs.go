package broker

import (
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
)

// pairInterval is how long a connection may last whose certificate and token are of two.
const pairInterval = 250 * time.Millisecond

// pairs holds every connection's certificate against its token: each is good, and the server asks
// for both, but it does not ask whether they are of the same station. A connection that mixes two
// stations' is cut. It had the rights of its token for a moment; events, requests and answers are
// signed and sealed besides.
type pairs struct {
	nats  *server.Server
	note  func(reason string)
	sound map[uint64]bool // connections that were looked at, by id
	stop  chan struct{}
	ended chan struct{}
}

func watchPairs(n *server.Server, note func(reason string)) *pairs {
	p := &pairs{nats: n, note: note, stop: make(chan struct{}), ended: make(chan struct{})}
	go p.run() // ends with close
	return p
}

func (p *pairs) run() {
	defer close(p.ended)
	tick := time.NewTicker(pairInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.look()
		case <-p.stop:
			return
		}
	}
}

// look cuts the connections that came since the last look and mix two stations' proofs.
func (p *pairs) look() {
	all, err := p.nats.Connz(&server.ConnzOptions{Sort: server.ByCid, Username: true, State: server.ConnOpen, Limit: maxConns})
	if err != nil {
		return // it is stopping
	}
	sound := make(map[uint64]bool, len(all.Conns))
	for _, c := range all.Conns {
		switch {
		case p.sound[c.Cid]:
			sound[c.Cid] = true
		case c.JWT == "": // it has not said yet who it is
		case len(c.TLSPeerCerts) == 0: // the hub's own ends, which stay in this process
			sound[c.Cid] = true
		case paired(c.TLSPeerCerts[0].Subject, c.JWT):
			sound[c.Cid] = true
		default:
			p.note("pair: the credentials are another station's than the certificate")
			_ = p.nats.DisconnectClientByID(c.Cid) // it may have gone by itself
		}
	}
	p.sound = sound
}

// paired reports whether the name in a certificate is the one in a token, which the server has verified.
func paired(subject, token string) bool {
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return false
	}
	for _, part := range strings.FieldsFunc(subject, func(r rune) bool { return r == ',' || r == '+' }) {
		if name, ok := strings.CutPrefix(part, "CN="); ok {
			return name == claims.Name
		}
	}
	return false
}

func (p *pairs) close() {
	close(p.stop)
	<-p.ended
}
