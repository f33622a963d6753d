package wording

import (
	"slices"
	"strings"

	"garita/border/watch"
	"garita/ui/i18n"
)

// Fact is one field of an entry in words. Field is its name as imports count changes by it.
type Fact struct{ Field, Label, Value string }

// Name writes one name of an entry.
func Name(p *i18n.Printer, n watch.Name) string {
	text := n.Full
	if text == "" {
		text = strings.Trim(n.Surname+", "+n.GivenNames, ", ")
	}
	if n.Quality == watch.Low {
		text = p.T("{0} (weak alias)", text)
	}
	return text
}

// First is the name by which an entry goes, or its first document.
func First(p *i18n.Printer, e *watch.Entry) string {
	switch {
	case e == nil:
		return ""
	case len(e.Names) > 0:
		return Name(p, e.Names[0])
	case len(e.Documents) > 0:
		return p.T("Document {0}", document(e.Documents[0]))
	}
	return ""
}

func document(d watch.Document) string {
	return strings.Join(strings.Fields(d.Issuer+" "+d.Type+" "+d.Number), " ")
}

var actions = map[string]i18n.Msg{
	"refer": "Refer to secondary inspection", "refuse": "Refuse entry", "detain": "Detain", "hand_over": "Hand over", "inform": "Let pass and inform the owner",
}

// Action says what is asked of an officer.
func Action(p *i18n.Printer, a string) string { return Word(p, actions, a) }

var languages = [...]string{"es", "en", "fr", "ht"}

// Facts lists the fields of an entry that hold something; none for nil.
func Facts(p *i18n.Printer, e *watch.Entry) []Fact {
	if e == nil {
		return nil
	}
	var out []Fact
	add := func(field, value string) {
		if value != "" {
			out = append(out, Fact{field, Label(p, field), value})
		}
	}
	list := func(s []string) string { return strings.Join(s, ", ") }
	texts := func(n int, of func(int) string) string {
		s := make([]string, n)
		for i := range s {
			s[i] = of(i)
		}
		return strings.Join(s, "; ")
	}
	add("names", texts(len(e.Names), func(i int) string { return Name(p, e.Names[i]) }))
	add("birth_dates", list(e.BirthDates))
	add("sex", e.Sex)
	add("nationalities", list(e.Nationalities))
	add("birth_places", list(e.BirthPlaces))
	add("residences", list(e.Residences))
	add("documents", texts(len(e.Documents), func(i int) string { return document(e.Documents[i]) }))
	add("photo", e.Photo)
	add("handling", Handling(p, e.Handling))
	switch e.Applies {
	case watch.AppliesEntry:
		add("applies_to", p.T("Entry only"))
	case watch.AppliesExit:
		add("applies_to", p.T("Exit only"))
	case watch.AppliesBoth:
	}
	if e.Distribution == watch.HubOnly {
		add("distribution", p.T("The hub only"))
	}
	if e.HighRisk {
		add("high_risk", p.T("Yes: “not this person” needs a second person"))
	}
	if e.Urgent {
		add("urgent", p.T("Yes"))
	}
	if e.Action != "" {
		add("action", Action(p, e.Action))
	}
	var instruction []string
	for _, l := range languages {
		if t := e.Instruction[l]; t != "" {
			instruction = append(instruction, l+": "+t)
		}
	}
	add("instruction", strings.Join(instruction, " · "))
	add("legal_basis", e.LegalBasis)
	add("purpose", e.Purpose)
	add("owner", e.Owner)
	add("valid_from", e.ValidFrom)
	add("expires", e.Expires)
	add("updated", e.Updated)
	return out
}

var labels = map[string]i18n.Msg{
	"names": "Names", "birth_dates": "Born", "sex": "Sex", "nationalities": "Nationalities", "birth_places": "Born in", "residences": "Lives in",
	"documents": "Documents", "photo": "Photo", "handling": "Handling", "applies_to": "Counts for", "distribution": "Held at", "high_risk": "High risk",
	"urgent": "Urgent", "action": "Action", "instruction": "Instruction", "legal_basis": "Legal basis", "purpose": "list::Purpose", "owner": "Owner",
	"valid_from": "Holds from", "expires": "Last day", "updated": "Updated by the source",
}

// Label names a field of an entry.
func Label(p *i18n.Printer, field string) string { return Word(p, labels, field) }

// Difference is one field of an entry as it is and as it would be. Field is its name.
type Difference struct {
	Field, Label, Was, Is string
	Changed               bool
}

// Differences sets two versions of an entry side by side, either of which may be nil.
func Differences(p *i18n.Printer, was, is *watch.Entry) []Difference {
	a, b := Facts(p, was), Facts(p, is)
	value := func(facts []Fact, field string) string {
		if i := slices.IndexFunc(facts, func(f Fact) bool { return f.Field == field }); i >= 0 {
			return facts[i].Value
		}
		return ""
	}
	var out []Difference
	for _, field := range order {
		x, y := value(a, field), value(b, field)
		if x != "" || y != "" {
			out = append(out, Difference{field, Label(p, field), or(x, "–"), or(y, "–"), x != y})
		}
	}
	return out
}

// order is that of the fields of an entry on a page.
var order = [...]string{"names", "birth_dates", "sex", "nationalities", "birth_places", "residences", "documents", "photo", "handling", "applies_to",
	"distribution", "high_risk", "urgent", "action", "instruction", "legal_basis", "purpose", "owner", "valid_from", "expires", "updated"}
