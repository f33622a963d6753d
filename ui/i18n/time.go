package i18n

import (
	"fmt"
	"time"
)

// Day writes the day of a time in its own zone: "2 Jan 2006".
func (p *Printer) Day(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), rules[p.lang].months[t.Month()-1], t.Year())
}

// Month writes a month: "January 2006".
func (p *Printer) Month(t time.Time) string {
	return fmt.Sprintf("%s %d", rules[p.lang].long[t.Month()-1], t.Year())
}

// Weekday writes the day of the week, short: "Mon".
func (p *Printer) Weekday(d time.Weekday) string { return rules[p.lang].days[d] }

// At writes day and time in the time's own zone: "2 Jan 2006 15:04".
func (p *Printer) At(t time.Time) string { return p.Day(t) + " " + t.Format("15:04") }

// Span says how long something is, coarsely, so that a page does not change with every second.
func (p *Printer) Span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return p.N(int(d/(24*time.Hour)), "{0} day", "{0} days")
	case d >= 2*time.Hour:
		return p.T("{0} h", int(d/time.Hour))
	case d >= 2*time.Minute:
		return p.T("{0} min", int(d/time.Minute))
	case d >= 10*time.Second:
		return p.T("{0} s", int(d/(10*time.Second))*10)
	}
	return p.T("a moment")
}
