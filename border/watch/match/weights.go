package match

// The weights were learned from test sets of package trial, made from public lists with other
// spellings held out than those of any published set, persons of part Tune only: logistic
// regression (Newton, ridge 1 towards weights by hand) of listed persons against the best
// three answers for each innocent traveller, with and without a date of birth, in rounds, each
// taking its wrong answers from the last. Held by hand are what the lists' own faults teach
// better than made-up travellers: how far another sex and another date of birth may speak
// against.

var def = &Model{
	Spelling: handSpelling(),
	Prior:    -6,
	Chances:  0.057,
	Weights: Features{
		FeatOne:           1.745,
		FeatGain:          0.002757,
		FeatBest:          0.001334,
		FeatSecond:        -0.000893,
		FeatParticle:      0.002401,
		FeatCost:          -0.001692,
		FeatAskedLeft:     -0.8478,
		FeatListedLeft:    -0.03433,
		FeatBothLeft:      0.3383,
		FeatSmallLeft:     -0.006632,
		FeatMatched:       -0.5028,
		FeatCrossed:       -0.2005,
		FeatSurname:       -0.6035,
		FeatGiven:         -1.349,
		FeatAll:           0.1909,
		FeatAllAsked:      1.759,
		FeatAllListed:     1.693,
		FeatExact:         1.618,
		FeatJoined:        0.0515,
		FeatLow:           -1.516,
		FeatShort:         -0.02688,
		FeatOrder:         -1.256,
		FeatOneFits:       -0.7445,
		FeatOneAsked:      -0.5063,
		FeatBare:          -0.522,
		FeatSyllables:     -1.192,
		FeatSyllablesLeft: 0,
		FeatAskedSays:     -6.933e-05,
		FeatListedSays:    -0.0006096,
	},
	Dates: [dateLevels]float64{
		DateExact:    7.84,
		DateMonth:    4.33,
		DateYear:     3.07,
		DateSwapped:  5.07,
		DateDigit:    2.00,
		DateNextYear: 5.85,
		DateNextDay:  4.51,
		DateRange:    1.95,
		DateSameYear: -0.80,
		DateNear:     -2.20,
		DateFar:      -4.00,
		DateOther:    -5.00,
	},
	Sexes:   [traits]float64{TraitSame: 0.5, TraitOther: -2.3},
	Nations: [traits]float64{TraitSame: 1.82, TraitRelated: 1.46, TraitOther: -1.45},
}

// Default is the model that the package ships. It must not be changed.
func Default() *Model { return def }
