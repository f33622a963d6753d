package workshop

import (
	"strconv"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/signin"
	"garita/ui/i18n"
)

// Health is how a station finds itself. What is zero is not known, or not there.
type Health struct {
	Storage journal.Storage
	Journal int64     // bytes of the journal
	Since   time.Time // of its first event
	Floor   *Floor    // what the disk can do at best; nil: not measured yet
	Clock   border.ClockTrust
	Power   []Supply
	Heat    []Heat
	Hub     *border.HubStatus // nil: the station works alone
	Files   int               // attached files that wait for the hub
	Backup  Backup
	Roster  signin.RosterState
	Expires time.Time // of what the hub knows the station by
	Lists   []List
	Program string // version
	Form    string // version
	// Profiles are those that firmware profiles were read from; Own of them are the station's own.
	Profiles, Own int
	Recorded      bool // a traveller was recorded here
}

// Floor is how long the disk takes to make one small write durable. No record can be faster.
type Floor struct {
	At       time.Time
	P50, P99 time.Duration
	Writes   int
}

// Supply is a battery or a mains supply.
type Supply struct {
	Name, Kind, State string // as the kernel has them: "Battery", "Discharging"
	Percent           int    // of a battery; -1: not said
}

// Heat is one sensor.
type Heat struct {
	Name    string
	Celsius int
}

// Backup is the newest backup; it was read back before it was kept.
type Backup struct {
	Configured bool
	Made       time.Time // zero: none yet
	Failed     bool      // the last try
}

// List is a list that the hub releases.
type List struct {
	Name               string
	Version            uint64
	Issued, ValidUntil time.Time
	Trouble            bool // damaged here, or a release was refused
}

// Check is one thing that a station looks at of itself. Tag is ok, none, warn or bad.
type Check struct {
	ID, Name, Tag, State string
	Value, Advice        string
}

// The bounds from which on something is said of a value.
const (
	slowDisk   = 100 * time.Millisecond // p99 of one write: an officer feels it
	badDisk    = time.Second
	hot        = 85 // °C: processors slow down
	tooHot     = 95
	lowBattery = 20 // percent
	lateBackup = 36 * time.Hour
	oldBackup  = 7 * 24 * time.Hour
	endsSoon   = 30 * 24 * time.Hour // border/enrolment renews long before
	knownPace  = 7 * 24 * time.Hour  // before, the journal's growth says nothing
)

// words of the tags.
var tagWords = map[string]i18n.Msg{"ok": "health::OK", "none": "health::Note", "warn": "health::Attention", "bad": "health::Trouble"}

// checks judges a station's health in the reader's words.
func checks(p *i18n.Printer, h *Health, now time.Time) []Check {
	var out []Check
	add := func(id string, name i18n.Msg, tag, value, advice string) {
		out = append(out, Check{ID: id, Name: p.T(name), Tag: tag, State: p.T(tagWords[tag]), Value: value, Advice: advice})
	}
	tag, advice := disk(p, &h.Storage)
	add("disk", i18n.Msg("Disk"), tag, room(p, h, now), advice)
	tag, value, advice := floor(p, h.Floor)
	add("floor", i18n.Msg("Speed of the disk"), tag, value, advice)
	tag, value, advice = clockWords(p, h.Clock)
	add("clock", i18n.Msg("Clock"), tag, value, advice)
	tag, value, advice = hub(p, h.Hub, now)
	add("hub", i18n.Msg("Line to the hub"), tag, value, advice)
	if h.Hub != nil {
		add("backlog", i18n.Msg("Waiting for the hub"), "ok", p.N(int(min(h.Hub.Backlog, 1<<40)), "{0} event, attached files: {1}", "{0} events, attached files: {1}", h.Files), "")
	}
	tag, value, advice = ends(p, h.Expires, now)
	add("certificate", i18n.Msg("Belongs to the hub"), tag, value, advice)
	tag, value, advice = roster(p, h.Roster)
	add("roster", i18n.Msg("Officers"), tag, value, advice)
	for _, l := range h.Lists {
		tag, value, advice = list(p, l, now)
		add("list-"+l.Name, i18n.Msg("List"), tag, l.Name+": "+value, advice)
	}
	if h.Hub != nil && len(h.Lists) == 0 {
		add("lists", i18n.Msg("List"), "none", p.T("The hub has sent none yet."), "")
	}
	tag, value, advice = backedUp(p, h.Backup, now)
	add("backup", i18n.Msg("Last backup"), tag, value, advice)
	tag, value, advice = power(p, h.Power)
	add("power", i18n.Msg("Power"), tag, value, advice)
	tag, value, advice = heat(p, h.Heat)
	add("heat", i18n.Msg("Temperature"), tag, value, advice)
	add("versions", i18n.Msg("Versions"), "ok", p.T("program {0}, form {1}, firmware profiles {2}, of them the station’s own {3}", h.Program, h.Form, h.Profiles, h.Own), "")
	return out
}

