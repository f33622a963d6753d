package stations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/enrolment"
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
	if err != nil || revoked || len(keys) != 1 || !keys[0].Equal(id.SignPublic()) || len(r.Speaking("PUT-1")) != 1 {
		t.Errorf("signer: %v %v %v", keys, revoked, err)
	}
	if key, err := r.SealKey(t.Context(), "PUT-1"); err != nil || !slices.Equal(key, m.Keys.Seal) {
		t.Errorf("sealing key: %v", err)
	}
	if post, err := r.Post("PUT-1"); err != nil || post != "PUT" {
		t.Errorf("post: %v, %v", post, err)
	}
	wants(t, "its key", r.Belongs("PUT-1", m.Keys.TLS), "")
	wants(t, "another key", r.Belongs("PUT-1", r.make().Keys.TLS), border.Forbidden)
	wants(t, "another station", r.Belongs("PUT-2", m.Keys.TLS), border.NotFound)
	_, _, err = r.Signer(t.Context(), "PUT-2")
	wants(t, "another station's signer", err, border.NotFound)
	_, err = r.SealKey(t.Context(), "PUT-2")
	wants(t, "another station's sealing key", err, border.NotFound)
}

func TestNames(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		station border.StationID
		post    border.PostID
		zone    string
	}{
		{"put-1", "PUT", ""}, {"", "PUT", ""}, {"PUT-1", "", ""}, {"PUT.1", "PUT", ""}, {"PUT-1", "PUT", "Mars/Olympus"},
		{"PUT-1", "PUT", "Local"}, {"HUB", "PUT", ""}, {"PUT-1", "HUB", ""}, {"PUT-1", "PUT", "../../etc/passwd"},
	} {
		_, err := r.Add(t.Context(), c.station, c.post, c.zone, "A1")
		wants(t, fmt.Sprintf("%+v", c), err, border.Invalid)
	}
	if all, err := r.All(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

// A wrong code tells nothing, counts, and five of them end the code: also over a restart, and for
// who knows it.
func TestTries(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	m := r.make()
	wrong := func([]byte) bool { return false }
	for i := range MaxTries {
		_, err := r.Enrol(t.Context(), in.Code.ID(), wrong, m.Request)
		wants(t, fmt.Sprintf("try %d", i+1), err, border.Forbidden)
		if border.MessageOf(err) != wrongCode {
			t.Errorf("try %d: %v", i+1, err)
		}
		r.restart()
	}
	asked := false
	_, err := r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool { asked = true; return true }, m.Request)
	wants(t, "the sixth, with the right code", err, border.TooMany)
	if asked {
		t.Error("the code was looked at")
	}
	r.restart()
	_, err = r.enrol(in, m)
	wants(t, "the seventh", err, border.TooMany)
	if s := r.view(); s.State != Invited || !s.CodeUntil.IsZero() {
		t.Errorf("%+v", s)
	}
	// A new code is of use, and the old one is not even known.
	in2 := r.invite()
	if _, err := r.enrol(in2, m); err != nil {
		t.Error(err)
	}
	if in2.Code.ID() != in.Code.ID() {
		_, err = r.enrol(in, m)
		wants(t, "the old one", err, border.Forbidden)
	}
}

// The try is on the disk before it is known whether it was right: whoever cuts the power tries no
// more often.
func TestTryCountsBeforeTheAnswer(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	var seen int
	_, err := r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool {
		seen = r.commandLine().state.Load().codes[in.Code.ID()].Tries // as another program reads it
		return false
	}, r.make().Request)
	wants(t, "wrong", err, border.Forbidden)
	if seen != 1 {
		t.Errorf("%d tries were written when the proof was looked at", seen)
	}
}

func TestFourWrongThenRight(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	for range MaxTries - 1 {
		_, err := r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool { return false }, r.make().Request)
		wants(t, "wrong", err, border.Forbidden)
	}
	if _, err := r.enrol(in, r.make()); err != nil {
		t.Errorf("the fifth, right: %v", err)
	}
}

func TestCodeEnds(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	m := r.make()
	r.clock.add(CodeFor)
	_, err := r.enrol(in, m)
	wants(t, "after 15 minutes", err, border.Forbidden)
	if border.MessageOf(err) != lateCode {
		t.Errorf("said: %v", err)
	}
	// Who does not know it is not told that it has ended.
	_, err = r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool { return false }, m.Request)
	if border.MessageOf(err) != wrongCode {
		t.Errorf("said to a stranger: %v", err)
	}
	if s := r.view(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].String(), "station add PUT/PUT-1") {
		t.Errorf("%q", s.Warnings)
	}
	in = r.invite()
	r.clock.add(CodeFor - time.Second)
	if _, err := r.enrol(in, m); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	// Codes nobody needs to hear of are taken away.
	r.clock.add(2 * codeKept)
	_, err = r.Add(t.Context(), "PUT-2", "PUT", "", "A1")
	r.check(err)
	if n := len(r.state.Load().codes); n != 1 {
		t.Errorf("%d codes are kept", n)
	}
}

