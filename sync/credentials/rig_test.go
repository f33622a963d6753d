package credentials_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
