package training

import "strings"

// passport prints a TD3 (Doc 9303-4).
func (p *traveller) passport() []string {
	data := p.number + digit(p.number) + p.state + short(p.birth) + digit(short(p.birth)) + p.sex + short(p.expiry) + digit(short(p.expiry)) + strings.Repeat("<", 15)
	return []string{filled("P<"+p.state+zone(p.surname)+"<<"+zone(p.given), 44), data + digit(data[0:10]+data[13:20]+data[21:43])}
}

// card prints a TD1 (Doc 9303-5) of a class: I an identity card, AC a crew member certificate.
func (p *traveller) card(class string) []string {
	one := filled(filled(class, 2)+p.state+p.number+digit(p.number), 30)
	two := filled(short(p.birth)+digit(short(p.birth))+p.sex+short(p.expiry)+digit(short(p.expiry))+p.state, 29)
	return []string{one, two + digit(one[5:30]+two[0:7]+two[8:15]+two[18:29]), filled(zone(p.surname)+"<<"+zone(p.given), 30)}
}

// spoilt makes the check digit of the number wrong, as a worn print does.
func spoilt(lines []string) []string {
	l := []byte(lines[1])
	l[9] = '0' + (l[9]-'0'+1)%10
	return []string{lines[0], string(l)}
}

// short is a date as zones print it.
func short(iso string) string { return strings.ReplaceAll(iso, "-", "")[2:] }

func zone(name string) string { return strings.ReplaceAll(name, " ", "<") }

func filled(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }

// digit is the 7-3-1 check digit (Doc 9303-3 section 4.9).
func digit(s string) string {
	sum := 0
	for i := range len(s) {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}
