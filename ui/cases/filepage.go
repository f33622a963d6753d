package cases

import (
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/ui/wording"
)

// filePage is one case in words.
type filePage struct {
	row
	Version   int64
	Since     string
	Previous  string // number of an earlier case; ""
	Traveller []fact
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

type fact struct{ Label, Value string }

type sighting struct {
	At, Place, What, Route, Chance, Late, Named string
	Companions                                  []string
	Hidden                                      bool // the register cannot open it
}

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

func fileOf(x *cases.Case, now time.Time) filePage {
	v := filePage{row: rowOf(&x.Summary, now), Version: x.Version, Since: wording.At(x.Since, now), Gone: x.Listed == nil, Changed: x.Changed}
	if x.Previous != nil {
		v.Previous = x.Previous.String()
	}
	e := x.Listed
	if e == nil {
		e = x.Kept
	}
	v.Listed = wording.Facts(e)
	best := -1
	for i := range x.Sightings {
		t := &x.Sightings[i]
		v.Sightings = append(v.Sightings, sightingOf(t, now))
		if t.Explained != nil && (best < 0 || t.Score > x.Sightings[best].Score) {
			best = i
		}
	}
	if best >= 0 {
		v.Reasons = wording.Reasons(x.Sightings[best].Explained)
	}
	if i := slices.IndexFunc(x.Sightings, func(t cases.Sighting) bool { return t.Person != nil }); i >= 0 {
		v.Traveller = travellerOf(x.Sightings[i].Person)
	}
	for i := range x.Alerts {
		v.Alerts = append(v.Alerts, alertOf(&x.Alerts[i], now))
	}
	for i := range x.History {
		v.History = append(v.History, stepOf(&x.History[i], now))
	}
	for i := range x.Confirmations {
		a := &x.Confirmations[i]
		v.Answers = append(v.Answers, answer{wording.At(a.At, now), a.Service, strings.TrimSpace(or(outcomes[a.Outcome], a.Outcome) + " " + wording.Underscored(a.Reason)), a.Detail})
	}
	for _, a := range actions {
		if x.Allowed[cases.Do(a.Do)] {
			if a.Do == string(cases.Dismiss) && x.HighRisk {
				a.Hint = "High risk: another person has to agree before the case closes."
			}
			a.Strong = a.Do == string(next(&x.Summary))
			v.Actions = append(v.Actions, a)
		}
	}
	return v
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}

var outcomes = map[string]string{"clear": "knows nothing of them", "hit": "knows them", "not_checked": "could not be asked:"}

// actions are what officers do, in the order in which they are offered.
var actions = [...]action{
	{Do: string(cases.Take), Text: "Take it", Hint: "You are the one who works on it."},
	{Do: string(cases.AskOwner), Text: "The owner has been asked", Hint: "Whoever listed the person confirms before anybody acts."},
	{Do: string(cases.Answer), Text: "The owner has answered", Hint: "It is to be judged."},
	{Do: string(cases.Confirm), Text: "It is this person", Note: true},
	{Do: string(cases.Dismiss), Text: "It is not this person", Hint: "The traveller is not stopped for this entry again, until it changes.", Note: true},
	{Do: string(cases.Countersign), Text: "Agree as the second person: it is not this person"},
	{Do: string(cases.Decline), Text: "Do not agree as the second person", Note: true},
	{Do: string(cases.Note), Text: "Add a note", Note: true},
	{Do: string(cases.Assign), Text: "Give it to somebody", To: true},
	{Do: string(cases.Expire), Text: "Give it up", Hint: "It cannot be found out.", Note: true},
	{Do: string(cases.Reopen), Text: "Open it again", Note: true},
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

func personName(p *border.Personal) string {
	return or(strings.Trim(p.Surname+", "+p.GivenNames, ", "), "Name not known")
}

func travellerOf(p *border.Personal) []fact {
	var out []fact
	add := func(label, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, fact{label, value})
		}
	}
	add("Name", personName(p))
	add("Born", p.BirthDate)
	add("Sex", p.Sex)
	add("Nationality", p.Nationality)
	add("Document", strings.Join(strings.Fields(p.IssuingState+" "+p.DocumentCode+" "+p.DocumentNumber), " "))
	add("Valid until", p.ExpiryDate)
	for _, d := range p.Documents {
		add("Further document", strings.Join(strings.Fields(d.IssuingState+" "+d.DocumentCode+" "+d.DocumentNumber), " "))
	}
	return out
}

var lateWords = map[string]string{
	cases.LateGrown: "the entry came after the crossing", cases.LateOlder: "the station had an older list", cases.LateStale: "the station’s list was too old",
	cases.LateNotAsked: "the station had no list, or nothing to ask it", cases.LateHubOnly: "the entry is held at the hub only",
	cases.LateNotNamed: "the station asked this list and did not name the entry",
}

