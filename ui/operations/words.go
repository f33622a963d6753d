package operations

import (
	"sync"

	"garita/border/flows"
	"garita/border/form"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// standard is the form that ships, for the words of its codes.
var standard = sync.OnceValue(form.Default)

// categoryWord is a migratory category in the reader's language.
func categoryWord(p *i18n.Printer, code string) string {
	if w := wording.FlowCode(p, standard(), flows.Category, code); w != code {
		return w
	}
	return wording.Underscored(code) // of another form
}
