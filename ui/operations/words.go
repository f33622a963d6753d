package operations

import (
	"slices"
	"strings"
	"sync"

	"garita/border"
	"garita/border/form"
	"garita/ui/i18n"
)

// standard is the form that ships, for the words of its codes.
var standard = sync.OnceValue(form.Default)

// codeWord is a code of the form in the reader's language, by the name of its list. A code that another form
// added stands as it is.
func codeWord(p *i18n.Printer, list, code string) string {
	f := standard()
	codes := f.Codes(list)
	if list == "grounds" {
		codes = slices.Concat(f.Grounds(border.Refused), f.Grounds(border.DeparturePrevented))
	}
	if i := slices.IndexFunc(codes, func(c form.Code) bool { return c.Code == code }); i >= 0 {
		return f.Word(string(p.Lang()), codes[i].Label)
	}
	return strings.ReplaceAll(code, "_", " ")
}

func categoryWord(p *i18n.Printer, code string) string { return codeWord(p, "categories", code) }
