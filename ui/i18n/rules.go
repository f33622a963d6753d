package i18n

// rule is what a language has besides its texts.
type rule struct {
	name   string // of the language, in its own words
	and    string // before the last of several
	plural func(n int) int
	months [12]string // short, as within a date
	long   [12]string
	days   [7]string // short, from Sunday
}

// The plural rules are those of CLDR 48 for whole numbers below a million; Haitian Creole, which CLDR
// does not have, says a number with the bare noun.
func oneIsOne(n int) int {
	if n == 1 {
		return 0
	}
	return 1
}

func oneIsBelowTwo(n int) int {
	if n == 0 || n == 1 {
		return 0
	}
	return 1
}

func noPlural(int) int { return 0 }

// rules are written once and only read.
var rules = map[Lang]rule{
	Spanish: {name: "Español", and: "y", plural: oneIsOne,
		months: [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
		long:   [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		days:   [7]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"}},
	English: {name: "English", and: "and", plural: oneIsOne,
		months: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		long:   [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		days:   [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}},
	French: {name: "Français", and: "et", plural: oneIsBelowTwo,
		months: [12]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
		long:   [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		days:   [7]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."}},
	Haitian: {name: "Kreyòl", and: "ak", plural: noPlural,
		months: [12]string{"jan", "fev", "mas", "avr", "me", "jen", "jiy", "out", "sep", "okt", "nov", "des"},
		long:   [12]string{"janvye", "fevriye", "mas", "avril", "me", "jen", "jiyè", "out", "septanm", "oktòb", "novanm", "desanm"},
		days:   [7]string{"dim", "len", "mad", "mèk", "jed", "van", "sam"}},
}
