package match

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"garita/border/icao"
)

// Romanise writes a name of any script with the letters A to Z and single spaces: Latin as
// Doc 9303-3 does, Cyrillic, Greek, Arabic and Hebrew letter by letter in the commonest romanisation.
// Digits that an optical reader confuses with letters become those letters. What has no
// romanisation by letter (Han, Hangul, Kana and others) is left out: lists give those names in
// Latin letters too.
func Romanise(name string) string {
	if romanised(name) {
		return name
	}
	plain := true
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= 0x80 || c >= '0' && c <= '9' {
			plain = false
			break
		}
	}
	if !plain {
		name = letters(name)
	}
	return icao.NormaliseName(name)
}

// romanised reports whether a name is as Romanise leaves it; those of travellers mostly are.
func romanised(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < 'A' || c > 'Z') && (c != ' ' || i == 0 || i+1 == len(name) || name[i-1] == ' ') {
			return false
		}
	}
	return true
}

func letters(name string) string {
	var b strings.Builder
	b.Grow(len(name) + 8)
	var last rune
	for _, r := range norm.NFC.String(name) {
		u := unicode.ToUpper(r)
		if last == 'Ο' && (u == 'Υ' || u == 'Ύ') {
			b.WriteByte('U')
			last = u
			continue
		}
		last = u
		if s, ok := scripts[u]; ok {
			b.WriteString(s)
			continue
		}
		b.WriteRune(u)
	}
	return norm.NFD.String(b.String())
}

// scripts is filled once and never changed.
var scripts = func() map[rune]string {
	t := map[rune]string{}
	add := func(pairs string) {
		for pair := range strings.FieldsSeq(pairs) {
			r := []rune(pair)
			t[unicode.ToUpper(r[0])] = string(r[1:])
		}
	}
	add("0O 1I 2Z 5S 6G 8B")
	// Cyrillic: Russian, Ukrainian, Belarusian, Serbian, Macedonian, Bulgarian, Central Asian.
	add("АA БB ВV ГG ДD ЕE ЁE ЖZH ЗZ ИI ЙY КK ЛL МM НN ОO ПP РR СS ТT УU ФF ХKH ЦTS ЧCH ШSH ЩSHCH Ъ ЫY Ь ЭE ЮYU ЯYA")
	add("ҐG ЄYE ІI ЇI ЎU ЂDJ ЃG ЅDZ ЈJ ЉLJ ЊNJ ЋC ЌK ЏDZ ҒG ҚK ҢN ӨO ҰU ҮU ҲH ҺH ӘA ҶJ ӢI ӮU ҖZH")
	// Greek, accents taken off by the second line.
	add("ΑA ΒV ΓG ΔD ΕE ΖZ ΗI ΘTH ΙI ΚK ΛL ΜM ΝN ΞX ΟO ΠP ΡR ΣS ςS ΤT ΥY ΦF ΧCH ΨPS ΩO")
	add("ΆA ΈE ΉI ΊI ΌO ΎY ΏO ΪI ΫY ΐI ΰY")
	// Arabic, with the letters of Persian, Urdu and Pashto. Short vowels are not written: words
	// come out as skeletons, which the comparison of spellings bears.
	add("ءA آA أA ؤU إI ئI اA بB ةA تT ثTH جJ حH خKH دD ذDH رR زZ سS شSH صS ضD طT ظZ عA غGH فF قQ كK لL مM نN هH وU ىA يI")
	add("پP چCH ژZH گG ڤV کK یI ےE ہH ھH ٹT ڈD ڑR ںN ټT ډD ړR ښSH ڼN ځZ څS ېE ۍI ٱA")
	// Hebrew, final letters as the others.
	add("אA בB גG דD הH וV זZ חH טT יY כK ךK לL מM םM נN ןN סS עA פP ףF צTS ץTS קK רR שSH תT")
	for r := rune(0x064B); r <= 0x065F; r++ { // Arabic marks
		t[r] = ""
	}
	for r := rune(0x0591); r <= 0x05C7; r++ { // Hebrew points
		t[r] = ""
	}
	t[0x0640] = ""
	t['Ь'], t['Ъ'] = "", ""
	return t
}()
