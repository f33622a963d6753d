package demo

import "time"

// Shelf returns the specimens that the counter page offers. New ones are put at the end:
// scripts present them by their place.
func Shelf(seed uint64, today time.Time) []Specimen {
	f := newPeople(seed, today)
	var s []Specimen
	add := func(state, kind, note string, make func(*person) []string) *Specimen {
		p := f.of(state)
		lines := make(&p)
		s = append(s, p.specimen(kind+" of "+neighbours[state].name, note, lines))
		return &s[len(s)-1]
	}
	plain := func(p *person) []string { return p.passport() }
	add("QRU", "Passport", "in order", plain)
	add(own, "Identity card", "in order, three lines; an own national", func(p *person) []string { return p.card() })
	add("QRU", "Visa", "in order", func(p *person) []string { return p.visa() })
	add("QRU", "Passport", "expired last year", func(p *person) []string {
		p.expiry = today.AddDate(-1, 0, 0).Format("060102")
		return p.passport()
	})
	add("QSY", "Passport", "a check digit is wrong", func(p *person) []string { return spoil(p.passport()) })
	add("QRU", "Passport", "its number is on the sample list", plain).listed = "number"
	add("QZE", "Passport", "the name is on the sample list", plain).listed = "name"
	add("QRU", "Passport", "birth date partly unknown", func(p *person) []string {
		p.birth = p.birth[:2] + "<<<<"
		return p.passport()
	})
	add("QRU", "Passport", "sex not stated (X)", func(p *person) []string { p.sex = "<"; return p.passport() })
	add(own, "Passport", "in order; an own national", plain)
	add("QRU", "Passport", "a child", func(p *person) []string { *p = f.child("QRU"); return p.passport() })
	add("QSY", "Travel document", "a refugee (XXB)", func(p *person) []string { p.nationality = "XXB"; return p.passport() })
	p := f.of("QRU")
	p.given = p.given[:4] // both documents have room for it
	s = append(s, p.specimen("Passport of Ruritania", "somebody who comes and goes: present it twice", p.passport()),
		p.specimen("Passport of Ruritania", "the same person again", p.passport()))
	p.number = "R0" + p.number[2:]
	s = append(s, p.specimen("Identity card of Ruritania", "the same person on another document", p.card()))
	add("QRU", "Passport", "on the national list: to be referred", plain).listed = "national refer"
	add("QSY", "Passport", "on the national list: openly", plain).listed = "national open"
	add("QZE", "Passport", "on the national list: silently, which nobody sees here", plain).listed = "national silent"
	return s
}

// Queue returns n travellers: most in order, some expired, some with a wrong digit, some
// on the sample list.
func Queue(n int, seed uint64, today time.Time) []Specimen {
	f := newPeople(seed+1, today)
	out := make([]Specimen, n)
	for i := range out {
		p := f.next()
		s := p.specimen("Passport of "+neighbours[p.state].name, "in order", nil)
		switch {
		case i%10 == 3:
			p.expiry = today.AddDate(0, -1-i%20, 0).Format("060102")
			s.Note = "expired"
			s.Lines = p.passport()
		case i%17 == 5:
			s.Note = "a check digit is wrong"
			s.Lines = spoil(p.passport())
		case i%25 == 7:
			s.listed = "number"
			s.Lines = p.passport()
		case i%40 == 9:
			s.listed = "name"
			s.Lines = p.passport()
		case i%6 == 1:
			s.Label = "Identity card of " + neighbours[p.state].name
			s.Lines = p.card()
		default:
			s.Lines = p.passport()
		}
		out[i] = s
	}
	return out
}
