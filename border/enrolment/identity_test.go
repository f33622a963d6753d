package enrolment_test

import (
	"encoding/json"
	"testing"
	"time"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/pki"
	"garita/border/seal"
)

type fixedClock time.Time

func (c fixedClock) Now() time.Time { return time.Time(c) }

// granted is a station's half and what a hub grants it.
func granted(t *testing.T) (enrolment.Identity, enrolment.Grant) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ca, err := pki.NewAuthority("Utopia", fixedClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
	check(err)
	hub, err := seal.NewHubPrivate("Utopia")
	check(err)
	p, err := hub.Provisioning()
	check(err)
	plain, err := json.Marshal(p)
	check(err)
	r, made := request(t)
	g := enrolment.Grant{Station: "PUT-1", Post: "PUT", Zone: "UTC", Hub: "Utopia", CA: ca.Certificate(), UserJWT: "jwt"}
	g.Certificate, g.Expires, err = ca.Station(r.Keys.TLS, "PUT-1", "PUT", "")
	check(err)
	g.Provisioning, err = seal.SealToStation(r.Keys.Seal, seal.ForProvisioning, plain)
	check(err)
	return made, g
}

// An identity whose parts do not belong together is refused.
func TestIdentity(t *testing.T) {
	made, g := granted(t)
	_, other := granted(t)
	id, err := enrolment.Complete(made, g, "https://hub:1")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*enrolment.Identity){
		"nothing":                     func(i *enrolment.Identity) { *i = enrolment.Identity{} },
		"another hub's authority":     func(i *enrolment.Identity) { i.Grant.CA = other.CA },
		"another's certificate":       func(i *enrolment.Identity) { i.Grant.Certificate, i.Grant.CA = other.Certificate, other.CA },
		"no certificate":              func(i *enrolment.Identity) { i.Grant.Certificate = nil },
		"a bad name":                  func(i *enrolment.Identity) { i.Grant.Station = "put" },
		"a bad zone":                  func(i *enrolment.Identity) { i.Grant.Zone = "Mars/Olympus" },
		"a short signing key":         func(i *enrolment.Identity) { i.SignSeed = i.SignSeed[1:] },
		"a public key for the broker": func(i *enrolment.Identity) { r, _ := request(t); i.NATSSeed = []byte(r.Keys.NATS) },
		"no credentials":              func(i *enrolment.Identity) { i.Grant.UserJWT = "" },
		"no key of the hub":           func(i *enrolment.Identity) { i.Provisioning.PublicKey = nil },
	} {
		bad := id
		change(&bad)
		if err := bad.Validate(); border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := enrolment.Complete(made, other, ""); err == nil {
		t.Error("another station's grant was taken")
	}
	sealed := g
	sealed.Provisioning = g.Provisioning[:len(g.Provisioning)-1]
	if _, err := enrolment.Complete(made, sealed, ""); err == nil {
		t.Error("cut provisioning was taken")
	}
}
