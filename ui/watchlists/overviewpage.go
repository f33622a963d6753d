package watchlists

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/lists"
	"garita/border/register"
	"garita/ui/wording"
)

// overviewPage is the overview in words.
type overviewPage struct {
	Figures  []figure
	Epoch    string
	Sources  []sourceRow
	Stations []stationRow
	Chased   []chasedRow
	Ahead    string // stations that hold more than the hub knows; "" if none does
	Steps    []stepRow
	Previews []previewRow
}

type figure struct {
	Label, Value, Note string
	Bad                bool
}

type sourceRow struct {
	Name, Kind, Version, Issued, Age, MaxAge, Entries, HubOnly, Silent, ByHand string
	Stale                                                                      bool
}

// stationRow says which release a station holds. State is ok, warn or refer for its tag.
type stationRow struct {
	Name, Post, Held, Since, State, StateText, Seen, Refused string
}

type chasedRow struct {
	Entry, Since, Missing string
	Have                  int
	Overdue               bool
}

type stepRow struct{ Version, At, What, Source, Counts, Who, Reason string }

type previewRow struct{ ID, Source, Made, State, Counts string }

func overviewOf(v standing, now time.Time) overviewPage {
	p := overviewPage{}
	if v.Held == nil {
		p.Figures = []figure{{Label: "The list in force", Value: "none", Note: "nothing has been imported or approved yet", Bad: true}}
	} else {
		h, old := v.Held, !now.Before(v.Held.ValidUntil)
		p.Epoch = h.Position.Epoch.String()
		valid := "in " + wording.Span(h.ValidUntil.Sub(now))
		if old {
			valid = "it has run out: stations call the list old"
		}
		p.Figures = []figure{
			{Label: "The list in force", Value: "version " + wording.Number(int(h.Position.Version)), Note: h.Position.List},
			{Label: "Entries", Value: wording.Number(v.Entries)},
			{Label: "Made", Value: wording.Span(now.Sub(h.Issued)) + " ago", Note: wording.At(h.Issued, now)},
			{Label: "Valid until", Value: wording.At(h.ValidUntil, now), Note: valid, Bad: old},
		}
	}
	behind := 0
	for i := range v.Stations {
		row := stationOf(&v.Stations[i], v.Held, now)
		if row.State != "ok" {
			behind++
		}
		p.Stations = append(p.Stations, row)
	}
	if v.Held != nil {
		p.Figures = append(p.Figures, figure{Label: "Stations without it", Value: wording.Number(behind), Note: "of " + wording.Number(len(v.Stations)), Bad: behind > 0})
	}
	p.Figures = append(p.Figures, figure{Label: "Waiting for a second person", Value: wording.Number(v.Proposals)})
	for _, s := range v.Sources {
		p.Sources = append(p.Sources, sourceOf(s, now))
	}
	for _, c := range v.Chased {
		missing := make([]string, len(c.Missing))
		for i, s := range c.Missing {
			missing[i] = string(s)
		}
		p.Chased = append(p.Chased, chasedRow{Entry: c.Key.String(), Since: wording.Span(c.Age), Missing: strings.Join(missing, ", "), Have: c.Have, Overdue: c.Overdue})
	}
	for i, s := range v.Ahead {
		if i > 0 {
			p.Ahead += ", "
		}
		p.Ahead += string(s)
	}
	for _, s := range v.Steps {
		p.Steps = append(p.Steps, stepOf(s, now))
	}
	for i := range v.Previews {
		x := &v.Previews[i]
		p.Previews = append(p.Previews, previewRow{ID: x.ID.String(), Source: x.Source, Made: wording.At(x.Made, now), State: stateWords[x.State],
			Counts: counts(x.Added, x.Changed, x.Removed)})
	}
	return p
}

