package operations

import (
	"fmt"
	"strings"
	"time"

	"garita/border/flows"
	"garita/border/form"
	"garita/border/register"
	"garita/ui/i18n"
)

// Overstay is a row of those inside beyond the last permitted day. No name is on it.
type Overstay struct {
	Days, Since, Until, Post, Who string
	Certain                       bool
	Doubts                        string // in words; "" if certain
}

// inside says how many people are in the country, and how far that can be believed; no number below small.
func inside(p *i18n.Printer, in register.Inside, small int64) Figure {
	hide := func(n int64) bool { return n > 0 && n < small }
	f := Figure{Label: p.T("People inside"), Value: number(p, flows.Number{N: in.Certain + in.Uncertain, Hidden: hide(in.Certain + in.Uncertain)})}
	switch {
	case in.StaleS > 0:
		f.Note = p.T("not certain: some station’s data were last whole {0} ago", p.Span(time.Duration(in.StaleS)*time.Second))
	case hide(in.Certain + in.Uncertain):
	case hide(in.Certain) || hide(in.Uncertain):
		f.Note = p.T("not all certain")
	case in.Uncertain > 0:
		f.Note = p.T("{0} of them not certain", int(in.Uncertain))
	}
	return f
}

var doubtWords = map[string]i18n.Msg{
	register.DoubtClock: "a clock could not be trusted", register.DoubtLink: "what an officer said does not fit",
	register.DoubtProposal: "may have left on another document", register.DoubtPossibleExit: "somebody of the same age left without a known entry",
	register.DoubtNoKey: "somebody left whose particulars cannot be read",
}

func overstays(p *i18n.Printer, f *form.Form, stays []register.Stay) (out []Overstay) {
	for _, s := range stays {
		if s.Entry == nil {
			continue
		}
		var doubts []string
		for _, d := range s.Doubts {
			text := word(p, doubtWords, d)
			if d == register.DoubtLate {
				text = p.T("some station’s data were last whole {0} ago", p.Span(time.Duration(s.StaleS)*time.Second))
			}
			doubts = append(doubts, text)
		}
		out = append(out, Overstay{Days: fmt.Sprint(s.Overstayed), Since: s.Entry.Day, Until: s.Until, Post: string(s.Entry.Post),
			Who: strings.TrimSpace(s.Entry.Nationality + " " + categoryWord(p, f, s.Entry.Category)), Certain: s.Certain,
			Doubts: strings.Join(doubts, "; ")})
	}
	return out
}
