package match

// Feature is one measure of how two names fit, in centinats or as a count.
type Feature int

// The features.
const (
	FeatOne           Feature = iota // always 1
	FeatGain                         // what the words that fit say
	FeatBest                         // the best of them
	FeatSecond                       // the second best
	FeatParticle                     // what particles and titles say
	FeatCost                         // how much their spellings differ
	FeatAskedLeft                    // the traveller's words that nothing fits
	FeatListedLeft                   // the listed words that nothing fits
	FeatBothLeft                     // the less of the two: names that differ
	FeatSmallLeft                    // particles and titles left over
	FeatMatched                      // words that fit
	FeatCrossed                      // surname fits a given name
	FeatSurname                      // the surname fits nothing
	FeatGiven                        // no given name fits
	FeatAll                          // nothing is left over on either side
	FeatAllAsked                     // nothing is left of the traveller's name
	FeatAllListed                    // nothing is left of the listed name
	FeatExact                        // all is the same, letter by letter
	FeatJoined                       // words joined or split
	FeatLow                          // a name of low quality
	FeatShort                        // how short of letters the fitting words are
	FeatOrder                        // fitting words in another order, but for surname and given names crossed
	FeatOneFits                      // only one word fits
	FeatOneAsked                     // only one word fits, and it is all that the traveller has
	FeatBare                         // the traveller has particles and titles for given names
	FeatSyllables                    // words of few letters on both sides, none left over
	FeatSyllablesLeft                // words of few letters, some left over
	FeatAskedSays                    // how much the traveller's words left over would say
	FeatListedSays                   // how much the listed words left over would say
	Feats
)

// Features are the measures of a comparison.
type Features [Feats]float64
