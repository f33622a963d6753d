package watch

import (
	"math"

	"garita/border/watch/match"
)

// dateWeights is what dates say at most.
type dateWeights struct {
	near, middle, far float64      // by how many years they are apart
	year              [256]float64 // by the year of a brief
	same              [256]float64 // the same if day and month are those asked for
	days              [8]uint64    // bits of the days that are nearly those asked for, in the same year
	asked             brief        // year and day
	until             uint8        // last year
	turning           bool         // the day is the first or last of a year: its neighbours are in another
	several           bool         // ask by the years of several dates
}

func (w *dateWeights) set(a *ask) {
	m, d := a.model, a.date
	unknown := m.Dates[match.DateUnknown]
	w.near = math.Inf(-1)
	for l := range m.Dates {
		if match.DateLevel(l) != match.DateUnknown {
			w.near = max(w.near, m.Dates[l])
		}
	}
	w.far = max(m.Dates[match.DateOther], m.Dates[match.DateDigit])
	w.middle = max(w.far, m.Dates[match.DateFar])
	w.several, w.turning, w.days = d.Known(), false, [8]uint64{}
	full := d.Month != 0 && d.Day != 0 && !d.Circa && d.Until == d.Year
	years := lastYear - firstYear + 1
	for i := range years {
		y := firstYear + i
		switch apart := max(y-int(d.Until), int(d.Year)-y); {
		case !d.Known():
			w.year[1+i] = unknown
		case !full:
			w.year[1+i] = w.apart(y, y, d)
		case apart == 0:
			w.year[1+i] = max(m.Dates[match.DateSameYear], m.Dates[match.DateNear])
		case apart <= 2:
			w.year[1+i] = m.Dates[match.DateNear]
		case apart <= 10:
			w.year[1+i] = m.Dates[match.DateFar]
		default:
			w.year[1+i] = m.Dates[match.DateOther]
		}
	}
	w.year[0] = unknown
	w.same = w.year
	w.asked = brief(briefYear(int(d.Year)))<<24 | brief(briefDay(d.Month, d.Day))<<15
	w.until = briefYear(int(d.Until))
	if full {
		w.turning = d.Month == 1 && d.Day == 1 || d.Month == 12 && d.Day == 31
		w.sameDay(m, d)
		w.nearDays(d)
	}
}

// sameDay notes what the same day says of years that are nearly the one asked for: the one before
// or after, one digit another.
func (w *dateWeights) sameDay(m *match.Model, d match.Date) {
	note := func(year int) {
		listed := match.Date{Year: int16(year), Until: int16(year), Month: d.Month, Day: d.Day}
		at := briefYear(year)
		w.same[at] = max(w.same[at], m.Dates[match.CompareDates(d, listed)])
	}
	for apart := -1; apart <= 1; apart++ {
		note(int(d.Year) + apart)
	}
	for ten := 1; ten <= 1000; ten *= 10 {
		rest := int(d.Year) - int(d.Year)/ten%10*ten
		for digit := range 10 {
			if year := rest + digit*ten; year >= firstYear && year <= lastYear {
				note(year)
			}
		}
	}
}

// nearDays notes the days that may say more than that they lie in the same year: not known to
// the day, crossed, one digit another, the day before or after.
func (w *dateWeights) nearDays(d match.Date) {
	note := func(month, day int8) {
		if month >= 0 && month <= 12 && day >= 0 && day <= 31 {
			at := briefDay(month, day)
			w.days[at/64] |= 1 << (at % 64)
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

// apart is what dates of the years first to last say at most.
func (w *dateWeights) apart(first, last int, d match.Date) float64 {
	switch apart := max(first-int(d.Until), int(d.Year)-last); {
	case apart <= 2:
		return w.near
	case apart <= 10:
		return w.middle
	}
	return w.far
}

// brief is what a posting's date says at most.
func (w *dateWeights) brief(b brief) float64 {
	y, d := b.year(), b.day()
	switch {
	case b.several() && w.several:
		switch apart := max(int(y)-int(w.until), int(w.asked.year())-int(y)-int(d)); {
		case apart <= 2:
			return w.near
		case apart <= 10:
			return w.middle
		}
		return w.far
	case d == w.asked.day():
		return w.same[y]
	case y == w.asked.year() && w.days[d/64]>>(d%64)&1 == 1, w.turning && y != 0:
		return max(w.near, w.year[y])
	}
	return w.year[y]
}

// regions parts the identities into runs by what their dates can say, in their order.
func (a *ask) regions(s *segment) {
	w := &a.dates
	w.set(a)
	unknown := a.model.Dates[match.DateUnknown]
	n := uint32(s.len())
	if !a.date.Known() {
		a.runs = append(a.runs[:0], region{0, n, unknown})
		return
	}
	at := func(place int) uint32 { return s.years.at(min(max(place, dated), places)) }
	first, from, to := at(dated), at(yearPlace(int(a.date.Year))-10), at(yearPlace(int(a.date.Until))+11)
	a.runs = append(a.runs[:0], region{0, first, max(w.near, unknown)}, region{first, from, w.far}, region{from, to, w.near}, region{to, n, w.far})
}

// dateWeight is what the date of an identity says, at most.
func (a *ask) dateWeight(s *segment, id uint32, x traits) float64 {
	switch listed := s.summaries.at(int(2 * id)); {
	case listed == 0 || !a.date.Known():
		return a.model.Dates[match.DateUnknown]
	case x.years():
		return a.dates.apart(int(listed>>16), int(listed&0xFFFF), a.date)
	default:
		return a.model.Dates[match.CompareDates(a.date, match.Date{Year: int16(listed >> 16), Until: int16(listed >> 16), Month: int8(listed >> 8), Day: int8(listed)})]
	}
}
