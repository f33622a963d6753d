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
	Chances:  0.050,
	Weights: Features{
		FeatOne:           1.401,
		FeatGain:          0.002789,
		FeatBest:          0.001181,
		FeatSecond:        -0.001036,
		FeatParticle:      0.00252,
		FeatCost:          -0.001893,
		FeatAskedLeft:     -1.197,
		FeatListedLeft:    -0.1317,
		FeatBothLeft:      0.3018,
		FeatSmallLeft:     -0.05459,
		FeatMatched:       -0.4999,
		FeatCrossed:       -0.1051,
		FeatSurname:       -0.4466,
		FeatGiven:         -1.169,
		FeatAll:           0.3355,
		FeatAllAsked:      1.543,
		FeatAllListed:     1.934,
		FeatExact:         1.975,
		FeatJoined:        -0.2365,
		FeatLow:           -1.919,
		FeatShort:         -0.03391,
		FeatOrder:         -1.389,
		FeatOneFits:       -0.684,
		FeatOneAsked:      -0.7318,
		FeatBare:          -0.4703,
		FeatSyllables:     -1.244,
		FeatSyllablesLeft: -0.001618,
		FeatAskedSays:     5.052e-05,
		FeatListedSays:    -0.0003926,
	},
	Dates: [dateLevels]float64{
		DateExact:    8.03,
		DateMonth:    4.47,
		DateYear:     2.97,
		DateSwapped:  5.43,
		DateDigit:    2.00,
		DateNextYear: 5.09,
		DateNextDay:  4.20,
		DateRange:    2.32,
		DateSameYear: -0.80,
		DateNear:     -2.20,
		DateFar:      -4.00,
		DateOther:    -5.00,
	},
	Sexes:   [traits]float64{TraitSame: 0.5, TraitOther: -2.3},
	Nations: [traits]float64{TraitSame: 2.30, TraitRelated: 1.95, TraitOther: -2.01},
}

// Default is the model that the package ships. It must not be changed.
func Default() *Model { return def }
