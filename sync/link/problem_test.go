package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"garita/border"
)

func TestProblemsInPlainWords(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		says    string
		refused bool
	}{
		"nothing":     {nil, "", false},
		"permission":  {fmt.Errorf("%w: x", nats.ErrPermissionViolation), "", false},
		"revoked":     {nats.ErrAuthRevoked, "revoked", true},
		"expired":     {nats.ErrAuthExpired, "expired", true},
		"not let in":  {nats.ErrAuthorization, "does not accept this station's credentials", true},
		"authority":   {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "not the hub", true},
		"our check":   {&border.Error{Code: border.Forbidden, Message: "In its own words."}, "In its own words.", true},
		"certificate": {errors.New("remote error: tls: bad certificate"), "this station's certificate", true},
		"hung up":     {fmt.Errorf("%w: connection closed", nats.ErrTLS), "this station's certificate", true},
		"open":        {nats.ErrSecureConnRequired, "protected", true},
		"gone":        {errors.New("dial tcp: connection refused"), "no connection", false},
		"no server":   {nats.ErrNoServers, "no connection", false},
	} {
		words, refused := Problem(c.err)
		if refused != c.refused || !strings.Contains(words, c.says) || (words == "") != (c.says == "") {
			t.Errorf("%s: %q, refused: %v", name, words, refused)
		}
	}
}
