package mrz

import "time"

// Date is a calendar day, against which the centuries of two-digit years are chosen.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf gives the calendar day of a time in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// compare is negative, zero or positive as a is before, on or after b. The days compared
// need not exist: 50 years before a 29 February is 29 February all the same.
func (a Date) compare(b Date) int {
	switch {
	case a.Year != b.Year:
		return a.Year - b.Year
	case a.Month != b.Month:
		return int(a.Month) - int(b.Month)
	}
	return a.Day - b.Day
}

const (
	unknown = -1 // << in the place of a part
	noPart  = -2 // a letter, or a digit beside a filler
)

// part reads two characters of a date: 0 to 99, unknown or noPart.
func part(a, b byte) int {
	switch {
	case a == '<' && b == '<':
		return unknown
	case isDigit(a) && isDigit(b):
		return int(a-'0')*10 + int(b-'0')
	}
	return noPart
}

// twoDigitDate is a date as printed: each part a number or unknown, the year of no century.
type twoDigitDate struct{ year, month, day int }

// readDate reads the six characters of a date. zero reports a month or day 00, taken as
// unknown; ok is false for what can be no day of any year.
func readDate(text *[6]byte) (d twoDigitDate, zero, ok bool) {
	d = twoDigitDate{part(text[0], text[1]), part(text[2], text[3]), part(text[4], text[5])}
	if d.month == 0 {
		d.month, zero = unknown, true
	}
	if d.day == 0 {
		d.day, zero = unknown, true
	}
	if d.year == noPart || d.month == noPart || d.day == noPart || d.month > 12 {
		return d, zero, false
	}
	most := 31
	switch d.month {
	case 2:
		most = 29
	case 4, 6, 9, 11:
		most = 30
	}
	return d, zero, d.day <= most
}

// earliest is the earliest day of the year y that fits; exists is false if none does,
// which can only be a 29 February.
func (d twoDigitDate) earliest(y int) (day Date, exists bool) {
	day = Date{y, time.Month(max(d.month, 1)), max(d.day, 1)}
	return day, y >= 0 && y <= 9999 && (d.month != 2 || d.day != 29 || leap(y))
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// birthYear finds the latest year of birth that is not in the future. Centuries repeat
// after four, so a fifth would bring nothing new.
func (d twoDigitDate) birthYear(today Date) (int, bool) {
	y := today.Year - today.Year%100 + d.year
	for range 5 {
		if day, exists := d.earliest(y); exists && day.compare(today) <= 0 {
			return y, true
		}
		y -= 100
	}
	return 0, false
}

// expiryYear finds the year within fifty years of today, which is one year exactly.
func (d twoDigitDate) expiryYear(today Date) (int, bool) {
	after, upTo := today, today
	after.Year -= 50
	upTo.Year += 50
	y := today.Year - today.Year%100 + d.year - 100
	for range 3 {
		day, exists := d.earliest(y)
		if day.compare(after) > 0 && day.compare(upTo) <= 0 {
			return y, exists
		}
		y += 100
	}
	return 0, false
}

// putDate keeps the date of birth or of expiry as EDTF (rule 7), or as "" with a warning if
// it is none. It reports whether it is one.
func (z *Zone) putDate(f Field, s span, today Date) bool {
	text := (*[6]byte)(z.text[s.from:s.to])
	d, zero, ok := readDate(text)
	year := unknown
	switch {
	case !ok || d.year == unknown:
	case f == BirthDate:
		year, ok = d.birthYear(today)
	default:
		year, ok = d.expiryYear(today)
	}
	if !ok {
		z.warn(InvalidDate, f)
		return false
	}
	if zero {
		z.warn(ZeroDatePart, f)
	}
	edtf := [10]byte{'X', 'X', 'X', 'X', '-', 'X', 'X', '-', 'X', 'X'}
	if year != unknown {
		edtf[0], edtf[1] = '0'+byte(year/1000), '0'+byte(year/100%10)
		edtf[2], edtf[3] = text[0], text[1]
	}
	if d.month != unknown {
		edtf[5], edtf[6] = text[2], text[3]
	}
	if d.day != unknown {
		edtf[8], edtf[9] = text[4], text[5]
	}
	z.put(f, edtf[:]...)
	return true
}
