package cases

import (
	"strings"

	"garita/border"
	"garita/border/watch"
)

// person is what a list is asked about of a personal part.
type person struct {
	Surname     string                    `json:"surname"`
	GivenNames  string                    `json:"given_names"`
	BirthDate   string                    `json:"birth_date"`
	Sex         string                    `json:"sex"`
	Nationality string                    `json:"nationality"`
	Code        string                    `json:"document_code"`
	Number      string                    `json:"document_number"`
	Issuer      string                    `json:"issuing_state"`
	Lines       []string                  `json:"lines"`
	Documents   []border.PersonalDocument `json:"documents"`
}

func personOf(p *border.Personal) person {
	return person{p.Surname, p.GivenNames, p.BirthDate, p.Sex, p.Nationality, p.DocumentCode, p.DocumentNumber, p.IssuingState, p.Lines, p.Documents}
}

// queries appends one question for each document of a person, the leading one first, as a
// counter asks them.
func (p *person) queries(direction, day string, out []watch.Query) []watch.Query {
	out = append(out, ask(p.Surname, p.GivenNames, p.BirthDate, p.Sex, p.Nationality, p.Code, p.Issuer, p.Number, p.Lines, direction, day))
	for i := range p.Documents {
		d := &p.Documents[i]
		out = append(out, ask(d.Surname, d.GivenNames, d.BirthDate, d.Sex, d.Nationality, d.DocumentCode, d.IssuingState, d.DocumentNumber,
			d.Lines, direction, day))
	}
	return out
}

func ask(surname, given, born, sex, nation, code, issuer, number string, lines []string, direction, day string) watch.Query {
	z := zoneOf(lines)
	q := watch.Query{Surname: surname, GivenNames: given, BirthDate: born, Sex: sex, Nationality: nation, Truncated: z.full(),
		Direction: direction, Day: day}
	if number != "" {
		q.Documents = []watch.QueryDocument{{Issuer: issuer, Type: code, Number: number, DigitWrong: z.wrong(), CheckDigit: z.digit}}
	}
	return q
}

// zone is what of a machine readable zone a list is asked with.
type zone struct {
	name, number string // the fields as printed, fillers included
	digit        byte   // of the number; 0: there is none
}

// zoneOf cuts a zone as Doc 9303-4, -5, -6 and -7 lay it out. Anything else is no zone.
func zoneOf(lines []string) (z zone) {
	switch {
	case len(lines) == 3 && len(lines[0]) == 30 && len(lines[2]) == 30: // TD1
		if lines[0][14] != '<' { // '<': the number goes on in the optional data
			z.number, z.digit = lines[0][5:14], lines[0][14]
		}
		z.name = lines[2]
	case len(lines) != 2 || len(lines[0]) != len(lines[1]):
	case strings.HasPrefix(lines[0], "IDFRA") && len(lines[0]) == 36: // cut surname and given names apart
		z.name, z.number, z.digit = lines[1][13:27], lines[1][:12], lines[1][12]
		if lines[0][29] != '<' {
			z.name = lines[0][5:30]
		}
	case len(lines[0]) == 44 || len(lines[0]) == 36: // TD3 and MRV-A, TD2 and MRV-B
		z.name, z.number, z.digit = lines[0][5:], lines[1][:9], lines[1][9]
		if z.digit == '<' && lines[0][0] != 'V' && len(lines[0]) == 36 {
			z.number, z.digit = "", 0
		}
	}
	return z
}

// full reports whether the name field has no room left: its end may be cut off.
func (z *zone) full() bool { return z.name != "" && z.name[len(z.name)-1] != '<' }

// wrong reports whether the number's check digit does not fit (Doc 9303-3 section 4.9).
func (z *zone) wrong() bool {
	if z.digit == 0 {
		return false
	}
	sum := 0
	for i := range len(z.number) {
		v := 0
		switch c := z.number[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	digit := z.digit
	if digit == '<' {
		digit = '0'
	}
	return int(digit-'0') != sum%10
}
