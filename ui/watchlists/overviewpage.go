package watchlists

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/lists"
	"garita/border/register"
	"garita/ui/i18n"
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

func overviewOf(w *i18n.Printer, v standing, now time.Time) overviewPage {
	p := overviewPage{}
	if v.Held == nil {
		p.Figures = []figure{{Label: w.T("The list in force"), Value: w.T("list::none"), Note: w.T("nothing has been imported or approved yet"), Bad: true}}
	} else {
		h, old := v.Held, !now.Before(v.Held.ValidUntil)
		p.Epoch = h.Position.Epoch.String()
		valid := w.T("in {0}", w.Span(h.ValidUntil.Sub(now)))
		if old {
			valid = w.T("it has run out: stations call the list old")
		}
		p.Figures = []figure{
			{Label: w.T("The list in force"), Value: w.T("version {0}", int(h.Position.Version)), Note: h.Position.List},
			{Label: w.T("list::Entries"), Value: w.Number(v.Entries)},
			{Label: w.T("list::Made"), Value: wording.Ago(w, now.Sub(h.Issued)), Note: wording.At(w, h.Issued, now)},
			{Label: w.T("Valid until"), Value: wording.At(w, h.ValidUntil, now), Note: valid, Bad: old},
		}
	}
	behind := 0
	for i := range v.Stations {
		row := stationOf(w, &v.Stations[i], v.Held, now)
		if row.State != "ok" {
			behind++
		}
		p.Stations = append(p.Stations, row)
	}
	if v.Held != nil {
		p.Figures = append(p.Figures, figure{Label: w.T("Stations without it"), Value: w.Number(behind), Note: w.T("of {0}", len(v.Stations)), Bad: behind > 0})
	}
	p.Figures = append(p.Figures, figure{Label: w.T("Waiting for a second person"), Value: w.Number(v.Proposals)})
	for _, s := range v.Sources {
		p.Sources = append(p.Sources, sourceOf(w, s, now))
	}
	for _, c := range v.Chased {
		missing := make([]string, len(c.Missing))
		for i, s := range c.Missing {
			missing[i] = string(s)
		}
		p.Chased = append(p.Chased, chasedRow{Entry: c.Key.String(), Since: w.Span(c.Age), Missing: strings.Join(missing, ", "), Have: c.Have, Overdue: c.Overdue})
	}
	for i, s := range v.Ahead {
		if i > 0 {
			p.Ahead += ", "
		}
		p.Ahead += string(s)
	}
	for _, s := range v.Steps {
		p.Steps = append(p.Steps, stepOf(w, s, now))
	}
	for i := range v.Previews {
		x := &v.Previews[i]
		p.Previews = append(p.Previews, previewRow{ID: x.ID.String(), Source: x.Source, Made: wording.At(w, x.Made, now), State: wording.Word(w, stateWords, x.State),
			Counts: counts(w, x.Added, x.Changed, x.Removed)})
	}
	return p
}

func sourceOf(w *i18n.Printer, s lists.SourceView, now time.Time) sourceRow {
	r := sourceRow{Name: s.Name, Kind: w.T("kept by hand"), Version: s.Version, Issued: wording.At(w, s.Issued, now), Age: w.Span(s.Age), MaxAge: w.T("no limit"),
		Entries: w.Number(s.Entries), HubOnly: w.Number(s.HubOnly), Silent: w.Number(s.Silent), ByHand: w.Number(s.ByHand), Stale: s.Stale}
	if s.Kind != "" {
		r.Kind = wording.Word(w, kindWords, s.Kind)
	}
	if s.MaxAge > 0 {
		r.MaxAge = w.Span(s.MaxAge)
	}
	return r
}

// late is how long a station that says nothing is still believed to hold what it said last.
const late = 2 * time.Minute

func stationOf(w *i18n.Printer, s *register.Station, held *lists.Held, now time.Time) stationRow {
	r := stationRow{Name: string(s.Station), Post: string(s.Post), Held: "–", Since: "–", Seen: "–", State: "refer", StateText: w.T("holds no list")}
	if !s.LastSeen.IsZero() {
		if quiet := now.Sub(s.LastSeen); quiet >= late {
			r.Seen = wording.Ago(w, quiet)
		} else {
			r.Seen = w.T("just now")
		}
	}
	list := ""
	if held != nil {
		list = held.Position.List
	}
	i := slices.IndexFunc(s.Lists, func(l border.ListReport) bool { return list == "" || l.Position.List == list })
	if i < 0 {
		if held == nil {
			r.State, r.StateText = "none", w.T("list::there is none yet")
		}
		return r
	}
	l := &s.Lists[i]
	if l.Refused != "" {
		r.Refused = fmt.Sprintf("%s, %s", wording.Word(w, refusedWords, l.Refused), wording.At(w, l.RefusedAt, now))
	}
	if l.Position.Version == 0 {
		return r
	}
	r.Held, r.Since = w.T("version {0}", int(l.Position.Version)), wording.At(w, l.Since, now)
	switch {
	case held == nil:
		r.State, r.StateText = "refer", w.T("the hub has none")
	case l.Position == held.Position:
		r.State, r.StateText = "ok", w.T("up to date")
	case l.Position.Epoch != held.Position.Epoch:
		r.State, r.StateText = "warn", w.T("of another epoch")
	case l.Position.Version < held.Position.Version:
		r.State, r.StateText = "warn", w.N(int(held.Position.Version-l.Position.Version), "{0} version behind", "{0} versions behind")
	default:
		r.State, r.StateText = "refer", w.T("not a release of this hub")
	}
	return r
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}

var refusedWords = map[string]i18n.Msg{
	"signature": "a wrong signature", "fork": "another release of the same version", "rollback": "an older release", "truncated": "cut off",
	"corrupt": "damaged on the way", "expired": "its time had run out",
}

var kindWords = map[string]i18n.Msg{
	"un": "UN Security Council", "ofac": "OFAC SDN", "ftm": "OpenSanctions", "interpol": "INTERPOL notices", "csv": "national, CSV", "documents": "list::documents",
}

var stateWords = map[string]i18n.Msg{
	lists.PreviewOpen: "import::waits to be confirmed", lists.PreviewConfirmed: "import::confirmed", lists.PreviewDiscarded: "import::discarded", lists.PreviewExpired: "import::ran out",
}

var stepWords = map[string]i18n.Msg{
	"import": "Import", "hand": "By hand", "memory": "Non-matches", "refresh": "Made anew, unchanged", "restored": "New epoch", "repaired": "Repaired",
}

func stepOf(w *i18n.Printer, s lists.Step, now time.Time) stepRow {
	r := stepRow{Version: w.Number(int(s.Version)), At: wording.At(w, s.At, now), What: wording.Word(w, stepWords, s.Kind),
		Source: s.Source, Counts: counts(w, s.Added, s.Changed, s.Removed), Reason: s.Reason, Who: s.By}
	if s.Second != "" {
		r.Who = w.List([]string{s.By, s.Second})
	}
	return r
}

// counts says what changed in words; – if nothing did.
func counts(w *i18n.Printer, added, changed, removed int) string {
	var out []string
	if added > 0 {
		out = append(out, w.N(added, "{0} added", "entries::{0} added"))
	}
	if changed > 0 {
		out = append(out, w.N(changed, "{0} changed", "entries::{0} changed"))
	}
	if removed > 0 {
		out = append(out, w.N(removed, "{0} removed", "entries::{0} removed"))
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}
