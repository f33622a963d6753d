package credentials_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/goleak"

	"garita/border"
	"garita/sync/broker"
	"garita/sync/credentials"
	"garita/sync/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what must happen; moment is how long what must not happen is waited for.
const (
	patience = 30 * time.Second
	moment   = 300 * time.Millisecond
)

// hub is a broker with both streams, and who belongs to it.
type hub struct {
	t         *testing.T
	authority *credentials.Authority
	broker    *broker.Server
	js        jetstream.JetStream
	nc        *nats.Conn

	mu      sync.Mutex // guards refused
	refused []string
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{t: t}
	var err error
	if h.authority, err = credentials.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h.broker, err = broker.Start(ctx, broker.Config{StoreDir: t.TempDir(), Auth: &broker.Auth{Authority: h.authority},
		Refused: func(reason string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.refused = append(h.refused, reason)
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.broker.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	user, err := h.authority.HubUser()
	if err != nil {
		t.Fatal(err)
	}
	h.nc = h.connect(user.JWT, user.Sign, wire.HubInbox)
	h.js = stream(t, h.nc)
	for _, c := range []jetstream.StreamConfig{
		{Name: wire.Stream, Subjects: []string{wire.StreamSubjects}, AllowAtomicPublish: true},
		{Name: wire.ListStream, Subjects: []string{wire.ListSubjects}, AllowDirect: true, MaxMsgsPerSubject: 1},
	} {
		if _, err := h.js.CreateStream(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.js.CreateConsumer(ctx, wire.Stream, jetstream.ConsumerConfig{Durable: wire.Consumer, AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{wire.HeadSubject("national"), "lists.file.x.0"} {
		if _, err := h.js.Publish(ctx, s, []byte("the hub's")); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func stream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func (h *hub) dial(token string, sign func([]byte) ([]byte, error), inbox string) (*nats.Conn, error) {
	return nats.Connect(h.broker.ClientURL(), nats.UserJWT(func() (string, error) { return token, nil }, sign),
		nats.CustomInboxPrefix(inbox), nats.NoReconnect(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

func (h *hub) connect(token string, sign func([]byte) ([]byte, error), inbox string) *nats.Conn {
	h.t.Helper()
	nc, err := h.dial(token, sign, inbox)
	if err != nil {
		h.t.Fatalf("connect: %v", err)
	}
	h.t.Cleanup(nc.Close)
	return nc
}

type user struct {
	public string
	token  string
	sign   func([]byte) ([]byte, error)
}

func (h *hub) issue(station border.StationID, expires time.Duration) user {
	h.t.Helper()
	public, seed, err := credentials.NewKey()
	if err != nil {
		h.t.Fatal(err)
	}
	sign, err := credentials.Signer(seed)
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := h.authority.Issue(station, public, time.Now().Add(expires))
	if err != nil {
		h.t.Fatal(err)
	}
	return user{public, token, sign}
}

func (h *hub) station(id border.StationID) (*nats.Conn, user) {
	h.t.Helper()
	u := h.issue(id, time.Hour)
	return h.connect(u.token, u.sign, wire.Inbox(id)), u
}

func (h *hub) subjects(name string) map[string]uint64 {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := h.js.Stream(ctx, name)
	if err != nil {
		h.t.Fatal(err)
	}
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		h.t.Fatal(err)
	}
	return info.State.Subjects
}

// well checks that the hub serves a station as ever, and that nobody has touched its streams.
func (h *hub) well(events uint64) {
	h.t.Helper()
	nc, _ := h.station("PUT-9")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := stream(h.t, nc).Publish(ctx, wire.EventSubject("PUT-9"), []byte("one")); err != nil {
		h.t.Errorf("the hub is not well: %v", err)
	}
	if got := h.subjects(wire.Stream); got[wire.EventSubject("PUT-9")] != 1 || got[wire.EventSubject("PUT-1")] != events || len(got) != min(2, int(events)+1) {
		h.t.Errorf("the stream of events holds %v", got)
	}
	st, err := h.js.Stream(ctx, wire.ListStream)
	if err != nil {
		h.t.Fatal(err)
	}
	if m, err := st.GetLastMsgForSubject(ctx, wire.HeadSubject("national")); err != nil || string(m.Data) != "the hub's" {
		h.t.Errorf("the head of the list is %v, %v", m, err)
	}
	if _, err := h.js.Consumer(ctx, wire.Stream, wire.Consumer); err != nil {
		h.t.Errorf("the hub's consumer: %v", err)
	}
	if n := len(h.subjects(wire.ListStream)); n != 2 {
		h.t.Errorf("the stream of lists holds %d subjects, want 2", n)
	}
}

func (h *hub) told(what string) {
	h.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		for _, r := range h.refused {
			if strings.HasPrefix(r, what) {
				h.mu.Unlock()
				return
			}
		}
		h.mu.Unlock()
	}
	h.t.Errorf("nobody was told of a refusal for %s", what)
}

// TestAStationDoesWhatItMay is the control of the next test.
func TestAStationDoesWhatItMay(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	js := stream(t, nc)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := js.Publish(ctx, wire.EventSubject("PUT-1"), []byte("one")); err != nil {
		t.Errorf("publish: %v", err)
	}
	down, err := nc.SubscribeSync(wire.DownSubjects("PUT-1"))
	if err != nil {
		t.Fatal(err)
	}
	heads, err := nc.SubscribeSync(wire.ListHeads)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.nc.Subscribe(wire.RequestSubjects(wire.KindHello), func(m *nats.Msg) { _ = m.Respond([]byte("welcome " + m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if m, err := nc.RequestWithContext(ctx, wire.RequestSubject("PUT-1", wire.KindHello), nil); err != nil || string(m.Data) != "welcome hub.PUT-1.hello" {
		t.Errorf("request = %v, %v", m, err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Publish(wire.DownSubject("PUT-1", wire.KindWatermark), []byte("down")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.js.Publish(ctx, wire.HeadSubject("national"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []*nats.Subscription{down, heads} {
		if _, err := sub.NextMsgWithContext(ctx); err != nil {
			t.Errorf("%s: %v", sub.Subject, err)
		}
	}
	m, err := nc.RequestWithContext(ctx, wire.FetchSubject("lists.file.x.0"), nil)
	if err != nil {
		t.Fatalf("a file of a list: %v", err)
	}
	if at, _, found, err := wire.ReadFetched(m.Header); err != nil || !found || at != "lists.file.x.0" || string(m.Data) != "the hub's" {
		t.Errorf("a file of a list = %q at %q, %v, %v", m.Data, at, found, err)
	}
	if m, err = nc.RequestWithContext(ctx, wire.FetchSubject("lists.file.x.1"), nil); err != nil {
		t.Fatalf("what is not there: %v", err)
	}
	if _, _, found, err := wire.ReadFetched(m.Header); found || err != nil {
		t.Errorf("what is not there: %v, %v", found, err)
	}
}

// TestAStationIsNobodyElse has PUT-1 try everything that is PUT-2's or the hub's.
func TestAStationIsNobodyElse(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	other, _ := h.station("PUT-2")
	var mu sync.Mutex
	var leaked, heard, served []string // by PUT-1, by PUT-2, by the hub
	note := func(to *[]string) nats.MsgHandler {
		return func(m *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			*to = append(*to, m.Subject+" "+string(m.Data))
		}
	}
	// What PUT-1 must not hear.
	for _, s := range []string{
		"down.PUT-2.*", "down.*.*", "down.>", "_INBOX.PUT-2.>", "_INBOX.*.>", "_INBOX.>", "_INBOX.hub.>", "_R_.>", ">", "*.>", "in.>", "in.PUT-1.>",
		"hub.>", "hub.PUT-1.>", "lists.>", "$SYS.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "_INBOX.PUT-1", "down.PUT-1.>",
	} {
		if _, err := nc.Subscribe(s, note(&leaked)); err != nil {
			t.Fatal(err)
		}
	}
	// What the hub must not hear from PUT-1.
	if _, err := h.nc.Subscribe("hub.>", note(&served)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"down.PUT-2.*", wire.Inbox("PUT-2") + ".*"} {
		if _, err := other.Subscribe(s, note(&heard)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.nc.QueueSubscribe("hub.PUT-2.ask", "desk", func(m *nats.Msg) { _ = m.Respond([]byte("secret")) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*nats.Conn{nc, other, h.nc} {
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	attack := func(subject string, body any) {
		b, ok := body.(string)
		if !ok {
			j, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			b = string(j)
		}
		if err := nc.PublishRequest(subject, wire.Inbox("PUT-1")+".answers.x", []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	attack("in.PUT-2.event", "forged")
	attack("in.hub.event", "forged")
	attack("hub.PUT-2.hello", "forged")
	attack("hub.PUT-2.wraps", "forged")
	attack("down.PUT-2.watermark", "forged")
	attack("down.PUT-1.watermark", "forged")
	attack("_INBOX.PUT-2.x", "forged")
	attack("_INBOX.hub.x", "forged")
	attack("lists.national.head", "forged")
	attack("$SYS.REQ.SERVER.PING", "")
	attack("$SYS.REQ.ACCOUNT.PING.CONNZ", "")
	attack("$SYS.REQ.USER.INFO", "")
	for _, st := range []string{wire.Stream, wire.ListStream} {
		attack("$JS.API.STREAM.PURGE."+st, "")
		attack("$JS.API.STREAM.DELETE."+st, "")
		attack("$JS.API.STREAM.MSG.DELETE."+st, map[string]any{"seq": 1})
		attack("$JS.API.STREAM.UPDATE."+st, map[string]any{"name": st, "subjects": []string{"other.>"}})
		attack("$JS.API.STREAM.MSG.GET."+st, map[string]any{"seq": 1})
		attack("$JS.API.CONSUMER.CREATE."+st, map[string]any{"stream_name": st, "config": map[string]any{"deliver_subject": "_INBOX.PUT-1.stolen.x"}})
		attack("$JS.API.CONSUMER.CREATE."+st+".spy.in.PUT-2.event", map[string]any{"stream_name": st, "config": map[string]any{"name": "spy"}})
		attack("$JS.API.CONSUMER.NAMES."+st, "")
		attack("$JS.API.CONSUMER.LIST."+st, "")
		attack("$JS.API.STREAM.SNAPSHOT."+st, map[string]any{"deliver_subject": "_INBOX.PUT-1.stolen.x"})
	}
	attack("$JS.API.STREAM.INFO."+wire.Stream, "")
	attack("$JS.API.STREAM.INFO."+wire.ListStream, "")
	attack("$JS.API.DIRECT.GET."+wire.Stream, map[string]any{"last_by_subj": "in.PUT-2.event"})
	attack("$JS.API.DIRECT.GET."+wire.Stream+".in.PUT-2.event", "")
	attack("$JS.API.DIRECT.GET."+wire.ListStream, map[string]any{"seq": 1})
	attack("$JS.API.CONSUMER.MSG.NEXT."+wire.Stream+"."+wire.Consumer, "1")
	attack("$JS.API.CONSUMER.DELETE."+wire.Stream+"."+wire.Consumer, "")
	attack("$JS.API.CONSUMER.INFO."+wire.Stream+"."+wire.Consumer, "")
	attack("$JS.API.STREAM.CREATE.MINE", map[string]any{"name": "MINE", "subjects": []string{"in.>"}})
	attack("$JS.API.STREAM.NAMES", "")
	attack("$JS.API.STREAM.LIST", "")
	attack("$JS.API.INFO", "")
	attack("$JS.API.ACCOUNT.PURGE.x", "")
	attack("$JS.ACK.GARITA_IN.intake.1.1.1.1.0", "+ACK")
	if err := nc.Flush(); err != nil {
		t.Fatalf("after the attacks: %v", err)
	}
	answers, err := nc.SubscribeSync(wire.Inbox("PUT-1") + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := answers.NextMsg(moment); err == nil {
		t.Errorf("an attack was answered at %s: %.200s", m.Subject, m.Data)
	}
	h.told("permission")
	mu.Lock()
	if len(served) != 0 {
		t.Errorf("the hub was asked in another's name: %q", served)
	}
	mu.Unlock()
	if err := h.nc.Publish("down.PUT-2.notice", []byte("secret")); err != nil { // B's alone
		t.Fatal(err)
	}
	if m, err := other.Request("hub.PUT-2.ask", nil, patience); err != nil || string(m.Data) != "secret" {
		t.Errorf("PUT-2 asks: %v, %v", m, err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(moment)
	mu.Lock()
	if len(leaked) != 0 {
		t.Errorf("PUT-1 heard %q", leaked)
	}
	if len(heard) != 1 || heard[0] != "down.PUT-2.notice secret" {
		t.Errorf("PUT-2 heard %q, want the hub's message", heard)
	}
	mu.Unlock()
	h.well(0)
}

// TestAnswersGoNowhereElse has PUT-1 name as the place for an answer what it may not publish to:
// broker and hub send answers with rights of their own.
func TestAnswersGoNowhereElse(t *testing.T) {
	h := newHub(t)
	nc, _ := h.station("PUT-1")
	if _, err := h.nc.Subscribe(wire.RequestSubjects(wire.KindHello), func(m *nats.Msg) { _ = m.Respond([]byte("answer")) }); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	heard := map[string]int{}
	if _, err := h.nc.Subscribe("hub.PUT-2.*", func(m *nats.Msg) { mu.Lock(); defer mu.Unlock(); heard[m.Subject]++ }); err != nil {
		t.Fatal(err)
	}
	if err := h.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	places := []string{
		"in.PUT-2.event", "hub.PUT-2.hello", "lists.national.head", "lists.file.x.0", "$JS.API.STREAM.PURGE." + wire.ListStream,
		"$JS.API.STREAM.DELETE." + wire.ListStream, "$JS.API.CONSUMER.DELETE." + wire.Stream + "." + wire.Consumer,
	}
	const times = 3
	for range times {
		for _, place := range places {
			for _, subject := range []string{"in.PUT-1.event", "hub.PUT-1.hello", wire.FetchSubject("lists.file.x.0")} {
				if err := nc.PublishRequest(subject, place, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	events := uint64(times * len(places))
	for end := time.Now().Add(patience); h.subjects(wire.Stream)["in.PUT-1.event"] < events && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(moment)
	mu.Lock()
	if len(heard) != 0 {
		t.Errorf("the hub heard %v", heard)
	}
	mu.Unlock()
	h.well(events)
}

// TestWhoIsNotLetIn tries credentials that are none.
func TestWhoIsNotLetIn(t *testing.T) {
	h := newHub(t)
	good, second := h.issue("PUT-1", time.Hour), h.issue("PUT-2", time.Hour)
	foreign, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	token := func(a *credentials.Authority, public string, expires time.Duration) string {
		s, err := a.Issue("PUT-1", public, time.Now().Add(expires))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	own, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jwt.DecodeUserClaims(good.token)
	if err != nil {
		t.Fatal(err)
	}
	self := *claims // the same words, signed by a key of the attacker's
	selfSigned, err := self.Encode(own)
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(good.token)
	flipped[len(flipped)/2] ^= 1
	parts := strings.Split(good.token, ".")
	for name, c := range map[string]struct {
		token string
		sign  func([]byte) ([]byte, error)
	}{
		"another operator":       {token(foreign, good.public, time.Hour), good.sign},
		"an account of its own":  {selfSigned, good.sign},
		"expired":                {token(h.authority, good.public, -time.Minute), good.sign},
		"the key of another":     {good.token, second.sign},
		"flipped":                {string(flipped), good.sign},
		"without a signature":    {parts[0] + "." + parts[1] + ".", good.sign},
		"no token":               {"", good.sign},
		"oversized":              {good.token + strings.Repeat("A", 100_000), good.sign},
		"signature of something": {good.token, func([]byte) ([]byte, error) { return good.sign([]byte("something")) }},
		"no signature":           {good.token, func([]byte) ([]byte, error) { return nil, nil }},
		"half a signature":       {good.token, func(n []byte) ([]byte, error) { s, err := good.sign(n); return s[:32], err }},
	} {
		if nc, err := h.dial(c.token, c.sign, wire.Inbox("PUT-1")); err == nil {
			nc.Close()
			t.Errorf("%s: let in", name)
		}
	}
	for name, opts := range map[string][]nats.Option{
		"nothing": nil, "a name": {nats.UserInfo("PUT-1", "secret")}, "a token": {nats.Token("secret")},
		"the system": {nats.UserInfo("sys", "sys")},
	} {
		if nc, err := nats.Connect(h.broker.ClientURL(), opts...); err == nil {
			nc.Close()
			t.Errorf("%s: let in", name)
		}
	}
	h.told("credentials")
	h.connect(good.token, good.sign, wire.Inbox("PUT-1")) // the control
	h.well(0)
}

func TestExpiryEndsAConnection(t *testing.T) {
	h := newHub(t)
	var nc *nats.Conn
	for range 10 { // on a slow machine they may end before they are shown
		u := h.issue("PUT-1", 2*time.Second)
		var err error
		if nc, err = h.dial(u.token, u.sign, wire.Inbox("PUT-1")); err == nil {
			break
		}
	}
	if nc == nil {
		t.Fatal("credentials that end soon were not let in")
	}
	defer nc.Close()
	for end := time.Now().Add(patience); !nc.IsClosed(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the connection outlives its credentials")
		}
	}
	h.well(0)
}

func TestRevocationEndsConnections(t *testing.T) {
	h := newHub(t)
	nc, u := h.station("PUT-1")
	again := h.connect(u.token, u.sign, wire.Inbox("PUT-1"))
	other, _ := h.station("PUT-2")
	for range 2 { // twice is once
		if err := h.broker.Revoke(u.public); err != nil {
			t.Fatalf("Revoke: %v", err)
		}
	}
	for end := time.Now().Add(patience); !nc.IsClosed() || !again.IsClosed(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a revoked station stays connected")
		}
	}
	if _, err := h.dial(u.token, u.sign, wire.Inbox("PUT-1")); err == nil {
		t.Error("a revoked station came back")
	}
	later, err := h.authority.Issue("PUT-1", u.public, time.Now().Add(time.Hour)) // the key is what was revoked
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.dial(later, u.sign, wire.Inbox("PUT-1")); err == nil {
		t.Error("a revoked key came back with a new token")
	}
	if !other.IsConnected() {
		t.Error("another station was cut off")
	}
	h.station("PUT-1") // enrolled anew, with another key
	for _, bad := range []string{"", "*", "PUT-1", later} {
		if err := h.broker.Revoke(bad); border.CodeOf(err) != border.Invalid {
			t.Errorf("Revoke of %.10q = %v, want invalid", bad, err)
		}
	}
	if !other.IsConnected() || !h.nc.IsConnected() {
		t.Error("others were cut off")
	}
}

func TestRevokedStaysRevokedAfterARestart(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if a, err = credentials.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, authority: a}
	gone, there := h.issue("PUT-1", time.Hour), h.issue("PUT-2", time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	h.broker, err = broker.Start(ctx, broker.Config{StoreDir: t.TempDir(), Auth: &broker.Auth{Authority: a, Revoked: []string{gone.public}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.broker.Stop(ctx) }()
	if nc, err := h.dial(gone.token, gone.sign, wire.Inbox("PUT-1")); err == nil {
		nc.Close()
		t.Error("a revoked station was let in")
	}
	nc, err := h.dial(there.token, there.sign, wire.Inbox("PUT-2"))
	if err != nil {
		t.Fatalf("a station that was issued credentials before: %v", err)
	}
	nc.Close()
}

// TestOversized sends what is larger than it may be.
func TestOversized(t *testing.T) {
	h := newHub(t)
	for name, abuse := range map[string]func(nc *nats.Conn) error{
		"subject":       func(nc *nats.Conn) error { return nc.Publish("in.PUT-1."+strings.Repeat("x", 8000), nil) },
		"subscriptions": func(nc *nats.Conn) error { return many(nc, 2000) },
	} {
		nc, _ := h.station("PUT-1")
		if err := abuse(nc); err != nil {
			t.Logf("%s: %v", name, err)
		}
		_ = nc.FlushTimeout(patience)
		nc.Close()
	}
	h.told("subscriptions")
	h.well(0)
}

// TestOversizedByHand speaks the protocol itself: the client library would not send it.
func TestOversizedByHand(t *testing.T) {
	h := newHub(t)
	u := h.issue("PUT-1", time.Hour)
	for name, abuse := range map[string]string{
		"payload":         "PUB in.PUT-1.event 104857600\r\n",
		"negative":        "PUB in.PUT-1.event -5\r\n",
		"line":            "PUB " + strings.Repeat("a", 1<<20) + "\r\n",
		"headers":         "HPUB in.PUT-1.event 99999999 100000000\r\n",
		"another payload": "PUB in.PUT-1.event 18446744073709551617\r\n",
	} {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(h.broker.ClientURL(), "nats://"), patience)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		r := bufio.NewReader(c)
		line, err := r.ReadString('\n')
		var info struct {
			Nonce string `json:"nonce"`
		}
		if err != nil || json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info) != nil {
			t.Fatalf("%s: the greeting is %q, %v", name, line, err)
		}
		sig, err := u.sign([]byte(info.Nonce))
		if err != nil {
			t.Fatal(err)
		}
		hello, err := json.Marshal(map[string]any{"jwt": u.token, "sig": base64.RawURLEncoding.EncodeToString(sig), "headers": true, "verbose": false})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(c, "CONNECT %s\r\nPING\r\n", hello); err != nil {
			t.Fatal(err)
		}
		if line, err = r.ReadString('\n'); err != nil || line != "PONG\r\n" {
			t.Fatalf("%s: not let in: %q, %v", name, line, err)
		}
		_, _ = c.Write([]byte(abuse)) // the server may hang up before it is all sent
		for err == nil {
			if line, err = r.ReadString('\n'); strings.HasPrefix(line, "-ERR") {
				break
			}
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%s: the server waits for it", name)
		}
		c.Close()
	}
	h.well(0)
}

func many(nc *nats.Conn, n int) error {
	for i := range n {
		if _, err := nc.SubscribeSync(fmt.Sprintf("%s.%d", wire.Inbox("PUT-1"), i)); err != nil {
			return err
		}
	}
	return nil
}

func TestAuthorityIsRead(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := credentials.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if b2, err := again.Marshal(); err != nil || !bytes.Equal(b, b2) {
		t.Errorf("it does not come back as it was: %v", err)
	}
	var seeds map[string]string
	if err := json.Unmarshal(b, &seeds); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"operator missing": func() { delete(seeds, "operator") },
		"account for user": func() { _, s, _ := credentials.NewKey(); seeds["posts"] = string(s) },
		"rubbish":          func() { seeds["hub"] = "SA" },
	} {
		kept := map[string]string{}
		for k, v := range seeds {
			kept[k] = v
		}
		change()
		bad, err := json.Marshal(seeds)
		if err != nil {
			t.Fatal(err)
		}
		_, err = credentials.Unmarshal(bad)
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
		for _, v := range kept {
			if err != nil && strings.Contains(err.Error(), v) {
				t.Errorf("%s: a seed is in the error", name)
			}
		}
		seeds = kept
	}
	if _, err := (&credentials.Authority{}).Marshal(); err == nil {
		t.Error("an authority without keys was written")
	}
}

func FuzzUnmarshal(f *testing.F) {
	a, err := credentials.NewAuthority()
	if err != nil {
		f.Fatal(err)
	}
	b, err := a.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"operator":"SO"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := credentials.Unmarshal(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if _, err := a.Tree(nil); err != nil {
			t.Errorf("Tree: %v", err)
		}
	})
}

func TestIssueRefuses(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := credentials.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		station border.StationID
		public  string
		expires time.Time
	}{
		"wildcard":  {"*", public, time.Now().Add(time.Hour)},
		"two names": {"PUT-1.PUT-2", public, time.Now().Add(time.Hour)},
		"template":  {"{{name()}}", public, time.Now().Add(time.Hour)},
		"the hub":   {"hub", public, time.Now().Add(time.Hour)},
		"no key":    {"PUT-1", "UABC", time.Now().Add(time.Hour)},
		"for ever":  {"PUT-1", public, time.Time{}},
	} {
		if _, err := a.Issue(c.station, c.public, c.expires); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
