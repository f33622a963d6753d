package match

// Trait says how a weak field compares: sex, nationality.
type Trait uint8

// The levels of a trait.
const (
	TraitUnknown Trait = iota // no evidence
	TraitSame
	TraitRelated // another of the person's countries: of birth, of residence
	TraitOther
	traits
)

// String is the level's word in an explanation.
func (t Trait) String() string {
	return [...]string{"unknown", "same", "related", "other"}[t]
}

// CompareSex compares M and F; anything else is no evidence.
func CompareSex(asked, listed string) Trait {
	switch {
	case asked != "M" && asked != "F" || listed != "M" && listed != "F":
		return TraitUnknown
	case asked == listed:
		return TraitSame
	}
	return TraitOther
}

// CompareNations compares a nationality with an entry's nationalities, and with its countries
// of birth and residence. Who has no nationality listed is not told apart by where he lives.
func CompareNations(asked string, nationalities, others []string) Trait {
	if asked == "" || asked == "XXX" || asked == "XXA" || asked == "XXB" || asked == "XXC" {
		return TraitUnknown
	}
	for _, n := range nationalities {
		if n == asked {
			return TraitSame
		}
	}
	for _, n := range others {
		if n == asked {
			return TraitRelated
		}
	}
	if len(nationalities) == 0 {
		return TraitUnknown
	}
	return TraitOther
}

// Evidence is what is known of one traveller against one entry, ready to add up.
type Evidence struct {
	Name   float64 // the best of Scorer.Name
	Names  int     // how many names the entry has
	Date   DateLevel
	Sex    Trait
	Nation Trait
}

// LogOdds adds the evidence up: the natural log-odds that the traveller is the listed person.
func (m *Model) LogOdds(e *Evidence) float64 {
	sum := m.Prior + e.Name
	for n := e.Names; n > 1; n >>= 1 {
		sum -= m.Chances
	}
	sum += m.Dates[e.Date]
	sum += m.Sexes[e.Sex]
	return sum + m.Nations[e.Nation]
}
