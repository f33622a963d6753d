package operations

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/register"
	"garita/ui/i18n"
)

// Attention is one thing that somebody must look at, with what to do about it.
type Attention struct {
	Level  string // refer: now; warn: soon; none: seen
	Mark   string // the level in a word
	What   string
	Detail string // "" if What says it all
	When   string // since when, or when last
	Do     string // what to do next
	Path   string // where; "" if it is not done on a page
	Link   string // its text
	Alarm  int64  // an alarm that can be acknowledged; 0: none

	station string    // about which
	rank    int       // within the level
	since   time.Time // the oldest first; zero: not known
}

// Times after which something that usually passes by itself is worth a word.
const (
	late   = 15 * time.Second // a station greets the hub every few seconds
	silent = 2 * time.Minute
	behind = 15 * time.Minute // records or lists on their way

	filesLate = time.Hour      // portraits and papers
	filesDays = 24 * time.Hour // the station counts as late
)

// The order within a level: what stops work first.
const (
	rankSilent = iota
	rankStorage
	rankAlarm
	rankHits
	rankClock
	rankList
	rankBehind
	rankScanner
	rankFiles
	rankKeys
)

// attention gathers what is silent, late or in trouble, the most urgent first.
func attention(p *i18n.Printer, v *view, now time.Time) []Attention {
	a := &gathering{p: p, now: now}
	for i := range v.Stations {
		a.station(&v.Stations[i], v.List)
	}
	for i := range v.Alarms {
		a.alarm(&v.Alarms[i])
	}
	for _, f := range v.Files {
		a.files(f)
	}
	if v.filesLost {
		a.add(Attention{Level: "warn", rank: rankFiles, What: p.T("Nobody can say which files have not arrived"),
			Do: p.T("The archive of files does not answer. Records are not touched by that. If it stays so, have a technician look at the hub’s log.")})
	}
	a.hits(v.Hits)
	a.list(v.List)
	a.register(&v.Counts)
	slices.SortStableFunc(a.out, func(x, y Attention) int {
		return cmp.Or(cmp.Compare(levels[x.Level], levels[y.Level]), cmp.Compare(x.rank, y.rank), x.since.Compare(y.since), cmp.Compare(x.station, y.station))
	})
	return a.out
}

var levels = map[string]int{"refer": 0, "warn": 1, "none": 2}

type gathering struct {
	p   *i18n.Printer
	now time.Time
	out []Attention
}

func (a *gathering) add(x Attention) {
	switch x.Level {
	case "refer":
		x.Mark = a.p.T("urgency::Now")
	case "warn":
		x.Mark = a.p.T("urgency::Soon")
	default:
		x.Mark = a.p.T("alarm::Seen")
	}
	if x.When == "" && !x.since.IsZero() {
		x.When = a.p.T("since::for {0}", a.p.Span(a.now.Sub(x.since)))
	}
	a.out = append(a.out, x)
}

// station says what is wrong with one station. Of one that is silent nothing else is said: it is all as old.
func (a *gathering) station(s *register.Station, list *List) {
	p, name := a.p, string(s.Station)
	if s.LastSeen.IsZero() {
		a.add(Attention{Level: "warn", rank: rankSilent, station: name, What: p.T("Station {0} has never called", name),
			Do: p.T("Enrol it with its one-time code. If that was done, see whether it can reach this hub.")})
		return
	}
	if quiet := a.now.Sub(s.LastSeen); quiet >= silent {
		x := Attention{Level: "refer", rank: rankSilent, station: name, since: s.LastSeen, What: p.T("Station {0} is silent", name),
			Do: p.T("Call the post. Its counters go on without the hub; what they record arrives later.")}
		if waiting := s.Backlog + s.Missing; waiting > 0 {
			x.Detail = p.N(int(min(waiting, 1<<31)), "{0} record of it is not here.", "{0} records of it are not here.")
		}
		a.add(x)
		return
	}
	if waiting := max(s.Backlog, s.Missing); waiting > 0 && !s.CompleteAt.IsZero() && a.now.Sub(s.CompleteAt) >= behind {
		a.add(Attention{Level: "warn", rank: rankBehind, station: name, since: s.CompleteAt, What: p.T("Station {0} is behind", name),
			Detail: p.N(int(min(waiting, 1<<31)), "{0} record of it is not here.", "{0} records of it are not here."),
			Do:     p.T("They come by themselves. If the number does not fall, the line is too slow or broken: call the post.")})
	}
	if !trusted(s.Clock.State) {
		a.add(Attention{Level: "refer", rank: rankClock, station: name, What: p.T("The clock of station {0} cannot be trusted", name),
			Do: p.T("Have it set. Until then nothing that it records is certain in time.")})
	}
	a.listOf(s, list)
	a.health(s)
}

