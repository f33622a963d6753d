package watch

import (
	"garita/border/watch/match"
)

// dateWeights is what dates say at most.
type dateWeights struct {
	asked   match.Date
	known   bool
	full    bool         // day, month and year are asked for
	vague   bool         // years cannot be told apart: the one asked for is beyond them
	unknown float64      // no date is listed
	near    float64      // any date
	year    [256]float64 // by the year of a brief, on another day than the one asked for
	most    [256]float64 // by the year of a brief, on any day
	same    [256]float64 // as year, if day and month are those asked for
	inYear  [512]float64 // in the year asked for, by the day of a brief
	day     brief        // year and day asked for, nothing else
	turn    brief        // the day before or after, if it is in another year; else 0
	turned  float64      // what that says
	wide    [3]float64   // an interval: up to 2 years apart, up to 10, more
	days    [3]float64   // an interval that has days as well
	levels  []float64    // of the model
}

// dateBits are the year and the day of a brief.
const dateBits = brief(1<<32 - 1<<15)

func (w *dateWeights) set(m *match.Model, d match.Date) {
	w.levels = m.Dates[:]
	w.asked, w.unknown = d, m.Dates[match.DateUnknown]
	w.known = d.Known()
	w.full = d.Month != 0 && d.Day != 0 && plain(d)
	w.vague = d.Year <= firstYear+10 || d.Until >= lastYear-10
	w.near = m.Dates[match.DateExact]
	for l, x := range m.Dates {
		if match.DateLevel(l) != match.DateUnknown {
			w.near = max(w.near, x)
		}
	}
	w.day, w.turn, w.turned = dayOf(d), 0, m.Dates[match.DateNextDay]
	other, far := m.Dates[match.DateOther], m.Dates[match.DateFar]
	some := max(m.Dates[match.DateRange], m.Dates[match.DateNear])
	w.wide = [3]float64{some, max(far, other), other}
	w.days = [3]float64{w.near, max(w.wide[1], m.Dates[match.DateDigit]), max(other, m.Dates[match.DateDigit])}
	if !d.Known() {
		return
	}
	this := max(m.Dates[match.DateMonth], m.Dates[match.DateYear], m.Dates[match.DateSameYear], some)
	if w.full {
		some = m.Dates[match.DateNear]
	}
	w.year[0] = w.unknown
	for y := firstYear; y <= lastYear; y++ {
		x := &w.year[briefYear(y)]
		switch apart := max(y-int(d.Until), int(d.Year)-y); {
		case w.vague:
			*x = w.near
		case apart <= 0:
			*x = this
		case apart <= 2:
			*x = some
		case apart <= 10:
			*x = far
		default:
			*x = other
		}
	}
	if w.full { // years before the first and after the last are counted among these
		for _, y := range []int{firstYear, lastYear} {
			w.year[briefYear(y)] = max(w.year[briefYear(y)], m.Dates[match.DateDigit])
		}
	}
	w.same = w.year
	if w.full {
		w.sameDay(m)
		w.sameYear(m)
	}
	w.most = w.same
	if w.full {
		w.most[w.day.year()] = w.near
		if w.turn != 0 {
			w.most[w.turn.year()] = max(w.most[w.turn.year()], w.turned)
		}
	}
}

// dayOf gives the year and the day of a brief.
func dayOf(d match.Date) brief {
	return brief(briefYear(int(d.Year)))<<24 | brief(briefDay(d.Month, d.Day))<<15
}

// sameDay notes what the same day says of years that are nearly the one asked for: the one before
// or after, one digit another; and the next day, if it is in another year.
func (w *dateWeights) sameDay(m *match.Model) {
	d := w.asked
	note := func(year int) {
		if year > firstYear && year < lastYear {
			listed := match.Date{Year: int16(year), Until: int16(year), Month: d.Month, Day: d.Day}
			w.same[briefYear(year)] = max(w.same[briefYear(year)], m.Dates[match.CompareDates(d, listed)])
		}
	}
	note(int(d.Year) - 1)
	note(int(d.Year) + 1)
	for ten := 1; ten <= 1000; ten *= 10 {
		rest := int(d.Year) - int(d.Year)/ten%10*ten
		for digit := range 10 {
			note(rest + digit*ten)
		}
	}
	switch {
	case d.Month == 1 && d.Day == 1:
		w.turn = dayOf(match.Date{Year: d.Year - 1, Month: 12, Day: 31})
	case d.Month == 12 && d.Day == 31:
		w.turn = dayOf(match.Date{Year: d.Year + 1, Month: 1, Day: 1})
	}
}

// sameYear notes what the days of the year asked for say: another day, or one that is crossed, has
// another digit, is the next, or is not known.
func (w *dateWeights) sameYear(m *match.Model) {
	d := w.asked
	usual := m.Dates[match.DateSameYear]
	for i := range w.inYear {
		w.inYear[i] = usual
	}
	note := func(month, day int8) {
		if month >= 0 && month <= 12 && day >= 0 && day <= 31 {
			listed := match.Date{Year: d.Year, Until: d.Year, Month: month, Day: day}
			w.inYear[briefDay(month, day)] = m.Dates[match.CompareDates(d, listed)]
		}
	}
	note(d.Day, d.Month)
	for day := range int8(32) {
		note(0, day)
		if day/10 == d.Day/10 || day%10 == d.Day%10 || max(day-d.Day, d.Day-day) <= 1 {
			note(d.Month, day)
		}
		if d.Day == 1 && day >= 28 {
			note(d.Month-1, day)
		}
	}
	for month := range int8(13) {
		note(month, 0)
		note(month, 1)
		if month/10 == d.Month/10 || month%10 == d.Month%10 {
			note(month, d.Day)
		}
	}
}

// interval is what dates of the years first to last say at most.
func (w *dateWeights) interval(first, last int, days bool) float64 {
	of := &w.wide
	if days {
		of = &w.days
	}
	switch apart := max(first-int(w.asked.Until), int(w.asked.Year)-last); {
	case apart <= 2 || w.vague:
		return of[0]
	case apart <= 10:
		return of[1]
	}
	return of[2]
}

// brief is what a posting's date says at most.
func (w *dateWeights) brief(b brief) float64 {
	y := b.year()
	switch {
	case y == 0 || !w.known:
		return w.unknown
	case b.several():
		first := firstYear - 1 + int(y)
		return w.interval(first, first+int(b.day()), b.days())
	case !w.full || w.vague:
		return w.year[y]
	case y == w.day.year():
		return w.inYear[b.day()]
	case b.day() == w.day.day():
		return w.same[y]
	case b&dateBits == w.turn && w.turn != 0:
		return w.turned
	}
	return w.year[y]
}

// listed is what the date of an identity says, at most.
func (w *dateWeights) listed(packed uint32, x traits) float64 {
	switch d := w.asked; {
	case packed == 0 || !d.Known():
		return w.unknown
	case x.years():
		return w.interval(int(packed>>16), int(packed&0xFFFF), x.days())
	default:
		return w.levels[match.CompareDates(d, match.Date{Year: int16(packed >> 16), Until: int16(packed >> 16), Month: int8(packed >> 8), Day: int8(packed)})]
	}
}