func disk(p *i18n.Printer, s *journal.Storage) (tag, advice string) {
	switch s.State {
	case journal.StorageOK:
		return "ok", ""
	case journal.StorageLow:
		return "warn", p.T("Less than 15 % of the disk is free. Free space on the disk soon.")
	case journal.StorageReserve:
		return "bad", p.T("The disk is full. Room for about 1,000 more crossings is kept. Free space on the disk now.")
	case journal.StorageFull:
		return "bad", p.T("The disk is full and the reserve is used up. Nothing can be recorded here. Free space on the disk; the station goes on by itself.")
	case journal.StorageFailed:
	}
	return "bad", p.T("The disk returns errors. Nothing can be recorded here until it answers again. Save the diagnostic files and replace the disk.")
}

// room says how much of the disk is free, and for how long that is enough as things go.
func room(p *i18n.Printer, h *Health, now time.Time) string {
	s := p.T("{0} of {1} free, the journal has {2}", size(p, h.Storage.Free), size(p, h.Storage.Total), size(p, h.Journal))
	age := now.Sub(h.Since)
	if h.Since.IsZero() || age < knownPace || h.Journal <= 0 {
		return s
	}
	years := float64(h.Storage.Free) / float64(h.Journal) * age.Hours() / (365.25 * 24)
	if years >= 10 {
		return p.T("{0}; enough for more than 10 years", s)
	}
	return p.T("{0}; enough for {1}", s, p.Span(time.Duration(years*365.25*24*float64(time.Hour))))
}

// size writes a number of bytes.
func size(p *i18n.Printer, n int64) string {
	if n >= 10<<30 {
		return p.T("{0} GB", n>>30)
	}
	return p.T("{0} MB", n>>20)
}

func floor(p *i18n.Printer, f *Floor) (tag, value, advice string) {
	if f == nil {
		return "none", p.T("not measured yet"), ""
	}
	value = p.T("one write takes {0} ms, 99 of 100 no more than {1} ms; {2} writes measured at {3}", millis(f.P50), millis(f.P99), f.Writes, p.At(f.At.UTC()))
	switch {
	case f.P99 >= badDisk:
		return "bad", value, p.T("The disk is so slow that officers wait for it. Replace it, or its card or cable.")
	case f.P99 >= slowDisk:
		return "warn", value, p.T("The disk is slow at times. See what else writes to it; a card that is worn has to be replaced.")
	}
	return "ok", value, ""
}

