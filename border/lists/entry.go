package lists

import (
	"regexp"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"garita/border"
	"garita/border/watch"
)

// Limits of an entry by hand.
const (
	maxText      = 1 << 10 // bytes of one value
	maxNames     = 100
	maxValues    = 64
	maxDocuments = 100
)

var (
	code = regexp.MustCompile(`^[A-Z]{1,3}$`) // Doc 9303-3 section 5
	// One end of an EDTF date: a year, month and day, each of which may be unknown, perhaps circa.
	date = regexp.MustCompile(`^[0-9]{4}(-([0-9]{2}|XX)(-([0-9]{2}|XX))?)?~?$`)
	span = regexp.MustCompile(`^([^/]+)/([^/]+)$`)
)

// checkEntry says what is wrong with an entry that somebody has written. The message names the
// field and never what it holds.
func checkEntry(e *watch.Entry) error {
	wrong := func(field string) error {
		return &border.Error{Code: border.Invalid, Op: "check an entry", Message: "In this entry {0} cannot be right.",
			Args: []any{border.Sentence{Text: field}}}
	}
	oneOf := func(s string, of ...string) bool { return slices.Contains(of, s) }
	switch {
	case !sourceName.MatchString(e.Source):
		return wrong("the source")
	case !entryID.MatchString(e.ID):
		return wrong("the id")
	case len(e.Names) == 0 && len(e.Documents) == 0:
		return &border.Error{Code: border.Invalid, Op: "check an entry", Message: "An entry needs a name or a document."}
	case len(e.Names) > maxNames || !allOf(e.Names, goodName):
		return wrong("a name")
	case len(e.BirthDates) > maxValues || !allOf(e.BirthDates, goodDate):
		return wrong("a birth date")
	case !oneOf(e.Sex, "", "M", "F", "X"):
		return wrong("the sex")
	case !codes(e.Nationalities) || !codes(e.BirthPlaces) || !codes(e.Residences):
		return wrong("a country")
	case len(e.Documents) > maxDocuments || !allOf(e.Documents, goodDocument):
		return wrong("a document")
	case !oneOf(string(e.Handling), string(watch.Open), string(watch.Refer), string(watch.Silent)):
		return wrong("the handling")
	case !oneOf(string(e.Applies), "", string(watch.AppliesEntry), string(watch.AppliesExit)):
		return wrong("the direction")
	case !oneOf(string(e.Distribution), "", string(watch.HubOnly)):
		return wrong("the distribution")
	case !goodDay(e.ValidFrom) || !goodDay(e.Expires) || e.Expires != "" && e.ValidFrom > e.Expires:
		return wrong("its first or last day")
	case len(e.Instruction) > 16 || !instructions(e.Instruction):
		return wrong("the instruction")
	}
	for _, s := range []string{e.Photo, e.Action, e.LegalBasis, e.Purpose, e.Owner, e.Updated} {
		if !text(s) {
			return wrong("a text")
		}
	}
	if entrySize(e) > maxEntry {
		return &border.Error{Code: border.TooLarge, Op: "check an entry", Message: "The entry is too large: leave out what does not help to find the person."}
	}
	return nil
}

func allOf[T any](s []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(s, func(v T) bool { return !ok(v) })
}

func goodName(n watch.Name) bool {
	some := n.Surname+n.GivenNames+n.Full != ""
	known := slices.Contains([]watch.Quality{"", watch.Primary, watch.Good, watch.Low}, n.Quality)
	return some && known && text(n.Surname) && text(n.GivenNames) && text(n.Full)
}

func goodDate(s string) bool {
	if ends := span.FindStringSubmatch(s); ends != nil {
		return date.MatchString(ends[1]) && date.MatchString(ends[2])
	}
	return date.MatchString(s)
}

func goodDocument(d watch.Document) bool {
	return d.Number != "" && text(d.Number) && len(d.Number) <= 64 && len(d.Type) <= 2 && text(d.Type) && (d.Issuer == "" || code.MatchString(d.Issuer))
}

func goodDay(s string) bool {
	if s == "" {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func codes(s []string) bool { return len(s) <= maxValues && allOf(s, code.MatchString) }

func instructions(by map[string]string) bool {
	for language, s := range by {
		if len(language) > 16 || !text(s) {
			return false
		}
	}
	return true
}

// text reports whether s is a text of one line within its limit.
func text(s string) bool {
	if len(s) > maxText || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if unicode.IsControl(c) {
			return false
		}
	}
	return true
}
