package signin

import (
	"time"

	"garita/border"
	"garita/border/signin"
	"garita/ui/i18n"
)

// span puts a duration into the two largest units.
func span(p *i18n.Printer, d time.Duration) string {
	m := int(max(d, 0) / time.Minute)
	days, hours, minutes := m/(24*60), m/60%24, m%60
	part := func(n int, unit i18n.Msg) string { return p.T(unit, n) }
	const d0, h0, m0 = i18n.Msg("{0} d"), i18n.Msg("{0} h"), i18n.Msg("{0} min")
	switch {
	case days > 0 && hours > 0:
		return part(days, d0) + " " + part(hours, h0)
	case days > 0:
		return part(days, d0)
	case hours > 0 && minutes > 0:
		return part(hours, h0) + " " + part(minutes, m0)
	case hours > 0:
		return part(hours, h0)
	}
	return part(minutes, m0)
}

// troubles say why signing in did not work. Whatever else is wrong reads the same as a wrong PIN
// where saying more would tell a stranger who works here.
var troubles = map[border.Code]i18n.Msg{
	border.Unauthenticated: "Badge or PIN is wrong.",
	border.TooMany:         "Too many tries. Wait, then try again, or have the administrator unlock it.",
	border.SecondNeeded:    "The roster has expired. A supervisor must approve with their own badge and PIN.",
	border.Forbidden:       "This account may not sign in here.",
	border.Invalid:         "Write badge and PIN.",
}

func trouble(p *i18n.Printer, code border.Code) string {
	if m, ok := troubles[code]; ok {
		return p.T(m)
	}
	return p.T("Not now. Wait a moment and try again.")
}

// until writes when something ends: the same in all languages, and in UTC, as a log would.
func until(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// roster puts the age of what is known of officers into words.
func roster(p *i18n.Printer, r signin.RosterState, hub bool) (words string, bad bool) {
	switch {
	case hub:
		return p.T("roster::the hub’s own"), false
	case r.Version == 0:
		return p.T("none has arrived yet: ask the hub to approve this station"), true
	case r.Expired:
		return p.T("EXPIRED since {1}, {0} old: what is done is reviewed later", span(p, r.Age), until(r.ExpiresAt)), true
	}
	return p.T("{0} old; holds until {1}", span(p, r.Age), until(r.ExpiresAt)), false
}

// clock puts the trust in a station's clock into words.
func clock(p *i18n.Printer, trust *border.ClockTrust) (words string, bad bool) {
	switch {
	case trust == nil:
		return p.T("clock::the hub’s own"), false
	case trust.State == border.ClockSynced:
		return p.T("checked with the hub"), false
	case trust.State == border.ClockHoldover:
		return p.T("not checked for {0}", span(p, time.Duration(trust.AgeS)*time.Second)), false
	}
	return p.T("NOT TRUSTED: dates are not checked"), true
}
