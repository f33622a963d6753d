package signin_test

import (
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
)

func TestSecond(t *testing.T) {
	given := officer("2002", access.Supervisor)
	given.MustChange = true
	r := newStation(t, append(staff(), given, officer("2003", access.Supervisor))...)
	me, boss := r.signIn("1001", "1").Principal, r.signIn("2001", "2").Principal
	ask := func(p *access.Principal, a access.Action, badge, pin string) (string, error) {
		return r.s.Approve(here, p, a, signin.In{Badge: badge, PIN: pin})
	}
	for what, c := range map[string]struct {
		p          *access.Principal
		a          access.Action
		badge, pin string
		code       border.Code
	}{
		"oneself":           {boss, access.RefuseEntry, "20-01", goodPIN, border.Forbidden},
		"not a supervisor":  {me, access.RefuseEntry, "1002", goodPIN, border.Forbidden},
		"wrong PIN":         {me, access.RefuseEntry, "2001", otherPIN, border.Unauthenticated},
		"a PIN given":       {me, access.RefuseEntry, "2002", goodPIN, border.Forbidden},
		"nobody signed in":  {nil, access.RefuseEntry, "2001", goodPIN, border.Unauthenticated},
		"takes no second":   {me, access.CounterRead, "2001", goodPIN, border.Invalid},
		"not at this place": {me, access.RetentionLong, "2001", goodPIN, border.Forbidden},
	} {
		_, err := ask(c.p, c.a, c.badge, c.pin)
		wantCode(t, what, err, c.code)
	}
	word, err := ask(me, access.RefuseEntry, "2001", goodPIN)
	must(t, err)
	badge, err := r.s.Redeem(here, me, access.RefuseEntry, word)
	if err != nil || badge != "2001" {
		t.Errorf("redeemed %q, %v", badge, err)
	}
	_, err = r.s.Redeem(here, me, access.RefuseEntry, word)
	wantCode(t, "twice", err, border.SecondNeeded)
	if r.audit.have(access.ApproveOther, "", "") != 1 {
		t.Errorf("the audit is %+v", r.audit.all)
	}

	fresh := func() string {
		word, err := ask(me, access.RefuseEntry, "2001", goodPIN)
		must(t, err)
		return word
	}
	other := r.signIn("1002", "3").Principal
	again := r.signIn("1001", "1").Principal
	for what, redeem := range map[string]func(string) error{
		"another action":  func(w string) error { _, err := r.s.Redeem(here, me, access.LateCorrect, w); return err },
		"another officer": func(w string) error { _, err := r.s.Redeem(here, other, access.RefuseEntry, w); return err },
		"another session": func(w string) error { _, err := r.s.Redeem(here, again, access.RefuseEntry, w); return err },
		"the second alone": func(w string) error {
			_, err := r.s.Redeem(here, boss, access.RefuseEntry, w)
			return err
		},
		"too late": func(w string) error {
			r.time.pass(2 * time.Minute)
			_, err := r.s.Redeem(here, me, access.RefuseEntry, w)
			return err
		},
		"rubbish": func(string) error { _, err := r.s.Redeem(here, me, access.RefuseEntry, "rubbish"); return err },
		"none":    func(string) error { _, err := r.s.Redeem(here, me, access.RefuseEntry, ""); return err },
	} {
		wantCode(t, what, redeem(fresh()), border.SecondNeeded)
	}
	w := fresh()
	changed := append(staff(), officer("2003", access.Supervisor))
	changed[2].Revoked = r.time.Now()
	must(t, r.install(2, changed...))
	_, err = r.s.Redeem(here, me, access.RefuseEntry, w)
	wantCode(t, "of somebody revoked since", err, border.SecondNeeded)
	for _, a := range r.audit.all {
		if a.Action == string(access.ApproveOther) && a.Result == "" && (a.Officer != "1001" || a.Second != "2001" || a.Object != string(access.RefuseEntry) || a.Session == "") {
			t.Errorf("the audit says %+v", a)
		}
	}
}

func TestSecondWithPasskey(t *testing.T) {
	h := newHub(t)
	must(t, h.accounts.AddWith(t.Context(), access.Officer{Badge: "3002", Name: "Cid Utopia", Roles: []access.Role{access.Operator}}, goodPIN))
	a := h.register("3002")
	me, other := h.signIn("3001", goodPIN).Principal, h.signIn("9001", goodPIN).Principal
	finish := func(p *access.Principal, act access.Action) (string, error) {
		name, options, err := h.s.BeginApprove(here, me, access.CasesClose)
		must(t, err)
		return h.s.FinishApprove(here, p, act, name, a.get(options))
	}
	_, err := finish(other, access.CasesClose)
	wantCode(t, "for somebody else", err, border.Unauthenticated)
	_, err = finish(me, access.RecordsExport)
	wantCode(t, "for something else", err, border.Unauthenticated)
	word, err := finish(me, access.CasesClose)
	must(t, err)
	badge, err := h.s.Redeem(here, me, access.CasesClose, word)
	if err != nil || badge != "3002" {
		t.Errorf("redeemed %q, %v", badge, err)
	}
	own := h.signIn("3002", goodPIN).Principal
	name, options, err := h.s.BeginApprove(here, own, access.CasesClose)
	must(t, err)
	_, err = h.s.FinishApprove(here, own, access.CasesClose, name, a.get(options))
	wantCode(t, "oneself", err, border.Forbidden)
}
