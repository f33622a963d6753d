package workshop

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"garita/border"
)

// Panel is the screen in words. This file and the template hold all its texts, so that a
// catalogue of languages can take their place.
type Panel struct {
	Station  string
	Summary  string
	Scanners []Scanner

	all []border.ScannerDetail
}

// Scanner is one scanner. Tag is the style of its state: ok, warn, bad or none.
type Scanner struct {
	ID, Title        string
	Of               string // changes when another device took the place: what is entered is of no use then
	Tag, State       string
	Since            string
	Reason, Advice   string
	Known, Finger    bool // a profile is for it; it takes fingers
	Counter          string
	AssignedBy       string
	Counters         []Choice
	Facts            []Fact
	Counts           string
	Evidence, Source string
}

// Choice is one counter to choose.
type Choice struct {
	ID       string
	Selected bool
}

// Fact is one thing that is known of a scanner.
type Fact struct {
	Name, Value string
	Mono        bool
}

var states = map[string]struct{ tag, word string }{
	"ready":        {"ok", "Ready"},
	"degraded":     {"warn", "Degraded"},
	"failed":       {"bad", "Failed"},
	"absent":       {"none", "Absent"},
	"matched":      {"none", "Found"},
	"initialising": {"none", "Starting"},
	"unknown":      {"none", "No profile"},
}

var evidence = map[string]string{
	"recorded":       "recorded: replays what a real device sent",
	"emulated":       "emulated: tested with our own emulation only",
	"field-verified": "field-verified: used on a real device",
}

var assigned = map[string]string{
	"serial":        "known again by its serial number, in any socket",
	"port":          "known again by its USB socket; keep it there",
	"workshop":      "assigned here, known by its name in the configuration",
	"configuration": "the configuration says so",
	"automatic":     "by itself, for the station has one counter and one scanner of this kind",
}

func (s *screen) panel() Panel {
	all := s.cfg.Scanners.Scanners()
	now := s.cfg.Clock.Now()
	p := Panel{Station: string(s.cfg.Station), Summary: summary(all), all: all}
	for i := range all {
		p.Scanners = append(p.Scanners, scanner(&all[i], s.cfg.Counters, now))
	}
	return p
}

// summary counts the scanners by what matters.
func summary(all []border.ScannerDetail) string {
	if len(all) == 0 {
		return "The station sees no scanner."
	}
	count := make(map[string]int)
	for _, d := range all {
		word := states[d.State].word
		count[cmp.Or(word, d.State)]++
	}
	var parts []string
	for _, w := range []string{"Ready", "Degraded", "Failed", "Starting", "Found", "Absent", "No profile"} {
		if n := count[w]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ToLower(w)))
		}
	}
	return strings.Join(parts, ", ")
}

func scanner(d *border.ScannerDetail, counters []border.CounterID, now time.Time) Scanner {
	state, known := states[d.State]
	if !known {
		state.tag, state.word = "none", d.State
	}
	out := Scanner{ID: d.ID, Of: d.Profile + "/" + d.VendorID + d.ProductID, Tag: state.tag, State: state.word, Since: clockTime(d.Since, now),
		Reason: d.Reason, Known: d.Profile != "", Finger: d.Kind == "fingerprint", Counter: string(d.Counter), AssignedBy: assigned[d.AssignedBy]}
	if d.Advice != d.Reason {
		out.Advice = d.Advice
	}
	out.Title = cmp.Or(d.ProfileName, strings.TrimSpace(d.Manufacturer+" "+d.Product), "USB device")
	for _, c := range counters {
		out.Counters = append(out.Counters, Choice{string(c), c == d.Counter})
	}
	add := func(name, value string, mono bool) {
		if value != "" {
			out.Facts = append(out.Facts, Fact{name, value, mono})
		}
	}
	add("Gives", map[string]string{"mrz": "documents", "fingerprint": "fingerprints"}[d.Kind], false)
	add("Device", strings.TrimSpace(d.Manufacturer+" "+d.Product), false)
	if d.VendorID != "" {
		add("USB id", d.VendorID+":"+d.ProductID, true)
		add("USB socket", d.Port, true)
	} else {
		add("Node", d.Port, true)
	}
	add("Serial number", d.Serial, true)
	add("Firmware", d.Firmware, true)
	add("Profile", d.Profile, true)
	add("Why this profile", d.Why, false)
	add("Evidence", cmp.Or(evidence[d.Evidence], d.Evidence), false)
	out.Counts = counts(d.Counts)
	return out
}

// counts says what the scanner has done since the program began, as far as it did anything.
func counts(c map[string]uint64) string {
	words := []struct{ name, text string }{
		{"delivered", "documents delivered"}, {"refused", "not accepted by the counter"}, {"unassigned", "ignored for want of a counter"},
		{"incomplete", "broken off"}, {"oversize", "too long"}, {"garbage", "unreadable"}, {"captures", "fingers taken"},
		{"captures_failed", "captures given up"}, {"floods", "floods"}, {"unplugged", "times unplugged"},
	}
	var parts []string
	for _, w := range words {
		if n := c[w.name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", w.text, n))
		}
	}
	return strings.Join(parts, "; ")
}

// clockTime gives the time of day in UTC, with the date unless it is today.
func clockTime(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 2006 15:04")
}
