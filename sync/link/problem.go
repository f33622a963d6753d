package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// Problem says in plain words why a connection is not there, "" if the error says nothing of that.
// Refused reports that the broker was reached and one side does not believe the other: trying
// again soon is of no use, trying again is.
func Problem(err error) (words string, refused bool) {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case err == nil, errors.Is(err, nats.ErrPermissionViolation), errors.Is(err, nats.ErrSlowConsumer):
		return "", false
	case errors.Is(err, nats.ErrAuthRevoked):
		return "The hub has revoked this station's credentials. What is recorded stays here until the station is enrolled again.", true
	case errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAccountAuthExpired):
		return "This station's credentials have expired. Ask the hub for a new enrolment.", true
	case errors.Is(err, nats.ErrAuthorization):
		return "The hub does not accept this station's credentials. Ask the hub whether the station was revoked; otherwise enrol it again.", true
	case border.MessageOf(err) != "": // of our own check of the hub's certificate
		return border.MessageOf(err), true
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verification):
		return "Whoever answers at the hub's address is not the hub that this station was enrolled at.", true
	case errors.Is(err, nats.ErrTLS), strings.Contains(err.Error(), "remote error: tls"):
		// The library wraps what the other side says in the handshake, or hangs up on, in no error
		// of its own.
		return "The hub does not accept this station's certificate. Ask the hub whether the station was revoked; otherwise enrol it again.", true
	case errors.Is(err, nats.ErrSecureConnRequired), errors.Is(err, nats.ErrSecureConnWanted):
		return "The hub and this station do not agree whether their connection is protected.", true
	}
	return "There is no connection to the hub.", false
}
