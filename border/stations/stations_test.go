package stations

import (
	"testing"

	"garita/border"
)

func TestEnrolled(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	if s := r.view(); s.State != Invited || !s.CodeUntil.Equal(in.Expires) || s.AddedBy != "A1" || s.Zone != "America/Costa_Rica" {
		t.Errorf("invited: %+v", s)
	}
	m := r.make()
	id, err := r.enrol(in, m)
	r.check(err)
	if id.Grant.Station != "PUT-1" || id.Grant.Post != "PUT" || id.Provisioning.Hub != "Utopia" {
		t.Errorf("granted %+v", id.Grant)
	}
	if s := r.view(); s.State != Enrolled || !s.Expires.Equal(id.Grant.Expires) || !s.CodeUntil.IsZero() || len(s.Warnings) != 0 {
		t.Errorf("enrolled: %+v", s)
	}
	r.restart()
	keys, revoked, err := r.Signer(t.Context(), "PUT-1")
	if err != nil || revoked || len(keys) != 1 || !keys[0].Equal(id.SignPublic()) {
		t.Errorf("signer: %v %v %v", keys, revoked, err)
	}
	wants(t, "its key", r.Belongs("PUT-1", m.Keys.TLS), "")
	wants(t, "another key", r.Belongs("PUT-1", r.make().Keys.TLS), border.Forbidden)
	wants(t, "another station", r.Belongs("PUT-2", m.Keys.TLS), border.NotFound)
}
