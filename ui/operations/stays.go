package operations

import (
	"strconv"
	"strings"
	"time"

	"garita/border/register"
)

// Overstay is a row of those inside beyond the last permitted day. No name is on it.
type Overstay struct {
	Days, Since, Until, Post, Who string
	Certain                       bool
	Doubts                        string // in words; "" if certain
}

// inside says how many people are in the country, and how far that can be believed.
func inside(in register.Inside) Figure {
	f := Figure{Label: "People inside", Value: grouped(in.Certain + in.Uncertain)}
	switch {
	case in.StaleS > 0:
		f.Note = "not certain: some station’s data were last whole " + ago(time.Duration(in.StaleS)*time.Second)
	case in.Uncertain > 0:
		f.Note = grouped(in.Uncertain) + " of them not certain"
	}
	return f
}

var doubtWords = map[string]string{
	register.DoubtClock: "a clock could not be trusted", register.DoubtLink: "what an officer said does not fit",
	register.DoubtProposal: "may have left on another document", register.DoubtPossibleExit: "somebody of the same age left without a known entry",
	register.DoubtNoKey: "somebody left whose particulars cannot be read",
}

func overstays(stays []register.Stay) (out []Overstay) {
	for _, s := range stays {
		if s.Entry == nil {
			continue
		}
		var doubts []string
		for _, d := range s.Doubts {
			text, known := doubtWords[d]
			switch {
			case d == register.DoubtLate:
				text = "some station’s data were last whole " + ago(time.Duration(s.StaleS)*time.Second)
			case !known:
				text = strings.ReplaceAll(d, "_", " ")
			}
			doubts = append(doubts, text)
		}
		out = append(out, Overstay{Days: strconv.Itoa(s.Overstayed), Since: s.Entry.Day, Until: s.Until, Post: string(s.Entry.Post),
			Who: strings.TrimSpace(s.Entry.Nationality + " " + strings.ReplaceAll(s.Entry.Category, "_", " ")), Certain: s.Certain,
			Doubts: strings.Join(doubts, "; ")})
	}
	return out
}
