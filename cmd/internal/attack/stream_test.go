package attack

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/border/enrolment"
	"garita/border/keystore"
	"garita/border/pki"
	"garita/border/register"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/station"
	"garita/sync/credentials"
	"garita/sync/wire"
)

// identity is what a station is: what a thief of its unlocked machine has.
func (s *site) identity(p *post) *enrolment.Identity {
	s.t.Helper()
	root, err := station.OpenRoot(s.t.Context(), p.cfg)
	s.must(err)
	id, err := station.LoadIdentity(p.cfg, root)
	s.must(err)
	s.must(root.Close())
	return id
}

// authority is the hub's, as somebody at the hub has it: for credentials that it would not give.
func (s *site) authority() *credentials.Authority {
	s.t.Helper()
	root, err := hub.OpenRoot(s.t.Context(), s.hubCfg)
	s.must(err)
	var kept struct {
		Broker json.RawMessage `json:"broker"`
	}
	s.must(keystore.LoadFile(root, filepath.Join(s.hubCfg.Data, "trust.key"), &kept))
	s.must(root.Close())
	a, err := credentials.Unmarshal(kept.Broker)
	s.must(err)
	return a
}

// caller is what a connection to the broker shows.
type caller struct {
	tls   *tls.Config
	token string
	sign  func([]byte) ([]byte, error)
	inbox border.StationID
}

func (s *site) caller(id *enrolment.Identity) caller {
	s.t.Helper()
	conf, err := pki.ClientTLS(pki.ClientConfig{CA: id.Grant.CA, Clock: s.time.keeper(), Pair: func() (pki.Pair, error) {
		return pki.Pair{Certificate: id.Grant.Certificate, Key: id.TLSPrivate}, nil
	}})
	s.must(err)
	return caller{conf, id.Grant.UserJWT, id.SignNATS, id.Grant.Station}
}

func (s *site) connect(c caller) (*nats.Conn, error) {
	opts := []nats.Option{nats.NoReconnect(), nats.Timeout(patience), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.CustomInboxPrefix(wire.Inbox(c.inbox))}
	if c.tls != nil {
		opts = append(opts, nats.Secure(c.tls), nats.TLSHandshakeFirst())
	}
	if c.token != "" {
		opts = append(opts, nats.UserJWT(func() (string, error) { return c.token, nil }, c.sign))
	}
	nc, err := nats.Connect(s.hub.NATSURL(), opts...)
	if err == nil {
		s.t.Cleanup(nc.Close)
		err = nc.FlushTimeout(patience)
	}
	return nc, err
}

