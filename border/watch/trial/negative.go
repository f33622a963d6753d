package trial

import (
	_ "embed"
	"fmt"
	"strings"
)

// The strata of innocent travellers.
const (
	General     = "general"      // anybody
	SameSurname = "same-surname" // a listed surname with another's given names
	Regional    = "regional"     // put together from the names of one part of the world
)

//go:embed names.txt
var namesText string

// region is where some names are at home.
type region struct {
	states         []string
	byHand         bool // made of a few words, so that many bear the same name
	surnames       []string
	givenF, givenM []string
}

// world reads the names of invented travellers.
func world() []region {
	var all []region
	for line := range strings.Lines(namesText) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if strings.HasPrefix(line, "#") || len(f) != 5 {
			continue
		}
		all = append(all, region{strings.Fields(f[1]), !inFaker(f[0]), strings.Split(f[2], ","), strings.Split(f[3], ","), strings.Split(f[4], ",")})
	}
	return all
}

// inFaker tells the locales of the package that names come from: xx or xx_YY.
func inFaker(region string) bool { return len(region) == 2 || strings.Contains(region, "_") }

// negatives adds n innocent travellers.
func (m *maker) negatives(n int) {
	hard := n / 10
	for i := range n {
		stratum := General
		switch {
		case i < hard && len(m.lookup.bearers) > 0:
			stratum = SameSurname
		case i < 2*hard && len(m.lookup.bearers) > 0:
			stratum = Regional
		}
		m.negative(stratum)
	}
}

func (m *maker) negative(stratum string) {
	var n zoneName
	var b bearer
	// Who is called as a listed person is no innocent of this set; of recombined names, too, who
	// is called by a part of a listed name.
	for try := 0; n.surname == "" || m.lookup.names[key(n.words())] || stratum != General && m.lookup.within(n.words()); try++ {
		if try == 100 {
			stratum = General // a list of a few persons has nothing to recombine
		}
		switch stratum {
		case SameSurname:
			n, b = m.sameSurname()
		case Regional:
			n, b = m.regional()
		default:
			n, b = m.anybody()
		}
	}
	form := []string{"TD3", "TD1", "manual"}[weigh(m.r, 0.68, 0.22, 0.1)]
	size := map[string]int{"TD3": td3, "TD1": td1, "manual": td3}[form]
	if len(n.cut(size).given) < 3 {
		m.negative(stratum) // a listed surname with next to nothing beside it is no innocent's name
		return
	}
	labels := map[string]string{"transform": Plain}
	switch weigh(m.r, 0.695, 0.15, 0.155) {
	case 1:
		if s, ok := swap(m.r, n); ok {
			n, labels["transform"] = s, Swapped
		}
	case 2:
		n, labels["transform"] = misread(m.r, n), OCR
	}
	if n.length() > size {
		n, labels["transform"] = n.cut(size), Truncated
	}
	labels["form"], labels["dob"] = form, "given"
	b.birth = m.date4(1942, 2006)
	switch weigh(m.r, 0.775, 0.125, 0.1) {
	case 1:
		b.birth, labels["dob"] = "", "missing"
	case 2:
		b.birth, labels["dob"] = m.partly(b.birth), "query-partial"
	}
	m.add(m.question(b, n, form), Truth{Expect: []Expected{}, Stratum: stratum, Labels: labels})
}

// anybody invents a traveller from anywhere: half of the second given names are of either
// sex, and papers are not always those of the name's home.
func (m *maker) anybody() (zoneName, bearer) {
	g := pick(m.r, m.world)
	if g.byHand && m.chance(0.6) { // few of them are in the development set
		g = pick(m.r, m.world)
	}
	b := bearer{sex: []string{"M", "F", "X"}[weigh(m.r, 0.45, 0.45, 0.1)], nationality: pick(m.r, g.states)}
	given := g.givenM
	if b.sex == "F" || b.sex == "X" && m.chance(0.5) {
		given = g.givenF
	}
	if m.chance(0.35) {
		b.nationality = pick(m.r, pick(m.r, m.world).states)
	}
	n := zoneName{surname: m.common(g.surnames), given: m.common(given)}
	if m.chance(0.6) {
		n.given += " " + m.common([][]string{g.givenF, g.givenM}[m.r.IntN(2)])
	}
	if m.chance(0.05) {
		n.surname += " " + m.common(g.surnames)
	}
	return n, b
}

