package operations

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/register"
)

// Panel is the screen in words. This file and the templates hold all its texts, so that a
// catalogue of languages can take their place.
type Panel struct {
	Figures   []Figure
	Alarms    []Alarm
	Stations  []Station
	Crossings []Crossing
	Overstays []Overstay
}

// Figure is one number of the whole register.
type Figure struct {
	Label, Value, Note string
	Bad                bool
}

// Alarm is something a person must know.
type Alarm struct {
	ID                    int64
	Open                  bool
	What, Station, Detail string
	When, Count           string
}

// Station is one station's row. State is ok, warn or look for its tag's style.
type Station struct {
	Name, Post           string
	State, StateText     string
	Seen                 string
	Lag                  string
	LagState             string // ok or warn
	Clock, ClockState    string
	Held, Software, Zone string
	Alarms               int
}

// Crossing is one row of the register, from its open header.
type Crossing struct {
	Received, At, Station    string
	Direction, What, Verdict string
	VerdictLevel             string
	Traveller, Document      string
	Doubtful, Sealed         bool
}

// Times after which a station that says nothing is late and silent; it greets the hub
// every few seconds.
const (
	late   = 15 * time.Second
	silent = 2 * time.Minute
)

func panel(v view, now time.Time) Panel {
	p := Panel{Figures: figures(v.Counts, v.Inside), Overstays: overstays(v.Overstays)}
	for _, a := range v.Alarms {
		p.Alarms = append(p.Alarms, alarm(a, now))
	}
	for _, s := range v.Stations {
		p.Stations = append(p.Stations, station(s, now))
	}
	for _, c := range v.Crossings {
		p.Crossings = append(p.Crossings, crossing(c, now))
	}
	return p
}

func figures(c register.Counts, in register.Inside) []Figure {
	n := func(i int64) string { return grouped(i) }
	f := []Figure{
		{Label: "Crossings registered", Value: n(c.Crossings)},
		inside(in),
		{Label: "Open alarms", Value: n(c.Alarms), Bad: c.Alarms > 0},
		{Label: "Duplicates suppressed", Value: n(c.DuplicatesSuppressed)},
	}
	if c.Quarantined > 0 || c.Malformed > 0 {
		f = append(f, Figure{Label: "Held aside, not understood", Value: n(c.Quarantined + c.Malformed), Bad: true})
	}
	if c.Waiting > 0 {
		f = append(f, Figure{Label: "Waiting for keys", Value: n(c.Waiting)})
	}
	if c.ProjectionLag > 0 {
		f = append(f, Figure{Label: "Stored, not yet counted", Value: n(c.ProjectionLag)})
	}
	return f
}

var alarmWords = map[register.AlarmKind]string{
	register.AlarmConflict: "Two events with one key", register.AlarmMalformed: "Malformed message",
	register.AlarmUnreadable: "Unreadable message", register.AlarmQuarantine: "Quarantine is full",
	register.AlarmUnknownType: "Event of a newer program", register.AlarmChainBroken: "Hash chain broken",
	register.AlarmTwice: "Crossing under two keys", register.AlarmRolledBack: "Station copied back from an older state",
	register.AlarmFork: "Journal forked", register.AlarmRestarted: "Station began a new journal",
	register.AlarmRestored: "Hub restored from a copy", register.AlarmDamaged: "Sealed part damaged",
	register.AlarmProjection: "Register behind its raw events", register.AlarmListRefused: "List refused by a station",
	register.AlarmSignature: "Message that no station signed", register.AlarmLogForked: "A station’s log contradicts what is held here",
	register.AlarmLogRolledBack: "A station’s log has gone back", register.AlarmRotten: "Event damaged on the hub’s disk",
	register.AlarmAwaiting: "Done without its second person: review it", register.AlarmOverdue: "Worked on an expired roster: review it",
}

func alarm(a register.Alarm, now time.Time) Alarm {
	what, known := alarmWords[a.Kind]
	if !known {
		what = strings.ReplaceAll(string(a.Kind), "_", " ")
	}
	out := Alarm{ID: a.ID, Open: a.Acknowledged == nil, What: what, Station: string(a.Station), Detail: a.Detail, When: clockTime(a.LastAt, now)}
	if a.Count > 1 {
		out.Count = grouped(a.Count) + " times"
	}
	return out
}