// strangers connect with what is forged, stolen in part, or has ended.
func (s *site) strangers() {
	a, b := s.identity(s.a), s.identity(s.b)
	good := s.caller(a)
	nc, err := s.connect(good)
	if err != nil {
		s.t.Fatalf("the control does not connect: %v", err)
	}
	nc.Close()

	made := func(id *enrolment.Identity, from *credentials.Authority, expires time.Duration) caller {
		public, seed, err := credentials.NewKey()
		s.must(err)
		sign, err := credentials.Signer(seed)
		s.must(err)
		token, err := from.Issue(id.Grant.Station, public, time.Now().Add(expires))
		s.must(err)
		c := s.caller(id)
		c.token, c.sign = token, sign
		return c
	}
	foreign, err := credentials.NewAuthority()
	s.must(err)
	elsewhere, err := pki.NewAuthority("elsewhere", s.time.keeper())
	s.must(err)
	forged := func(station border.StationID) *tls.Config {
		asked, mine, err := enrolment.MakeKeys("test", nil)
		s.must(err)
		pair := pki.Pair{Key: mine.TLSPrivate}
		pair.Certificate, _, err = elsewhere.Station(asked.Keys.TLS, station, "PCA", "")
		s.must(err)
		conf, err := pki.ClientTLS(pki.ClientConfig{CA: a.Grant.CA, Clock: s.time.keeper(), Pair: func() (pki.Pair, error) { return pair, nil }})
		s.must(err)
		return conf
	}
	bare := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} //nolint:gosec // whoever attacks does not care who the hub is
	old := good.tls.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	_, wrongKey, err := ed25519.GenerateKey(rand.Reader)
	s.must(err)
	authority := s.authority()
	cases := map[string]caller{
		"no TLS":                             {nil, good.token, good.sign, "PCA-1"},
		"no certificate":                     {bare, good.token, good.sign, "PCA-1"},
		"a certificate of another authority": {forged("PCA-1"), good.token, good.sign, "PCA-1"},
		"TLS 1.2":                            {old, good.token, good.sign, "PCA-1"},
		"a certificate and no credentials":   {good.tls, "", nil, "PCA-1"},
		"credentials of another authority":   made(a, foreign, time.Hour),
		"credentials that have ended":        made(a, authority, -time.Minute),
		"a token without its key":            {good.tls, good.token, func(nonce []byte) ([]byte, error) { return ed25519.Sign(wrongKey, nonce), nil }, "PCA-1"},
		"another station's token, own key":   {good.tls, b.Grant.UserJWT, a.SignNATS, "PCA-1"},
		"a token that was altered":           {good.tls, good.token[:len(good.token)-6] + "AAAAAA", good.sign, "PCA-1"},
		"no token at all":                    {good.tls, "e30.e30.e30", good.sign, "PCA-1"},
	}
	for what, c := range cases {
		if nc, err := s.connect(c); err == nil {
			s.t.Errorf("%s: connected", what)
			nc.Close()
		}
	}
	s.t.Logf("%d ways to connect that are not a station's", len(cases))
	for _, kind := range []string{"credentials", "certificate"} {
		s.told(nil, "refused "+kind, func(a *audit.Act) bool { return a.Action == "stream.connect" && a.Reason == kind })
	}
	// A's certificate with all that B has for the stream: both are good, but not of one.
	mixed := s.caller(b)
	mixed.tls = good.tls
	if nc, err := s.connect(mixed); err == nil {
		for end := time.Now().Add(patience); nc.IsConnected(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				s.t.Error("one station's certificate with another's credentials stays connected")
				break
			}
		}
		nc.Close()
	}
	s.told(nil, "proofs of two", func(a *audit.Act) bool { return a.Action == "stream.connect" && a.Reason == "pair" })
	// Bytes that are not even TLS.
	for _, junk := range []string{"GET / HTTP/1.1\r\n\r\n", strings.Repeat("\x16\x03\x01\xff", 4000), "CONNECT {}\r\nSUB > 1\r\n"} {
		conn, err := net.Dial("tcp", s.hubCfg.NATS)
		s.must(err)
		_, _ = conn.Write([]byte(junk))
		_ = conn.Close()
	}
}

// neighbour: station A, with all that it has, as B.
func (s *site) neighbour() {
	nc, err := s.connect(s.caller(s.identity(s.a)))
	s.must(err)
	var mu sync.Mutex
	var leaked []string
	for _, subject := range []string{wire.DownSubjects("PCB-1"), "down.>", "down.*.*", wire.Inbox("PCB-1") + ".>", "_INBOX.>", ">", "in.>", "in.PCB-1.>", "hub.>", "hub.PCB-1.>", "$SYS.>", "$JS.>"} {
		_, err := nc.Subscribe(subject, func(m *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			leaked = append(leaked, m.Subject)
		})
		s.must(err)
	}
	own := 0
	_, err = nc.Subscribe(wire.DownSubjects("PCA-1"), func(*nats.Msg) { mu.Lock(); defer mu.Unlock(); own++ })
	s.must(err)
	before, err := s.hub.Register.Counts(s.t.Context())
	s.must(err)
	for _, subject := range []string{wire.EventSubject("PCB-1"), wire.DownSubject("PCB-1", wire.KindNotice), wire.RequestSubject("PCB-1", wire.KindAsk), wire.RequestSubject("PCB-1", wire.KindNotices),
		wire.RequestSubject("PCB-1", wire.KindRoster), wire.RequestSubject("PCB-1", wire.KindKeys), wire.RequestSubject("PCB-1", wire.KindWraps), "lists.national.head", "$JS.API.STREAM.PURGE." + wire.Stream,
		"$JS.API.STREAM.DELETE." + wire.Stream, "$JS.API.CONSUMER.DELETE." + wire.Stream + "." + wire.Consumer} {
		s.must(nc.PublishRequest(subject, wire.Inbox("PCA-1")+".x", []byte("{}")))
	}
	s.must(nc.FlushTimeout(patience))
	s.serves(s.b) // B's watermarks go down
	s.serves(s.a)
	s.await("A hears its own", func() bool { mu.Lock(); defer mu.Unlock(); return own > 0 })
	mu.Lock()
	defer mu.Unlock()
	leaked = slices.DeleteFunc(leaked, func(subject string) bool {
		return strings.HasPrefix(subject, "down.PCA-1.") || strings.HasPrefix(subject, wire.Inbox("PCA-1")+".")
	})
	if len(leaked) > 0 {
		s.t.Errorf("A heard %v", leaked)
	}
	after, err := s.hub.Register.Counts(s.t.Context())
	s.must(err)
	if after.Quarantined != before.Quarantined || after.Malformed != before.Malformed {
		s.t.Errorf("something of A's as B arrived: %+v, before %+v", after, before)
	}
	s.told(nil, "A as B", func(a *audit.Act) bool { return a.Action == "stream.connect" && a.Reason == "permission" })
}

