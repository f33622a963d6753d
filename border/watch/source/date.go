package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Years that a date of birth or a validity may have. Beyond them it is a slip.
const (
	firstYear = 1800
	lastYear  = 2200
)

// day gives an EDTF date from a year and, if not 0, a month and a day; "" if there is no
// such day.
func day(year, month, dayOfMonth int) string {
	switch {
	case year < firstYear || year > lastYear || month < 0 || month > 12 || dayOfMonth < 0 || dayOfMonth > 31:
		return ""
	case month == 0:
		return fmt.Sprintf("%04d-XX-XX", year)
	case dayOfMonth == 0:
		return fmt.Sprintf("%04d-%02d-XX", year, month)
	case time.Date(year, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC).Day() != dayOfMonth:
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, dayOfMonth)
}

// years gives the EDTF interval of two years; "" if they are none.
func years(from, to int) string {
	switch {
	case from > to, from < firstYear, to > lastYear:
		return ""
	case from == to:
		return day(from, 0, 0)
	}
	return fmt.Sprintf("%04d/%04d", from, to)
}

func year(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return n
}

var (
	isoDate  = regexp.MustCompile(`^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?`)
	textDate = regexp.MustCompile(`^(?:([0-9]{1,2}) )?(?:([A-Za-z]{3})[a-z]* )?([0-9]{4})$`)
	edtf     = regexp.MustCompile(`^([0-9X]{4})-([0-9X]{2})-([0-9X]{2})(~?)$`)
	interval = regexp.MustCompile(`^([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)/([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)$`)
)

// iso reads 1961, 1961-03 and 1961-03-12, also with a time or a zone behind it.
func iso(s string) string {
	s = strings.TrimSpace(s)
	m := isoDate.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	if rest := s[len(m[0]):]; rest != "" && (m[3] == "" || !strings.ContainsAny(rest[:1], "T+-Z ")) {
		return ""
	}
	return day(year(m[1]), number(m[2]), number(m[3]))
}

// number reads two digits; "" is 0, which means not known, and 00 is no month and no day.
func number(s string) int {
	if s == "00" {
		return -1
	}
	return year(s)
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec "

// written reads 10 Dec 1948, Jun 1951, 1961, circa 1961, 1960 to 1962 and 01 Mar 1960 to
// 31 May 1960.
func written(s string) string {
	s = strings.TrimSpace(s)
	if from, to, ok := strings.Cut(s, " to "); ok {
		return between(written(strings.TrimPrefix(from, "circa ")), written(strings.TrimPrefix(to, "circa ")))
	}
	if rest, ok := strings.CutPrefix(s, "circa "); ok {
		if from, to, ok := strings.Cut(rest, "-"); ok {
			return years(year(from), year(to))
		}
		if d := written(rest); d != "" {
			return d + "~"
		}
		return ""
	}
	m := textDate.FindStringSubmatch(s)
	if m == nil || m[1] != "" && m[2] == "" {
		return ""
	}
	month := 0
	if m[2] != "" {
		i := strings.Index(months, strings.ToLower(m[2])+" ")
		if i < 0 {
			return ""
		}
		month = i/4 + 1
	}
	if m[1] != "" && year(m[1]) == 0 {
		return ""
	}
	return day(year(m[3]), month, year(m[1]))
}

// between gives what two dates have in common, or the interval of their years: an entry's
// dates know no finer one.
func between(from, to string) string {
	switch {
	case from == "" || to == "" || from > to:
		return ""
	case from[:4] != to[:4]:
		return years(year(from[:4]), year(to[:4]))
	case from[:7] != to[:7]:
		return day(year(from[:4]), 0, 0)
	case from[:10] != to[:10]:
		return from[:7] + "-XX"
	}
	return from[:10]
}

// exact reads an EDTF date of birth as watch.Entry has it; "" if it cannot be.
func exact(s string) string {
	s = strings.TrimSpace(s)
	if m := interval.FindStringSubmatch(s); m != nil {
		from, to := iso(m[1]), iso(m[2])
		return between(from, to)
	}
	if d := iso(strings.TrimSuffix(s, "~")); d != "" && len(strings.TrimSuffix(s, "~")) <= 10 {
		if strings.HasSuffix(s, "~") {
			d += "~"
		}
		return d
	}
	m := edtf.FindStringSubmatch(s)
	if m == nil || !possible(m[1], m[2], m[3]) {
		return ""
	}
	return s
}

// possible tells whether a date with unknown digits can be a day.
func possible(y, mm, dd string) bool {
	for month := 1; month <= 12; month++ {
		if !fits(mm, month, 2) {
			continue
		}
		for d := 1; d <= 31; d++ {
			if !fits(dd, d, 2) {
				continue
			}
			for _, year := range []int{2000, 1999} { // a leap year, and none
				if n, err := strconv.Atoi(y); err == nil {
					if n < firstYear || n > lastYear {
						return false
					}
					year = n
				}
				if time.Date(year, time.Month(month), d, 0, 0, 0, 0, time.UTC).Day() == d {
					return true
				}
			}
		}
	}
	return false
}

// fits tells whether n can be written as digits with X for those not known.
func fits(digits string, n, width int) bool {
	s := fmt.Sprintf("%0*d", width, n)
	for i := range len(s) {
		if digits[i] != 'X' && digits[i] != s[i] {
			return false
		}
	}
	return true
}

// calendarDay reads a plain ISO 8601 day, "" if it is none.
func calendarDay(s string) string {
	if d := iso(s); d != "" && !strings.Contains(d, "X") {
		return d
	}
	return ""
}
