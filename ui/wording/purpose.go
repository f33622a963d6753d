package wording

import (
	"garita/border/access"
	"garita/ui/i18n"
)

var purposes = map[string]i18n.Msg{
	"case": "A case or a hit that is being worked on", "station": "A question of a station or a counter", "request": "A request of the person themselves",
	"court": "An order of a court or of another authority", "quality": "The quality of a list or of a match",
}

// Purpose says what a search was for.
func Purpose(p *i18n.Printer, code string) string { return Word(p, purposes, code) }

// Purposes lists what a search for people may be for.
func Purposes(p *i18n.Printer) []access.Purpose {
	out := access.Purposes()
	for i := range out {
		if m := purposes[out[i].Code]; m != "" {
			out[i].Text = p.T(m)
		}
	}
	return out
}
