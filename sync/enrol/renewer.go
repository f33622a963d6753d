package enrol

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"sync"
	"time"

	"garita/border"
	"garita/border/enrolment"
)

// RenewerConfig says how a station stays one of the hub's.
type RenewerConfig struct {
	// Identity is what the station is now.
	Identity func() enrolment.Identity
	// Keep writes a new identity down, sealed, and puts it to use. Until it returns nil the old one
	// counts, here and at the hub.
	Keep func(enrolment.Identity) error
	// TLS is the station's end towards the hub, with its certificate (border/pki).
	TLS *tls.Config
	// Measured, if there is one, is told of the hub's time less the station's at each look.
	Measured func(offset time.Duration)
	Clock    border.Clock // the station's
	Software string
	// Every is how often the renewer looks, 0 means an hour. After a failure it looks sooner.
	Every time.Duration
	Log   *slog.Logger // nil: silent
}

// Renewer renews a station's certificate, credentials and keys when less than half of their time is
// left, by the hub's clock: the station's own may be wrong by years.
type Renewer struct {
	cfg RenewerConfig

	mu      sync.Mutex // guards problem
	problem string
}

// firstRetry is how soon after a failure the renewer looks again; it then waits twice as long each time.
const firstRetry = 30 * time.Second

// NewRenewer makes a renewer. [border.Invalid]: something is missing.
func NewRenewer(c RenewerConfig) (*Renewer, error) {
	if c.Identity == nil || c.Keep == nil || c.TLS == nil || c.Clock == nil {
		return nil, &border.Error{Code: border.Invalid, Op: "renew this station", Err: errors.New("a part is missing")}
	}
	if c.Every <= 0 {
		c.Every = time.Hour
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Renewer{cfg: c}, nil
}

// Problem says why the station could not renew when it last wanted to, in words for people; "" if
// there was nothing.
func (r *Renewer) Problem() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problem
}

// Run looks and renews until ctx ends.
func (r *Renewer) Run(ctx context.Context) error {
	retry := min(firstRetry, r.cfg.Every)
	for {
		wait := r.cfg.Every
		_, err := r.Look(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to end; what then failed does not matter
		}
		switch {
		case err == nil:
			retry = min(firstRetry, r.cfg.Every)
		case border.CodeOf(err) == border.Unavailable:
			wait, retry = retry, min(2*retry, r.cfg.Every)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

// Look asks the hub for the time and renews if it is time to; it reports whether it did.
func (r *Renewer) Look(ctx context.Context) (renewed bool, err error) {
	id := r.cfg.Identity()
	before := r.cfg.Clock.Now()
	now, err := Time(ctx, id.URL, r.cfg.TLS)
	if err != nil {
		return false, r.note(err) // a hub that cannot be reached is said elsewhere, unless it gets late
	}
	after := r.cfg.Clock.Now()
	if r.cfg.Measured != nil && !after.Before(before) {
		r.cfg.Measured(now.Sub(before.Add(after.Sub(before) / 2)))
	}
	if !due(&id, now) {
		return false, r.note(nil)
	}
	fresh, err := Renew(ctx, &id, r.cfg.TLS, r.cfg.Software)
	if err == nil {
		err = r.cfg.Keep(fresh)
	}
	if r.note(err) != nil {
		return false, err
	}
	// The hub takes the new keys as the ones in use once it has seen them. If it is not now, then
	// with the next connection.
	if _, err := hello(ctx, id.URL, r.cfg.TLS); err != nil {
		r.cfg.Log.Warn("renewed, and not yet seen with it by the hub", "err", err)
	}
	r.cfg.Log.Info("renewed with the hub", "until", fresh.Grant.Expires)
	return true, nil
}

// note keeps what is wrong and logs it once.
func (r *Renewer) note(err error) error {
	said := ""
	if err != nil {
		if said = border.MessageOf(err); said == "" {
			said = "The station could not renew with the hub. Its log says why."
		}
	}
	r.mu.Lock()
	before := r.problem
	r.problem = said
	r.mu.Unlock()
	if said != "" && said != before {
		r.cfg.Log.Warn("not renewed with the hub", "err", err)
	}
	return err
}

// due reports whether less than half of an identity's time is left.
func due(id *enrolment.Identity, now time.Time) bool {
	whole := 90 * 24 * time.Hour
	if block, _ := pem.Decode(id.Grant.Certificate); block != nil {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			whole = c.NotAfter.Sub(c.NotBefore)
		}
	}
	return id.Grant.Expires.Sub(now) < whole/2
}
