package attack

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/border/register"
	"garita/cmd/internal/founding"
)

// TestOfflineRoster: a station without its hub. Its roster grows old, and nobody puts another one
// in its place.
func TestOfflineRoster(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	old, err := s.hub.Officers.Roster(ctx, "PCA-1", 0)
	s.must(err)
	foreign, err := s.hub.Officers.Roster(ctx, "PCB-1", 0)
	s.must(err)

	// Somebody is revoked while they work; the station hears of it.
	b := s.browser(s.a.URL())
	b.signIn(spare, "1")
	s.must(s.hub.Officers.Revoke(ctx, spare, "left"))
	s.await("the revocation reaches the station", func() bool { return b.do("GET", "/session", "").status == http.StatusUnauthorized })
	s.await("the revocation reaches the other station", func() bool { return !s.b.SignIn.Now(spare) })
	s.stopHub()

	// Rolled back, of another station, altered, cut short, none at all.
	altered := slices.Clone(old)
	altered[len(altered)/2] ^= 1
	for what, c := range map[string]struct {
		roster []byte
		codes  []border.Code
	}{
		"the roster before":         {old, []border.Code{border.Stale}},
		"another station's":         {foreign, []border.Code{border.Invalid, border.Forbidden}},
		"one that was altered":      {altered, []border.Code{border.Invalid}},
		"one that was cut":          {old[:len(old)-1], []border.Code{border.Invalid}},
		"nothing":                   {nil, []border.Code{border.Invalid}},
		"one that is without bound": {make([]byte, border.MaxRoster+1), []border.Code{border.TooLarge}},
	} {
		version := s.a.SignIn.RosterVersion()
		if err := s.a.SignIn.InstallRoster(ctx, c.roster); !slices.Contains(c.codes, border.CodeOf(err)) || s.a.SignIn.RosterVersion() != version {
			t.Errorf("%s: %v", what, err)
		}
	}
	in := map[string]any{"badge": spare, "pin": founding.PIN, "counter": "1"}
	if got := s.browser(s.a.URL()).session(in); got.status != http.StatusUnauthorized {
		t.Errorf("who was revoked signs in: %v", got)
	}

	// Three days later it has expired: a supervisor must approve, or somebody says why none can.
	s.time.pass(80 * time.Hour)
	in["badge"] = badges[access.Inspector]
	alone := s.browser(s.a.URL())
	if got := alone.session(in); got.status != http.StatusForbidden || alone.cookie != "" {
		t.Errorf("on an expired roster: %v", got)
	}
	for what, more := range map[string]map[string]any{"a wrong PIN": {"approver_badge": badges[access.Supervisor], "approver_pin": "135791"},
		"the officer's own": {"approver_badge": badges[access.Inspector], "approver_pin": founding.PIN}, "a technician's": {"approver_badge": badges[access.Technician], "approver_pin": founding.PIN},
		"a word that was never given": {"approval": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}} {
		for k, v := range in {
			more[k] = v
		}
		if got := s.browser(s.a.URL()).session(more); got.status < 400 || got.status >= 500 {
			t.Errorf("approved by %s: %v", what, got)
		}
	}
	overdue := func(more map[string]any) *browser {
		t.Helper()
		for k, v := range in {
			more[k] = v
		}
		b := s.browser(s.a.URL())
		got := b.session(more)
		var told struct {
			Overdue bool `json:"overdue"`
		}
		if err := json.Unmarshal([]byte(got.body), &told); err != nil || got.status != http.StatusOK || !told.Overdue {
			t.Fatalf("signing in on an expired roster: %v", got)
		}
		return b
	}
	overdue(map[string]any{"approver_badge": badges[access.Supervisor], "approver_pin": founding.PIN})
	s.told(s.a, "the supervisor's approval", func(a *audit.Act) bool {
		return a.Action == string(access.SignIn) && a.Second != "" && a.Result == border.ActDone
	})
	b = overdue(map[string]any{"awaiting": "The supervisor is ill."})
	s.told(s.a, "what awaits a supervisor", func(a *audit.Act) bool { return a.Action == string(access.SignIn) && a.Result == border.ActAwaiting })
	b.record("1", s.next(), nil)
	s.crossings++

	// The hub comes back, and is told.
	s.openHub()
	s.arrived()
	s.reviewed(register.ReviewOverdue, 1)
	if n := s.alarms(register.AlarmOverdue); n == 0 {
		t.Error("no alarm tells of who worked on an expired roster")
	}
}

