package mrz_test

import (
	"fmt"
	"strings"
	"time"

	"garita/border/icao"
	"garita/border/mrz"
)

// dice gives a number from 0 to n-1; rapid and math/rand both make one.
type dice func(n int) int

func pick[T any](d dice, from ...T) T { return from[d(len(from))] }

// sample is an invented document, before it is printed.
type sample struct {
	format               mrz.Format
	code, state          string
	number               string // longer than nine: continued (TD1, TD2)
	withFiller           bool   // a continued number's digit counts the filler
	surname, given       []string
	nationality          string
	birth, expiry        time.Time
	sex                  string // as printed
	optional, optional2  string
	today                time.Time
	personalDigitSkipped bool // TD3: < beside an empty personal number
}

var formats = []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB, mrz.FRAID}

// newSample invents a document: names of random syllables, nobody's data.
func newSample(d dice, f mrz.Format) sample {
	states := icao.Codes()
	s := sample{
		format: f, code: pick(d, "I", "C", "A", "ID", "IR", "AC"), state: pick(d, states...), nationality: pick(d, states...),
		surname: names(d, 1+d(2), 3), given: names(d, d(3), 2), sex: pick(d, "M", "F", "<"),
		today: time.Date(2020+d(30), time.Month(1+d(12)), 1+d(28), 0, 0, 0, 0, time.UTC),
	}
	// A hundred years back and fifty each way, less a few days so that no window is left.
	s.birth = s.today.AddDate(0, 0, -d(36500))
	s.expiry = s.today.AddDate(0, 0, d(36000)-18000)
	s.number = alnum(d, 5+d(5))
	switch f {
	case mrz.TD1:
		s.optional, s.optional2 = alnum(d, d(16)), alnum(d, d(12))
		if d(3) == 0 {
			s.number, s.optional = alnum(d, 10+d(13)), ""
		}
	case mrz.TD2:
		s.optional = alnum(d, d(8))
		if d(3) == 0 {
			s.number, s.optional = alnum(d, 10+d(5)), ""
		}
	case mrz.TD3:
		s.code = pick(d, "P", "PD", "PP", "PM")
		s.optional = alnum(d, d(2)*d(15))
		s.personalDigitSkipped = d(2) == 0
	case mrz.MRVA:
		s.code, s.optional = pick(d, "V", "VC"), alnum(d, d(17))
	case mrz.MRVB:
		s.code, s.optional = pick(d, "V", "VC"), alnum(d, d(9))
	case mrz.FRAID:
		s.code, s.state, s.nationality = "ID", "FRA", ""
		s.number, s.optional = alnum(d, 12), alnum(d, 6)
		s.surname, s.given = names(d, 1, 3), names(d, 1, 2)
	}
	s.withFiller = len(s.number) > 9 && d(2) == 0
	if f == mrz.TD2 && s.code == "ID" && s.state == "FRA" {
		s.code = "I" // it would be the French card
	}
	for len(s.given) > 0 && len(s.name()) > nameWidth[f] {
		s.given = s.given[1:]
	}
	return s
}

var nameWidth = map[mrz.Format]int{mrz.TD1: 30, mrz.TD2: 31, mrz.TD3: 39, mrz.MRVA: 39, mrz.MRVB: 31, mrz.FRAID: 39}

// name is the name field before it is filled up.
func (s sample) name() string {
	return strings.Join(s.surname, "<") + strings.TrimRight("<<"+strings.Join(s.given, "<"), "<")
}

func names(d dice, count, syllables int) []string {
	var out []string
	for range count {
		n := ""
		for range 1 + d(syllables) {
			n += pick(d, "KA", "ZU", "TRO", "FEM", "LIS", "QO", "YAR", "BEX")
		}
		out = append(out, n)
	}
	return out
}

func alnum(d dice, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[d(46)]
	}
	return string(b)
}

func pad(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }

// print writes the sample's zone, with right check digits.
func (s sample) print() []string {
	birth, expiry := s.birth.Format("060102"), s.expiry.Format("060102")
	birth, expiry = birth+refDigit(birth), expiry+refDigit(expiry)
	name := s.name()
	head := pad(s.code, 2) + pad(s.state, 3)
	number, optional := pad(s.number, 9), s.optional
	number += refDigit(number)
	if len(s.number) > 9 && s.format != mrz.FRAID {
		over := s.number
		if s.withFiller {
			over = s.number[:9] + "<" + s.number[9:]
		}
		number, optional = s.number[:9]+"<", s.number[9:]+refDigit(over)+"<"+s.optional
	}
	middle := number + pad(s.nationality, 3) + birth + s.sex + expiry
	switch s.format {
	case mrz.TD1:
		one := head + number + pad(optional, 15)
		two := birth + s.sex + expiry + pad(s.nationality, 3) + pad(s.optional2, 11)
		return []string{one, two + refDigit(one[5:]+birth+expiry+two[18:]), pad(name, 30)}
	case mrz.TD2:
		optional = pad(optional, 7)
		return []string{head + pad(name, 31), middle + optional + refDigit(number+birth+expiry+optional)}
	case mrz.TD3:
		optional = pad(optional, 14)
		if s.optional == "" && s.personalDigitSkipped {
			optional += "<"
		} else {
			optional += refDigit(optional)
		}
		return []string{head + pad(name, 39), middle + optional + refDigit(number+birth+expiry+optional)}
	case mrz.MRVA:
		return []string{head + pad(name, 39), middle + pad(optional, 16)}
	case mrz.MRVB:
		return []string{head + pad(name, 31), middle + pad(optional, 8)}
	}
	one := head + pad(strings.Join(s.surname, "<"), 25) + s.optional
	two := s.number + refDigit(s.number) + pad(strings.Join(s.given, "<"), 14) + birth + s.sex
	return []string{one, two + refDigit(one+two)}
}

