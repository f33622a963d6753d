package counter

import (
	"slices"
	"strings"

	"garita/ui/i18n"
)

// spokenIn lists nationalities (Doc 9303-3, section 5) by the language of the screens that most people
// of the country read. Countries where none of them is meant for everybody are not here.
var spokenIn = map[i18n.Lang]string{
	i18n.Spanish: "ARG BOL CHL COL CRI CUB DOM ECU ESP GNQ GTM HND MEX NIC PAN PER PRY SLV URY VEN",
	i18n.French:  "BEN BFA CAF CIV COD COG FRA GAB GIN MCO MLI NER SEN TGO",
	i18n.Haitian: "HTI",
	i18n.English: "AUS BHS BLZ BRB DMA GBR GHA GRD GUY IRL JAM KNA LBR LCA NGA NZL SLE TTO UGA USA VCT ZMB ZWE",
}

// spoken is the language to begin with for somebody of a nationality; "" if the officer chooses.
func spoken(nationality string) i18n.Lang {
	for lang, codes := range spokenIn {
		if slices.Contains(strings.Fields(codes), nationality) {
			return lang
		}
	}
	return ""
}
