package source

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"garita/border/watch"
)

// Difference is what two versions of a source differ in.
type Difference struct {
	Before, After int // entries
	Added         []*watch.Entry
	Removed       []*watch.Entry
	Changed       []Changed
}

// Changed is an entry that is in both versions but not the same.
type Changed struct {
	Before, After *watch.Entry
	Fields        []string // as in the entry's JSON: names, birth_dates, …
}

// Compare compares two versions of the entries of a source, or of several, in whatever
// order. Results are in the order of source and id. Within an entry the first name must
// stay the first; otherwise the order of values is no difference.
func Compare(before, after []*watch.Entry) Difference {
	d := Difference{Before: len(before), After: len(after)}
	had := make(map[watch.Key]*watch.Entry, len(before))
	for _, e := range before {
		had[e.Key()] = e
	}
	for _, e := range after {
		old := had[e.Key()]
		if old == nil {
			d.Added = append(d.Added, e)
			continue
		}
		delete(had, e.Key())
		if fields := differ(old, e); len(fields) > 0 {
			d.Changed = append(d.Changed, Changed{old, e, fields})
		}
	}
	for _, e := range had {
		d.Removed = append(d.Removed, e)
	}
	slices.SortFunc(d.Added, byKey)
	slices.SortFunc(d.Removed, byKey)
	slices.SortFunc(d.Changed, func(a, b Changed) int { return byKey(a.After, b.After) })
	return d
}

func byKey(a, b *watch.Entry) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
}

// Empty reports whether nothing differs.
func (d Difference) Empty() bool {
	return len(d.Added) == 0 && len(d.Removed) == 0 && len(d.Changed) == 0
}

// Suspicious reports whether the list shrinks or grows by more than these shares of what
// it was (0.1 is a tenth), so that a person should confirm it. A list that was empty may
// grow as it likes; one that becomes empty is always suspicious.
func (d Difference) Suspicious(shrink, grow float64) bool {
	if d.Before == 0 {
		return false
	}
	removed, added := float64(len(d.Removed))/float64(d.Before), float64(len(d.Added))/float64(d.Before)
	return d.After == 0 || math.IsNaN(shrink) || math.IsNaN(grow) || removed > shrink || added > grow
}

// Changes gives what turns the version before into the version after.
func (d Difference) Changes() []watch.Change {
	changes := make([]watch.Change, 0, len(d.Added)+len(d.Changed)+len(d.Removed))
	for _, e := range d.Removed {
		k := e.Key()
		changes = append(changes, watch.Change{Remove: &k})
	}
	for _, c := range d.Changed {
		changes = append(changes, watch.Change{Put: c.After})
	}
	for _, e := range d.Added {
		changes = append(changes, watch.Change{Put: e})
	}
	return changes
}

// differ names the fields in which two versions of an entry differ.
func differ(a, b *watch.Entry) (fields []string) {
	note := func(field string, same bool) {
		if !same {
			fields = append(fields, field)
		}
	}
	note("names", sameNames(a.Names, b.Names))
	note("birth_dates", sameSet(a.BirthDates, b.BirthDates))
	note("sex", a.Sex == b.Sex)
	note("nationalities", sameSet(a.Nationalities, b.Nationalities))
	note("birth_places", sameSet(a.BirthPlaces, b.BirthPlaces))
	note("residences", sameSet(a.Residences, b.Residences))
	note("documents", sameSet(a.Documents, b.Documents))
	note("photo", a.Photo == b.Photo)
	note("handling", a.Handling == b.Handling)
	note("applies_to", a.Applies == b.Applies)
	note("distribution", a.Distribution == b.Distribution)
	note("high_risk", a.HighRisk == b.HighRisk)
	note("urgent", a.Urgent == b.Urgent)
	note("action", a.Action == b.Action)
	note("instruction", maps.Equal(a.Instruction, b.Instruction))
	note("legal_basis", a.LegalBasis == b.LegalBasis)
	note("purpose", a.Purpose == b.Purpose)
	note("owner", a.Owner == b.Owner)
	note("valid_from", a.ValidFrom == b.ValidFrom)
	note("expires", a.Expires == b.Expires)
	note("updated", a.Updated == b.Updated)
	return fields
}

func sameNames(a, b []watch.Name) bool {
	if len(a) != len(b) || len(a) > 0 && a[0] != b[0] {
		return false
	}
	return sameSet(a, b)
}

// sameSet compares values without their order.
func sameSet[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	if slices.Equal(a, b) {
		return true
	}
	count := make(map[T]int, len(a))
	for _, v := range a {
		count[v]++
	}
	for _, v := range b {
		if count[v]--; count[v] < 0 {
			return false
		}
	}
	return true
}
