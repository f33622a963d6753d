package mrz_test

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"garita/border/icao"
	"garita/border/mrz"
)

// This file is a second reading of the same rules, written for plainness: strings,
// regular expressions, package time, no shared code with the parser but the list of
// known states. The two are compared on many thousands of inputs.

// refResult is what the reference says of an input: an error code, or a document.
type refResult struct {
	err      string
	fields   map[string]string
	checks   map[string]string
	warnings map[string]bool // "code field"
}

type refReader struct {
	refResult
	lines []string
}

// at gives places from..to of a line, counted from 1.
func (r *refReader) at(line, from, to int) string { return r.lines[line-1][from-1 : to] }

// set replaces places of a line.
func (r *refReader) set(line, from int, s string) {
	l := r.lines[line-1]
	r.lines[line-1] = l[:from-1] + s + l[from-1+len(s):]
}

func (r *refReader) warn(code, field string) { r.warnings[code+" "+field] = true }

// refField is a field's name and place.
type refField struct {
	name           string
	line, from, to int
}

var (
	refEnds   = regexp.MustCompile(`[\r\n]`)
	refLegal  = regexp.MustCompile(`^[A-Z0-9<]+$`)
	refDigits = regexp.MustCompile(`^[0-9<]*$`)
	refMore   = regexp.MustCompile(`^([A-Z0-9]+)([0-9])<(.*)$`)
	refGaps   = regexp.MustCompile(`<+`)

	refToLetter = strings.NewReplacer("0", "O", "1", "I", "2", "Z", "5", "S", "6", "G", "8", "B")
	refToDigit  = strings.NewReplacer("O", "0", "Q", "0", "D", "0", "I", "1", "L", "1", "Z", "2", "S", "5", "G", "6", "B", "8")
)

func reference(input []string, today time.Time) refResult {
	r := &refReader{refResult: refResult{
		fields: map[string]string{}, checks: map[string]string{}, warnings: map[string]bool{},
	}}
	// Rules 1 and 2.
	for _, element := range input {
		for _, l := range refEnds.Split(element, -1) {
			l = strings.NewReplacer(" ", "", "\t", "").Replace(l)
			up := []byte(l)
			for i := range up {
				if 'a' <= up[i] && up[i] <= 'z' {
					up[i] -= 32
				}
			}
			if len(up) > 0 {
				r.lines = append(r.lines, string(up))
			}
		}
	}
	if len(r.lines) == 0 {
		return refResult{err: "empty"}
	}
	for _, l := range r.lines {
		if !refLegal.MatchString(l) || !utf8.ValidString(l) {
			return refResult{err: "invalid_character"}
		}
	}
	size := fmt.Sprint(len(r.lines))
	if size != "2" && size != "3" {
		return refResult{err: "wrong_line_count"}
	}
	for _, l := range r.lines {
		size += fmt.Sprint(" ", len(l))
	}
	begin := refToLetter.Replace((r.lines[0] + "     ")[:5])
	format := map[string]string{"3 30 30 30": "TD1", "2 36 36": "TD2", "2 44 44": "TD3"}[size]
	switch {
	case format == "":
		return refResult{err: "wrong_line_length"}
	case format == "TD3" && begin[0] == 'V':
		format = "MRV-A"
	case format == "TD2" && begin[0] == 'V':
		format = "MRV-B"
	case format == "TD2" && begin == "IDFRA":
		format = "FRA-ID"
	}
	r.fields["format"] = format
	r.read(format, today)
	invalid := 0
	dates := 2
	if format == "FRA-ID" {
		dates = 1
	}
	for w := range r.warnings {
		if strings.HasPrefix(w, "invalid_date ") {
			invalid++
		}
	}
	for _, c := range r.checks {
		if c == "ok" {
			return r.refResult
		}
	}
	if invalid == dates {
		return refResult{err: "not_mrz"}
	}
	return r.refResult
}

