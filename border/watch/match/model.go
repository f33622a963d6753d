package match

import "math"

// Model is what was learned from trial sets: the channel of spellings and the weights of what is
// measured. The default model is Default.
type Model struct {
	Spelling *Spelling
	Weights  Features // of the name's measures, in nats per unit
	Prior    float64  // log-odds before any field
	Dates    [dateLevels]float64
	Sexes    [traits]float64
	Nations  [traits]float64
	Chances  float64 // off for each doubling of an entry's names
}

// weigh adds up the measures of a name.
func (m *Model) weigh(f *Features) float64 {
	sum := 0.0
	for i, w := range m.Weights {
		sum += float64(w * f[i])
	}
	return sum
}

// Probability turns log-odds into a probability, rounded to 10^-9.
func Probability(logOdds float64) float64 {
	return math.Round(1e9/(1+math.Exp(-logOdds))) / 1e9
}

var def = handModel()

// Default is the model that the package ships. It must not be changed.
func Default() *Model { return def }

func handModel() *Model {
	m := &Model{Spelling: handSpelling(), Prior: -6, Chances: 0.1}
	m.Weights = Features{
		FeatOne: -2, FeatGain: 0.006, FeatBest: 0, FeatParticle: 0.003, FeatCost: 0, FeatAskedLeft: -1.2, FeatListedLeft: -0.4,
		FeatBothLeft: -1.5, FeatSmallLeft: -0.1, FeatCrossed: -0.2, FeatSurname: -1, FeatGiven: -1, FeatAll: 0.7,
		FeatExact: 1, FeatJoined: -0.2, FeatLow: -1, FeatShort: -0.1,
	}
	m.Dates = [dateLevels]float64{
		DateExact: 9, DateMonth: 6, DateYear: 3.6, DateSwapped: 7, DateDigit: 4.5, DateNextYear: 6.5, DateNextDay: 5, DateRange: 2.2,
		DateSameYear: 0.5, DateNear: -1, DateFar: -3, DateOther: -4.5,
	}
	m.Sexes = [traits]float64{TraitSame: 0.6, TraitOther: -2.5}
	m.Nations = [traits]float64{TraitSame: 2, TraitRelated: 1, TraitOther: -0.7}
	return m
}
