package source

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"garita/border/watch"
)

// What the list writes into its names beside names.
var (
	unNote = regexp.MustCompile(`(?i)^(previously|formerly|listed|birth|combat|nom|nickname|name|alias|false|also|the|third|second|junior|senior|jr|sr|sheikh|dr|hajji|haji|tigrinya|in arabic|arabic|possibly|deceased|call sign|transliteration|also known|a\.?k\.?a|f\.?k\.?a)\b`)
	unBorn = regexp.MustCompile(`(?i),? *\b(born|dob|passport|nationality)\b.*$`)
	unSon  = regexp.MustCompile(`(?i)\b(son|daughter) of\b.*$`)
	unItem = regexp.MustCompile(`(?:^| )[a-z]\) `) // a) … b) …
	script = regexp.MustCompile(`(?i)original script:? *`)
)

// unNames splits what stands in one name field: several names with semicolons, variants
// and original script in brackets, remarks. A name in quotation marks is a nickname.
func unNames(s string, quality watch.Quality) (names []watch.Name) {
	add := func(s string, q watch.Quality) {
		for _, part := range byScript(s) {
			if n, ok := unName(part, q); ok {
				names = append(names, n)
			}
		}
	}
	outside, inside := brackets(unItem.ReplaceAllString(s, ";"))
	for part := range strings.FieldsFuncSeq(outside, separates) {
		add(part, quality)
	}
	latin := mostlyLatin(outside)
	for _, b := range inside {
		b = script.ReplaceAllString(strings.TrimSpace(b), "")
		if unNote.MatchString(b) || strings.ContainsFunc(b, unicode.IsDigit) {
			continue
		}
		q := quality
		if q == watch.Primary {
			q = watch.Good
		}
		if latin && mostlyLatin(b) && len(strings.Fields(b)) == 1 {
			continue // another spelling of one word, see below
		}
		for part := range strings.FieldsFuncSeq(b, separates) {
			add(part, q)
		}
	}
	if other := spelledOtherwise(s); other != "" && latin && len(inside) == 1 {
		add(other, watch.Good)
	}
	return names
}

var spelling = regexp.MustCompile(`^(.*?)(\pL[\pL'’-]*) *\((\p{Lu}[\pL'’-]*)\)(.*)$`)

// spelledOtherwise gives "Lom-ali Butaev" for "Lom-ali Butayev (Butaev)".
func spelledOtherwise(s string) string {
	m := spelling.FindStringSubmatch(s)
	if m == nil || !mostlyLatin(m[3]) || unNote.MatchString(m[3]) || strings.ContainsFunc(s, separates) {
		return ""
	}
	return m[1] + m[3] + m[4]
}

// separates tells the signs between two names: semicolons and commas of either script.
func separates(c rune) bool { return c == ';' || c == '؛' || c == '،' || c == '；' }

func unName(s string, q watch.Quality) (watch.Name, bool) {
	s = unSon.ReplaceAllString(unBorn.ReplaceAllString(s, ""), "")
	s = strings.Map(func(c rune) rune {
		if c == '“' || c == '”' || c == '"' || c == '„' {
			return -1
		}
		return c
	}, s)
	s = strings.Trim(s, " ,.:;-–()[]")
	if !strings.ContainsFunc(s, unicode.IsLetter) {
		return watch.Name{}, false
	}
	if surname, given, ok := strings.Cut(s, ","); ok && !strings.Contains(given, ",") {
		surname, given = strings.TrimSpace(surname), strings.TrimSpace(given)
		switch strings.ToLower(strings.Trim(given, ".")) {
		case "jr", "sr", "ii", "iii", "iv":
			return watch.Name{Full: surname, Quality: q}, true
		}
		if surname != "" && given != "" {
			return watch.Name{Surname: surname, GivenNames: given, Quality: q}, true
		}
	}
	return watch.Name{Full: strings.Join(strings.Fields(strings.ReplaceAll(s, ",", " ")), " "), Quality: q}, true
}

// brackets takes what stands in brackets out of s.
func brackets(s string) (outside string, inside []string) {
	var out, in strings.Builder
	depth := 0
	for _, c := range s {
		switch {
		case c == '(' || c == '[':
			if depth++; depth == 1 {
				out.WriteByte(' ')
				continue
			}
		case (c == ')' || c == ']') && depth > 0:
			if depth--; depth == 0 {
				inside = append(inside, in.String())
				in.Reset()
				continue
			}
		}
		if depth > 0 {
			in.WriteRune(c)
		} else {
			out.WriteRune(c)
		}
	}
	if in.Len() > 0 { // a bracket that does not end
		inside = append(inside, in.String())
	}
	return out.String(), inside
}

// inBrackets gives the first text in brackets.
func inBrackets(s string) string {
	if _, in := brackets(s); len(in) > 0 {
		return in[0]
	}
	return ""
}

// byScript splits a text in which a name is written twice, in Latin letters and in others.
func byScript(s string) (parts []string) {
	start, latin, known := 0, false, false
	for i, c := range s {
		if !unicode.IsLetter(c) {
			continue
		}
		is := unicode.Is(unicode.Latin, c)
		if known && is != latin {
			cut := strings.LastIndexFunc(s[:i], unicode.IsLetter)
			_, size := utf8.DecodeRuneInString(s[cut:])
			parts = append(parts, s[start:cut+size])
			start = cut + size
		}
		latin, known = is, true
	}
	return append(parts, s[start:])
}

func firstRune(s string) (rune, bool) {
	for _, c := range s {
		if unicode.IsLetter(c) {
			return c, true
		}
	}
	return 0, false
}

// mostlyLatin tells whether the first letter of s is Latin.
func mostlyLatin(s string) bool {
	c, ok := firstRune(s)
	return ok && unicode.Is(unicode.Latin, c)
}