func (r *refReader) read(format string, today time.Time) {
	width := len(r.lines[0])
	// Places, from the table of the contract.
	letters := []refField{{"document_code", 1, 1, 2}, {"issuing_state", 1, 3, 5}}
	var digits []refField
	number, numberCheck := refField{"document_number", 2, 1, 9}, refField{"document_number_check", 2, 10, 10}
	birth, birthCheck := refField{"birth_date", 2, 14, 19}, refField{"birth_date_check", 2, 20, 20}
	sex := refField{"sex", 2, 21, 21}
	expiry, expiryCheck := refField{"expiry_date", 2, 22, 27}, refField{"expiry_date_check", 2, 28, 28}
	nationality := refField{"nationality", 2, 11, 13}
	optional := refField{"optional_data", 2, 29, width}
	name := refField{"name", 1, 6, width}
	var optionalCheck, composite refField
	optional2, over := "", ""
	switch format {
	case "TD1":
		number, numberCheck, optional = refField{"document_number", 1, 6, 14}, refField{"document_number_check", 1, 15, 15}, refField{"optional_data", 1, 16, 30}
		birth, birthCheck, sex = refField{"birth_date", 2, 1, 6}, refField{"birth_date_check", 2, 7, 7}, refField{"sex", 2, 8, 8}
		expiry, expiryCheck = refField{"expiry_date", 2, 9, 14}, refField{"expiry_date_check", 2, 15, 15}
		nationality, composite = refField{"nationality", 2, 16, 18}, refField{"composite_check", 2, 30, 30}
		name = refField{"name", 3, 1, 30}
	case "TD2":
		optional.to, composite = 35, refField{"composite_check", 2, 36, 36}
	case "TD3":
		optional.to, optionalCheck, composite = 42, refField{"optional_data_check", 2, 43, 43}, refField{"composite_check", 2, 44, 44}
	case "FRA-ID":
		number, numberCheck = refField{"document_number", 2, 1, 12}, refField{"document_number_check", 2, 13, 13}
		birth, birthCheck, sex = refField{"birth_date", 2, 28, 33}, refField{"birth_date_check", 2, 34, 34}, refField{"sex", 2, 35, 35}
		optional, composite = refField{"optional_data", 1, 31, 36}, refField{"composite_check", 2, 36, 36}
		expiry, expiryCheck, nationality = refField{}, refField{}, refField{}
	}

	// Rule 6 first, for the names' places; rule 3 does not move fillers.
	text := func(f refField) string {
		if f.line == 0 {
			return ""
		}
		return r.at(f.line, f.from, f.to)
	}
	if format == "FRA-ID" {
		letters = append(letters, refField{"surname", 1, 6, 30}, refField{"given_names", 2, 14, 27})
		r.fields["names_truncated"] = "no"
		if r.at(1, 30, 30) != "<" || r.at(2, 27, 27) != "<" {
			r.fields["names_truncated"] = "possible"
		}
	} else {
		before, _, found := strings.Cut(text(name), "<<")
		cut := name.from + len(before)
		letters = append(letters, refField{"surname", name.line, name.from, cut - 1})
		if found {
			letters = append(letters, refField{"given_names", name.line, cut + 2, name.to})
		}
		r.fields["names_truncated"] = "possible"
		if strings.HasSuffix(text(name), "<") {
			r.fields["names_truncated"] = "no"
		}
		letters = append(letters, nationality)
	}
	// Rule 3.
	r.fields["given_names"], r.fields["nationality"] = "", ""
	for _, f := range letters {
		was := text(f)
		now := refToLetter.Replace(was)
		if now != was {
			r.set(f.line, f.from, now)
			r.warn("ocr_corrected", f.name)
		}
		if strings.ContainsAny(now, "0123456789") {
			r.warn("invalid_character", f.name)
		}
		switch f.name {
		case "surname", "given_names":
			r.fields[f.name] = strings.TrimSpace(refGaps.ReplaceAllString(now, " "))
		default:
			r.fields[f.name] = strings.TrimRight(now, "<")
		}
	}
	digits = append(digits, birth, expiry, numberCheck, birthCheck, expiryCheck, optionalCheck, composite)
	for _, f := range digits {
		if was := text(f); was != "" {
			if now := refToDigit.Replace(was); now != was && refDigits.MatchString(now) {
				r.set(f.line, f.from, now)
				r.warn("ocr_corrected", f.name)
			}
		}
	}
	// Rule 4.
	r.checks["birth_date"] = refCheck(text(birth), text(birthCheck))
	r.checks["expiry_date"] = refCheck(text(expiry), text(expiryCheck))
	r.checks["document_number"] = refCheck(text(number), text(numberCheck))
	r.checks["optional_data"] = "absent"
	if format == "TD3" {
		r.checks["optional_data"] = refCheck(text(optional), text(optionalCheck))
	}
	switch format {
	case "TD1":
		over = r.at(1, 6, 30) + r.at(2, 1, 7) + r.at(2, 9, 15) + r.at(2, 19, 29)
		optional2 = r.at(2, 19, 29)
	case "TD2":
		over = r.at(2, 1, 10) + r.at(2, 14, 20) + r.at(2, 22, 35)
	case "TD3":
		over = r.at(2, 1, 10) + r.at(2, 14, 20) + r.at(2, 22, 43)
	case "FRA-ID":
		over = r.at(1, 1, 36) + r.at(2, 1, 35)
	}
	r.checks["composite"] = refCheck(over, text(composite))
	// Rule 5.
	doc, opt := text(number), text(optional)
	if m := refMore.FindStringSubmatch(opt); (format == "TD1" || format == "TD2") && text(numberCheck) == "<" && doc[8] != '<' && m != nil {
		r.checks["document_number"] = "wrong"
		switch m[2] {
		case refDigit(doc + m[1]):
			r.checks["document_number"] = "ok"
		case refDigit(doc + "<" + m[1]):
			r.checks["document_number"] = "ok"
			r.warn("check_digit_with_filler", "document_number")
		}
		doc, opt = doc+m[1], m[3]
	}
	r.fields["document_number"] = strings.TrimRight(doc, "<")
	r.fields["optional_data"] = strings.TrimRight(opt, "<")
	r.fields["optional_data_2"] = strings.TrimRight(optional2, "<")
	// Rule 7.
	r.fields["birth_date"] = r.date("birth_date", text(birth), today)
	r.fields["expiry_date"] = ""
	if format != "FRA-ID" {
		r.fields["expiry_date"] = r.date("expiry_date", text(expiry), today)
	}
	// Sex and the remaining warnings.
	switch s := text(sex); s {
	case "<":
		r.fields["sex"] = "X"
	case "M", "F":
		r.fields["sex"] = s
	default:
		r.fields["sex"] = strings.TrimFunc(s, func(c rune) bool { return c != 'X' })
		r.warn("invalid_character", "sex")
	}
	for _, f := range []string{"issuing_state", "nationality"} {
		if !(format == "FRA-ID" && f == "nationality") && !icao.Known(r.fields[f]) {
			r.warn("unknown_state", f)
		}
	}
	expect := map[string]string{"TD1": "ACI", "TD2": "ACI", "TD3": "P"}[format]
	if expect != "" && !strings.Contains(expect, r.at(1, 1, 1)) {
		r.warn("unexpected_document_code", "document_code")
	}
}

