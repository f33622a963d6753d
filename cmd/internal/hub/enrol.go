package hub

import (
	"crypto/x509"
	"net"
	"time"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/pki"
	"garita/sync/enrol"
)

// openEnrolment opens the address where stations are enrolled and renew.
func (h *Hub) openEnrolment() error {
	clients := h.clients()
	clients.Late = enrolment.LateFor * 24 * time.Hour
	secure, err := pki.ServerTLS(h.trust.host.Certificate, clients)
	if err != nil {
		return err
	}
	h.enrol, err = enrol.New(enrol.Config{Hub: h.Stations, Clock: h.clock, Mono: h.clock.Mono, TLS: secure, Log: h.log,
		StationOf: func(c *x509.Certificate) (border.StationID, error) {
			station, _, err := pki.StationOf(c)
			return station, err
		}})
	if err != nil {
		return err
	}
	if h.enrolAt, err = net.Listen("tcp", h.cfg.Enrol); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "listen on " + h.cfg.Enrol, Err: err}
	}
	return nil
}
