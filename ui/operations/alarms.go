package operations

import (
	"strings"

	"garita/border/register"
	"garita/ui/i18n"
)

// alarmWords puts a kind of alarm into words: what it is, and what to do.
func alarmWords(p *i18n.Printer, k register.AlarmKind) (what, do string) {
	if w, known := alarmNames[k]; known {
		what = p.T(w)
	} else {
		what = strings.ReplaceAll(string(k), "_", " ")
	}
	if d, known := alarmAdvice[k]; known {
		return what, p.T(d)
	}
	return what, p.T("Read what it says, have a technician look, and acknowledge it.")
}

var alarmNames = map[register.AlarmKind]i18n.Msg{
	register.AlarmConflict: "Two events with one key", register.AlarmMalformed: "Malformed message",
	register.AlarmUnreadable: "Unreadable message", register.AlarmQuarantine: "Quarantine is full",
	register.AlarmUnknownType: "Event of a newer program", register.AlarmUninterpretable: "An event that does not say what it must",
	register.AlarmChainBroken: "Hash chain broken",
	register.AlarmTwice:       "Crossing under two keys", register.AlarmRolledBack: "Station copied back from an older state",
	register.AlarmFork: "Journal forked", register.AlarmRestarted: "Station began a new journal",
	register.AlarmRestored: "Hub restored from a copy", register.AlarmDamaged: "Sealed part damaged",
	register.AlarmProjection: "Register behind its raw events", register.AlarmListRefused: "List refused by a station",
	register.AlarmSignature: "Message that no station signed", register.AlarmLogForked: "A station’s log contradicts what is held here",
	register.AlarmLogRolledBack: "A station’s log has gone back", register.AlarmRotten: "Event damaged on the hub’s disk",
	register.AlarmAwaiting: "Done without its second person: review it", register.AlarmOverdue: "Worked on an expired roster: review it",
}

var alarmAdvice = map[register.AlarmKind]i18n.Msg{
	register.AlarmUnknownType:   "Upgrade the hub; the events are held until then.",
	register.AlarmRolledBack:    "Ask the post whether a copy was put back. The station gets back by itself what it lacks.",
	register.AlarmRestarted:     "Ask the post whether the station was set up anew. If not, revoke it.",
	register.AlarmFork:          "Two machines may run under one name: find both, and revoke one.",
	register.AlarmLogForked:     "Somebody may have changed the station’s record. Keep the machine as it is and tell whoever is responsible for security.",
	register.AlarmLogRolledBack: "Somebody may have changed the station’s record. Keep the machine as it is and tell whoever is responsible for security.",
	register.AlarmSignature:     "Somebody may be sending in the station’s name. If it happens again, revoke the station and enrol it anew.",
	register.AlarmRestored:      "Nothing to do: the stations send again what the hub lacks.",
	register.AlarmListRefused:   "The station keeps its last good list. See on the page of lists whether it takes the next one.",
	register.AlarmRotten:        "The station sends it again. Have the hub’s disk looked at.",
	register.AlarmAwaiting:      "Review it on the page of reviews.",
	register.AlarmOverdue:       "Review it on the page of reviews.",
}
