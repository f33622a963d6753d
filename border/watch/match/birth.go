package match

// Date is a date of birth, as far as it is known. The zero Date is not known.
type Date struct {
	Year, Until int16 // years; Until is the last of an interval, else the same as Year
	Month, Day  int8  // 0: not known
	Circa       bool
}

// Known reports whether at least the year is known.
func (d Date) Known() bool { return d.Year != 0 }

// ParseDate reads an EDTF date: 1970-03-12, 1970-03-XX, 1970-XX-XX, 1970, 1970-XX-XX~ and the
// interval 1960/1962. What it cannot read is not known.
func ParseDate(s string) Date {
	var d Date
	if n := len(s); n > 0 && s[n-1] == '~' {
		d.Circa = true
		s = s[:n-1]
	}
	year, rest, ok := number(s, 4)
	if !ok || year < 1 {
		return Date{}
	}
	d.Year, d.Until = int16(year), int16(year)
	if rest == "" {
		return d
	}
	if rest[0] == '/' {
		if until, _, ok := number(rest[1:], 4); ok && until >= year {
			d.Until = int16(until)
			return d
		}
		return Date{}
	}
	if rest[0] != '-' {
		return Date{}
	}
	month, rest, ok := number(rest[1:], 2)
	if !ok || month < 1 || month > 12 {
		return d
	}
	d.Month = int8(month)
	if rest == "" || rest[0] != '-' {
		return d
	}
	if day, _, ok := number(rest[1:], 2); ok && day >= 1 && day <= 31 {
		d.Day = int8(day)
	}
	return d
}

// number reads so many digits.
func number(s string, digits int) (n int, rest string, ok bool) {
	if len(s) < digits {
		return 0, s, false
	}
	for i := range digits {
		c := s[i] - '0'
		if c > 9 {
			return 0, s[digits:], false
		}
		n = n*10 + int(c)
	}
	return n, s[digits:], true
}

// DateLevel says how two dates of birth compare.
type DateLevel uint8

// The levels.
const (
	DateUnknown  DateLevel = iota // one of them is not known
	DateExact                     // day, month and year
	DateMonth                     // year and month; the day is not known of one
	DateYear                      // year; month and day are not known of one
	DateSwapped                   // day and month the other way round
	DateDigit                     // one digit another
	DateNextYear                  // the same day of the year before or after
	DateNextDay                   // the day before or after
	DateRange                     // within a listed interval, or near a year given as about
	DateSameYear                  // the year, but another day
	DateNear                      // two years or less apart
	DateFar                       // up to ten years apart, another day
	DateOther                     // further
	dateLevels
)

// String is the level's word in an explanation.
func (l DateLevel) String() string {
	return [...]string{"unknown", "exact", "month", "year", "swapped_day_month", "one_digit", "next_year",
		"next_day", "range", "same_year", "near", "far", "other"}[l]
}

// CompareDates says how a traveller's date compares with a listed one.
func CompareDates(asked, listed Date) DateLevel {
	if !asked.Known() || !listed.Known() {
		return DateUnknown
	}
	apart := 0
	switch {
	case asked.Year > listed.Until:
		apart = int(asked.Year) - int(listed.Until)
	case asked.Until < listed.Year:
		apart = int(listed.Year) - int(asked.Until)
	}
	if asked.wide() || listed.wide() {
		switch {
		case apart == 0, apart <= 2 && (listed.Circa || asked.Circa):
			return DateRange
		case apart <= 2:
			return DateNear
		case apart <= 10:
			return DateFar
		}
		return DateOther
	}
	if asked.Month == 0 || listed.Month == 0 {
		switch {
		case apart == 0:
			return DateYear
		case apart <= 2:
			return DateNear
		case apart <= 10:
			return DateFar
		}
		return DateOther
	}
	if asked.Day == 0 || listed.Day == 0 {
		switch {
		case apart == 0 && asked.Month == listed.Month:
			return DateMonth
		case apart == 1 && asked.Month == listed.Month:
			return DateNear
		case apart == 0:
			return DateSameYear
		case apart <= 2:
			return DateNear
		case apart <= 10:
			return DateFar
		}
		return DateOther
	}
	switch {
	case apart == 0 && asked.Month == listed.Month && asked.Day == listed.Day:
		return DateExact
	case apart == 0 && asked.Month == listed.Day && asked.Day == listed.Month:
		return DateSwapped
	case apart == 1 && asked.Month == listed.Month && asked.Day == listed.Day:
		return DateNextYear
	case digits(asked, listed) == 1:
		return DateDigit
	case nextDay(asked, listed):
		return DateNextDay
	case apart == 0:
		return DateSameYear
	case apart <= 2:
		return DateNear
	case apart <= 10:
		return DateFar
	}
	return DateOther
}

// digits counts the digits in which two full dates differ.
func digits(a, b Date) int {
	n := 0
	for x, y := int(a.Year)*10000+int(a.Month)*100+int(a.Day), int(b.Year)*10000+int(b.Month)*100+int(b.Day); x > 0 || y > 0; x, y = x/10, y/10 {
		if x%10 != y%10 {
			n++
		}
	}
	return n
}

// nextDay reports whether two full dates are neighbours.
func nextDay(a, b Date) bool {
	x, y := ordinal(a), ordinal(b)
	return x-y == 1 || y-x == 1
}

// ordinal counts days, by the proleptic Gregorian calendar.
func ordinal(d Date) int {
	y, m := int(d.Year), int(d.Month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int(d.Day)
}

// wide reports whether a date is an interval, or about a year.
func (d Date) wide() bool { return d.Circa || d.Until != d.Year }