// alarms counts alarms of a kind.
func (s *site) alarms(kind register.AlarmKind) (n int64) {
	s.t.Helper()
	all, err := s.hub.Register.Alarms(s.t.Context(), 1000)
	s.must(err)
	for _, a := range all {
		if a.Kind == kind {
			n += a.Count
		}
	}
	return n
}

// newest is the last event in a station's journal, encoded.
func (s *site) newest(p *post) border.Event {
	s.t.Helper()
	all, err := p.Journal.Newest(s.t.Context(), 1)
	s.must(err)
	return all[0]
}

// events replays, alters and invents events over the connection of a station whose credentials for
// the broker were stolen, without its signing key.
func (s *site) events() {
	ctx := s.t.Context()
	a, b := s.identity(s.a), s.identity(s.b)
	s.serves(s.a)
	nc, err := s.connect(s.caller(a))
	s.must(err)
	counts := func() register.Counts {
		c, err := s.hub.Register.Counts(ctx)
		s.must(err)
		return c
	}
	publish := func(ev *border.Event, sign func([]byte) []byte) {
		m, _ := wire.EventMessage(ev.Key, border.Position{Epoch: ev.Key.Epoch, Seq: ev.Key.Seq}, ev.Encode(), sign)
		s.must(nc.PublishMsg(m))
		s.must(nc.FlushTimeout(patience))
	}
	ev := s.newest(s.a)

	// Replayed, with its own signature: it is held already.
	before := counts()
	for range 5 {
		publish(&ev, a.Sign)
	}
	s.await("the replayed events are seen through", func() bool { return counts().DuplicatesSuppressed >= before.DuplicatesSuppressed+5 })
	if c := counts(); c.Crossings != before.Crossings || c.Quarantined != before.Quarantined {
		s.t.Errorf("after a replay: %+v, before %+v", c, before)
	}

	// Altered, and invented, in the forms that a thief of the connection can give them.
	later := func(more uint64, header string) border.Event {
		e := ev
		e.Key.Seq += more
		e.Header = []byte(strings.Replace(string(ev.Header), `"seq":`+strconv.FormatUint(ev.Key.Seq, 10), `"seq":`+strconv.FormatUint(e.Key.Seq, 10), 1))
		if header != "" {
			e.Header = []byte(strings.Replace(string(e.Header), `"admitted"`, header, 1))
		}
		e.Prev = ev.Hash
		e.Hash = e.ComputeHash()
		return e
	}
	altered := func(outcome string) border.Event {
		e := later(0, outcome)
		e.Prev = ev.Prev
		e.Hash = e.ComputeHash()
		return e
	}
	broken := ev
	broken.Header = slices.Clone(ev.Header)
	broken.Header[len(broken.Header)-2] ^= 1
	for what, c := range map[string]struct {
		ev   border.Event
		sign func([]byte) []byte
	}{
		"altered, unsigned":                {altered(`"departed"`), nil},
		"altered, with B's signature":      {altered(`"refused"`), b.Sign},
		"altered, with the old signature":  {altered(`"withdrawn"`), func([]byte) []byte { return a.Sign(border.HeadMessage(ev.Key, ev.Hash)) }},
		"the next one, invented, unsigned": {later(1, ""), nil},
		"the next one, with B's signature": {later(1, `"refused"`), b.Sign},
		"one far ahead, signed by nobody":  {later(1000, ""), func([]byte) []byte { return make([]byte, 64) }},
		"one that is broken, unsigned":     {broken, nil},
	} {
		was, rung := counts(), s.alarms(register.AlarmSignature)
		publish(&c.ev, c.sign)
		s.await(what+" is seen through", func() bool {
			n := counts()
			return n.Quarantined > was.Quarantined || n.DuplicatesSuppressed > was.DuplicatesSuppressed
		})
		if n := counts(); n.Crossings != was.Crossings || n.Quarantined != was.Quarantined+1 || s.alarms(register.AlarmSignature) <= rung {
			s.t.Errorf("%s: %+v, before %+v, alarms %d and %d", what, n, was, s.alarms(register.AlarmSignature), rung)
		}
	}

	// A broker that lies: it hands over what no connection brought, in B's name.
	was := counts()
	e := s.newest(s.b)
	e.Key.Seq += 7
	e.Hash = e.ComputeHash()
	for _, signature := range [][]byte{nil, a.Sign(border.HeadMessage(e.Key, e.Hash))} {
		_, err := s.hub.Register.Store(ctx, []border.Received{{Claimed: e.Key, Event: e.Encode(), Head: border.Position{Epoch: e.Key.Epoch, Seq: e.Key.Seq}, Signature: signature, At: s.time.now()}})
		s.must(err)
	}
	if n := counts(); n.Crossings != was.Crossings || n.Quarantined == was.Quarantined {
		s.t.Errorf("what the broker invented: %+v, before %+v", n, was)
	}
	s.requests(nc, a, b)
	s.serves(s.a)
	s.serves(s.b)
}

