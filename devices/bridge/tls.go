package bridge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"

	"garita/border"
	"garita/devices"
)

// ClientTLS reads a station's certificate, its key, and the authority that signs the
// certificates of bridges, all PEM files. The key must not be readable by everybody.
// Errors have code [border.Invalid].
func ClientTLS(cert, key, authority string) (*tls.Config, error) {
	pair, pool, err := credentials(cert, key, authority)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, RootCAs: pool}, nil
}

// ServerTLS reads a bridge's certificate, its key, and the authority that signs the
// certificates of stations, as [ClientTLS] does. stations are the DNS names of those
// that may come; none means every one that the authority has signed for.
func ServerTLS(cert, key, authority string, stations []string) (*tls.Config, error) {
	pair, pool, err := credentials(cert, key, authority)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, ClientCAs: pool}
	if len(stations) > 0 {
		c.VerifyConnection = func(s tls.ConnectionState) error {
			for _, name := range stations {
				if len(s.PeerCertificates) > 0 && s.PeerCertificates[0].VerifyHostname(name) == nil {
					return nil
				}
			}
			return errors.New("the certificate names no station that may come")
		}
	}
	return c, nil
}

func credentials(cert, key, authority string) (tls.Certificate, *x509.CertPool, error) {
	if st, err := os.Stat(key); err == nil && st.Mode().Perm()&0o007 != 0 {
		return tls.Certificate{}, nil, badTLS("The private key "+key+" can be read by every user of this machine. Take that right away (chmod o= "+key+").", nil)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, nil, badTLS("The certificate "+cert+" and its key "+key+" cannot be used together. Check both files.", err)
	}
	pem, err := os.ReadFile(authority)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		return tls.Certificate{}, nil, badTLS("The authority's certificate "+authority+" cannot be read. It is a PEM file.", err)
	}
	return pair, pool, nil
}

func badTLS(message string, err error) error {
	return &border.Error{Code: border.Invalid, Op: "set up mutual TLS for a bridge", Message: message, Err: err}
}

// clientTLS makes sure that both ends prove who they are, whatever it was given.
func clientTLS(c *tls.Config, host string) (*tls.Config, error) {
	switch {
	case c == nil || len(c.Certificates) == 0 && c.GetClientCertificate == nil:
		return nil, badTLS("A bridge over the network needs a certificate of this station. Name certificate, key and authority.", nil)
	case c.RootCAs == nil:
		return nil, badTLS("A bridge over the network needs the certificate of the authority that signs for bridges.", nil)
	case c.InsecureSkipVerify:
		return nil, badTLS("A bridge over the network must prove who it is.", nil)
	}
	c = c.Clone()
	c.MinVersion = tls.VersionTLS13
	c.ClientSessionCache = nil // every connection proves itself anew
	if c.GetClientCertificate == nil {
		// Show it even if the bridge names other authorities: it can then say what is wrong.
		ours := &c.Certificates[0]
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return ours, nil }
	}
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c, nil
}

func serverTLS(c *tls.Config) (*tls.Config, error) {
	switch {
	case c == nil || len(c.Certificates) == 0 && c.GetCertificate == nil:
		return nil, badTLS("A bridge over the network needs a certificate. Name certificate, key and authority.", nil)
	case c.ClientCAs == nil:
		return nil, badTLS("A bridge over the network needs the certificate of the authority that signs for stations.", nil)
	}
	c = c.Clone()
	c.MinVersion = tls.VersionTLS13
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.SessionTicketsDisabled = true
	return c, nil
}

// tlsError says in plain words why two ends did not trust each other, and which of the
// two did not.
func tlsError(op string, err error) error {
	message := "The bridge's certificate cannot be checked."
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case refusedByPeer(err) != "":
		message = "The bridge does not accept this station's certificate: " + refusedByPeer(err) + "."
	case errors.As(err, &unknown):
		message = "The bridge's certificate was not signed by the authority that this station trusts. Check the authority file, and who really answers at that address."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		message = "The bridge's certificate has expired or is not valid yet. Renew it, or correct the clock of this machine."
	case errors.As(err, &host):
		message = "The bridge's certificate is for another machine than the address names. Correct the address, or issue a certificate for it."
	default:
		var n net.Error
		if errors.As(err, &n) || isGone(err) {
			message = "The connection ended while the two ends were checking each other. If this goes on, the bridge does not accept this station's certificate."
		}
	}
	return &border.Error{Code: border.Forbidden, Op: op, Message: message,
		Err: errors.Join(devices.ErrPermission, err)}
}

// refusedByPeer returns in plain words why the other end did not accept our certificate,
// "" if the error is another. The library has no type for what the other end says; its
// texts are those of RFC 8446, section 6.
func refusedByPeer(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return ""
	}
	switch text := op.Err.Error(); {
	case strings.Contains(text, "certificate required"):
		return "none was shown"
	case strings.Contains(text, "expired certificate"):
		return "it has expired, or the bridge's clock is wrong"
	case strings.Contains(text, "unknown certificate authority"):
		return "it was signed by an authority that the bridge does not know"
	case strings.Contains(text, "protocol version"):
		return "this end does not speak TLS 1.3"
	default:
		return "it is not one of those that the bridge expects"
	}
}
