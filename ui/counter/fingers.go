package counter

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/fingerprint"
	"garita/border/form"
)

// Fingers is what there is to say of fingerprints at this counter. No image is on any screen.
type Fingers struct {
	Encounter string // id; "" while the counter waits
	Next      string // position that is proposed; "" if none
	NextWord  string
	Reason    string // code that is proposed
	Now       *FingerNow
	Rows      []FingerRow
	Scanner   bool   // the counter has one
	Degraded  string // "until 15:04:05"; "" if the post does not go without
	Say       string // spoken when it changes
}

// FingerNow is a finger being taken, or how that ended.
type FingerNow struct {
	Busy         bool
	State        counter.CaptureState
	Word, Detail string
	Flag         string // what the sensor said against an image; "" if nothing
	Attempt      string // "Image 2 of 3"
	Finq         int
	Quality      string // in a word; "" before the first image
	Good         bool   // it is over, an image is kept, and nothing is said against it
}

// FingerRow is one finger that was asked for.
type FingerRow struct {
	Finger  string
	Taken   bool
	Finq    int
	Quality string // in a word
	Text    string // why it was not taken
	Why     string // why it was asked for
	Flag    string // what the sensor said against it; "" if nothing
}

// fingers puts into words what there is of fingerprints; nil if nothing is to be said: the
// country's form asks for none, or the counter has no scanner and nobody was asked.
func (s *screen) fingers(v counter.View, zone *time.Location) *Fingers {
	f := s.cfg.Service.Form()
	if !f.Fingerprints() {
		return nil
	}
	out := &Fingers{Scanner: slices.ContainsFunc(v.Status.Scanners, func(sc border.ScannerStatus) bool {
		return sc.Kind == "fingerprint" && sc.Counter != "" // those of other counters are in no view
	})}
	if reasons := f.Codes(form.FingerReasons); len(reasons) > 0 {
		out.Reason = reasons[0].Code
	}
	if d := v.Status.Degraded; d != nil {
		out.Degraded = "until " + clockTime(d.Until, v.Status.Now, zone)
	}
	if e := v.Encounter; e != nil && e.Fingers != nil {
		out.Encounter = e.ID.String()
		s.asked(out, e.Fingers)
	}
	if !out.Scanner && out.Degraded == "" && len(out.Rows) == 0 && out.Now == nil {
		return nil
	}
	return out
}

// asked puts into words what came of an encounter's fingers.
func (s *screen) asked(out *Fingers, v *counter.FingersView) {
	f := s.cfg.Service.Form()
	reasons, codes := labels(f.Codes(form.FingerReasons)), labels(f.Codes(form.FingerNotTaken))
	if v.Next != 0 {
		out.Next, out.NextWord = strconv.Itoa(int(v.Next)), fingerWords[v.Next]
	}
	for _, a := range v.Asked {
		row := FingerRow{Finger: upper(fingerWords[a.Position]), Taken: a.Taken, Finq: a.Finq, Why: reasons[a.Reason]}
		if a.Liveness == border.LivenessAttack {
			row.Flag = attackText
		}
		switch {
		case a.Taken:
			row.Quality = qualityWord(a.Finq)
		case a.Code != "":
			row.Text = codes[a.Code]
		case a.Attempts == 0: // its image went with the name it was taken under, or was lost
			row.Text = "Has to be taken again"
		default:
			row.Text = "No image was good enough"
		}
		out.Rows = append(out.Rows, row)
		out.Reason = a.Reason // the next one is asked for the same reason
	}
	if c := v.Capture; c != nil {
		out.Now = now(c)
		out.Say = strings.TrimSpace(out.Now.Word + " " + out.Now.Detail + " " + out.Now.Flag)
	}
}

// now puts a capture into words.
func now(c *counter.CaptureView) *FingerNow {
	finger := fingerWords[c.Position]
	n := &FingerNow{State: c.State, Busy: true, Finq: c.Finq, Attempt: "Image " + strconv.Itoa(c.Attempt) + " of " + strconv.Itoa(c.Attempts)}
	if c.Liveness == border.LivenessAttack {
		n.Flag = attackText
	}
	if c.Finq > 0 || c.Problem != "" {
		n.Quality = qualityWord(c.Finq)
	}
	switch c.State {
	case counter.CapturePlace:
		n.Word, n.Detail = "Place the "+finger+" on the scanner.", problemTexts[fingerprint.Problem(c.Problem)]
	case counter.CaptureLift:
		n.Word, n.Detail = "Lift the "+finger+".", problemTexts[fingerprint.Problem(c.Problem)]
	case counter.CaptureKeeping:
		n.Word = "Keep still a moment."
	case counter.CaptureKept:
		n.Busy, n.Good, n.Word = false, n.Flag == "", "Kept: "+finger+", "+qualityWord(c.Finq)+"."
	case counter.CapturePoor:
		n.Busy, n.Word, n.Detail = false, "Not kept: "+finger+".", problemTexts[fingerprint.Problem(c.Problem)]
	case counter.CaptureCancelled:
		n.Busy, n.Word = false, "Cancelled: "+finger+"."
	default:
		n.Busy, n.Word, n.Detail = false, "Not taken: "+finger+".", c.Message
	}
	return n
}

// degradedText says until when, why and by whom the post goes without fingerprints.
func degradedText(f *form.Form, d *counter.Degraded, now time.Time, zone *time.Location) string {
	return "until " + clockTime(d.Until, now, zone) + ": " + labels(f.Codes(form.Degraded))[d.Reason] + ", agreed by " + d.By
}

// qualityWord says a quality in a word.
func qualityWord(finq int) string {
	switch {
	case finq >= 75:
		return "very good"
	case finq >= fingerprint.Good:
		return "good"
	case finq >= 40:
		return "fair"
	case finq >= fingerprint.Floor:
		return "just enough"
	}
	return "not good enough"
}