// listOf compares a station's list with the one in force.
func (a *gathering) listOf(s *register.Station, list *List) {
	if list == nil || a.now.Sub(list.Issued) < behind {
		return // a new version is on its way
	}
	p, name := a.p, string(s.Station)
	held, ok := holds(s, list)
	switch {
	case !ok:
		a.add(Attention{Level: "refer", rank: rankList, station: name, What: p.T("Station {0} holds no list", name),
			Do: p.T("It fetches the list by itself. If it stays without one, have a technician look at its log."), Path: "/lists", Link: p.T("Lists")})
	case held.Position != list.Position:
		a.add(Attention{Level: "warn", rank: rankList, station: name, since: list.Issued, What: p.T("Station {0} checks with an old list", name),
			Detail: p.T("It holds version {0}; version {1} is in force.", int(held.Position.Version), int(list.Position.Version)),
			Do:     p.T("It fetches the new one by itself. If it stays behind, the line is too slow or broken."), Path: "/lists", Link: p.T("Lists")})
	}
}

func holds(s *register.Station, list *List) (border.ListReport, bool) {
	i := slices.IndexFunc(s.Lists, func(l border.ListReport) bool { return l.Position.List == list.Position.List })
	if i < 0 || s.Lists[i].Position.Version == 0 {
		return border.ListReport{}, false
	}
	return s.Lists[i], true
}

// health says what the station itself tells of its disk and scanners.
func (a *gathering) health(s *register.Station) {
	if s.Health == nil {
		return
	}
	p, name := a.p, string(s.Station)
	switch s.Health.Storage {
	case "", "ok":
	case "low":
		a.add(Attention{Level: "warn", rank: rankStorage, station: name, What: p.T("The disk of station {0} fills up", name),
			Detail: p.T("{0} GB are free.", fmt.Sprintf("%.1f", float64(s.Health.FreeBytes)/(1<<30))), Do: p.T("Have a technician make room before it is full.")})
	default:
		a.add(Attention{Level: "refer", rank: rankStorage, station: name, What: p.T("The disk of station {0} is full or fails", name),
			Detail: p.T("{0} GB are free.", fmt.Sprintf("%.1f", float64(s.Health.FreeBytes)/(1<<30))), Do: p.T("Send a technician now: soon its counters cannot record.")})
	}
	for _, d := range s.Health.Scanners {
		words, bad := scannerWords[d.State]
		if !bad {
			continue
		}
		where := p.T("at no counter")
		if d.Counter != "" {
			where = p.T("at counter {0}", string(d.Counter))
		}
		a.add(Attention{Level: "warn", rank: rankScanner, station: name, since: d.Since, What: p.T(words, d.ID, name), Detail: where,
			Do: p.T("Its counter keys documents until then. The station’s workshop page says why and what to try.")})
	}
}

// scannerWords are the states of a scanner that somebody must hear of: {0} is the scanner, {1} the station.
var scannerWords = map[string]i18n.Msg{
	"absent":   "Reader {0} of station {1} is not plugged in",
	"failed":   "Reader {0} of station {1} has failed",
	"degraded": "Reader {0} of station {1} works with less than it can",
}

