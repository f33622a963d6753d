package station

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/api"
	"garita/border/keystore"
	"garita/border/papers"
	"garita/border/pki"
	"garita/cmd/internal/version"
	"garita/cmd/internal/web"
	uicounter "garita/ui/counter"
	"garita/ui/gate"
	"garita/ui/help"
	"garita/ui/layout"
	"garita/ui/live"
	signinpages "garita/ui/signin"
)

// openWeb opens the pages and the API.
func (s *Station) openWeb() error {
	secure, err := s.tls()
	if err != nil {
		return err
	}
	s.secure = secure != nil
	if s.listener, err = web.Listen(s.cfg.Listen, secure); err != nil {
		return err
	}
	cookie := gate.NewCookie("garita_post_"+string(s.cfg.Station), s.secure)
	guard, err := gate.New(gate.Config{Sessions: s.SignIn, Audit: s.audit, Routes: access.PostRoutes(), Cookie: cookie, TLS: s.secure, Camera: true,
		Hosts: s.cfg.Hosts, Mono: s.clock.Mono, Log: s.log})
	if err != nil {
		return err
	}
	s.app = web.NewApp(s.log)
	s.app.Use(layout.Use(layout.Site{Name: string(s.cfg.Station), Demo: s.cfg.Demo.On, SoftwareKeys: s.root.Kind() == keystore.Software,
		Idle: time.Duration(s.cfg.Idle) * time.Minute, Passkeys: s.identity.Load().Grant.RPID != ""}), guard)
	if err = signinpages.Mount(s.app, signinpages.Config{Service: s.SignIn, Cookie: cookie, Clock: s.clock, Trust: s.clock.Trust, Counters: s.Counters.Counters(), Training: s.training.Counters(),
		Log: s.log}); err != nil {
		return err
	}
	operations := api.New(s.app, version.Version)
	api.Station(operations, api.StationConfig{Counters: s.Counters, Crossings: s.Journal, Clock: s.clock, Seconds: s.SignIn, Audit: s.audit, Log: s.log})
	api.Workshop(operations, api.WorkshopConfig{Workshop: s.workshop, Clock: s.clock, Seconds: s.SignIn, Audit: s.audit, Log: s.log})
	api.Learning(operations, api.LearningConfig{Learning: s.workshop, Audit: s.audit, Log: s.log})
	streams := live.NewMux(live.Config{Stop: s.stop, Log: s.log})
	streams.Mount(s.app)
	if err := help.Mount(s.app, s.log); err != nil {
		return err
	}
	screen := uicounter.Config{Service: s.Counters, Clock: s.clock, Seconds: s.SignIn, Audit: s.audit, Training: s.training, Live: streams, Stop: s.stop, Log: s.log}
	if screen.Papers, err = s.renderer(); err != nil {
		return err
	}
	if s.cfg.Demo.Presenter != "" {
		screen.Presenter = newPresenter(s.cfg.Demo.Presenter)
	}
	if err = uicounter.Mount(s.app, screen); err != nil {
		return err
	}
	return s.mountWorkshop(streams)
}

// renderer draws papers with the program beside this one, or the one that the configuration names.
func (s *Station) renderer() (*papers.Renderer, error) {
	program := s.cfg.Papers.Program
	if program == "" {
		own, err := os.Executable()
		if err != nil {
			return nil, err
		}
		program = filepath.Join(filepath.Dir(own), "garita-render")
	}
	return papers.New(papers.Config{Program: program, WithoutLandlock: s.cfg.Papers.WithoutLandlock, Log: s.log}), nil
}

// tls is how the pages are served; nil: plainly, on loopback only.
func (s *Station) tls() (*tls.Config, error) {
	c := s.cfg.TLS
	switch host, _, err := net.SplitHostPort(s.cfg.Listen); {
	case c.Certificate != "":
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, &border.Error{Code: border.Invalid, Op: "read the certificate of the pages", Message: "tls.certificate and tls.key are not a pair of PEM files.", Err: err}
		}
		return pki.ServerTLS(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }, nil)
	case err == nil && !c.Own && web.Loopback(host):
		return nil, nil //nolint:nilnil // documented
	}
	return pki.ServerTLS(pki.Present(s.pair), nil)
}
