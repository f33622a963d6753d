package papers

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"garita/border/mrz"
)

// Finding is something in a paper's text that may belong into the record. It is offered to a
// person, who compares it with the paper, and never applied by itself.
type Finding struct {
	Page   int      // from 0
	Lines  []string // of a machine readable zone that can be read; nil if it is a number
	Number string   // of a visa or permit, as it stands
}

// maxFindings are offered of one paper: more would not be read.
const maxFindings = 6

// Find looks through the texts of a paper's pages for machine readable zones, and for numbers
// on lines that speak of a visa, a permit or a number. today chooses the centuries of dates.
func Find(texts []string, today time.Time) []Finding {
	var zones, numbers []Finding
	for page, text := range texts {
		// Lines that stand far from one another come with empty ones between them.
		lines := slices.DeleteFunc(strings.Split(text[:min(len(text), MaxText)], "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
		for i := 0; i < len(lines); i++ {
			if z := zoneAt(lines[i:], today); z != nil {
				zones = append(zones, Finding{Page: page, Lines: z})
				i += len(z) - 1
				continue
			}
			for _, n := range numbersIn(lines[i]) {
				numbers = append(numbers, Finding{Page: page, Number: n})
			}
		}
	}
	var out []Finding
	for _, f := range slices.Concat(zones, numbers) {
		same := func(g Finding) bool { return g.Number == f.Number && slices.Equal(g.Lines, f.Lines) }
		if len(out) < maxFindings && !slices.ContainsFunc(out, same) {
			out = append(out, f)
		}
	}
	return out
}

// zoneAt returns the zone that begins with the first line: three lines of 30, or two of 36 or 44.
func zoneAt(lines []string, today time.Time) []string {
	for _, form := range []struct{ lines, length int }{{2, 44}, {3, 30}, {2, 36}} {
		if len(lines) < form.lines {
			continue
		}
		zone := make([]string, 0, form.lines)
		for _, l := range lines[:form.lines] {
			if len(l) > 2*form.length {
				break
			}
			if l = strings.ReplaceAll(l, " ", ""); len(l) == form.length && zoneLine.MatchString(l) {
				zone = append(zone, l)
			}
		}
		if len(zone) < form.lines {
			continue
		}
		if _, err := mrz.Parse(zone, today); err == nil {
			return zone
		}
	}
	return nil
}

var (
	zoneLine = regexp.MustCompile(`^[A-Z0-9<]+$`)
	// speaks of a number: English, Spanish, French, Haitian Creole.
	speaks = regexp.MustCompile(`(?i)visa|viza|permi|pèmi|autori|otoriz|n[º°o]\.?\s|number|n[uú]m[eé]ro|nimewo|r[eé]f[eé]ren|carta|letter|lettre|lèt`)
	token  = regexp.MustCompile(`[A-Z0-9]+(?:[-/.][A-Z0-9]+)*`)
	date   = regexp.MustCompile(`^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{2}|\d{4}))$`)
)

// numbersIn returns the words of a line that could be the number of a visa or permit: 6 to 30
// signs with at least 4 digits, and no date.
func numbersIn(line string) (out []string) {
	if len(line) > 500 || !speaks.MatchString(line) {
		return nil
	}
	for _, w := range token.FindAllString(line, maxFindings) {
		digits := 0
		for _, c := range w {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		if len(w) >= 6 && len(w) <= 30 && digits >= 4 && !date.MatchString(w) {
			out = append(out, w)
		}
	}
	return out
}
