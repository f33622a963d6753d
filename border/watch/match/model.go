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