// common gives one of all, some much more often than others, as names are.
func (m *maker) common(all []string) string {
	u := m.r.Float64()
	i := int(u * u * float64(len(all)))
	return all[i*7919%len(all)] // the lists are in the order of the alphabet
}

// sameSurname gives a listed surname to somebody with the given names of another.
func (m *maker) sameSurname() (zoneName, bearer) {
	a, c := pick(m.r, m.lookup.bearers), pick(m.r, m.lookup.bearers)
	if m.chance(0.4) {
		c = pick(m.r, m.lookup.regions[origin(a.states)])
	}
	if first, _, more := strings.Cut(c.given, " "); more && m.chance(0.2) {
		c.given = first
	}
	return zoneName{a.surname, c.given}, m.bearerFrom(a.states, c.states)
}

// regionalShares are how often recombined names come from a part of the world.
var regionalShares = map[string]float64{"arabic-script": 0.26, "spanish": 0.26, "other": 0.24, "cyrillic": 0.11, "african": 0.07, "east-asian": 0.06}

// regional puts a name together from listed ones of one part of the world.
func (m *maker) regional() (zoneName, bearer) {
	weights := make([]float64, len(m.lookup.order))
	for i, o := range m.lookup.order {
		weights[i] = regionalShares[o]
	}
	from := m.lookup.regions[m.lookup.order[weigh(m.r, weights...)]]
	a := pick(m.r, from)
	n := zoneName{surname: a.surname}
	if words := strings.Fields(a.surname); len(words) > 1 && m.chance(0.6) {
		other := strings.Fields(pick(m.r, from).surname)
		n.surname = words[0] + " " + other[len(other)-1]
	}
	given := []string{pick(m.r, strings.Fields(pick(m.r, from).given))}
	if m.chance(0.55) {
		given = append(given, pick(m.r, strings.Fields(pick(m.r, from).given)))
	}
	n.given = strings.Join(given, " ")
	return n, m.bearerFrom(a.states, nil)
}

func (m *maker) bearerFrom(states, others []string) bearer {
	if m.chance(0.2) {
		states = others
	}
	return bearer{sex: []string{"M", "F", "X"}[weigh(m.r, 0.45, 0.47, 0.08)], nationality: m.nationality(states)}
}

// date invents a day as YYMMDD, date4 as YYYY-MM-DD.
func (m *maker) date(from, to int) string {
	return strings.ReplaceAll(m.date4(from, to), "-", "")[2:]
}

func (m *maker) date4(from, to int) string {
	return fmt.Sprintf("%04d-%02d-%02d", from+m.r.IntN(to-from+1), 1+m.r.IntN(12), 1+m.r.IntN(28))
}

// origins are the parts of the world by the papers of their people.
var origins = map[string]map[string]bool{
	"arabic-script": set("AFG ARE BHR DZA EGY IRN IRQ JOR KWT LBN LBY MAR OMN PAK PSE QAT SAU SDN SYR TUN YEM MRT"),
	"cyrillic":      set("RUS UKR BLR KAZ KGZ TJK UZB TKM SRB MNE MKD BGR BIH MDA GEO ARM"),
	"spanish":       set("ESP MEX COL PER ECU VEN BOL CHL ARG URY PRY PAN CRI NIC HND SLV GTM CUB DOM"),
	"east-asian":    set("CHN TWN HKG KOR PRK JPN VNM MMR KHM LAO THA MNG SGP"),
	"african": set(`SOM ETH ERI KEN UGA RWA BDI COD COG CAF TCD CMR NGA GHA CIV LBR SLE GIN GNB MLI SEN NER BFA TZA MOZ ZWE ZMB MWI
		AGO NAM BWA ZAF SSD GMB TGO BEN GAB GNQ DJI COM MDG SWZ`),
}

// origin names the part of the world of the first state that is in one.
func origin(states []string) string {
	for _, s := range states {
		for name, of := range origins {
			if of[s] {
				return name
			}
		}
	}
	return "other"
}
