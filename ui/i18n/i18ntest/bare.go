// Package i18ntest finds texts of pages that never went through the catalogue.
package i18ntest

import (
	"html"
	"regexp"
	"strings"
)

// Bare lists the texts of a page rendered with [garita/ui/i18n.Pseudo] that the printer did not write: what is
// left of its text and of its spoken attributes without what stands between ⟦ and ⟧. A test says which of
// them are data.
func Bare(page string) []string {
	var out []string
	keep := func(s string) {
		for written.MatchString(s) { // texts stand in the places of others
			s = written.ReplaceAllString(s, " ")
		}
		s = html.UnescapeString(s)
		for _, part := range strings.Split(s, "\n") {
			if part = strings.TrimSpace(part); word.MatchString(part) {
				out = append(out, part)
			}
		}
	}
	page = unseen.ReplaceAllString(page, "")
	for _, m := range attribute.FindAllStringSubmatch(page, -1) {
		keep(m[1])
	}
	keep(tag.ReplaceAllString(page, "\n"))
	return out
}

var (
	written   = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	unseen    = regexp.MustCompile(`(?s)<(script|style|code|kbd)\b.*?</(script|style|code|kbd)>|<bdi\b.*?</bdi>`)
	attribute = regexp.MustCompile(`\s(?:aria-label|title|placeholder|alt)="([^"]*)"`)
	tag       = regexp.MustCompile(`(?s)<[^>]*>`)
	word      = regexp.MustCompile(`\p{L}{2,}`)
)
