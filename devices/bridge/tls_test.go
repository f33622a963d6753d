package bridge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
)

// authority signs certificates in a test.
type authority struct {
	t    testing.TB
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t testing.TB, name string) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	a.key = a.newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	a.must(err)
	a.cert, err = x509.ParseCertificate(der)
	a.must(err)
	a.file = a.write("authority.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	return k
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	a.must(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// sign makes the files of a certificate for a DNS name, valid until then.
func (a *authority) sign(name string, use x509.ExtKeyUsage, until time.Time) (cert, key string) {
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{use}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until}
	k := a.newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &k.PublicKey, a.key)
	a.must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	a.must(err)
	return a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", keyDER)
}

func TestMutualTLS(t *testing.T) {
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	ours, theirs := newAuthority(t, "Utopia"), newAuthority(t, "Dystopia")
	client := func(cert, key, ca string) *tls.Config {
		t.Helper()
		c, err := ClientTLS(cert, key, ca)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	server := func(a *authority, name string, until time.Time, stations ...string) *tls.Config {
		t.Helper()
		cert, key := a.sign(name, x509.ExtKeyUsageServerAuth, until)
		c, err := ServerTLS(cert, key, ours.file, stations)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cert, key := ours.sign("station-1", x509.ExtKeyUsageClientAuth, later)
	strangerCert, strangerKey := theirs.sign("station-1", x509.ExtKeyUsageClientAuth, later)
	oldCert, oldKey := ours.sign("station-old", x509.ExtKeyUsageClientAuth, before)
	wrongCert, wrongKey := ours.sign("bridge-2", x509.ExtKeyUsageServerAuth, later)
	good := client(cert, key, ours.file)
	naked := good.Clone()
	naked.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil }
	old12 := good.Clone()
	old12.MaxVersion = tls.VersionTLS12

	for _, c := range []struct {
		name   string
		server *tls.Config
		client *tls.Config
		says   string // "" if it is let in
	}{
		{"both known", server(ours, "localhost", later), good, ""},
		{"named", server(ours, "localhost", later, "station-2", "station-1"), good, ""},
		{"not named", server(ours, "localhost", later, "station-2"), good, "not one of those"},
		{"station of another authority", server(ours, "localhost", later), client(strangerCert, strangerKey, ours.file), "authority that the bridge does not know"},
		{"station without a certificate", server(ours, "localhost", later), naked, "none was shown"},
		{"station expired", server(ours, "localhost", later), client(oldCert, oldKey, ours.file), "it has expired"},
		{"a bridge's certificate at the station", server(ours, "localhost", later), client(wrongCert, wrongKey, ours.file), "not one of those"},
		{"bridge of another authority", server(theirs, "localhost", later), good, "not signed by the authority"},
		{"bridge expired", server(ours, "localhost", before), good, "has expired"},
		{"bridge for another machine", server(ours, "elsewhere", later), good, "another machine"},
		{"TLS 1.2", server(ours, "localhost", later), old12, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := Listen(t.Context(), "tls:localhost:0", c.server, 0)
			if err != nil {
				t.Fatal(err)
			}
			s := newScanner()
			serve(t, l, s.device(slaps))
			_, port, _ := net.SplitHostPort(l.Addr().String())
			k, err := Dial(t.Context(), "tls:localhost:"+port, Options{TLS: c.client, CancelWithin: patience})
			if c.name == "TLS 1.2" {
				if err == nil {
					t.Error("TLS 1.2 was spoken")
				}
				return
			}
			if c.says != "" {
				if !errors.Is(err, devices.ErrPermission) || !strings.Contains(border.MessageOf(err), c.says) {
					t.Errorf("%v; want %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			if _, err := k.Start(t.Context()); err != nil {
				t.Error(err)
			}
			go func() { s.fingers <- finger(60, 50, 5) }()
			if i, err := k.Capture(t.Context(), border.FingerRequest{Position: 13}); err != nil || len(i.Pixels) != 3000 {
				t.Error(err)
			}
		})
	}
}

func TestNoTLSWithoutCredentials(t *testing.T) {
	ours := newAuthority(t, "Utopia")
	cert, key := ours.sign("localhost", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	good, err := ServerTLS(cert, key, ours.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	asClient, err := ClientTLS(cert, key, ours.file)
	if err != nil {
		t.Fatal(err)
	}
	change := func(c *tls.Config, f func(*tls.Config)) *tls.Config {
		c = c.Clone()
		f(c)
		return c
	}
	for name, c := range map[string]*tls.Config{
		"none":           nil,
		"no certificate": change(good, func(c *tls.Config) { c.Certificates = nil }),
		"no authority":   change(good, func(c *tls.Config) { c.ClientCAs = nil }),
	} {
		if l, err := Listen(t.Context(), "tls:localhost:0", c, 0); border.CodeOf(err) != border.Invalid {
			t.Error("listen:", name, l, err)
		}
	}
	for name, c := range map[string]*tls.Config{
		"none":           nil,
		"no certificate": change(asClient, func(c *tls.Config) { c.Certificates = nil }),
		"no authority":   change(asClient, func(c *tls.Config) { c.RootCAs = nil }),
		"unchecked":      change(asClient, func(c *tls.Config) { c.InsecureSkipVerify = true }),
	} {
		if _, err := Dial(t.Context(), "tls:localhost:1", Options{TLS: c}); border.CodeOf(err) != border.Invalid {
			t.Error("dial:", name, err)
		}
	}
	if err := os.Chmod(key, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := ClientTLS(cert, key, ours.file); border.CodeOf(err) != border.Invalid || !strings.Contains(border.MessageOf(err), "every user") {
		t.Error("a key for everybody's eyes:", err)
	}
	if _, err := ClientTLS(cert, cert, ours.file); border.CodeOf(err) != border.Invalid {
		t.Error("no key:", err)
	}
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ClientTLS(cert, key, key); border.CodeOf(err) != border.Invalid {
		t.Error("no authority:", err)
	}
}

// The bridge speaks nothing below TLS 1.3, whatever its configuration and the other end say.
func TestNothingBelowTLS13(t *testing.T) {
	ours := newAuthority(t, "Utopia")
	until := time.Now().Add(time.Hour)
	cert, key := ours.sign("localhost", x509.ExtKeyUsageServerAuth, until)
	cfg, err := ServerTLS(cert, key, ours.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MinVersion = tls.VersionTLS10
	l, err := Listen(t.Context(), "tls:localhost:0", cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, newScanner().device(slaps))
	cert, key = ours.sign("station-1", x509.ExtKeyUsageClientAuth, until)
	mine, err := ClientTLS(cert, key, ours.file)
	if err != nil {
		t.Fatal(err)
	}
	for version, works := range map[uint16]bool{tls.VersionTLS12: false, tls.VersionTLS13: true} {
		mine.MinVersion, mine.MaxVersion, mine.ServerName = version, version, "localhost"
		d := tls.Dialer{Config: mine}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if (err == nil) != works {
			t.Errorf("version %x: %v", version, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// Why the bridge ends a connection reaches a station that is still sending.
func TestLastWord(t *testing.T) {
	ours := newAuthority(t, "Utopia")
	until := time.Now().Add(time.Hour)
	cert, key := ours.sign("localhost", x509.ExtKeyUsageServerAuth, until)
	cfg, err := ServerTLS(cert, key, ours.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = ours.sign("station-1", x509.ExtKeyUsageClientAuth, until)
	o := Options{}
	if o.TLS, err = ClientTLS(cert, key, ours.file); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), "tls:localhost:0", cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, newScanner().device(slaps))
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for range 5 {
		conn, err := Connect(t.Context(), "tls:localhost:"+port, o)
		if err != nil {
			t.Fatal(err)
		}
		w := wire{t, conn}
		w.send(Frame{Header: Header{Type: TypeHello, ID: 1, Versions: []int{99}, HeartbeatMS: 10000}})
		_, _ = conn.Write(make([]byte, 1<<20)) // the bridge need not take it
		time.Sleep(20 * time.Millisecond)
		if h := w.next(); h.Code != CodeVersion {
			t.Errorf("the station heard %+v", h)
		}
		conn.Close()
	}
}

// Plain TCP is answered by nobody.
func TestPlainTCP(t *testing.T) {
	ours := newAuthority(t, "Utopia")
	cert, key := ours.sign("localhost", x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	cfg, err := ServerTLS(cert, key, ours.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), "tls:localhost:0", cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, newScanner().device(slaps))
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w := wire{t, conn}
	w.send(Frame{Header: Header{Type: TypeHello, ID: 1, Versions: []int{1}, HeartbeatMS: 2000}})
	if h := w.next(); h.Type != "" {
		t.Errorf("plain TCP was answered with %+v", h)
	}
}