// reviewed waits until the hub lists so many reviews of a kind, or more.
func (s *site) reviewed(kind register.ReviewKind, least int) (of []register.Review) {
	s.t.Helper()
	s.await("the hub lists "+string(kind)+" for review", func() bool {
		all, err := s.hub.Register.Reviews(s.t.Context(), false, 1000)
		s.must(err)
		of = slices.DeleteFunc(all, func(r register.Review) bool { return r.Kind != kind })
		return len(of) >= least
	})
	return of
}

// TestOneOfficerSevenDaysCutOff: a post with one officer and no network works for a week, and
// whatever took two people is reviewed when the hub is back.
func TestOneOfficerSevenDaysCutOff(t *testing.T) {
	t.Parallel()
	s := newSiteOf(t, access.Officer{Badge: spare, Name: "Invented Alone", Roles: []access.Role{access.Inspector}})
	s.stopHub()
	const perDay = 3
	var first, last border.ID
	var overdue int
	for day := range 7 {
		s.time.pass(24 * time.Hour)
		b := s.browser(s.a.URL())
		if got := b.session(map[string]any{"badge": spare, "pin": founding.PIN, "counter": "1"}); got.status != http.StatusOK {
			t.Fatalf("day %d: the only officer cannot sign in: %v", day+1, got)
		} else if told := (struct {
			Overdue bool `json:"overdue"`
		}{}); json.Unmarshal([]byte(got.body), &told) == nil && told.Overdue {
			overdue++
		}
		for range perDay {
			last = b.record("1", s.next(), nil)
			if first == (border.ID{}) {
				first = last
			}
			s.crossings++
		}
		switch day {
		case 2: // somebody on the list is let in
			if _, err := b.tryRecord("1", s.listed(), nil); err == nil {
				t.Error("one officer lets somebody in who is listed, and says nothing")
			}
			listed := s.listed()
			_, err := b.decide("1", listed.Missing, map[string]any{"awaiting": "Nobody else is at this post."})
			s.must(err)
			s.crossings++
		case 4: // something of the first day was wrong
			id, err := border.NewIDs(s.time.keeper(), nil).New()
			s.must(err)
			change := map[string]any{"change": id, "crossing": first, "reason": "typing", "values": map[string]string{"purpose": "business"}}
			if got := b.json("POST", "/api/v1/counters/1/corrections", change); got.status != http.StatusForbidden {
				t.Errorf("one officer corrects days later, and says nothing: %v", got)
			}
			change["awaiting"] = "Nobody else is at this post."
			if got := b.json("POST", "/api/v1/counters/1/corrections", change); got.status != http.StatusCreated {
				t.Errorf("a late correction: %v", got)
			}
		}
	}
	if overdue < 3 {
		t.Errorf("on %d days the officer was told that the roster is overdue, want the last ones", overdue)
	}
	v, err := s.a.Counters.View("1")
	s.must(err)
	if v.Status.Hub.Connected || v.Status.Hub.Backlog < uint64(s.crossings) {
		t.Errorf("cut off: %+v", v.Status.Hub)
	}
	s.openHub()
	s.arrived()
	s.await("everything has arrived", func() bool {
		v, err := s.a.Counters.View("1")
		s.must(err)
		return v.Status.Hub.Connected && v.Status.Hub.Backlog == 0
	})
	var acted []string
	for _, r := range s.reviewed(register.ReviewAwaiting, 2) {
		acted = append(acted, r.Action)
	}
	if !slices.Contains(acted, string(access.HitOverride)) || !slices.Contains(acted, string(access.LateCorrect)) {
		t.Errorf("for review: %v", acted)
	}
	s.reviewed(register.ReviewOverdue, 1)
	if s.alarms(register.AlarmAwaiting) < 2 || s.alarms(register.AlarmOverdue) == 0 {
		t.Errorf("alarms: %d of what awaits, %d of overdue", s.alarms(register.AlarmAwaiting), s.alarms(register.AlarmOverdue))
	}
	c, err := s.hub.Register.CrossingByID(t.Context(), first)
	s.must(err)
	if !c.Corrected || c.Purpose != "business" {
		t.Errorf("the crossing that was corrected: %+v", c)
	}
	if counts, err := s.hub.Register.Counts(t.Context()); err != nil || counts.Quarantined > 0 || counts.Malformed > 0 {
		t.Errorf("%+v, %v", counts, err)
	}
	if n := s.alarms(register.AlarmSignature) + s.alarms(register.AlarmLogForked) + s.alarms(register.AlarmRolledBack) + s.alarms(register.AlarmChainBroken); n > 0 {
		t.Errorf("%d alarms of tampering", n)
	}
	t.Logf("%d crossings in seven days, %d days overdue, for review: %v", s.crossings, overdue, acted)
}
