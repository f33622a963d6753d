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
	Chances:  0.05,
	Weights: Features{
		FeatOne:        2.173,
		FeatGain:       0.0025957,
		FeatBest:       0.00084254,
		FeatSecond:     -0.00021624,
		FeatParticle:   0.0013503,
		FeatCost:       -0.0017693,
		FeatAskedLeft:  -0.93165,
		FeatListedLeft: -0.34113,
		FeatBothLeft:   0.077072,
		FeatSmallLeft:  0.028823,
		FeatMatched:    -0.53133,
		FeatCrossed:    -0.17221,
		FeatSurname:    -0.52404,
		FeatGiven:      -1.1357,
		FeatAll:        0.026015,
		FeatAllAsked:   1.4232,
		FeatAllListed:  1.4899,
		FeatExact:      0.4639,
		FeatJoined:     0.13171,
		FeatLow:        -1.6324,
		FeatShort:      -0.13412,
	},
	Dates: [dateLevels]float64{
		DateExact:    7.31,
		DateMonth:    4.43,
		DateYear:     2.75,
		DateSwapped:  5.78,
		DateDigit:    3.50,
		DateNextYear: 5.93,
		DateNextDay:  4.98,
		DateRange:    1.76,
		DateSameYear: -0.80,
		DateNear:     -2.20,
		DateFar:      -4.00,
		DateOther:    -5.00,
	},
	Sexes:   [traits]float64{TraitSame: 0.5, TraitOther: -2.3},
	Nations: [traits]float64{TraitSame: 1.85, TraitRelated: 1.48, TraitOther: -1.31},
}

// Default is the model that the package ships. It must not be changed.
func Default() *Model { return def }