func sourceOf(s lists.SourceView, now time.Time) sourceRow {
	r := sourceRow{Name: s.Name, Kind: "kept by hand", Version: s.Version, Issued: wording.At(s.Issued, now), Age: wording.Span(s.Age), MaxAge: "no limit",
		Entries: wording.Number(s.Entries), HubOnly: wording.Number(s.HubOnly), Silent: wording.Number(s.Silent), ByHand: wording.Number(s.ByHand), Stale: s.Stale}
	if s.Kind != "" {
		r.Kind = kindWords[s.Kind]
	}
	if s.MaxAge > 0 {
		r.MaxAge = wording.Span(s.MaxAge)
	}
	return r
}

// late is how long a station that says nothing is still believed to hold what it said last.
const late = 2 * time.Minute

func stationOf(s *register.Station, held *lists.Held, now time.Time) stationRow {
	r := stationRow{Name: string(s.Station), Post: string(s.Post), Held: "–", Since: "–", Seen: "–", State: "refer", StateText: "holds no list"}
	if !s.LastSeen.IsZero() {
		if quiet := now.Sub(s.LastSeen); quiet >= late {
			r.Seen = wording.Span(quiet) + " ago"
		} else {
			r.Seen = "just now"
		}
	}
	list := ""
	if held != nil {
		list = held.Position.List
	}
	i := slices.IndexFunc(s.Lists, func(l border.ListReport) bool { return list == "" || l.Position.List == list })
	if i < 0 {
		if held == nil {
			r.State, r.StateText = "none", "there is none yet"
		}
		return r
	}
	l := &s.Lists[i]
	if l.Refused != "" {
		r.Refused = fmt.Sprintf("%s, %s", or(refusedWords[l.Refused], l.Refused), wording.At(l.RefusedAt, now))
	}
	if l.Position.Version == 0 {
		return r
	}
	r.Held, r.Since = "version "+wording.Number(int(l.Position.Version)), wording.At(l.Since, now)
	switch {
	case held == nil:
		r.State, r.StateText = "refer", "the hub has none"
	case l.Position == held.Position:
		r.State, r.StateText = "ok", "up to date"
	case l.Position.Epoch != held.Position.Epoch:
		r.State, r.StateText = "warn", "of another epoch"
	case l.Position.Version < held.Position.Version:
		r.State, r.StateText = "warn", fmt.Sprintf("%s behind", versions(held.Position.Version-l.Position.Version))
	default:
		r.State, r.StateText = "refer", "not a release of this hub"
	}
	return r
}

func versions(n uint64) string {
	if n == 1 {
		return "1 version"
	}
	return wording.Number(int(n)) + " versions"
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}

var refusedWords = map[string]string{
	"signature": "a wrong signature", "fork": "another release of the same version", "rollback": "an older release", "truncated": "cut off",
	"corrupt": "damaged on the way", "expired": "its time had run out",
}

var kindWords = map[string]string{
	"un": "UN Security Council", "ofac": "OFAC SDN", "ftm": "OpenSanctions", "interpol": "INTERPOL notices", "csv": "national, CSV", "documents": "documents",
}

var stateWords = map[string]string{
	lists.PreviewOpen: "waits to be confirmed", lists.PreviewConfirmed: "confirmed", lists.PreviewDiscarded: "discarded", lists.PreviewExpired: "ran out",
}

var stepWords = map[string]string{
	"import": "Import", "hand": "By hand", "memory": "Non-matches", "refresh": "Made anew, unchanged", "restored": "New epoch", "repaired": "Repaired",
}

func stepOf(s lists.Step, now time.Time) stepRow {
	r := stepRow{Version: wording.Number(int(s.Version)), At: wording.At(s.At, now), What: or(stepWords[s.Kind], wording.Underscored(s.Kind)),
		Source: s.Source, Counts: counts(s.Added, s.Changed, s.Removed), Reason: s.Reason, Who: s.By}
	if s.Second != "" {
		r.Who += " and " + s.Second
	}
	return r
}

// counts says what changed in words; – if nothing did.
func counts(added, changed, removed int) string {
	var out []string
	for _, x := range []struct {
		n    int
		word string
	}{{added, "added"}, {changed, "changed"}, {removed, "removed"}} {
		if x.n > 0 {
			out = append(out, wording.Number(x.n)+" "+x.word)
		}
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}
