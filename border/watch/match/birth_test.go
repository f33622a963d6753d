package match

import "testing"

func TestCompareDates(t *testing.T) {
	for _, c := range []struct {
		asked, listed string
		want          DateLevel
	}{
		{"1970-03-12", "1970-03-12", DateExact},
		{"1970-03-12", "1970-12-03", DateSwapped},
		{"1970-03-12", "1971-03-12", DateNextYear},
		{"1970-03-31", "1970-04-01", DateNextDay},
		{"1970-12-31", "1971-01-01", DateNextDay},
		{"1970-03-12", "1970-03-18", DateDigit},
		{"1970-03-12", "1970-XX-XX", DateYear},
		{"1970-XX-XX", "1970-03-12", DateYear},
		{"1970-03-XX", "1970-03-12", DateMonth},
		{"1970-03-12", "1970-03", DateMonth},
		{"1970-03-12", "1970-XX-XX~", DateRange},
		{"1970-03-12", "1971-XX-XX~", DateRange},
		{"1970-03-12", "1968/1972", DateRange},
		{"1970-03-12", "1960/1962", DateFar},
		{"1970-03-12", "1940/1942", DateOther},
		{"1970-03-12", "1970-08-25", DateSameYear},
		{"1970-03-12", "1972-08-25", DateNear},
		{"1970-03-12", "1979-08-25", DateFar},
		{"1970-03-12", "1990-08-25", DateOther},
		{"", "1970-03-12", DateUnknown},
		{"1970-03-12", "", DateUnknown},
		{"1970-03-12", "XXXX-03-12", DateUnknown},
		{"1970-03-12", "1962/1960", DateUnknown},
	} {
		if got := CompareDates(ParseDate(c.asked), ParseDate(c.listed)); got != c.want {
			t.Errorf("%q and %q are %s, want %s", c.asked, c.listed, got, c.want)
		}
	}
}

// What agrees better never weighs less.
func TestBetterEvidenceWeighsMore(t *testing.T) {
	m := Default()
	for _, order := range [][]DateLevel{
		{DateExact, DateSwapped, DateMonth, DateYear, DateRange, DateUnknown, DateSameYear, DateNear, DateFar, DateOther},
		{DateExact, DateNextYear, DateMonth},
		{DateExact, DateNextDay, DateDigit, DateUnknown},
	} {
		for i := 1; i < len(order); i++ {
			if m.Dates[order[i]] > m.Dates[order[i-1]] {
				t.Errorf("%s weighs %.2f, %s %.2f", order[i-1], m.Dates[order[i-1]], order[i], m.Dates[order[i]])
			}
		}
	}
	for _, traits := range [][traits]float64{m.Sexes, m.Nations} {
		if traits[TraitSame] < traits[TraitRelated] && traits[TraitRelated] != 0 || traits[TraitSame] < 0 || traits[TraitOther] > 0 || traits[TraitUnknown] != 0 {
			t.Errorf("traits weigh %v", traits)
		}
	}
	same := m.LogOdds(&Evidence{Name: 3, Names: 1, Date: DateExact, Sex: TraitSame, Nation: TraitSame})
	other := m.LogOdds(&Evidence{Name: 3, Names: 9, Date: DateExact, Sex: TraitOther, Nation: TraitOther})
	if Probability(same) <= Probability(other) || Probability(60) > 1 || Probability(-60) < 0 {
		t.Errorf("same %v, other %v", same, other)
	}
}

func TestTraits(t *testing.T) {
	if CompareSex("M", "F") != TraitOther || CompareSex("M", "M") != TraitSame || CompareSex("X", "M") != TraitUnknown || CompareSex("F", "") != TraitUnknown {
		t.Error("sexes")
	}
	if CompareNations("UTO", []string{"UTO"}, nil) != TraitSame || CompareNations("UTO", []string{"XXA"}, []string{"UTO"}) != TraitRelated ||
		CompareNations("UTO", []string{"D"}, nil) != TraitOther || CompareNations("UTO", nil, []string{"D"}) != TraitUnknown || CompareNations("UTO", nil, nil) != TraitUnknown || CompareNations("XXX", []string{"UTO"}, nil) != TraitUnknown {
		t.Error("nationalities")
	}
}