var outcomeWords = map[string]string{
	string(border.Admitted): "Admitted", string(border.Departed): "Departed", string(border.Refused): "Refused",
	string(border.DeparturePrevented): "Departure prevented", string(border.Withdrawn): "Withdrawn", string(border.HandedOver): "Handed over",
}

var typeWords = map[string]string{border.TypeEncounterReferred: "Referred", border.TypeEncounterAbandoned: "Left without a decision"}

var directionWords = map[string]string{border.Entry: "Entry", border.Exit: "Exit"}

func sightingOf(t *cases.Sighting, now time.Time) sighting {
	v := sighting{At: wording.At(t.At, now), Place: string(t.Post) + ", station " + string(t.Station), Chance: wording.Chance(t.Score), Hidden: t.Person == nil}
	what := or(outcomeWords[t.Outcome], or(typeWords[t.Type], wording.Underscored(t.Outcome)))
	v.What = strings.Trim(or(directionWords[t.Direction], t.Direction)+": "+what, ": ")
	if t.Named {
		v.Named = "The officer was told."
	}
	if t.Late != "" {
		v.Late = or(lateWords[t.Late], wording.Underscored(t.Late))
	}
	if h := t.Header; h != nil {
		var route []string
		if h.PreviousCountry != "" {
			route = append(route, "from "+h.PreviousCountry)
		}
		if h.NextCountry != "" {
			route = append(route, "to "+h.NextCountry)
		}
		if h.TransportMode != "" {
			route = append(route, "by "+wording.Underscored(h.TransportMode))
		}
		if h.Purpose != "" {
			route = append(route, "purpose "+wording.Underscored(h.Purpose))
		}
		v.Route = strings.Join(route, ", ")
	}
	for _, c := range t.Companions {
		if c.Person == nil {
			v.Companions = append(v.Companions, "somebody whose particulars cannot be opened")
			continue
		}
		who := personName(c.Person)
		if c.Person.BirthDate != "" {
			who += ", born " + c.Person.BirthDate
		}
		v.Companions = append(v.Companions, who)
	}
	return v
}

var endWords = map[string]string{"acknowledged": "Acknowledged", "withdrawn": "Withdrawn", "superseded": "Told anew"}

func alertOf(a *cases.Alert, now time.Time) alertView {
	posts := make([]string, len(a.Posts))
	for i, p := range a.Posts {
		posts[i] = string(p)
	}
	v := alertView{Raised: wording.At(a.RaisedAt, now), Posts: or(strings.Join(posts, ", "), "all posts"), Tag: "warn", State: "Waits to be acknowledged"}
	switch {
	case a.Ended != "":
		v.State, v.Tag = or(endWords[a.Ended], wording.Underscored(a.Ended))+" "+wording.At(a.ClosedAt, now), "ok"
		if a.Ended != "acknowledged" {
			v.Tag = "none"
		}
	case a.Overdue:
		v.State, v.Tag = "Not acknowledged, chased "+times(a.Chased), "refer"
	}
	if a.Officer != "" {
		v.Who = "Officer " + a.Officer + " at station " + string(a.Station)
	}
	return v
}

func times(n int) string {
	switch n {
	case 0:
		return "not yet"
	case 1:
		return "once"
	}
	return wording.Number(n) + " times"
}

var didWords = map[string]string{
	"opened": "Opened", "crossing_joined": "Another crossing", "crossing_seen_again": "The crossing was recorded further",
	"crossing_corrected": "The crossing was corrected: it does not fit any more", "entry_changed": "The entry changed", "stations_told": "Stations were told",
	"stations_told_again": "Stations were told anew", "alert_withdrawn": "The alert was withdrawn", "acknowledged": "Acknowledged at a station",
	"chased": "Chased", "expired": "Expired: no answer in time", "remembered": "Remembered: this traveller is not this person", "forgotten": "Not remembered any more",
	"confirmation": "Another service answered", "second_person_asked": "Not this person; a second person is asked",
	string(cases.Take): "Taken", string(cases.Assign): "Given to", string(cases.Note): "Note", string(cases.AskOwner): "The owner was asked",
	string(cases.Answer): "The owner answered", string(cases.Confirm): "It is this person", string(cases.Dismiss): "It is not this person",
	string(cases.Countersign): "The second person agreed: it is not this person", string(cases.Decline): "The second person did not agree",
	string(cases.Expire): "Given up", string(cases.Reopen): "Opened again",
}

func stepOf(x *cases.Step, now time.Time) step {
	v := step{At: wording.At(x.At, now), What: or(didWords[x.Did], wording.Underscored(x.Did)), Who: or(x.Who, "the hub"), Note: x.Note}
	if x.To != "" {
		v.What += " " + x.To
	}
	if x.Station != "" {
		v.Who += " at station " + string(x.Station)
	}
	if x.From != x.State {
		v.State = stateWords[x.State]
	}
	return v
}