// requests asks the hub without a signature, with another one, and twice.
func (s *site) requests(nc *nats.Conn, a, b *enrolment.Identity) {
	ask := func(kind string, body string, sign func([]byte) []byte, alter func(*nats.Msg)) (string, error) {
		m := wire.Request(a.Grant.Station, kind, []byte(body), time.Second)
		s.must(wire.SignRequest(m, s.time.now(), sign))
		if alter != nil {
			alter(m)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
		defer cancel()
		reply, err := nc.RequestMsgWithContext(ctx, m)
		if err != nil {
			return "", err
		}
		if e := reply.Header.Get(wire.HeaderError); e != "" {
			return e, nil
		}
		return "answered", nil
	}
	holdings := `{"offset":0,"limit":1}`
	if got, err := ask(wire.KindHoldings, holdings, a.Sign, nil); err != nil || got != "answered" {
		s.t.Fatalf("the control is not answered: %q, %v", got, err)
	}
	for what, c := range map[string]struct {
		sign  func([]byte) []byte
		alter func(*nats.Msg)
	}{
		"unsigned":                    {nil, nil},
		"with B's signature":          {b.Sign, nil},
		"altered after it was signed": {a.Sign, func(m *nats.Msg) { m.Data = []byte(`{"offset":0,"limit":2}`) }},
		"signed for another kind":     {a.Sign, func(m *nats.Msg) { m.Subject = wire.RequestSubject("PCA-1", wire.KindKeys) }},
		"signed long ago": {a.Sign, func(m *nats.Msg) {
			m.Header.Set(wire.HeaderTime, s.time.now().Add(-48*time.Hour).UTC().Format(time.RFC3339))
		}},
		"with a signature that is none": {a.Sign, func(m *nats.Msg) { m.Header.Set(wire.HeaderSignature, "AAAA") }},
	} {
		if got, err := ask(wire.KindHoldings, holdings, c.sign, c.alter); err == nil && got == "answered" {
			s.t.Errorf("a request %s is answered", what)
		}
	}
}

// revoked: a station that was shown the door is cut off at once, and what it says later counts for
// nothing, whoever brings it.
func (s *site) revoked() {
	ctx := s.t.Context()
	id := s.identity(s.b)
	nc, err := s.connect(s.caller(id))
	s.must(err)
	s.must(s.hub.Stations.Revoke(ctx, "PCB-1", "stolen", badges[access.Administrator]))
	s.await("the thief's connection is cut", func() bool { return nc.IsClosed() })
	if again, err := s.connect(s.caller(id)); err == nil {
		s.t.Error("a revoked station connects")
		again.Close()
	}
	b := s.browser(s.b.URL())
	b.signIn(spare, "1")
	b.record("1", s.next(), nil) // the border goes on; whether it counts is not the station's to say
	time.Sleep(moment)
	s.arrived()
	e := s.newest(s.b)
	was, err := s.hub.Register.Counts(ctx)
	s.must(err)
	_, err = s.hub.Register.Store(ctx, []border.Received{{Claimed: e.Key, Event: e.Encode(), Head: border.Position{Epoch: e.Key.Epoch, Seq: e.Key.Seq},
		Signature: id.Sign(border.HeadMessage(e.Key, e.Hash)), At: s.time.now()}})
	s.must(err)
	if n, err := s.hub.Register.Counts(ctx); err != nil || n.Crossings != was.Crossings || n.Quarantined != was.Quarantined+1 {
		s.t.Errorf("an event of a revoked station: %+v, before %+v, %v", n, was, err)
	}
	s.told(nil, "the revocation", func(a *audit.Act) bool {
		return strings.Contains(a.Object, "PCB-1") && a.Action == string(access.StationsWork) && a.Result == border.ActDone
	})
}

// TestStream attacks what flows between stations and hub.
func TestStream(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.strangers()
	s.neighbour()
	s.events()
	s.revoked()
	s.serves(s.a)
}
