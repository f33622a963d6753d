package counter

import (
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/verdict"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// verdict puts a verdict into plain words: every check with what was asked, of what, how
// old that is, and if it was not asked, why.
func (w words) verdict(v verdict.Verdict, st counter.Status) *Verdict {
	out := &Verdict{Level: v.Level}
	if levelWords[v.Level] == "" { // a level of a newer program is treated as the worst
		out.Level = verdict.Refer
	}
	out.Word, out.Hint = w.T(levelWords[out.Level]), w.T(levelHints[out.Level])
	for _, r := range v.Reasons {
		name := wording.Word(w.Printer, checkWords, r.Check)
		if r.Outcome == verdict.NotChecked && r.Reason == verdict.ReasonNotAvailable && r.Level == verdict.Proceed {
			out.Unable = append(out.Unable, name)
			continue
		}
		out.Checks = append(out.Checks, Check{
			Name: name, Mark: mark(r), Said: wording.Word(w.Printer, saidWords, r.Outcome), Text: w.check(r, st), Level: r.Level,
		})
	}
	return out
}

var saidWords = map[verdict.Outcome]i18n.Msg{
	verdict.Clear: "check::clear", verdict.Hit: "check::found", verdict.Wrong: "check::wrong",
	verdict.NotChecked: "check::not checked", verdict.Stale: "check::out of date",
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

// check says what came of a check.
func (w words) check(r verdict.Reason, st counter.Status) string {
	text := reasonTexts[r.Reason]
	if t := reasonTexts[string(r.Check)+"."+r.Reason]; t != "" {
		text = t
	}
	switch {
	case r.Outcome == verdict.Clear && len(r.Past) == 0 && notSeenTexts[r.Check] != "":
		text = notSeenTexts[r.Check]
	case r.Outcome == verdict.Clear:
		text = clearTexts[r.Check]
	case text == "" && r.Outcome == verdict.Stale:
		text = i18n.Msg("What was asked is older than allowed.")
	}
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	if text != "" {
		add(w.T(text))
	} else {
		add(wording.Underscored(r.Reason))
	}
	if len(r.Fields) > 0 && r.Outcome != verdict.Clear {
		add("(" + w.fields(r.Fields) + ")")
	}
	switch r.Check {
	case verdict.DocumentList, verdict.NameList:
		if len(r.Hits) > 0 {
			add(w.T("Entry {0}.", strings.Join(r.Hits, ", ")))
		}
		if r.Outcome != verdict.NotChecked && len(st.Lists) > 0 {
			add(w.lists(st))
		}
	case verdict.HistoryElsewhere:
		if r.Reason == verdict.ReasonHub && !st.Hub.Connected && !st.Hub.Since.IsZero() {
			add(w.T("Away for {0}.", w.Span(st.Now.Sub(st.Hub.Since))))
		}
	default: // the reason says it all
	}
	if r.Outcome == verdict.Stale && r.AgeS > 0 {
		add(w.T("It is {0} old.", w.seconds(r.AgeS)))
	}
	return strings.Join(parts, " ")
}

func (w words) field(f string) string { return wording.Word(w.Printer, fieldWords, f) }

func (w words) fields(all []string) string {
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = w.field(f)
	}
	return strings.Join(out, ", ")
}

// lists names the lists in force with version and age.
func (w words) lists(st counter.Status) string {
	var out []string
	for _, l := range st.Lists {
		out = append(out, w.T("{0} version {1}, {2} old", l.List, l.Version, w.seconds(l.AgeS)))
	}
	return w.T("Asked: {0}.", strings.Join(out, "; "))
}

// say gives the sentence for the live region: the verdict and what led to it.
func (w words) say(v *Verdict) string {
	text := w.T("Verdict: {0}.", v.Word)
	for _, c := range v.Checks {
		if c.Mark == "look" || c.Mark == "refer" {
			text += " " + c.Name + ": " + c.Text
		}
	}
	return text
}

// why names what leads to a verdict, without the ages in it, which grow: another one is news.
func why(v verdict.Verdict) string {
	var out []string
	for _, r := range v.Reasons {
		if m := mark(r); m == "look" || m == "refer" {
			out = append(out, strings.Join([]string{string(r.Check), string(r.Level), string(r.Outcome), r.Reason, strings.Join(r.Fields, ","), strings.Join(r.Hits, ",")}, " "))
		}
	}
	return strings.Join(out, "; ")
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

func (w words) banner(st counter.Status) Banner {
	var b Banner
	add := func(id, state, text, line string) {
		b.Chips = append(b.Chips, Chip{id, state, text})
		if line != "" {
			b.Lines = append(b.Lines, line)
		}
	}
	w.hubChip(st, add)
	if len(st.Lists) == 0 {
		add("list", "warn", w.T("No list loaded"), w.T("No watchlist is loaded: nobody can be found on one."))
	}
	for _, l := range st.Lists {
		if l.Stale {
			add("list", "warn", w.T("List {0} v{1}, {2} old: out of date", l.List, l.Version, w.seconds(l.AgeS)),
				w.T("List {0} is older than allowed. A person listed since then is not found here.", l.List))
		} else {
			add("list", "ok", w.T("List {0} v{1}, {2} old", l.List, l.Version, w.seconds(l.AgeS)), "")
		}
	}
	w.clockChip(st, add)
	w.storageChip(st, add)
	if len(st.Scanners) == 0 {
		add("scanner", "note", w.T("No reader"), "")
	}
	for _, sc := range st.Scanners {
		w.scannerChip(sc, add)
	}
	if st.SoftKeys {
		add("keys", "warn", w.T("Keys in files"), w.T("The keys are files on this disk: whoever has the disk can read its records. Not for real travellers."))
	}
	if st.Demo {
		add("demo", "note", w.T("Demo: invented travellers"), "")
	}
	if d := st.Degraded; d != nil {
		add("fingers", "warn", w.T("No fingerprints for now"),
			w.T("The post goes without fingerprints until {0}: {1}, agreed by {2}. Then they are taken again by themselves.",
				w.clock(d.Until, st.Now), w.labels(w.form.Codes(form.Degraded))[d.Reason], d.By))
	}
	return b
}

type addChip func(id, state, text, line string)

func (w words) hubChip(st counter.Status, add addChip) {
	h := st.Hub
	waiting := ""
	if h.Backlog > 0 {
		waiting = ", " + w.N(int(h.Backlog), "{0} record to send", "{0} records to send")
	}
	switch {
	case h.Connected:
		add("hub", "ok", w.T("Hub connected")+waiting, "")
	case h.Since.IsZero():
		add("hub", "warn", w.T("Hub not reached yet")+waiting,
			w.T("The hub has not been reached since the start. Work goes on here; records are sent when it answers."))
	default:
		add("hub", "warn", w.T("Hub away since {0}", w.clock(h.Since, st.Now))+waiting,
			w.T("The hub is away. Work goes on here; records are safe on this disk and are sent when it is back."))
	}
}

func (w words) clockChip(st counter.Status, add addChip) {
	switch {
	case st.Clock.State == border.ClockSynced:
		add("clock", "ok", w.T("Clock agrees with the hub"), "")
	case st.Clock.State == border.ClockHoldover && st.Clock.AgeS > 0:
		add("clock", "note", w.T("Clock compared {0} ago", w.seconds(st.Clock.AgeS)), "")
	case st.Clock.State == border.ClockHoldover:
		add("clock", "note", w.T("Clock not compared yet"), "")
	case clockReasons[st.Clock.Reason] != "":
		add("clock", "bad", w.T("Clock not trusted"),
			w.T("This station's clock is not trusted: {0}. Dates are not checked: read them yourself. Nothing is blocked.", clockReasons[st.Clock.Reason]))
	default:
		add("clock", "bad", w.T("Clock not trusted"),
			w.T("This station's clock is not trusted. Dates are not checked: read them yourself. Nothing is blocked."))
	}
}

func (w words) storageChip(st counter.Status, add addChip) {
	s := st.Storage
	chip, line := storageChips[s.State], storageLines[s.State]
	switch {
	case s.State == journal.StorageOK:
		add("storage", "ok", w.T("Disk: {0} free", w.size(s.Free)), "")
	case s.State == journal.StorageLow:
		add("storage", "warn", w.T(chip), w.T(line))
	case chip != "":
		add("storage", "bad", w.T(chip), w.T(line))
	default: // of a newer program
		add("storage", "bad", w.T("Disk failing"), w.T("The disk is in trouble. Call the technician."))
	}
}

func (w words) scannerChip(sc border.ScannerStatus, add addChip) {
	states, apart := readerWords, i18n.Msg("Reader {0} belongs to no counter")
	if sc.Kind == "fingerprint" {
		states, apart = fingerScannerWords, i18n.Msg("Fingerprint scanner {0} belongs to no counter")
	}
	word := wording.Word(w.Printer, states, sc.State)
	switch {
	case sc.Counter == "":
		add("scanner", "note", w.T(apart, sc.ID), "")
	case sc.State == "ready":
		add("scanner", "ok", word, "")
	case sc.State == "matched" || sc.State == "initialising":
		add("scanner", "note", word, "")
	case sc.Reason != "":
		add("scanner", "warn", word, sc.ID+": "+w.said(sc.Reason))
	default:
		add("scanner", "warn", word, sc.ID+": "+word+".")
	}
}
