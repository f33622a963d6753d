package cases

import (
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/flows"
	"garita/border/form"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// filePage is one case in words.
type filePage struct {
	row
	Version   int64
	Stage     string // see stage
	News      string // the last step in a sentence
	Since     string
	Previous  string // number of an earlier case; ""
	Traveller []fact
	Portrait  string         // where the newest one is; "" if none has arrived
	Listed    []wording.Fact // the entry
	Gone      bool           // the entry is not on the list any more
	Changed   bool           // since it hit
	Reasons   []wording.Reason
	Sightings []sighting
	Alerts    []alertView
	History   []step
	Answers   []answer // of other services
	Actions   []action
	// To and Note are what was entered, when something was wrong with it.
	To, Note string
}

type fact struct {
	Label, Value string
	Person       bool // it is somebody’s name
}

type sighting struct {
	At, Place, What, Route, Chance, Late, Named string
	Companions                                  []companion
	Hidden                                      bool // the register cannot open it
	Files                                       []attached

	crossing border.ID
}

// companion is somebody who crossed in the same group.
type companion struct{ Name, Text string }

type alertView struct {
	Raised, Posts, State, Tag, Who string
}

type step struct{ At, What, Who, Note, State string }

type answer struct{ At, Service, Outcome, Detail string }

// action is something that can be done to a case now.
type action struct {
	Do, Text, Hint string
	Note, To       bool // it needs words, another badge
	Strong         bool // it is what comes next
}

func fileOf(w *i18n.Printer, f *form.Form, x *cases.Case, now time.Time) filePage {
	v := filePage{row: rowOf(w, &x.Summary, now), Version: x.Version, Since: wording.At(w, x.Since, now), Gone: x.Listed == nil, Changed: x.Changed}
	if x.Previous != nil {
		v.Previous = x.Previous.String()
	}
	e := x.Listed
	if e == nil {
		e = x.Kept
	}
	v.Listed = wording.Facts(w, e)
	best := -1
	for i := range x.Sightings {
		t := &x.Sightings[i]
		v.Sightings = append(v.Sightings, sightingOf(w, f, t, now))
		v.Sightings[i].crossing = t.Crossing
		if t.Explained != nil && (best < 0 || t.Score > x.Sightings[best].Score) {
			best = i
		}
	}
	if best >= 0 {
		v.Reasons = wording.Reasons(w, x.Sightings[best].Explained)
	}
	if i := slices.IndexFunc(x.Sightings, func(t cases.Sighting) bool { return t.Person != nil }); i >= 0 {
		v.Traveller = travellerOf(w, x.Sightings[i].Person)
	}
	for i := range x.Alerts {
		v.Alerts = append(v.Alerts, alertOf(w, &x.Alerts[i], now))
	}
	for i := range x.History {
		v.History = append(v.History, stepOf(w, &x.History[i], now))
	}
	if len(v.History) > 0 {
		v.News = newsOf(w, v.History[0])
	}
	for i := range x.Confirmations {
		a := &x.Confirmations[i]
		v.Answers = append(v.Answers, answer{wording.At(w, a.At, now), a.Service, strings.TrimSpace(wording.Word(w, outcomes, a.Outcome) + " " + wording.Underscored(a.Reason)), a.Detail})
	}
	for _, d := range dos {
		if x.Allowed[d.do] {
			if d.do == cases.Dismiss && x.HighRisk {
				d.hint = i18n.Msg("High risk: another person has to agree before the case closes.")
			}
			a := action{Do: string(d.do), Text: w.T(d.text), Note: d.note, To: d.to, Strong: d.do == next(&x.Summary)}
			if d.hint != "" {
				a.Hint = w.T(d.hint)
			}
			v.Actions = append(v.Actions, a)
		}
	}
	return v
}

// newsOf is a step in a sentence, for those who have the case open.
func newsOf(w *i18n.Printer, last step) string {
	if last.Who == "" {
		return w.T("The case has changed: {0}.", last.What)
	}
	return w.T("The case has changed: {0}, by {1}.", last.What, last.Who)
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}

var outcomes = map[string]i18n.Msg{"clear": "knows nothing of them", "hit": "knows them", "not_checked": "could not be asked:"}

// dos are what officers do, in the order in which they are offered.
var dos = [...]struct {
	do         cases.Do
	text, hint i18n.Msg
	note, to   bool
}{
	{do: cases.Take, text: i18n.Msg("Take it"), hint: i18n.Msg("You are the one who works on it.")},
	{do: cases.AskOwner, text: i18n.Msg("The owner has been asked"), hint: i18n.Msg("Whoever listed the person confirms before anybody acts.")},
	{do: cases.Answer, text: i18n.Msg("The owner has answered"), hint: i18n.Msg("It is to be judged.")},
	{do: cases.Confirm, text: i18n.Msg("It is this person"), note: true},
	{do: cases.Dismiss, text: i18n.Msg("It is not this person"), hint: i18n.Msg("The traveller is not stopped for this entry again, until it changes."), note: true},
	{do: cases.Countersign, text: i18n.Msg("Agree as the second person: it is not this person")},
	{do: cases.Decline, text: i18n.Msg("Do not agree as the second person"), note: true},
	{do: cases.Note, text: i18n.Msg("Add a note"), note: true},
	{do: cases.Assign, text: i18n.Msg("Give it to somebody"), to: true},
	{do: cases.Expire, text: i18n.Msg("Give it up"), hint: i18n.Msg("It cannot be found out."), note: true},
	{do: cases.Reopen, text: i18n.Msg("Open it again"), note: true},
}

// next is what would bring a case on, as far as that can be said.
func next(s *cases.Summary) cases.Do {
	switch {
	case s.SecondPerson:
		return cases.Countersign
	case s.State == cases.Possible:
		return cases.Take
	case s.State == cases.UnderReview:
		return cases.AskOwner
	case s.State == cases.OwnerAsked:
		return cases.Confirm
	}
	return cases.Note
}

func personName(w *i18n.Printer, p *border.Personal) string {
	return or(strings.Trim(p.Surname+", "+p.GivenNames, ", "), w.T("Name not known"))
}

func travellerOf(w *i18n.Printer, p *border.Personal) []fact {
	var out []fact
	add := func(label i18n.Msg, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, fact{w.T(label), value, false})
		}
	}
	out = append(out, fact{w.T("Name"), personName(w, p), true})
	add(i18n.Msg("Born"), p.BirthDate)
	add(i18n.Msg("Sex"), p.Sex)
	add(i18n.Msg("Nationality"), p.Nationality)
	add(i18n.Msg("Document"), strings.Join(strings.Fields(p.IssuingState+" "+p.DocumentCode+" "+p.DocumentNumber), " "))
	add(i18n.Msg("Valid until"), p.ExpiryDate)
	for _, d := range p.Documents {
		add(i18n.Msg("Further document"), strings.Join(strings.Fields(d.IssuingState+" "+d.DocumentCode+" "+d.DocumentNumber), " "))
	}
	return out
}