// refDigit is the 7-3-1 digit of a text.
func refDigit(s string) string {
	sum := 0
	for i, c := range s {
		v := strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
		if c == '<' {
			v = 0
		}
		sum += v * []int{7, 3, 1}[i%3]
	}
	return fmt.Sprint(sum % 10)
}

func refCheck(field, digit string) string {
	switch {
	case digit == "" || digit == "<" && strings.Trim(field, "<") == "":
		return "absent"
	case digit == refDigit(field):
		return "ok"
	}
	return "wrong"
}

func two(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }

var refPart = regexp.MustCompile(`^(<<|\d\d)(<<|\d\d)(<<|\d\d)$`)

// date reads a date by trying every day of the months that could be meant.
func (r *refReader) date(field, s string, today time.Time) string {
	bad := func() string { r.warn("invalid_date", field); return "" }
	m := refPart.FindStringSubmatch(s)
	if m == nil {
		return bad()
	}
	yy, mm, dd := m[1], m[2], m[3]
	zero := mm == "00" || dd == "00"
	if mm == "00" {
		mm = "<<"
	}
	if dd == "00" {
		dd = "<<"
	}
	// earliest day of a year that fits, "" if none: ISO texts compare like days.
	earliest := func(year int) string {
		for month := time.January; month <= time.December; month++ {
			for day := 1; day <= 31; day++ {
				if (mm == "<<" || mm == two(int(month))) && (dd == "<<" || dd == two(day)) {
					if t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); t.Day() == day {
						return t.Format(time.DateOnly)
					}
				}
			}
		}
		return ""
	}
	year := ""
	if yy == "<<" {
		year = "XXXX"
		if earliest(2000) == "" { // a leap year: any 29 February will do
			return bad()
		}
	} else {
		now := today.Format(time.DateOnly)
		lo := fmt.Sprintf("%04d%s", today.Year()-50, now[4:])
		hi := fmt.Sprintf("%04d%s", today.Year()+50, now[4:])
		for century := today.Year()/100 + 1; century >= 0 && century >= today.Year()/100-4; century-- {
			y := century*100 + int(yy[0]-'0')*10 + int(yy[1]-'0')
			e := earliest(y)
			if e == "" {
				continue
			}
			if field == "birth_date" && e <= now || field == "expiry_date" && lo < e && e <= hi {
				year = fmt.Sprintf("%04d", y)
				break
			}
		}
	}
	if year == "" {
		return bad()
	}
	if zero {
		r.warn("zero_date_part", field)
	}
	return strings.ReplaceAll(year+"-"+mm+"-"+dd, "<<", "XX")
}