func station(s register.Station, now time.Time) Station {
	out := Station{
		Name: string(s.Station), Post: string(s.Post), Held: grouped(int64(s.Held)), Software: s.Software, Zone: s.Zone, Alarms: s.Alarms,
	}
	quiet := now.Sub(s.LastSeen)
	switch {
	case s.LastSeen.IsZero():
		out.State, out.StateText, out.Seen = "look", "never seen", "–"
	case quiet < late:
		out.State, out.StateText, out.Seen = "ok", "alive", "just now"
	case quiet < silent:
		out.State, out.StateText, out.Seen = "warn", "late", ago(quiet)
	default:
		out.State, out.StateText, out.Seen = "refer", "silent", ago(quiet)
	}
	out.LagState = "ok"
	var lag []string
	if s.Backlog > 0 {
		lag = append(lag, grouped(int64(s.Backlog))+" to send")
	}
	if s.Missing > 0 {
		lag = append(lag, grouped(int64(s.Missing))+" missing")
	}
	if len(lag) > 0 {
		out.LagState, out.Lag = "warn", strings.Join(lag, ", ")
	} else {
		out.Lag = "none"
	}
	out.Clock, out.ClockState = clockText(s)
	return out
}

func clockText(s register.Station) (text, state string) {
	offset := ""
	if !s.GreetedAt.IsZero() {
		offset = fmt.Sprintf(" (%+.1f s)", float64(s.OffsetMS)/1000)
	}
	switch s.Clock.State {
	case border.ClockSynced:
		return "agrees" + offset, "ok"
	case border.ClockHoldover:
		return "not compared lately" + offset, "none"
	case "":
		return "not known", "none"
	default:
		return "not trusted" + offset, "refer"
	}
}

var (
	outcomeWords = map[string]string{
		string(border.Admitted): "Admitted", string(border.Departed): "Departed", string(border.Refused): "Refused",
		string(border.DeparturePrevented): "Prevented", string(border.Withdrawn): "Withdrawn", string(border.HandedOver): "Handed over",
	}
	directionWords = map[string]string{border.Entry: "Entry", border.Exit: "Exit"}
	verdictWords   = map[string]string{"proceed": "Proceed", "look": "Look closer", "refer": "Refer"}
)

func word(m map[string]string, s string) string {
	if w, ok := m[s]; ok {
		return w
	}
	return s
}

func crossing(c register.Crossing, now time.Time) Crossing {
	out := Crossing{
		Received: clockTime(c.ReceivedAt, now), At: clockTime(c.OccurredAt, now),
		Station:   strings.TrimSuffix(fmt.Sprintf("%s / %s", c.Key.Station, c.Counter), " / "),
		Direction: word(directionWords, c.Direction), What: word(outcomeWords, c.Outcome),
		Verdict: word(verdictWords, c.Verdict), VerdictLevel: c.Verdict,
		Document: strings.TrimSpace(c.DocumentKind + " " + c.DocumentIssuer),
		Doubtful: c.ClockState == string(border.ClockUntrusted), Sealed: c.Part != "open",
	}
	t := []string{c.Nationality, c.Sex}
	if c.BirthYear > 0 {
		t = append(t, "born "+strconv.Itoa(c.BirthYear))
	}
	out.Traveller = strings.Join(strings.Fields(strings.Join(t, " ")), " ")
	return out
}

// clockTime gives the time of day in UTC, with the date unless it is today.
func clockTime(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 2006 15:04")
}

// ago says how long something is past, coarsely, so that the screen does not change with
// every second.
func ago(d time.Duration) string {
	unit, n := "s", int64(d/(10*time.Second))*10
	switch {
	case d >= 48*time.Hour:
		unit, n = " days", int64(d/(24*time.Hour))
	case d >= 2*time.Hour:
		unit, n = " h", int64(d/time.Hour)
	case d >= 2*time.Minute:
		unit, n = " min", int64(d/time.Minute)
	}
	return strconv.FormatInt(n, 10) + unit + " ago"
}

// grouped writes a number with thin spaces between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
