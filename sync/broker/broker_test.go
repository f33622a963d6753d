package broker

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"garita/border"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, c Config) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, err := Start(ctx, c)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return s
}

// TestKeepsMessagesOverARestart also shows that the server comes back on its port.
func TestKeepsMessagesOverARestart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dir := t.TempDir()
	s := start(t, Config{StoreDir: dir})
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "T", Subjects: []string{"t.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(ctx, "t.x", []byte("one")); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, Config{StoreDir: dir, Port: port})
	if again.ClientURL() != u.String() {
		t.Errorf("came back at %s, was at %s", again.ClientURL(), u)
	}
	nc, err = nats.Connect(again.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(ctx, "T")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := st.GetMsg(ctx, 1); err != nil || string(m.Data) != "one" {
		t.Errorf("message after a restart: %v, %v", m, err)
	}
}

func TestRefusesToStart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		c    Config
		code border.Code
	}{
		"port taken":    {t.Context(), Config{StoreDir: t.TempDir(), Port: taken}, border.Unavailable},
		"no folder":     {t.Context(), Config{}, border.Invalid},
		"store no dir":  {t.Context(), Config{StoreDir: "/dev/null/x"}, border.Unavailable},
		"context ended": {ended, Config{StoreDir: t.TempDir()}, border.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
			defer cancel()
			s, err := Start(ctx, c.c)
			if border.CodeOf(err) != c.code {
				t.Errorf("Start = %v, want %s", err, c.code)
			}
			if s != nil {
				_ = s.Stop(context.Background())
			}
			if c.ctx.Err() == nil && ctx.Err() != nil {
				t.Error("found out by the deadline only")
			}
		})
	}
}