// millis writes milliseconds, with tenths where they count.
func millis(d time.Duration) string {
	if d < 10*time.Millisecond {
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64)
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func clockWords(p *i18n.Printer, c border.ClockTrust) (tag, value, advice string) {
	switch c.State {
	case border.ClockSynced:
		return "ok", p.T("agrees with the hub, {0} ms apart", c.OffsetMS), ""
	case border.ClockHoldover:
		if c.AgeS == 0 {
			return "none", p.T("was not compared with the hub since the start"), ""
		}
		return "none", p.T("was compared with the hub {0} ago", p.Span(time.Duration(c.AgeS)*time.Second)), ""
	case border.ClockUntrusted:
	}
	return "bad", p.T("cannot be believed"), p.T("Set the machine’s clock, or bring the line to the hub back. Until then no date of a document is checked; recording goes on.")
}

func hub(p *i18n.Printer, h *border.HubStatus, now time.Time) (tag, value, advice string) {
	switch {
	case h == nil:
		return "none", p.T("This station has no hub configured."), ""
	case h.Connected && h.Problem != "":
		return "warn", p.T("The hub takes no events at present; they are kept here."), ""
	case h.Connected:
		return "ok", p.T("connected since {0}", p.At(h.Since.UTC())), ""
	case h.LastHeard.IsZero():
		return "warn", p.T("the hub was never reached"), p.T("Check cable and router, and that the hub’s address in the configuration is right.")
	}
	return "warn", p.T("gone for {0}", p.Span(now.Sub(h.LastHeard))), p.T("Travellers are recorded as before. Check cable and router.")
}

func ends(p *i18n.Printer, end, now time.Time) (tag, value, advice string) {
	if end.IsZero() {
		return "none", p.T("not known"), ""
	}
	switch left := end.Sub(now); {
	case left <= 0:
		return "bad", p.T("ended on {0}", p.Day(end.UTC())), p.T("Travellers are recorded as before; the hub gets nothing. It renews itself when it reaches the hub; if it does not, have an administrator renew the station.")
	case left <= endsSoon:
		return "warn", p.T("until {0}", p.Day(end.UTC())), p.T("It renews itself as soon as it reaches the hub: see to the connection.")
	}
	return "ok", p.T("until {0}", p.Day(end.UTC())), ""
}

func roster(p *i18n.Printer, r signin.RosterState) (tag, value, advice string) {
	switch {
	case r.Version == 0:
		return "bad", p.T("no list of officers has come from the hub"), p.T("Nobody can sign in but those who are known here. Bring the line to the hub back.")
	case r.Expired:
		return "bad", p.T("the list of officers ended on {0}", p.Day(r.ExpiresAt.UTC())), p.T("Bring the line to the hub back. Officers work on, and are marked as overdue.")
	}
	return "ok", p.T("list {0}, {1} old", number(r.Version), p.Span(r.Age)), ""
}

func list(p *i18n.Printer, l List, now time.Time) (tag, value, advice string) {
	switch {
	case l.Version == 0:
		return "bad", p.T("none is in force"), p.T("Travellers are not checked against it. Bring the line to the hub back.")
	case l.Trouble:
		return "warn", p.T("version {0}, {1} old", number(l.Version), p.Span(now.Sub(l.Issued))), p.T("A release was damaged or refused; the last good one is in force. It is fetched anew from the hub.")
	case !l.ValidUntil.IsZero() && now.After(l.ValidUntil):
		return "warn", p.T("version {0}, {1} old", number(l.Version), p.Span(now.Sub(l.Issued))), p.T("It is older than it should be. Bring the line to the hub back.")
	}
	return "ok", p.T("version {0}, {1} old", number(l.Version), p.Span(now.Sub(l.Issued))), ""
}

func backedUp(p *i18n.Printer, b Backup, now time.Time) (tag, value, advice string) {
	if !b.Configured {
		return "warn", p.T("none is configured"), p.T("Name a folder on another disk in the configuration (backups).")
	}
	age := now.Sub(b.Made)
	switch {
	case b.Made.IsZero():
		tag, value = "none", p.T("none yet")
	default:
		tag, value = "ok", p.T("{0}, read back and found whole", p.At(b.Made.UTC()))
	}
	if b.Failed {
		tag, advice = "warn", p.T("The last try failed. See that its disk is plugged in and has room; it is tried again.")
	}
	if !b.Made.IsZero() && age > lateBackup {
		tag, advice = "warn", p.T("It is late. See that its disk is plugged in and has room; it is tried again.")
	}
	if !b.Made.IsZero() && age > oldBackup {
		tag = "bad"
	}
	return tag, value, advice
}

func power(p *i18n.Printer, all []Supply) (tag, value, advice string) {
	tag = "ok"
	var parts []string
	for _, s := range all {
		if s.Kind != "Battery" {
			continue
		}
		charge := p.T("charge not said")
		if s.Percent >= 0 {
			charge = p.T("{0} %", s.Percent)
		}
		parts = append(parts, p.T("battery {0}: {1}", s.Name, charge))
		if s.State != "Discharging" {
			continue
		}
		parts[len(parts)-1] = p.T("battery {0}: {1}, no mains power", s.Name, charge)
		if tag == "ok" {
			tag, advice = "warn", p.T("The station runs on its battery. See to the mains power.")
		}
		if s.Percent >= 0 && s.Percent < lowBattery {
			tag = "bad"
		}
	}
	if len(parts) == 0 {
		return "none", p.T("This machine says nothing of a battery."), ""
	}
	return tag, p.List(parts), advice
}

func heat(p *i18n.Printer, all []Heat) (tag, value, advice string) {
	if len(all) == 0 {
		return "none", p.T("This machine says nothing of its temperature."), ""
	}
	most := all[0]
	for _, h := range all {
		if h.Celsius > most.Celsius {
			most = h
		}
	}
	value = p.T("{0} °C at {1}", most.Celsius, most.Name)
	switch {
	case most.Celsius >= tooHot:
		return "bad", value, p.T("The machine is too hot and may switch itself off. Give it air and shade now.")
	case most.Celsius >= hot:
		return "warn", value, p.T("The machine is hot and works slower. Give it air and shade.")
	}
	return "ok", value, ""
}