var lateWords = map[string]i18n.Msg{
	cases.LateGrown: "the entry came after the crossing", cases.LateOlder: "the station had an older list", cases.LateStale: "the station’s list was too old",
	cases.LateNotAsked: "the station had no list, or nothing to ask it", cases.LateHubOnly: "the entry is held at the hub only",
	cases.LateNotNamed: "the station asked this list and did not name the entry",
}

var outcomeWords = map[string]i18n.Msg{
	string(border.Admitted): "outcome::Admitted", string(border.Departed): "outcome::Departed", string(border.Refused): "outcome::Refused",
	string(border.DeparturePrevented): "outcome::Departure prevented", string(border.Withdrawn): "outcome::Withdrawn", string(border.HandedOver): "outcome::Handed over",
}

var typeWords = map[string]i18n.Msg{border.TypeEncounterReferred: "outcome::Referred", border.TypeEncounterAbandoned: "Left without a decision"}

var directionWords = map[string]i18n.Msg{border.Entry: "direction::Entry", border.Exit: "direction::Exit"}

func sightingOf(w *i18n.Printer, f *form.Form, t *cases.Sighting, now time.Time) sighting {
	v := sighting{At: wording.At(w, t.At, now), Place: w.T("{0}, station {1}", string(t.Post), string(t.Station)), Chance: wording.Chance(w, t.Score), Hidden: t.Person == nil}
	what := wording.Word(w, outcomeWords, t.Outcome)
	if m := typeWords[t.Type]; m != "" {
		what = w.T(m)
	}
	v.What = strings.Trim(wording.Word(w, directionWords, t.Direction)+": "+what, ": ")
	if t.Named {
		v.Named = w.T("The officer was told.")
	}
	if t.Late != "" {
		v.Late = wording.Word(w, lateWords, t.Late)
	}
	if h := t.Header; h != nil {
		var route []string
		if h.PreviousCountry != "" {
			route = append(route, w.T("country::from {0}", h.PreviousCountry))
		}
		if h.NextCountry != "" {
			route = append(route, w.T("country::to {0}", h.NextCountry))
		}
		if h.TransportMode != "" {
			route = append(route, w.T("transport::by {0}", wording.Word(w, transportWords, h.TransportMode)))
		}
		if h.Purpose != "" {
			route = append(route, w.T("purpose {0}", wording.FlowCode(w, f, flows.Purpose, h.Purpose)))
		}
		v.Route = strings.Join(route, ", ")
	}
	for _, c := range t.Companions {
		if c.Person == nil {
			v.Companions = append(v.Companions, companion{Text: w.T("somebody whose particulars cannot be opened")})
			continue
		}
		who := companion{Name: personName(w, c.Person)}
		if c.Person.BirthDate != "" {
			who.Text = w.T(", born {0}", c.Person.BirthDate)
		}
		v.Companions = append(v.Companions, who)
	}
	return v
}

