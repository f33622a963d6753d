// Package wording says in plain English what the hub's pages about lists and cases share:
// times, numbers, entries of a list, and what speaks for and against a hit. Texts stand here
// and not in templates, so that a catalogue of languages can take their place.
package wording

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
)

// Number writes a number with thin spaces between thousands.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// At gives the time of day in UTC, with the date unless it is today; – for the zero time.
func At(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}

// Span says how long something is, coarsely, so that a page does not change with every second.
func Span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return Number(int(d/(24*time.Hour))) + " days"
	case d >= 2*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d >= 2*time.Minute:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d >= 10*time.Second:
		return strconv.Itoa(int(d/(10*time.Second))*10) + " s"
	}
	return "a moment"
}

// Chance puts a probability into words that an officer can weigh.
func Chance(p float64) string {
	word := "Unlikely"
	switch {
	case p <= 0: // a hit of a station's own list, or of a document
		return "Not scored"
	case p >= 0.97:
		word = "Very likely"
	case p >= 0.85:
		word = "Likely"
	case p >= 0.5:
		word = "Possible"
	}
	return fmt.Sprintf("%s (about %.0f in 100)", word, min(99, 100*p))
}

// Handling says who learns of a hit.
func Handling(h watch.Handling) string {
	switch h {
	case watch.Open:
		return "Open"
	case watch.Refer:
		return "Refer"
	case watch.Silent:
		return "Silent"
	}
	return string(h)
}

// Underscored writes a word of a program as one of people, for those that have no text here.
func Underscored(s string) string { return strings.ReplaceAll(s, "_", " ") }

// Trouble says of an error what a person can do something about, with its HTTP status; false
// for a fault of ours.
func Trouble(err error) (text string, status int, ok bool) {
	text = border.MessageOf(err)
	switch border.CodeOf(err) {
	case border.Invalid:
		return or(text, "That could not be accepted. Check what was entered."), 422, true
	case border.Forbidden:
		return or(text, "This officer may not do that."), 403, true
	case border.Conflict, border.Stale:
		return or(text, "This has changed since you opened it. Look at it again."), 409, true
	case border.TooLarge:
		return or(text, "That is too long."), 413, true
	case border.NotFound:
		return or(text, "There is no such thing here."), 404, true
	case border.Unavailable:
		return or(text, "Not now. Wait a moment and try again."), 503, true
	case border.StorageFull:
		return or(text, "The disk is full. Nothing was changed. Call the technician."), 507, true
	default:
		return "", 0, false
	}
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}
