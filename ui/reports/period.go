package reports

import (
	"fmt"
	"strings"
	"time"

	"garita/border"
	"garita/border/flows"
	"garita/ui/i18n"
)

// period is a week (ISO 8601) or a month that a report is of.
type period struct {
	week     bool
	from, to time.Time // days, the last included
}

// periodOf reads "2026-W47" or "2026-11".
func periodOf(s string) (period, error) {
	wrong := &border.Error{Code: border.NotFound, Op: "open a report", Message: "There is a report of each week, like 2026-W47, and of each month, like 2026-11."}
	if year, week, ok := strings.Cut(s, "-W"); ok {
		var y, w int
		if n, err := fmt.Sscanf(year+" "+week, "%4d %2d", &y, &w); err != nil || n != 2 || w < 1 {
			return period{}, wrong
		}
		first := time.Date(y, 1, 4, 0, 0, 0, 0, time.UTC) // always in the first week
		p := weekOf(first.AddDate(0, 0, 7*(w-1)))
		if p.name() != s {
			return period{}, wrong
		}
		return p, nil
	}
	m, err := time.Parse("2006-01", s)
	if err != nil || m.Year() < 1 {
		return period{}, wrong
	}
	return monthOf(m), nil
}

// weekOf is the week that a day is in, monthOf its month.
func weekOf(day time.Time) period {
	from := time.Date(day.Year(), day.Month(), day.Day()-(int(day.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	return period{week: true, from: from, to: from.AddDate(0, 0, 6)}
}

func monthOf(day time.Time) period {
	from := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
	return period{from: from, to: from.AddDate(0, 1, -1)}
}

// name is the period's in addresses and files.
func (p period) name() string {
	if p.week {
		y, w := p.from.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", y, w)
	}
	return p.from.Format("2006-01")
}

// title says the period.
func (p period) title(to *i18n.Printer) string {
	if p.week {
		y, w := p.from.ISOWeek()
		return to.T("Week {0} of {1}", fmt.Sprint(w), fmt.Sprint(y))
	}
	return to.Month(p.from)
}

// before is the period before, after the one behind.
func (p period) before() period {
	if p.week {
		return weekOf(p.from.AddDate(0, 0, -7))
	}
	return monthOf(p.from.AddDate(0, 0, -1))
}

func (p period) after() period {
	if p.week {
		return weekOf(p.to.AddDate(0, 0, 1))
	}
	return monthOf(p.to.AddDate(0, 0, 1))
}

// first and last are the days as the register's questions are asked.
func (p period) first() string { return p.from.Format(time.DateOnly) }
func (p period) last() string  { return p.to.Format(time.DateOnly) }

// freq is the frequency of SDMX.
func (p period) freq() string {
	if p.week {
		return "W"
	}
	return "M"
}

// groupOf reads a group as the register writes it.
func groupOf(name string) flows.Group {
	direction, outcome, _ := strings.Cut(name, "/")
	return flows.Group{Direction: direction, Outcome: outcome}
}