// transportWords are the ways of travelling, after "by".
var transportWords = map[string]i18n.Msg{"air": "way::air", "sea": "way::sea", "river": "way::river", "land": "way::land", "rail": "way::rail", "foot": "way::foot"}

var endWords = map[string]i18n.Msg{"acknowledged": "alert::Acknowledged {0}", "withdrawn": "alert::Withdrawn {0}", "superseded": "alert::Told anew {0}"}

func alertOf(w *i18n.Printer, a *cases.Alert, now time.Time) alertView {
	posts := make([]string, len(a.Posts))
	for i, p := range a.Posts {
		posts[i] = string(p)
	}
	v := alertView{Raised: wording.At(w, a.RaisedAt, now), Posts: or(strings.Join(posts, ", "), w.T("all posts")), Tag: "warn", State: w.T("Waits to be acknowledged")}
	switch {
	case a.Ended != "":
		v.State, v.Tag = wording.Underscored(a.Ended), "ok"
		if m := endWords[a.Ended]; m != "" {
			v.State = w.T(m, wording.At(w, a.ClosedAt, now))
		}
		if a.Ended != "acknowledged" {
			v.Tag = "none"
		}
	case a.Overdue:
		v.State, v.Tag = w.T("Not acknowledged, chased {0}", times(w, a.Chased)), "refer"
	}
	if a.Officer != "" {
		v.Who = w.T("Officer {0} at station {1}", a.Officer, string(a.Station))
	}
	return v
}

func times(w *i18n.Printer, n int) string {
	switch n {
	case 0:
		return w.T("not yet")
	case 1:
		return w.T("once")
	}
	return w.T("{0} times", n)
}

var didWords = map[string]i18n.Msg{
	"opened": "did::Opened", "crossing_joined": "Another crossing", "crossing_seen_again": "The crossing was recorded further",
	"crossing_corrected": "The crossing was corrected: it does not fit any more", "entry_changed": "The entry changed", "stations_told": "Stations were told",
	"stations_told_again": "Stations were told anew", "alert_withdrawn": "The alert was withdrawn", "acknowledged": "did::Acknowledged at a station",
	"chased": "did::Chased", "expired": "Expired: no answer in time", "remembered": "Remembered: this traveller is not this person", "forgotten": "Not remembered any more",
	"confirmation": "Another service answered", "second_person_asked": "Not this person; a second person is asked",
	string(cases.Take): "did::Taken", string(cases.Assign): "did::Given to", string(cases.Note): "did::Note", string(cases.AskOwner): "The owner was asked",
	string(cases.Answer): "The owner answered", string(cases.Confirm): "It is this person", string(cases.Dismiss): "It is not this person",
	string(cases.Countersign): "The second person agreed: it is not this person", string(cases.Decline): "The second person did not agree",
	string(cases.Expire): "did::Given up", string(cases.Reopen): "did::Opened again",
}

func stepOf(w *i18n.Printer, x *cases.Step, now time.Time) step {
	v := step{At: wording.At(w, x.At, now), What: wording.Word(w, didWords, x.Did), Who: or(x.Who, w.T("the hub")), Note: x.Note}
	if x.To != "" {
		v.What += " " + x.To
	}
	if x.Station != "" {
		v.Who = w.T("{0} at station {1}", v.Who, string(x.Station))
	}
	if x.From != x.State {
		v.State = wording.Word(w, stateWords, x.State)
	}
	return v
}