// describe gives what a reader must find in the printed sample.
func (s sample) describe() refResult {
	sex := strings.ReplaceAll(s.sex, "<", "X")
	r := refResult{
		fields: map[string]string{
			"format": string(s.format), "document_code": s.code, "issuing_state": s.state, "document_number": s.number,
			"surname": strings.Join(s.surname, " "), "given_names": strings.Join(s.given, " "), "names_truncated": "no",
			"nationality": s.nationality, "birth_date": s.birth.Format(time.DateOnly), "sex": sex,
			"expiry_date": s.expiry.Format(time.DateOnly), "optional_data": s.optional, "optional_data_2": s.optional2,
		},
		checks:   map[string]string{"document_number": "ok", "birth_date": "ok", "expiry_date": "ok", "optional_data": "absent", "composite": "ok"},
		warnings: map[string]bool{},
	}
	if s.format != mrz.FRAID && len(s.name()) == nameWidth[s.format] {
		r.fields["names_truncated"] = "possible"
	}
	switch s.format {
	case mrz.TD3:
		if s.optional != "" || !s.personalDigitSkipped {
			r.checks["optional_data"] = "ok"
		}
	case mrz.MRVA, mrz.MRVB:
		r.checks["composite"] = "absent"
	case mrz.FRAID:
		r.fields["expiry_date"], r.checks["expiry_date"] = "", "absent"
	}
	if s.withFiller && s.format != mrz.FRAID && refDigit(s.number) != refDigit(s.number[:9]+"<"+s.number[9:]) {
		r.warnings["check_digit_with_filler document_number"] = true
	}
	return r
}

// mutate spoils lines in one of many ways.
func mutate(d dice, lines []string) []string {
	const signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	lines = append([]string(nil), lines...)
	if len(lines) == 0 {
		return lines
	}
	l := d(len(lines))
	line := lines[l]
	if line == "" {
		return lines
	}
	i := d(len(line))
	put := func(at int, s string) {
		if at+len(s) <= len(line) {
			lines[l] = line[:at] + s + line[at+len(s):]
		}
	}
	// Places where something particular stands in most formats.
	place := pick(d, 0, 1, 2, 4, 5, 6, 9, 12, 13, 14, 15, 18, 19, 20, 21, 26, 27, 28, 29, 30, 33, 34, 35, 42, 43, i)
	switch d(22) {
	case 0, 1, 2:
		put(i, string(signs[d(len(signs))]))
	case 3, 4:
		put(i, string("0OQD1IL2Z5S6G8B"[d(15)]))
	case 5, 6:
		put(place, string("0OQD1IL2Z5S6G8B<<<347"[d(21)]))
	case 7:
		put(pick(d, 0, 2, 4, 8, 10, 12, 13, 15, 17, 21, 23, 25, 27, 29, 31), pick(d, "<<", "00", "29", "30", "31", "02", "13", "<1", "1<", "99", "0O"))
	case 8:
		put(pick(d, 0, 8, 13, 21, 27), pick(d, "<<<<<<", "000229", "240229", "230229", "<<0229", "<<0230", "26<<<<", "0000<<", "ABCDEF", "BB1OZ1", "261121", "761121"))
	case 9:
		put(pick(d, 5, 8, i), pick(d, "<", "<<", "<<<", "<A<<B", "A<<<B"))
	case 10:
		put(0, pick(d, "V", "P", "I", "IDFRA", "1DFRA", "I0FRA", "V<D<<", "<", "A<0<<", "1DFR4"))
	case 11:
		lines[l] = strings.ToLower(line[:i]) + line[i:]
	case 12:
		lines[l] = line[:i] + pick(d, " ", "\t", "  ", "\r\n", "\n", "\r") + line[i:]
	case 13:
		lines[l] = line[:i] + line[i+d(2):]
	case 14:
		lines[l] = line[:i] + pick(d, "A", "<", "ſ", "ı", "\u212A", "Ａ", "\x00", "\v", "\u00a0", "\xff", "-") + line[i+d(2)%(len(line)-i+1):]
	case 15:
		if len(lines) == 2 || d(2) == 0 {
			lines = append(lines, pick(d, line, "", " ", lines[0]))
		} else {
			lines = lines[:len(lines)-1]
		}
	case 16:
		lines = []string{strings.Join(lines, pick(d, "\n", "\r\n", "\r", ""))}
	case 17:
		put(place, strings.Repeat("<", 1+d(10)))
	case 18:
		put(len(line)-1, string(signs[d(len(signs))]))
	case 19:
		put(20, pick(d, "X", "K", "0", "<", "M"))
	case 20:
		put(pick(d, 14, 9), "<")
	case 21:
		lines[l] = strings.Repeat(string(signs[d(len(signs))]), len(line))
	}
	return lines
}

// mend prints right check digits over what stands there, so that mutated fields also
// come with digits that fit. Lines of another size are left alone.
func mend(lines []string) []string {
	if len(lines) < 2 {
		return lines
	}
	out := append([]string(nil), lines...)
	digit := func(l, field0, field1, at int) {
		if len(out[l]) > at {
			out[l] = out[l][:at] + refDigit(out[l][field0:field1]) + out[l][at+1:]
		}
	}
	switch fmt.Sprint(len(lines), len(lines[0]), len(lines[1])) {
	case "3 30 30":
		digit(0, 5, 14, 14)
		digit(1, 0, 6, 6)
		digit(1, 8, 14, 14)
	case "2 36 36", "2 44 44":
		digit(1, 0, 9, 9)
		digit(1, 13, 19, 19)
		digit(1, 21, 27, 27)
	}
	return out
}
