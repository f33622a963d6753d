package counter

import (
	"fmt"
	"strings"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

// words puts a verdict into plain words: every check with what was asked, of what, how
// old that is, and if it was not asked, why.
func words(v verdict.Verdict, st counter.Status) *Verdict {
	out := &Verdict{Level: v.Level, Word: levelWords[v.Level], Hint: levelHints[v.Level]}
	if out.Word == "" { // a level of a newer program is treated as the worst
		out.Level, out.Word, out.Hint = verdict.Refer, levelWords[verdict.Refer], levelHints[verdict.Refer]
	}
	for _, r := range v.Reasons {
		if r.Outcome == verdict.NotChecked && r.Reason == verdict.ReasonNotAvailable && r.Level == verdict.Proceed {
			out.Unable = append(out.Unable, checkWord(r.Check))
			continue
		}
		out.Checks = append(out.Checks, Check{
			Name: checkWord(r.Check), Mark: mark(r), Said: saidWords[r.Outcome], Text: checkText(r, st), Level: r.Level,
		})
	}
	return out
}

func checkWord(c verdict.Check) string {
	if w, ok := checkWords[c]; ok {
		return w
	}
	return strings.ReplaceAll(string(c), "_", " ")
}

var saidWords = map[verdict.Outcome]string{
	verdict.Clear: "clear", verdict.Hit: "found", verdict.Wrong: "wrong",
	verdict.NotChecked: "not checked", verdict.Stale: "out of date",
}

// mark gives the sign before a check: by what it advises, and "none" where nothing was
// asked and nothing follows.
func mark(r verdict.Reason) string {
	switch {
	case r.Level == verdict.Look:
		return "look"
	case r.Level != verdict.Proceed:
		return "refer"
	case r.Outcome == verdict.NotChecked:
		return "none"
	}
	return "ok"
}

func checkText(r verdict.Reason, st counter.Status) string {
	text := ""
	switch {
	case r.Outcome == verdict.Clear && len(r.Past) == 0 && notSeenTexts[r.Check] != "":
		text = notSeenTexts[r.Check]
	case r.Outcome == verdict.Clear:
		text = clearTexts[r.Check]
	default:
		text = reasonTexts[string(r.Check)+"."+r.Reason]
		if text == "" {
			text = reasonTexts[r.Reason]
		}
	}
	switch {
	case text != "":
	case r.Outcome == verdict.Stale:
		text = "What was asked is older than allowed."
	default:
		text = strings.ReplaceAll(r.Reason, "_", " ")
	}
	add := func(s string) { text = strings.TrimSpace(text + " " + s) }
	if len(r.Fields) > 0 && r.Outcome != verdict.Clear {
		add("(" + fieldList(r.Fields) + ")")
	}
	switch r.Check {
	case verdict.DocumentList, verdict.NameList:
		if len(r.Hits) > 0 {
			add("Entry " + strings.Join(r.Hits, ", ") + ".")
		}
		if r.Outcome != verdict.NotChecked {
			add(listsText(st))
		}
	case verdict.HistoryElsewhere:
		if r.Reason == verdict.ReasonHub && !st.Hub.Connected && !st.Hub.Since.IsZero() {
			add("Away for " + span(st.Now.Sub(st.Hub.Since)) + ".")
		}
	default: // the reason says it all
	}
	if r.Outcome == verdict.Stale && r.AgeS > 0 {
		add("It is " + span(time.Duration(r.AgeS)*time.Second) + " old.")
	}
	return text
}

// listsText names the lists in force with version and age.
func listsText(st counter.Status) string {
	var out []string
	for _, l := range st.Lists {
		out = append(out, fmt.Sprintf("%s version %s, %s old", l.List, l.Version, span(time.Duration(l.AgeS)*time.Second)))
	}
	if len(out) == 0 {
		return ""
	}
	return "Asked: " + strings.Join(out, "; ") + "."
}

// say gives the sentence for the live region: the verdict and what led to it.
func say(v *Verdict) string {
	text := "Verdict: " + v.Word + "."
	for _, c := range v.Checks {
		if c.Mark == "look" || c.Mark == "refer" {
			text += " " + c.Name + ": " + c.Text
		}
	}
	return text
}

// Banner is the state of everything a verdict leans on.
type Banner struct {
	Chips []Chip
	// Lines say what is not as it should be, and what that means for the work.
	Lines []string
}

// Chip is one short statement of the banner.
type Chip struct {
	ID    string // for tests and styles: hub, list, clock, storage, scanner, keys, demo
	State string // ok, note, warn or bad
	Text  string
}

func banner(st counter.Status, zone *time.Location) Banner {
	var b Banner
	add := func(id, state, text, line string) {
		b.Chips = append(b.Chips, Chip{id, state, text})
		if line != "" {
			b.Lines = append(b.Lines, line)
		}
	}
	hubChip(st, zone, add)
	if len(st.Lists) == 0 {
		add("list", "warn", "No list loaded", "No watchlist is loaded: nobody can be found on one.")
	}
	for _, l := range st.Lists {
		text := fmt.Sprintf("List %s v%s, %s old", l.List, l.Version, span(time.Duration(l.AgeS)*time.Second))
		if l.Stale {
			add("list", "warn", text+": out of date", "List "+l.List+" is older than allowed. A person listed since then is not found here.")
		} else {
			add("list", "ok", text, "")
		}
	}
	clockChip(st, add)
	storageChip(st, add)
	if len(st.Scanners) == 0 {
		add("scanner", "note", "No reader", "")
	}
	for _, sc := range st.Scanners {
		scannerChip(sc, add)
	}
	if st.SoftKeys {
		add("keys", "warn", "Keys in files", "The keys are files on this disk: whoever has the disk can read its records. Not for real travellers.")
	}
	if st.Demo {
		add("demo", "note", "Demo: invented travellers", "")
	}
	return b
}

// without says that the post goes without fingerprints for now.
func (b *Banner) without(until string) {
	b.Chips = append(b.Chips, Chip{"fingers", "warn", "No fingerprints for now"})
	b.Lines = append(b.Lines, "The post goes without fingerprints "+until+". Then they are taken again by themselves.")
}

type addChip func(id, state, text, line string)

func hubChip(st counter.Status, zone *time.Location, add addChip) {
	h := st.Hub
	waiting := ""
	if h.Backlog > 0 {
		waiting = ", " + count(h.Backlog, "record", "records") + " to send"
	}
	switch {
	case h.Connected:
		add("hub", "ok", "Hub connected"+waiting, "")
	case h.Since.IsZero():
		add("hub", "warn", "Hub not reached yet"+waiting, "The hub has not been reached since the start. Work goes on here; records are sent when it answers.")
	default:
		add("hub", "warn", "Hub away since "+clockTime(h.Since, st.Now, zone)+waiting,
			"The hub is away. Work goes on here; records are safe on this disk and are sent when it is back.")
	}
}

func clockChip(st counter.Status, add addChip) {
	switch st.Clock.State {
	case border.ClockSynced:
		add("clock", "ok", "Clock agrees with the hub", "")
	case border.ClockHoldover:
		if st.Clock.AgeS > 0 {
			add("clock", "note", "Clock compared "+span(time.Duration(st.Clock.AgeS)*time.Second)+" ago", "")
		} else {
			add("clock", "note", "Clock not compared yet", "")
		}
	default:
		why := clockReasons[st.Clock.Reason]
		if why != "" {
			why = ": " + why
		}
		add("clock", "bad", "Clock not trusted", "This station's clock is not trusted"+why+". Dates are not checked: read them yourself. Nothing is blocked.")
	}
}

func storageChip(st counter.Status, add addChip) {
	s := st.Storage
	word, known := storageWords[s.State]
	if !known {
		word = string(s.State)
	}
	switch {
	case s.State == "ok":
		add("storage", "ok", "Disk: "+size(s.Free)+" free", "")
	case s.State == "low":
		add("storage", "warn", "Disk "+word, s.Reason)
	default:
		line := s.Reason
		if line == "" {
			line = "The disk is in trouble. Call the technician."
		}
		add("storage", "bad", "Disk "+word, line)
	}
}

func scannerChip(sc border.ScannerStatus, add addChip) {
	word, known := scannerWords[sc.State]
	if !known {
		word = sc.State
	}
	reader := "Reader"
	if sc.Kind == "fingerprint" {
		reader = "Fingerprint scanner"
	}
	switch {
	case sc.Counter == "":
		add("scanner", "note", reader+" "+sc.ID+" belongs to no counter", "")
	case sc.State == "ready":
		add("scanner", "ok", reader+" ready", "")
	case sc.State == "matched" || sc.State == "initialising":
		add("scanner", "note", reader+" "+word, "")
	default:
		line := reader + " " + sc.ID + ": " + word + "."
		if sc.Reason != "" {
			line = reader + " " + sc.ID + ": " + sc.Reason
		}
		add("scanner", "warn", reader+" "+word, line)
	}
}
