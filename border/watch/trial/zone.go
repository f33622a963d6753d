package trial

import (
	"fmt"
	"strings"

	"garita/border/icao"
	"garita/border/watch"
)

// zoneName is a name as a zone carries it: capitals A to Z and spaces.
type zoneName struct{ surname, given string }

// fold writes a listed name as a zone would, leaving out titles. Where the list does not tell
// surname from given names, the last word is the surname, with the particles before it.
func fold(n watch.Name) zoneName {
	if n.Full == "" {
		return zoneName{untitled(n.Surname), untitled(n.GivenNames)}
	}
	words := strings.Fields(n.Full)
	last := len(words) - 1
	for last > 0 && particles[icao.NormaliseName(words[last-1])] {
		last--
	}
	if last < 0 {
		return zoneName{}
	}
	return zoneName{untitled(strings.Join(words[last:], " ")), untitled(strings.Join(words[:last], " "))}
}

var particles = set("AL EL BIN BEN IBN ABU ABD DE DEL LA VAN DER DI DA DOS SAN UR UL")

// titles are what lists put before names and documents do not.
var titles = set("DR SHEIKH SHAYKH HAJI HADJI MULLAH GENERAL COLONEL MAJOR CAPTAIN MR MRS SIR")

func untitled(name string) string {
	words := strings.Fields(icao.NormaliseName(name))
	kept := words[:0:0]
	for _, w := range words {
		if !titles[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		kept = words
	}
	return strings.Join(kept, " ")
}

func set(words string) map[string]bool {
	s := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}

func (n zoneName) words() []string { return strings.Fields(n.surname + " " + n.given) }

// length is how much of a zone's name field the name takes.
func (n zoneName) length() int {
	if n.given == "" {
		return len(n.surname)
	}
	return len(n.surname) + 2 + len(n.given)
}

// field writes the name as a zone's name field, surname and given names parted by <<.
func (n zoneName) field() string {
	s := strings.ReplaceAll(n.surname, " ", "<")
	if n.given != "" {
		s += "<<" + strings.ReplaceAll(n.given, " ", "<")
	}
	return s
}

// cut gives what is left of the name in a field of the given size.
func (n zoneName) cut(size int) zoneName {
	if n.length() <= size {
		return n
	}
	surname, given, _ := strings.Cut(n.field()[:size], "<<")
	clean := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "<", " ")), " ") }
	return zoneName{clean(surname), clean(given)}
}

// initials shortens given names from the second on to their first letters, the other way in
// which issuers make a long name fit.
func (n zoneName) initials(size int) (zoneName, bool) {
	given := strings.Fields(n.given)
	if n.length() <= size || len(given) < 2 {
		return n, false
	}
	from := 1
	if len(given) > 2 {
		from = 2
	}
	for i := from; i < len(given); i++ {
		given[i] = given[i][:1]
	}
	short := zoneName{n.surname, strings.Join(given, " ")}
	return short, short.length() <= size
}

// The sizes of name fields.
const (
	td3 = 39
	td1 = 30
)

// person is what a zone says beside the name.
type bearer struct {
	birth       string // EDTF or ""
	sex         string
	nationality string
	document    Document
	expires     string // YYMMDD
}

// lines writes a zone with right check digits: two lines for TD3, three for TD1.
func (b bearer) lines(form string, n zoneName) []string {
	issuer, nationality := pad(b.document.Issuer, 3), pad(b.nationality, 3)
	number := pad(b.document.Number, 9)
	number += digit(number)
	birth := zoneDate(b.birth)
	birth += digit(birth)
	expires := b.expires + digit(b.expires)
	sex := b.sex
	if sex != "M" && sex != "F" {
		sex = "<"
	}
	if form == "TD1" {
		optional := strings.Repeat("<", 15)
		over := digit(number + optional + birth + expires + strings.Repeat("<", 11))
		return []string{"I<" + issuer + number + optional,
			birth + sex + expires + nationality + strings.Repeat("<", 11) + over, pad(n.field(), td1)}
	}
	optional := strings.Repeat("<", 15) // 14 of personal number, and no digit for it
	over := digit(number + birth + expires + optional)
	return []string{"P<" + issuer + pad(n.field(), td3), number + nationality + birth + sex + expires + optional + over}
}

// zoneDate writes a date of birth as YYMMDD, unknown parts as fillers (Doc 9303-3 section 4.8).
func zoneDate(edtf string) string {
	if edtf == "" {
		return "<<<<<<"
	}
	return strings.NewReplacer("-", "", "X", "<").Replace(edtf[2:])
}

func pad(s string, size int) string { return s + strings.Repeat("<", max(0, size-len(s))) }

// digit is the check digit of Doc 9303-3 section 4.9.
func digit(s string) string {
	sum := 0
	for i := range len(s) {
		sum += weights[i%3] * value(s[i])
	}
	return fmt.Sprint(sum % 10)
}

var weights = [3]int{7, 3, 1}

func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

// withoutBirthDate blanks the date of birth of a zone and puts its digits right.
func withoutBirthDate(lines []string) []string {
	const none = "<<<<<<0"
	switch len(lines) {
	case 2:
		l := lines[1][:13] + none + lines[1][20:43]
		return []string{lines[0], l + digit(l[:10]+l[13:20]+l[21:43])}
	case 3:
		l := none + lines[1][7:29]
		return []string{lines[0], l + digit(lines[0][5:30]+l[:7]+l[8:15]+l[18:29]), lines[2]}
	}
	return lines
}