func trusted(s border.TrustState) bool {
	return s == border.ClockSynced || s == border.ClockHoldover || s == ""
}

func (a *gathering) alarm(x *register.Alarm) {
	p := a.p
	what, do := alarmWords(p, x.Kind)
	out := Attention{Level: "refer", rank: rankAlarm, station: string(x.Station), What: what, Do: do, Alarm: x.ID, since: x.OpenedAt,
		When: clockTime(p, x.LastAt, a.now), Detail: x.Detail}
	if x.Station != "" {
		out.What = string(x.Station) + ": " + what
	}
	if x.Count > 1 {
		out.When = p.T("{0} times, last {1}", int(x.Count), out.When)
	}
	if x.Acknowledged != nil {
		out.Level, out.Alarm = "none", 0
	}
	a.add(out)
}

func (a *gathering) hits(n *cases.Counts) {
	if n == nil {
		return
	}
	p := a.p
	say := func(level, what, do string) {
		a.add(Attention{Level: level, rank: rankHits, What: what, Do: do, Path: "/cases", Link: p.T("Cases")})
	}
	if n.AlertsLate > 0 {
		say("refer", p.N(n.AlertsLate, "{0} alert has been taken in hand by no post", "{0} alerts have been taken in hand by no post"),
			p.T("Call the posts that were told: a listed person may still be there."))
	}
	if n.Overdue > 0 {
		say("refer", p.N(n.Overdue, "{0} case is overdue", "{0} cases are overdue"), p.T("Take it, or ask whoever has it."))
	}
	if n.SecondPerson > 0 {
		say("warn", p.N(n.SecondPerson, "{0} case waits for a second person", "{0} cases wait for a second person"), p.T("Somebody else must agree or not."))
	}
	if open := n.Open - n.Overdue; open > 0 {
		say("warn", p.N(open, "{0} case is open", "{0} cases are open"), p.T("The first in the list is due first."))
	}
}

// files says which portraits and papers are long on their way. They travel behind the records, so a few are nothing.
func (a *gathering) files(f Pending) {
	p := a.p
	if f.Count == 0 || a.now.Sub(f.Oldest) < filesLate {
		return
	}
	x := Attention{Level: "warn", rank: rankFiles, station: string(f.Station), since: f.Oldest,
		What: p.N(int(f.Count), "{0} file of station {1} has not arrived", "{0} files of station {1} have not arrived", string(f.Station)),
		Do:   p.T("Portraits and papers travel behind the records. If the number does not fall, the line is too slow.")}
	if f.Lost > 0 {
		x.Detail = p.N(int(f.Lost), "The station has lost {0} more.", "The station has lost {0} more.")
	}
	a.add(x)
}

func (a *gathering) list(l *List) {
	p := a.p
	if l != nil && !a.now.Before(l.ValidUntil) {
		a.add(Attention{Level: "refer", rank: rankList, since: l.ValidUntil, What: p.T("The list in force has run out"),
			Do: p.T("Import or approve a new version: until then every station says that its list is old."), Path: "/lists", Link: p.T("Lists")})
	}
}

// register says what the hub itself holds and cannot use.
func (a *gathering) register(n *register.Counts) {
	p := a.p
	if held := n.Quarantined + n.Malformed; held > 0 {
		a.add(Attention{Level: "warn", rank: rankKeys, What: p.N(int(held), "{0} message is held aside, not understood", "{0} messages are held aside, not understood"),
			Do: p.T("An alarm says which station sent them. Nothing is lost; have a technician look.")})
	}
	if n.Waiting > 0 {
		a.add(Attention{Level: "warn", rank: rankKeys, What: p.N(int(n.Waiting), "{0} record waits for its key", "{0} records wait for their keys"),
			Do: p.T("The station brings its keys when it calls. Until then these travellers are in no stay.")})
	}
}
