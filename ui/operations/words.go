package operations

import (
	"garita/border/flows"
	"garita/border/form"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// categoryWord is a migratory category in the reader's language.
func categoryWord(p *i18n.Printer, f *form.Form, code string) string {
	if w := wording.FlowCode(p, f, flows.Category, code); w != code {
		return w
	}
	return wording.Underscored(code) // not of this form
}
