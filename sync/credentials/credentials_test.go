package credentials_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"garita/border"
	"garita/sync/broker"
	"garita/sync/credentials"
	"garita/sync/wire"
)

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
