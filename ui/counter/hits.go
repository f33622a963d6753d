package counter

import (
	"strings"

	"garita/border/counter"
	"garita/border/verdict"
	"garita/border/watch"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// Hit is a possible match in words. Of an entry to be referred it holds what to do, and nothing
// of the person.
type Hit struct {
	Open     bool
	Title    string // what it is a hit of
	Do       string // the instruction in the officer's language, or the action in words
	Language string // of Do
	Contact  string // the entry's owner; ""
	Doubt    string // an unconfirmed document, in words; ""

	Entry, Chance string
	Names         []string
	Rows          []HitRow
	Why           []HitReason
}

// HitRow is one fact of an open entry.
type HitRow struct{ Label, Value string }

// HitReason says of one field what speaks for or against.
type HitReason struct {
	Sign string // + for, − against, · neither
	Word string // the same for who cannot see the sign
	Text string
}

// hits puts the possible matches into words.
func (w words) hits(e *counter.EncounterView) []Hit {
	var out []Hit
	for _, h := range e.Hits {
		hit := Hit{Open: h.Handling == watch.Open, Title: wording.Word(w.Printer, hitTitles, h.Check), Contact: h.Owner}
		hit.Do, hit.Language = w.instruction(h.Instruction, h.Action)
		if h.Unconfirmed {
			hit.Doubt = w.T("Unconfirmed: the number fits this post’s list of documents, which errs about once in 65,000. The hub, which knows, has not said. Compare number and issuer, or ask the hub by telephone.")
		}
		if hit.Open && h.Entry != "" {
			hit.Entry, hit.Chance = h.Entry, wording.Chance(w.Printer, h.Score)
			for _, n := range h.Names {
				hit.Names = append(hit.Names, wording.Name(w.Printer, n))
			}
			row := func(label, value string) {
				if value != "" {
					hit.Rows = append(hit.Rows, HitRow{label, value})
				}
			}
			row(w.T("Born"), strings.Join(h.BirthDates, "; "))
			row(w.T("Sex"), w.sex(h.Sex))
			row(w.T("Nationality"), strings.Join(h.Nationalities, ", "))
			row(w.T("Photo"), h.Photo)
			row(w.T("Legal basis"), h.LegalBasis)
			row(w.T("Purpose"), h.Purpose)
			hit.Why = w.why(h.Fields)
		}
		out = append(out, hit)
	}
	return out
}

func (w words) sex(s string) string {
	if m, ok := sexWords[s]; ok {
		return w.T(m)
	}
	return ""
}

var hitTitles = map[verdict.Check]i18n.Msg{
	verdict.NameList: "Perhaps a listed person", verdict.DocumentList: "This document is listed",
}

// instruction gives the words of an entry in the reader's language, or in the first there is; without
// any the action in words.
func (w words) instruction(by map[string]string, action string) (text, in string) {
	own := string(w.Lang())
	for _, l := range [...]string{own, "en", "es", "fr", "ht"} {
		if t := by[l]; t != "" {
			return t, l
		}
	}
	if m := actionWords[action]; m != "" {
		return w.T(m), own
	}
	return w.T(actionWords["refer"]), own
}

var actionWords = map[string]i18n.Msg{
	"refer":     "Refer to secondary inspection. Do not say why.",
	"refuse":    "Call the duty supervisor: this person may not enter.",
	"detain":    "Call the duty supervisor at once. Do not let the person leave the post, and do not act alone.",
	"hand_over": "Call the duty supervisor: the person is to be handed over.",
	"inform":    "Let the person pass if nothing else speaks against it, and inform the owner of the entry.",
}

// signs are how a side shows; who cannot see them hears the side.
var signs = map[string]string{"for": "+", "against": "−", "neither": "·"}

// sides are the same in words.
var sides = map[string]i18n.Msg{"for": "evidence::for", "against": "evidence::against", "neither": "evidence::neither"}

// why says field by field what speaks for and against.
func (w words) why(fields []watch.Evidence) []HitReason {
	var out []HitReason
	for _, r := range wording.Evidence(w.Printer, fields) {
		text := r.Field + ": " + r.Level
		if r.Listed != "–" {
			text += " " + w.T("(listed: {0})", r.Listed)
		}
		out = append(out, HitReason{signs[r.Side], wording.Word(w.Printer, sides, r.Side), text})
	}
	return out
}

// Late is a late hit in words.
type Late struct {
	ID, Title, Passed, Do, Language, Since string
	Who                                    string // the name; "" if it cannot be read, then Unknown says so
	Whose, Unknown                         string
	Entry, Contact                         string
	Urgent                                 bool
	Unreadable                             bool // nobody takes in hand here what cannot be read
}

// lateHits puts the late hits into words.
func (w words) lateHits(v counter.View) []Late {
	var out []Late
	for _, h := range v.LateHits {
		since := w.clock(h.Since, v.Status.Now)
		if h.Crossing.IsZero() { // the notice does not open here
			out = append(out, Late{ID: h.ID.String(), Unreadable: true, Title: w.T("Somebody who passed was found on a list"), Language: string(w.Lang()),
				Since: since, Unknown: w.T("This station cannot read who it is."),
				Do: w.T("Ask the hub by telephone. The number of the notice: {0}.", h.ID.String())})
			continue
		}
		l := Late{ID: h.ID.String(), Title: w.T("Passed here, found on a list since"), Urgent: h.Urgent, Entry: h.Entry, Contact: h.Owner, Since: since,
			Who:   strings.Trim(h.Surname+", "+h.GivenNames, ", "),
			Whose: w.T("born {0}, {1}, document {2}", w.day(h.BirthDate), h.Nationality, h.IssuingState+" "+h.DocumentNumber)}
		if h.Expected {
			l.Title = w.T("Is on a list since entering, and may try to leave here")
		}
		l.Passed = w.T("{0} at {1}, {2}", w.direction(h.Direction), string(h.Post), w.clock(h.At, v.Status.Now))
		l.Do, l.Language = w.instruction(h.Instruction, h.Action)
		out = append(out, l)
	}
	return out
}
