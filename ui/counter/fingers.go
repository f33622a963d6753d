package counter

import (
	"slices"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/fingerprint"
	"garita/border/form"
	"garita/ui/i18n"
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
	Degraded  string // "the post goes without until 15:04:05"; "" if it does not
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
func (w words) fingers(v counter.View) *Fingers {
	f := w.form
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
		out.Degraded = w.T("the post goes without until {0}", w.clock(d.Until, v.Status.Now))
	}
	if e := v.Encounter; e != nil && e.Fingers != nil {
		out.Encounter = e.ID.String()
		w.asked(out, e.Fingers)
	}
	if !out.Scanner && out.Degraded == "" && len(out.Rows) == 0 && out.Now == nil {
		return nil
	}
	return out
}

// asked puts into words what came of an encounter's fingers.
func (w words) asked(out *Fingers, v *counter.FingersView) {
	reasons, codes := w.labels(w.form.Codes(form.FingerReasons)), w.labels(w.form.Codes(form.FingerNotTaken))
	if v.Next != 0 {
		out.Next, out.NextWord = strconv.Itoa(int(v.Next)), w.finger(v.Next)
	}
	for _, a := range v.Asked {
		row := FingerRow{Finger: upper(w.finger(a.Position)), Taken: a.Taken, Finq: a.Finq, Why: reasons[a.Reason]}
		if a.Liveness == border.LivenessAttack {
			row.Flag = w.T(attackText)
		}
		switch {
		case a.Taken:
			row.Quality = w.T(qualityWord(a.Finq))
		case a.Code != "":
			row.Text = codes[a.Code]
		case a.Attempts == 0: // its image went with the name it was taken under, or was lost
			row.Text = w.T("Has to be taken again")
		default:
			row.Text = w.T("No image was good enough")
		}
		out.Rows = append(out.Rows, row)
		out.Reason = a.Reason // the next one is asked for the same reason
	}
	if c := v.Capture; c != nil {
		out.Now = w.now(c)
		out.Say = strings.TrimSpace(out.Now.Word + " " + out.Now.Detail + " " + out.Now.Flag)
	}
}

// finger names a finger.
func (w words) finger(p border.FingerPosition) string { return w.T(fingerWords[p]) }

// now puts a capture into words.
func (w words) now(c *counter.CaptureView) *FingerNow {
	finger := w.finger(c.Position)
	n := &FingerNow{State: c.State, Busy: true, Finq: c.Finq, Attempt: w.T("Image {0} of {1}", c.Attempt, c.Attempts)}
	if c.Liveness == border.LivenessAttack {
		n.Flag = w.T(attackText)
	}
	if c.Finq > 0 || c.Problem != "" {
		n.Quality = w.T(qualityWord(c.Finq))
	}
	better := ""
	if m := problemTexts[fingerprint.Problem(c.Problem)]; m != "" {
		better = w.T(m)
	}
	switch c.State {
	case counter.CapturePlace:
		n.Word, n.Detail = w.T("Place the {0} on the scanner.", finger), better
	case counter.CaptureLift:
		n.Word, n.Detail = w.T("Lift the {0}.", finger), better
	case counter.CaptureKeeping:
		n.Word = w.T("Keep still a moment.")
	case counter.CaptureKept:
		n.Busy, n.Good, n.Word = false, n.Flag == "", w.T("Kept: {0}, {1}.", finger, qualityWord(c.Finq))
	case counter.CapturePoor:
		n.Busy, n.Word, n.Detail = false, w.T("Not kept: {0}.", finger), better
	case counter.CaptureCancelled:
		n.Busy, n.Word = false, w.T("Cancelled: {0}.", finger)
	default:
		n.Busy, n.Word, n.Detail = false, w.T("Not taken: {0}.", finger), w.said(c.Message)
	}
	return n
}

// qualityWord says a quality in a word.
func qualityWord(finq int) i18n.Msg {
	switch {
	case finq >= 75:
		return "quality::very good"
	case finq >= fingerprint.Good:
		return "quality::good"
	case finq >= 40:
		return "quality::fair"
	case finq >= fingerprint.Floor:
		return "quality::just enough"
	}
	return "quality::not good enough"
}
