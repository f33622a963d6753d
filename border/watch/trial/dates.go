package trial

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// years gives the first and last year that an EDTF date can mean; all years if it is not one.
func years(edtf string) (from, to int) {
	first, last, interval := strings.Cut(edtf, "/")
	if !interval {
		last = first
	}
	from, errFrom := year(first)
	to, errTo := year(last)
	if errFrom != nil || errTo != nil {
		return 0, 9999
	}
	return from, max(from, to)
}

func year(s string) (int, error) {
	return strconv.Atoi(s[:min(4, len(s))])
}

// whole reports whether a date is a whole day, and nothing uncertain.
func whole(edtf string) bool {
	_, err := time.Parse(time.DateOnly, edtf)
	return err == nil
}

// dayWithin invents a day that a partial date can mean.
func dayWithin(r *rand.Rand, edtf string) string {
	from, to := years(edtf)
	if from == 0 {
		from, to = 1945, 2000
	}
	month := 1 + r.IntN(12)
	if len(edtf) >= 7 {
		if m, err := strconv.Atoi(edtf[5:7]); err == nil && m >= 1 && m <= 12 {
			month = m
		}
	}
	return fmt.Sprintf("%04d-%02d-%02d", from+r.IntN(to-from+1), month, 1+r.IntN(28))
}

// birth gives the date of birth that a listed person shows, and its label.
func (m *maker) birth(listed []string, damage bool) (date, label string) {
	if m.chance(0.11) {
		return "", "missing"
	}
	if len(listed) == 0 {
		return dayWithin(m.r, ""), "unlisted"
	}
	date = pick(m.r, listed)
	if !whole(date) {
		return dayWithin(m.r, date), "listed-partial"
	}
	if !damage {
		if m.chance(0.1) {
			return m.partly(date), "query-partial"
		}
		return date, "exact"
	}
	switch weigh(m.r, 0.69, 0.135, 0.085, 0.09) {
	case 1:
		return m.partly(date), "query-partial"
	case 2:
		y, _ := years(date)
		if shifted := fmt.Sprintf("%04d%s", y+1-2*m.r.IntN(2), date[4:]); whole(shifted) {
			return shifted, "year-off-by-1"
		}
	case 3:
		if crossed := date[:5] + date[8:] + date[4:7]; crossed != date && whole(crossed) {
			return crossed, "day-month-swapped"
		}
	}
	return date, "exact"
}

// partly leaves out the day, or day and month.
func (m *maker) partly(date string) string {
	if m.chance(0.56) {
		return date[:8] + "XX"
	}
	return date[:5] + "XX-XX"
}
