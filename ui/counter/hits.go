package counter

import (
	"strings"
	"time"

	"garita/border/counter"
	"garita/border/verdict"
	"garita/border/watch"
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
func hits(e *counter.EncounterView, language string) []Hit {
	var out []Hit
	for _, h := range e.Hits {
		hit := Hit{Open: h.Handling == watch.Open, Title: hitTitles[h.Check], Contact: h.Owner}
		hit.Do, hit.Language = instruction(h.Instruction, h.Action, language)
		if h.Unconfirmed {
			hit.Doubt = "Unconfirmed: the number fits this post’s list of documents, which errs about once in 65,000. The hub, which knows, has not said. Compare number and issuer, or ask the hub by telephone."
		}
		if hit.Open && h.Entry != "" {
			hit.Entry, hit.Chance = h.Entry, wording.Chance(h.Score)
			for _, n := range h.Names {
				hit.Names = append(hit.Names, wording.Name(n))
			}
			row := func(label, value string) {
				if value != "" {
					hit.Rows = append(hit.Rows, HitRow{label, value})
				}
			}
			row("Born", strings.Join(h.BirthDates, "; "))
			row("Sex", sexWords[h.Sex])
			row("Nationality", strings.Join(h.Nationalities, ", "))
			row("Photo", h.Photo)
			row("Legal basis", h.LegalBasis)
			row("Purpose", h.Purpose)
			hit.Why = why(h.Fields)
		}
		out = append(out, hit)
	}
	return out
}

var hitTitles = map[verdict.Check]string{
	verdict.NameList: "Perhaps a listed person", verdict.DocumentList: "This document is listed",
}

// instruction gives the words of an entry in a language, or in the first there is; without any
// the action in words.
func instruction(by map[string]string, action, language string) (text, in string) {
	for _, l := range [...]string{language, "en", "es", "fr", "ht"} {
		if t := by[l]; l != "" && t != "" {
			return t, l
		}
	}
	if w := actionWords[action]; w != "" {
		return w, "en"
	}
	return actionWords["refer"], "en"
}

var actionWords = map[string]string{
	"refer":     "Refer to secondary inspection. Do not say why.",
	"refuse":    "Call the duty supervisor: this person may not enter.",
	"detain":    "Call the duty supervisor at once. Do not let the person leave the post, and do not act alone.",
	"hand_over": "Call the duty supervisor: the person is to be handed over.",
	"inform":    "Let the person pass if nothing else speaks against it, and inform the owner of the entry.",
}

// signs are how a side shows; who cannot see them hears the side.
var signs = map[string]string{"for": "+", "against": "−", "neither": "·"}

// why says field by field what speaks for and against.
func why(fields []watch.Evidence) []HitReason {
	var out []HitReason
	for _, r := range wording.Evidence(fields) {
		text := r.Field + ": " + r.Level
		if r.Listed != "–" {
			text += " (listed: " + r.Listed + ")"
		}
		out = append(out, HitReason{signs[r.Side], r.Side, text})
	}
	return out
}

// Late is a late hit in words.
type Late struct {
	ID, Title, Who, Passed, Do, Language, Since string
	Entry, Contact                              string
	Urgent                                      bool
	Unreadable                                  bool // nobody takes in hand here what cannot be read
}

// lateHits puts the late hits into words.
func lateHits(v counter.View, language string, zone *time.Location) []Late {
	var out []Late
	for _, h := range v.LateHits {
		if h.Crossing.IsZero() { // the notice does not open here
			out = append(out, Late{ID: h.ID.String(), Unreadable: true, Title: "Somebody who passed was found on a list", Language: "en",
				Since: clockTime(h.Since, v.Status.Now, zone), Who: "This station cannot read who it is.",
				Do: "Ask the hub by telephone. The number of the notice: " + h.ID.String() + "."})
			continue
		}
		l := Late{ID: h.ID.String(), Title: "Passed here, found on a list since", Urgent: h.Urgent, Entry: h.Entry, Contact: h.Owner,
			Since: clockTime(h.Since, v.Status.Now, zone),
			Who:   strings.Trim(h.Surname+", "+h.GivenNames, ", ") + ", born " + day(h.BirthDate) + ", " + h.Nationality + ", document " + h.IssuingState + " " + h.DocumentNumber}
		if h.Expected {
			l.Title = "May leave here: found on a list since entering"
		}
		l.Passed = directionWords[h.Direction] + " at " + string(h.Post) + ", " + clockTime(h.At, v.Status.Now, zone)
		l.Do, l.Language = instruction(h.Instruction, h.Action, language)
		out = append(out, l)
	}
	return out
}
