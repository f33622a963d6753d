package workshop

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/ui/i18n"
)

// Panel is the screen in words of the reader's language.
type Panel struct {
	Station  string
	Summary  string
	Scanners []Scanner
	Checks   []Check // of the station; none: nobody asked it
	Troubled string  // how many of them need somebody; "": none
	Steps    []Step  // of the first set-up; none once a traveller was recorded
	SetUp    bool    // all of them are done
	Proposed string  // how many learned profiles wait for a second person; "": none

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

func (s *screen) panel(ctx context.Context, p *i18n.Printer) Panel {
	all := s.cfg.Scanners.Scanners()
	now := s.cfg.Clock.Now()
	out := Panel{Station: string(s.cfg.Station), Summary: summary(p, all), all: all}
	for i := range all {
		out.Scanners = append(out.Scanners, scanner(p, &all[i], s.cfg.Counters, now))
	}
	waiting := 0
	for _, l := range s.cfg.Learning.Learning().Profiles {
		if l.State == border.ProfileProposed {
			waiting++
		}
	}
	if waiting > 0 {
		out.Proposed = p.N(waiting, "{0} learned profile waits for a second person", "{0} learned profiles wait for a second person")
	}
	if s.cfg.Health == nil {
		return out
	}
	h := s.cfg.Health(ctx)
	out.Checks = checks(p, &h, now)
	if !h.Recorded {
		out.Steps = steps(p, &h, all, s.cfg.Counters)
	}
	n := 0
	for _, c := range out.Checks {
		if c.Tag == "warn" || c.Tag == "bad" {
			n++
		}
	}
	if n > 0 {
		out.Troubled = p.N(n, "station: {0} thing needs attention", "station: {0} things need attention")
	}
	out.SetUp = !slices.ContainsFunc(out.Steps, func(s Step) bool { return !s.Done })
	return out
}

// summary counts the scanners by what matters.
func summary(p *i18n.Printer, all []border.ScannerDetail) string {
	if len(all) == 0 {
		return p.T("The station sees no scanner.")
	}
	count := make(map[string]int)
	for i := range all {
		count[all[i].State]++
	}
	var parts []string
	for _, c := range counted {
		if n := count[c.state]; n > 0 {
			parts = append(parts, p.N(n, c.words, c.words))
		}
		delete(count, c.state)
	}
	for _, state := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[state], state))
	}
	return strings.Join(parts, ", ")
}

func scanner(p *i18n.Printer, d *border.ScannerDetail, counters []border.CounterID, now time.Time) Scanner {
	tag, word := "none", d.State
	if state, known := states[d.State]; known {
		tag, word = state.tag, p.T(state.word)
	}
	out := Scanner{ID: d.ID, Of: d.Profile + "/" + d.VendorID + d.ProductID, Tag: tag, State: word, Since: clockTime(p, d.Since, now),
		Reason: said(p, d.Reason), Known: d.Profile != "", Finger: d.Kind == "fingerprint", Counter: string(d.Counter)}
	if by, ok := assigned[d.AssignedBy]; ok {
		out.AssignedBy = p.T(by)
	}
	if d.Advice != d.Reason {
		out.Advice = said(p, d.Advice)
	}
	out.Title = cmp.Or(d.ProfileName, strings.TrimSpace(d.Manufacturer+" "+d.Product), p.T("USB device"))
	for _, c := range counters {
		out.Counters = append(out.Counters, Choice{string(c), c == d.Counter})
	}
	add := func(name i18n.Msg, value string, mono bool) {
		if value != "" {
			out.Facts = append(out.Facts, Fact{p.T(name), value, mono})
		}
	}
	if gives, ok := kinds[d.Kind]; ok {
		add(i18n.Msg("Gives"), p.T(gives), false)
	}
	add(i18n.Msg("Device"), strings.TrimSpace(d.Manufacturer+" "+d.Product), false)
	if d.VendorID != "" {
		add(i18n.Msg("USB id"), d.VendorID+":"+d.ProductID, true)
		add(i18n.Msg("USB socket"), d.Port, true)
	} else {
		add(i18n.Msg("Node"), d.Port, true)
	}
	add(i18n.Msg("Serial number"), d.Serial, true)
	add(i18n.Msg("Firmware"), d.Firmware, true)
	add(i18n.Msg("Profile"), d.Profile, true)
	add(i18n.Msg("Why this profile"), said(p, d.Why), false)
	proof := d.Evidence
	if w, ok := evidence[d.Evidence]; ok {
		proof = p.T(w)
	}
	add(i18n.Msg("Evidence"), proof, false)
	out.Counts = counts(p, d.Counts)
	return out
}

// counts says what the scanner has done since the program began, as far as it did anything.
func counts(p *i18n.Printer, c map[string]uint64) string {
	var parts []string
	for _, w := range done {
		if n := c[w.name]; n > 0 {
			parts = append(parts, p.T(w.words, int(min(n, math.MaxInt))))
		}
	}
	return strings.Join(parts, "; ")
}

// clockTime gives the time of day in UTC, with the date unless it is today.
func clockTime(p *i18n.Printer, t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return p.At(t)
}
