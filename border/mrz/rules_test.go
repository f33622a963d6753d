package mrz_test

import (
	"testing"
	"time"

	"garita/border/mrz"
)

// card prints a TD2 card of which only what a test is about is chosen: number with its
// check digit (ten places), dates without, optional data.
func card(number, birth, expiry, optional string) []string {
	two := pad(number, 10) + "UTO" + birth + refDigit(birth) + "F" + expiry + refDigit(expiry) + pad(optional, 7)
	return []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", two + refDigit(two[:10]+two[13:20]+two[21:35])}
}

// TestDateWindows stands on both sides of every edge of rule 7.
func TestDateWindows(t *testing.T) {
	for _, c := range []struct{ today, birth, wantBirth, expiry, wantExpiry string }{
		{"2026-11-21", "261121", "2026-11-21", "761121", "2076-11-21"}, // today itself; fifty years ahead
		{"2026-11-21", "261122", "1926-11-22", "761122", "1976-11-22"}, // tomorrow; a day later than fifty years
		{"2026-11-21", "26<<<<", "2026-XX-XX", "761120", "2076-11-20"}, // the earliest day counts
		{"2026-11-21", "2611<<", "2026-11-XX", "770101", "1977-01-01"},
		{"2026-11-21", "2612<<", "1926-12-XX", "751231", "2075-12-31"},
		{"2026-11-21", "26<<22", "2026-XX-22", "000229", "2000-02-29"},
		{"2026-11-21", "27<<<<", "1927-XX-XX", "010229", ""},
		{"2026-11-21", "000229", "2000-02-29", "240229", "2024-02-29"},
		{"2026-11-21", "230229", "", "230431", ""},
		{"2026-11-21", "<<0229", "XXXX-02-29", "260931", ""},
		{"2026-11-21", "<<0230", "", "261301", ""},
		{"2026-11-21", "<<<<31", "XXXX-XX-31", "261132", ""},
		{"2026-11-21", "26<<32", "", "2<1101", ""},
		{"2026-11-21", "740012", "1974-XX-12", "26110<", ""},
		{"2026-11-21", "740800", "1974-08-XX", "<61101", ""},
		{"2026-11-21", "<<<<<<", "XXXX-XX-XX", "<<<<<<", "XXXX-XX-XX"},
		{"2026-01-01", "26<<<<", "2026-XX-XX", "760101", "2076-01-01"},
		{"2024-02-29", "240229", "2024-02-29", "740301", "1974-03-01"}, // fifty years on there is no 29 February
		{"2024-02-29", "240301", "1924-03-01", "740228", "2074-02-28"},
		{"2060-03-01", "600301", "2060-03-01", "000229", ""}, // 2100 is no leap year, 2000 is too long ago
		{"2104-05-05", "000229", "2000-02-29", "040505", "2104-05-05"},
	} {
		today, err := time.Parse(time.DateOnly, c.today)
		if err != nil {
			t.Fatal(err)
		}
		lines := card("D231458907", c.birth, c.expiry, "")
		d, err := mrz.Parse(lines, today)
		if err != nil {
			t.Fatal(err)
		}
		if d.BirthDate != c.wantBirth || d.ExpiryDate != c.wantExpiry {
			t.Errorf("today %s: birth %s is %q, want %q; expiry %s is %q, want %q",
				c.today, c.birth, d.BirthDate, c.wantBirth, c.expiry, d.ExpiryDate, c.wantExpiry)
		}
		if d.Has(mrz.InvalidDate, mrz.BirthDate) != (c.wantBirth == "") || d.Has(mrz.InvalidDate, mrz.ExpiryDate) != (c.wantExpiry == "") {
			t.Errorf("%s, %s: warnings %v", c.birth, c.expiry, d.Warnings)
		}
		compareReadings(t, lines, today)
	}
}

// TestTodayIsWhereItIs: the calendar day is that of the time's own zone.
func TestTodayIsWhereItIs(t *testing.T) {
	east := time.FixedZone("east", 10*3600)
	lines := card("D231458907", "261122", "761122", "")
	d, err := mrz.Parse(lines, time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC).In(east))
	if err != nil {
		t.Fatal(err)
	}
	if d.BirthDate != "2026-11-22" || d.ExpiryDate != "2076-11-22" {
		t.Errorf("got %s and %s", d.BirthDate, d.ExpiryDate)
	}
}

// TestContinuedNumber stands on both sides of every condition of rule 5.
func TestContinuedNumber(t *testing.T) {
	byRule, withFiller := refDigit("D2314589073"), refDigit("D23145890<73")
	for _, c := range []struct {
		number, optional, wantNumber, wantOptional string
		want                                       mrz.Check
		warned                                     bool
	}{
		{"D23145890<", "73" + byRule + "<", "D2314589073", "", mrz.OK, false},
		{"D23145890<", "73" + withFiller + "<", "D2314589073", "", mrz.OK, true},
		{"D23145890<", "73" + byRule + "<<A<", "D2314589073", "<A", mrz.OK, false}, // what follows may begin with <
		{"D23145890<", "730<", "D2314589073", "", mrz.Wrong, false},
		{"D23145890<", "73A<", "D23145890", "73A", mrz.Wrong, false},                  // no digit
		{"D23145890<", "7<", "D23145890", "7", mrz.Wrong, false},                      // one character
		{"D23145890<", "<73" + byRule, "D23145890", "<73" + byRule, mrz.Wrong, false}, // none
		{"D23145890<", "", "D23145890", "", mrz.Wrong, false},
		{"D23145890<", "7300001", "D23145890", "7300001", mrz.Wrong, false}, // no < after it
		{"D2314589<<", "73" + byRule + "<", "D2314589", "73" + byRule, mrz.Wrong, false},
		{"D231458907", "73" + byRule + "<", "D23145890", "73" + byRule, mrz.OK, false}, // a digit of its own
		{"<<<<<<<<<<", "73" + byRule + "<", "", "73" + byRule, mrz.Absent, false},
	} {
		lines := card(c.number, "740812", "320415", c.optional)
		d, err := mrz.Parse(lines, specimenDay)
		if err != nil {
			t.Fatal(err)
		}
		if d.DocumentNumber != c.wantNumber || d.OptionalData != c.wantOptional || d.Checks.DocumentNumber != c.want ||
			d.Has(mrz.CheckDigitWithFiller, mrz.DocumentNumber) != c.warned {
			t.Errorf("%s %s: got %q, %q, %s, %v", c.number, c.optional, d.DocumentNumber, d.OptionalData, d.Checks.DocumentNumber, d.Warnings)
		}
		compareReadings(t, lines, specimenDay)
	}
}
