package register

import (
	"regexp"
	"slices"
	"time"

	"garita/border"
)

// maxLists bounds the lists of a station that are kept.
const maxLists = 16

// keepLists keeps what a hello says of the station's lists, and raises an alarm when a release
// was refused since the last one. Hellos come every few seconds: nothing is written while they
// say the same.
func keepLists(t tx, hello border.Hello, now time.Time) error {
	old, err := t.stationLists(hello.Station)
	if err != nil {
		return err
	}
	reports := kept(hello.Lists)
	if slices.Equal(reports, old) {
		return nil
	}
	for _, r := range reports {
		if r.Refused == "" {
			continue
		}
		was := slices.IndexFunc(old, func(o border.ListReport) bool { return o.Position.List == r.Position.List })
		if was >= 0 && old[was].Refused == r.Refused && old[was].RefusedAt.Equal(r.RefusedAt) {
			continue
		}
		if err := raise(t, alarmRow{kind: AlarmListRefused, station: hello.Station, subject: r.Position.List, at: now,
			detail: "The station refused a release of list " + r.Position.List + " (" + r.Refused + ") and keeps the last good one."}); err != nil {
			return err
		}
	}
	return t.putStationLists(hello.Station, reports)
}

// reasonWords is what a reason may look like to be repeated in an alarm and on screens.
var reasonWords = regexp.MustCompile(`^[a-z][a-z_ -]{0,63}$`)

// kept brings reports into the form in which they are stored, by name.
func kept(reports []border.ListReport) []border.ListReport {
	var out []border.ListReport
	for _, r := range reports[:min(len(reports), maxLists)] {
		r.Position.List = text(r.Position.List)
		r.Position.Version = min(r.Position.Version, maxSeq)
		if r.Refused != "" && !reasonWords.MatchString(r.Refused) {
			r.Refused = "unprintable"
		}
		r.Since, r.RefusedAt = wholeMicros(r.Since), wholeMicros(r.RefusedAt)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b border.ListReport) int {
		switch {
		case a.Position.List < b.Position.List:
			return -1
		case a.Position.List > b.Position.List:
			return 1
		}
		return 0
	})
	return slices.CompactFunc(out, func(a, b border.ListReport) bool { return a.Position.List == b.Position.List })
}

// wholeMicros gives a time as the database keeps it.
func wholeMicros(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return fromMicros(micros(at))
}
