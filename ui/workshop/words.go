package workshop

import "garita/ui/i18n"

// tags and words of the states of scanners.
var states = map[string]struct {
	tag  string
	word i18n.Msg
}{
	"ready":        {"ok", i18n.Msg("scanner::Ready")},
	"degraded":     {"warn", i18n.Msg("scanner::Degraded")},
	"failed":       {"bad", i18n.Msg("scanner::Failed")},
	"absent":       {"none", i18n.Msg("scanner::Absent")},
	"matched":      {"none", i18n.Msg("scanner::Found")},
	"initialising": {"none", i18n.Msg("scanner::Starting")},
	"unknown":      {"none", i18n.Msg("scanner::No profile")},
}

// counted are the states as the summary counts them, in its order.
var counted = []struct {
	state string
	words i18n.Msg
}{
	{"ready", i18n.Msg("{0} ready")}, {"degraded", i18n.Msg("{0} degraded")}, {"failed", i18n.Msg("{0} failed")},
	{"initialising", i18n.Msg("{0} starting")}, {"matched", i18n.Msg("{0} found")}, {"absent", i18n.Msg("{0} absent")},
	{"unknown", i18n.Msg("{0} no profile")},
}

var evidence = map[string]i18n.Msg{
	"recorded":       "recorded: replays what a real device sent",
	"emulated":       "emulated: tested with our own emulation only",
	"field-verified": "field-verified: used on a real device",
}

var assigned = map[string]i18n.Msg{
	"serial":        "known again by its serial number, in any socket",
	"port":          "known again by its USB socket; keep it there",
	"workshop":      "assigned here, known by its name in the configuration",
	"configuration": "the configuration says so",
	"automatic":     "by itself, for the station has one counter and one scanner of this kind",
}

var kinds = map[string]i18n.Msg{"mrz": "documents", "fingerprint": "fingerprints"}

// done are what scanners count, in the order in which it is said.
var done = []struct {
	name  string
	words i18n.Msg
}{
	{"delivered", i18n.Msg("documents delivered: {0}")}, {"refused", i18n.Msg("not accepted by the counter: {0}")},
	{"unassigned", i18n.Msg("ignored for want of a counter: {0}")}, {"incomplete", i18n.Msg("broken off: {0}")},
	{"oversize", i18n.Msg("too long: {0}")}, {"garbage", i18n.Msg("unreadable: {0}")}, {"captures", i18n.Msg("fingers taken: {0}")},
	{"captures_failed", i18n.Msg("captures given up: {0}")}, {"floods", i18n.Msg("floods: {0}")}, {"unplugged", i18n.Msg("times unplugged: {0}")},
}