// A code is good for one set of keys. The same request is answered again, until the code ends.
func TestCodeIsUsedOnce(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	m := r.make()
	first, err := r.enrol(in, m)
	r.check(err)
	again, err := r.enrol(in, m)
	if err != nil || again.Grant.Station != first.Grant.Station || len(r.state.Load().stations["PUT-1"].Sets) != 1 {
		t.Errorf("the same request again: %v", err)
	}
	_, err = r.enrol(in, r.make())
	wants(t, "other keys", err, border.Forbidden)
	if border.MessageOf(err) != usedCode {
		t.Errorf("said: %v", err)
	}
	r.check(r.Revoke(t.Context(), "PUT-1", "lost", "A1"))
	_, err = r.enrol(in, m)
	wants(t, "the same request after it was revoked", err, border.Forbidden)
}

// Two at the same moment: one of them becomes the station.
func TestRace(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		m := r.make()
		wg.Go(func() {
			_, errs[i] = r.Enrol(context.Background(), in.Code.ID(), knows(in.Code), m.Request)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if border.CodeOf(err) != border.Forbidden {
			t.Error(err)
		}
	}
	if won != 1 || len(r.state.Load().stations["PUT-1"].Sets) != 1 {
		t.Errorf("%d became the station", won)
	}
}

// Another one comes with the same code while the first one's proof is looked at.
func TestOvertaken(t *testing.T) {
	r := newRig(t)
	in := r.invite()
	fast := r.make()
	_, err := r.Enrol(t.Context(), in.Code.ID(), func([]byte) bool {
		_, err := r.enrol(in, fast)
		return err == nil
	}, r.make().Request)
	wants(t, "who came second", err, border.Forbidden)
	wants(t, "who came first", r.Belongs("PUT-1", fast.Keys.TLS), "")
}

func TestUnknownCodes(t *testing.T) {
	r := newRig(t)
	m := r.make()
	for _, id := range []string{"00000", "", "AAAAAAAAAAAAAAAAAAAAA", "../..", "\x00\x00\x00\x00\x00"} {
		_, err := r.Enrol(t.Context(), id, func([]byte) bool { t.Error("asked about a code that does not exist"); return true }, m.Request)
		wants(t, id, err, border.Forbidden)
	}
	bad := m.Request
	bad.Keys.Sign = nil
	in := r.invite()
	_, err := r.Enrol(t.Context(), in.Code.ID(), knows(in.Code), bad)
	wants(t, "no key", err, border.Invalid)
}

// Keys of one station are no other's.
func TestKeysOfOthers(t *testing.T) {
	r := newRig(t)
	m, _ := r.enrolled()
	for name, change := range map[string]func(k *enrolment.Keys){
		"signing": func(k *enrolment.Keys) { k.Sign = m.Keys.Sign },
		"sealing": func(k *enrolment.Keys) { k.Seal = m.Keys.Seal },
		"broker":  func(k *enrolment.Keys) { k.NATS = m.Keys.NATS },
		"TLS":     func(k *enrolment.Keys) { k.TLS = m.Keys.TLS },
	} {
		in, err := r.Add(t.Context(), "PUT-2", "PUT", "", "A1")
		r.check(err)
		other := r.make()
		change(&other.Keys)
		_, err = r.Enrol(t.Context(), in.Code.ID(), knows(in.Code), other.Request)
		wants(t, name, err, border.Forbidden)
		if len(r.state.Load().stations["PUT-2"].Sets) != 0 {
			t.Fatalf("%s: enrolled", name)
		}
	}
}

// add does not put another machine in a station's place.
func TestAddAgain(t *testing.T) {
	r := newRig(t)
	r.enrolled()
	_, err := r.Add(t.Context(), "PUT-1", "PUT", "", "A1")
	wants(t, "add", err, border.Conflict)
	if !strings.Contains(border.MessageOf(err), "station rotate PUT-1") || !strings.Contains(border.MessageOf(err), "station replace PUT-1") {
		t.Errorf("said: %v", err)
	}
	r.check(r.Revoke(t.Context(), "PUT-1", "stolen", "A1"))
	_, err = r.Add(t.Context(), "PUT-1", "PUT", "", "A1")
	wants(t, "add one that was revoked", err, border.Conflict)
}

func TestRotate(t *testing.T) {
	r := newRig(t)
	old, _ := r.enrolled()
	in, err := r.Rotate(t.Context(), "PUT-1", "A1")
	r.check(err)
	wants(t, "the old keys before it comes", r.Belongs("PUT-1", old.Keys.TLS), "")
	m := r.make()
	_, err = r.enrol(in, m)
	r.check(err)
	wants(t, "the old keys until the new ones are seen", r.Belongs("PUT-1", old.Keys.TLS), "")
	if users := r.Cut(); len(users) != 0 {
		t.Errorf("cut: %v", users)
	}
	wants(t, "the new keys", r.Belongs("PUT-1", m.Keys.TLS), "")
	wants(t, "the old keys after that", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	if users := r.Cut(); !slices.Equal(users, []string{old.Keys.NATS}) {
		t.Errorf("cut: %v", users)
	}
	r.restart()
	keys, revoked, err := r.Signer(t.Context(), "PUT-1")
	if err != nil || revoked || len(keys) != 2 || !slices.Equal(keys[0], m.Keys.Sign) || !slices.Equal(keys[1], old.Keys.Sign) {
		t.Errorf("old heads: %d keys, %v, %v", len(keys), revoked, err)
	}
	if speaking := r.Speaking("PUT-1"); len(speaking) != 1 || !slices.Equal(speaking[0], m.Keys.Sign) {
		t.Error("the old keys speak on")
	}
	_, err = r.Rotate(t.Context(), "PUT-2", "A1")
	wants(t, "one that does not exist", err, border.NotFound)
	r.clock.add(200 * 24 * time.Hour)
	if users := r.Cut(); len(users) != 0 {
		t.Errorf("cut, although it ended long ago: %v", users)
	}
}

// A stolen laptop: what it had counts no more from the moment on in which its place is given away.
func TestReplace(t *testing.T) {
	r := newRig(t)
	old, _ := r.enrolled()
	in, err := r.Replace(t.Context(), "PUT-1", "A1")
	r.check(err)
	wants(t, "the old keys", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	_, err = r.renew(old, r.make())
	wants(t, "renewal with the old keys", err, border.Forbidden)
	if users := r.Cut(); !slices.Equal(users, []string{old.Keys.NATS}) {
		t.Errorf("cut: %v", users)
	}
	if _, revoked, err := r.Signer(t.Context(), "PUT-1"); !revoked || err != nil {
		t.Errorf("signer: revoked %v, %v", revoked, err)
	}
	if s := r.view(); s.State != Revoked {
		t.Errorf("%+v", s)
	}
	_, err = r.Rotate(t.Context(), "PUT-1", "A1")
	wants(t, "rotate", err, border.Conflict)
	m := r.make()
	if _, err = r.enrol(in, m); err != nil { // what was refused has changed nothing
		t.Errorf("the new machine: %v", err)
	}
	wants(t, "the old keys beside the new machine", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	wants(t, "the new machine", r.Belongs("PUT-1", m.Keys.TLS), "")
	if keys, revoked, err := r.Signer(t.Context(), "PUT-1"); revoked || err != nil || len(keys) != 1 {
		t.Errorf("old heads count: %d keys, %v, %v", len(keys), revoked, err)
	}
}

func TestRevoke(t *testing.T) {
	r := newRig(t)
	old, _ := r.enrolled()
	pending, err := r.Rotate(t.Context(), "PUT-1", "A1")
	r.check(err)
	for _, reason := range []string{"", " ", strings.Repeat("x", 501)} {
		wants(t, "without a reason", r.Revoke(t.Context(), "PUT-1", reason, "A1"), border.Invalid)
	}
	r.check(r.Revoke(t.Context(), "PUT-1", "stolen", "A1"))
	wants(t, "twice", r.Revoke(t.Context(), "PUT-1", "stolen", "A1"), border.Conflict)
	wants(t, "one that does not exist", r.Revoke(t.Context(), "PUT-2", "stolen", "A1"), border.NotFound)
	for _, again := range []bool{false, true} {
		wants(t, "its keys", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
		_, err = r.renew(old, r.make())
		wants(t, "renewal", err, border.Forbidden)
		_, err = r.enrol(pending, r.make())
		wants(t, "a code from before", err, border.Forbidden)
		if _, err := r.SealKey(t.Context(), "PUT-1"); border.CodeOf(err) != border.Forbidden {
			t.Errorf("sealing key: %v", err)
		}
		keys, revoked, err := r.Signer(t.Context(), "PUT-1")
		if err != nil || !revoked || len(keys) != 1 {
			t.Errorf("signer: %d keys, revoked %v, %v", len(keys), revoked, err)
		}
		if s := r.view(); s.State != Revoked || s.Reason != "stolen" || s.RevokedBy != "A1" {
			t.Errorf("%+v", s)
		}
		if !slices.Equal(r.Cut(), []string{old.Keys.NATS}) || len(r.Speaking("PUT-1")) != 0 {
			t.Error("it is not cut off")
		}
		if !again {
			r.restart()
		}
	}
	in, err := r.Replace(t.Context(), "PUT-1", "A1")
	r.check(err)
	wants(t, "its keys while it is invited", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	m := r.make()
	_, err = r.enrol(in, m)
	r.check(err)
	wants(t, "its new keys", r.Belongs("PUT-1", m.Keys.TLS), "")
	wants(t, "its old keys", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	keys, revoked, err := r.Signer(t.Context(), "PUT-1")
	if err != nil || revoked || len(keys) != 1 {
		t.Errorf("signer: %d keys, revoked %v, %v", len(keys), revoked, err)
	}
}

func TestRenew(t *testing.T) {
	r := newRig(t)
	old, first := r.enrolled()
	r.clock.add(50 * 24 * time.Hour)
	lost := r.make()
	_, err := r.renew(old, lost)
	r.check(err)
	m := r.make() // the answer did not arrive
	id, err := r.renew(old, m)
	r.check(err)
	if !id.Grant.Expires.After(first.Grant.Expires) {
		t.Error("nothing was won")
	}
	wants(t, "keys whose grant was lost", r.Belongs("PUT-1", lost.Keys.TLS), border.Forbidden)
	wants(t, "the old ones", r.Belongs("PUT-1", old.Keys.TLS), "")
	_, err = r.Renew(t.Context(), "PUT-1", old.Keys.TLS, signs(&m.part), r.make().Request)
	wants(t, "signed with another key", err, border.Forbidden)
	third := r.make()
	_, err = r.renew(m, third) // with keys that no connection has shown
	r.check(err)
	wants(t, "the first ones", r.Belongs("PUT-1", old.Keys.TLS), border.Forbidden)
	_, err = r.renew(old, r.make())
	wants(t, "renewal with the first ones", err, border.Forbidden)
	_, err = r.renew(m, m)
	wants(t, "the same keys again", err, "")
	_, err = r.renew(m, old)
	wants(t, "keys that it had before", err, border.Forbidden)
	keys, _, err := r.Signer(t.Context(), "PUT-1")
	if err != nil || len(keys) != 4 || !slices.Equal(keys[0], m.Keys.Sign) {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	_, err = r.Renew(t.Context(), "PUT-9", old.Keys.TLS, signs(&old.part), r.make().Request)
	wants(t, "no such station", err, border.NotFound)
}

func TestRenewTooLate(t *testing.T) {
	r := newRig(t)
	old, id := r.enrolled()
	r.clock.add(id.Grant.Expires.Sub(noon) + time.Hour)
	if s := r.view(); s.State != Expired || len(s.Warnings) != 1 {
		t.Errorf("%+v", s)
	}
	r.clock.add(enrolment.LateFor*24*time.Hour - time.Hour)
	if _, err := r.renew(old, r.make()); err != nil {
		t.Errorf("after thirty days: %v", err)
	}
	r.clock.add(time.Second)
	_, err := r.renew(old, r.make())
	wants(t, "later", err, border.Forbidden)
	in, err := r.Rotate(t.Context(), "PUT-1", "A1")
	r.check(err)
	m := r.make()
	_, err = r.enrol(in, m)
	r.check(err)
	wants(t, "after station rotate", r.Belongs("PUT-1", m.Keys.TLS), "")
}

func TestExpiring(t *testing.T) {
	r := newRig(t)
	_, id := r.enrolled()
	_, err := r.Add(t.Context(), "PUT-2", "PUT", "", "A1")
	r.check(err)
	left := id.Grant.Expires.Sub(noon)
	for _, c := range []struct {
		left time.Duration
		want string
	}{{enrolment.Warned + time.Second, ""}, {enrolment.Warned, "reaches the hub"}, {0, "renews itself until"}, {-31 * 24 * time.Hour, "station rotate PUT-1"}} {
		r.clock.add(id.Grant.Expires.Sub(r.clock.Now()) - c.left)
		got, err := r.Expiring(t.Context())
		if err != nil || len(got) != min(len(c.want), 1) || c.want != "" && !strings.Contains(got[0].Warnings[0].String(), c.want) {
			t.Errorf("%s left of %s: %+v, %v", c.left, left, got, err)
		}
	}
}
