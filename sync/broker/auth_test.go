package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/credentials"
)

// TestOpensToNobodyUnproven: without credentials and TLS the broker stays on loopback.
func TestOpensToNobodyUnproven(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	cert := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }
	for name, c := range map[string]Config{
		"everywhere, open":             {Host: "0.0.0.0"},
		"everywhere, in six":           {Host: "::"},
		"a name, open":                 {Host: "example.invalid"},
		"everywhere, without TLS":      {Host: "0.0.0.0", Auth: &Auth{Authority: a}},
		"without an authority":         {Auth: &Auth{}},
		"TLS without a certificate":    {Auth: &Auth{Authority: a, TLS: &tls.Config{ClientCAs: pool}}},
		"TLS that asks nobody":         {Auth: &Auth{Authority: a, TLS: &tls.Config{GetCertificate: cert}}},
		"TLS that differs by client":   {Auth: &Auth{Authority: a, TLS: &tls.Config{ClientCAs: pool, GetCertificate: cert, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }}}},
		"a revocation of no key":       {Auth: &Auth{Authority: a, Revoked: []string{"PUT-1"}}},
		"a revocation of all stations": {Auth: &Auth{Authority: a, Revoked: []string{"*"}}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		c.StoreDir = t.TempDir()
		s, err := Start(ctx, c)
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: Start = %v, want invalid", name, err)
		}
		if s != nil {
			_ = s.Stop(ctx)
		}
		cancel()
	}
}

// TestTLSIsHardened looks at what the server is given, whatever it was asked for.
func TestTLSIsHardened(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	check := func(tls.ConnectionState) error { return nil }
	for _, c := range []struct {
		asked  tls.ClientAuthType
		verify func(tls.ConnectionState) error
		want   tls.ClientAuthType
	}{
		{tls.NoClientCert, nil, tls.RequireAndVerifyClientCert},
		{tls.NoClientCert, check, tls.RequireAndVerifyClientCert},
		{tls.VerifyClientCertIfGiven, check, tls.RequireAndVerifyClientCert},
		{tls.RequireAnyClientCert, nil, tls.RequireAndVerifyClientCert},
		{tls.RequireAnyClientCert, check, tls.RequireAnyClientCert},
	} {
		conf := &tls.Config{MinVersion: tls.VersionTLS10, ClientCAs: x509.NewCertPool(), Certificates: []tls.Certificate{{}}, ClientAuth: c.asked, VerifyConnection: c.verify} //nolint:gosec // the version is what is to be raised
		opts := &server.Options{Host: "0.0.0.0"}
		if _, err := (&Config{Auth: &Auth{Authority: a, TLS: conf}}).admit(opts); err != nil {
			t.Fatal(err)
		}
		got := opts.TLSConfig
		if got.MinVersion != tls.VersionTLS13 || got.ClientAuth != c.want || !opts.TLSHandshakeFirst {
			t.Errorf("asked for %v: version %x, %v, first: %v", c.asked, got.MinVersion, got.ClientAuth, opts.TLSHandshakeFirst)
		}
		if conf.MinVersion != tls.VersionTLS10 {
			t.Error("the caller's settings were changed")
		}
	}
}

func TestRefusalsAreToldInMeasure(t *testing.T) {
	var mu sync.Mutex
	var told []string
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{StoreDir: t.TempDir(), Auth: &Auth{Authority: a}, Refused: func(reason string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, reason)
	}})
	for i := range 200 {
		nc, err := nats.Connect(s.ClientURL(), nats.Name("two\r\nlines \x1b[31m"), nats.UserInfo(fmt.Sprint("user ", i), "secret-word"))
		if err == nil {
			nc.Close()
			t.Fatal("let in")
		}
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		mu.Lock()
		n := len(told)
		mu.Unlock()
		if n > 0 {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) == 0 || len(told) >= 200 {
		t.Fatalf("%d of 200 refusals were told", len(told))
	}
	for _, r := range told {
		if !strings.HasPrefix(r, "credentials: ") || strings.ContainsAny(r, "\r\n\x1b") || strings.Contains(r, "secret-word") || len(r) > 300 {
			t.Errorf("told: %q", r)
		}
	}
}

func TestRevokeWithoutCredentials(t *testing.T) {
	s := start(t, Config{StoreDir: t.TempDir()})
	public, _, err := credentials.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(public); border.CodeOf(err) != border.Conflict {
		t.Errorf("Revoke = %v, want conflict", err)
	}
}