// asResult gives the parser's answer in the reference's shape.
func asResult(d *mrz.Document, err error) refResult {
	if err != nil {
		return refResult{err: mrz.CodeOf(err)}
	}
	r := refResult{
		fields: map[string]string{
			"format": string(d.Format), "document_code": d.DocumentCode, "issuing_state": d.IssuingState,
			"document_number": d.DocumentNumber, "surname": d.Surname, "given_names": d.GivenNames,
			"names_truncated": d.NamesTruncated, "nationality": d.Nationality, "birth_date": d.BirthDate,
			"sex": d.Sex, "expiry_date": d.ExpiryDate, "optional_data": d.OptionalData, "optional_data_2": d.OptionalData2,
		},
		checks: map[string]string{
			"document_number": string(d.Checks.DocumentNumber), "birth_date": string(d.Checks.BirthDate),
			"expiry_date": string(d.Checks.ExpiryDate), "optional_data": string(d.Checks.OptionalData),
			"composite": string(d.Checks.Composite),
		},
		warnings: map[string]bool{},
	}
	for _, w := range d.Warnings {
		r.warnings[w.Code+" "+w.Field] = true
	}
	return r
}

// String writes a result in one order, to be compared and shown.
func (r refResult) String() string {
	if r.err != "" {
		return "error " + r.err
	}
	var out []string
	for k, v := range r.fields {
		out = append(out, "  "+k+" = "+v)
	}
	for k, v := range r.checks {
		out = append(out, "  check "+k+" = "+v)
	}
	for w := range r.warnings {
		out = append(out, "  warning "+w)
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}
