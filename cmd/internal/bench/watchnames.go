package bench

import (
	"math"
	"math/rand/v2"
	"sort"
	"strings"
)

// culture is how an invented people makes its names: syllables for the rare ones, and the
// few dozen that everybody knows for the common ones, because those make the long lists
// that a search has to get through.
type culture struct {
	share    float64 // of listed persons and of travellers
	states   []string
	onsets   []string
	vowels   []string
	codas    []string
	given    []string // the commonest given names, commonest first
	surnames []string // the commonest surnames, commonest first
	particle []string // may stand before a surname
	surname  int      // tokens of a surname, at most
	names    int      // given names, at most
}

var cultures = []culture{
	{share: 0.46, states: []string{"UTO", "SYR", "IRQ", "YEM", "LBY", "EGY", "PAK", "AFG", "IRN", "DZA"},
		onsets:   words("B D F G H J K KH L M N Q R S SH T TH W Y Z GH DH"),
		vowels:   words("A A A I U E O AI OU EE"),
		codas:    words("- - - M N R D L B SH H F Z S T K"),
		given:    words("MOHAMMED AHMED ALI ABDULLAH HASSAN HUSSEIN MAHMOUD IBRAHIM OMAR YUSUF KHALED MUSTAFA SAID SALEH ISMAIL FATIMA KARIM HAMID RASHID MARYAM"),
		surnames: words("ALI AHMED HASSAN MOHAMMED KHAN HUSSEIN IBRAHIM SALEH OMAR MAHMOUD ABBAS HAMDAN SAID MANSOUR KHALIL AZIZ"),
		particle: words("AL AL AL EL BIN ABU"), surname: 2, names: 3},
	{share: 0.20, states: []string{"COL", "MEX", "ESP", "VEN", "DOM", "PER", "ECU", "CUB"},
		onsets:   words("B C D F G J L M N P R S T V Z CH QU TR BR"),
		vowels:   words("A E I O U A O IA IE UE"),
		codas:    words("- - - - N R S L Z"),
		given:    words("JOSE LUIS CARLOS JUAN JORGE MARIA MANUEL JESUS FRANCISCO MIGUEL ANTONIO ALBERTO PEDRO ANA ROSA FERNANDO ALEJANDRO RAFAEL"),
		surnames: words("GARCIA RODRIGUEZ MARTINEZ LOPEZ GONZALEZ HERNANDEZ PEREZ SANCHEZ RAMIREZ TORRES FLORES RIVERA GOMEZ DIAZ REYES CRUZ MORALES ORTIZ"),
		particle: words("DE DEL"), surname: 2, names: 2},
	{share: 0.14, states: []string{"RUS", "UKR", "BLR", "SRB", "KAZ", "GEO"},
		onsets:   words("B V G D K L M N P R S T ZH CH SH KR ST VL"),
		vowels:   words("A E I O U A O YA YU"),
		codas:    words("- - - N R V K L S"),
		given:    words("ALEKSANDR SERGEY VLADIMIR ANDREY ALEKSEY DMITRY NIKOLAI IGOR YURI VIKTOR OLEG MIKHAIL IVAN PAVEL ELENA"),
		surnames: words("IVANOV PETROV SIDOROV KUZNETSOV POPOV SMIRNOV VOLKOV MOROZOV PAVLOV NOVIKOV"),
		surname:  1, names: 2},
	{share: 0.08, states: []string{"CHN", "PRK", "KOR", "VNM", "TWN"},
		onsets:   words("B CH D F G H J K L M N P S SH T W X Y Z ZH - HY GY"),
		vowels:   words("A E I O U AO AI UN ANG ING ONG IAN UI OU EN"),
		codas:    words("-"),
		given:    words("WEI MIN JUN HONG YONG CHOL JIN HUI LEI FANG SONG MYONG"),
		surnames: words("WANG LI KIM ZHANG CHEN LIU PARK NGUYEN YANG CHOE HUANG WU"),
		surname:  1, names: 2},
	{share: 0.07, states: []string{"COD", "SDN", "SOM", "NGA", "ERI", "RWA", "MLI"},
		onsets:   words("B D F G K L M N NG MB ND S T W Y NY MW"),
		vowels:   words("A E I O U A U O"),
		codas:    words("- - - - N M"),
		given:    words("JEAN JOSEPH PAUL EMMANUEL ABDI MOHAMED PIERRE SAMUEL DAVID IBRAHIM"),
		surnames: words("DIALLO TRAORE ABDI KEITA OSMAN MUSA ADAM BANDA"),
		surname:  1, names: 3},
	{share: 0.05, states: []string{"D", "FRA", "GBR", "USA", "ITA", "NLD"},
		onsets:   words("B BR D F FL G H K L M P R S SCH ST T W"),
		vowels:   words("A E I O U EI AU OO EA"),
		codas:    words("N R T L S CK NG MANN TON -"),
		given:    words("MICHAEL JOHN THOMAS PETER DAVID ANNA JAMES ROBERT MARK PAUL SARAH"),
		surnames: words("SMITH MULLER JONES MARTIN SCHMIDT BROWN MEYER ROSSI TAYLOR"),
		surname:  1, names: 2},
}

func words(s string) []string {
	w := strings.Fields(s)
	for i := range w {
		if w[i] == "-" {
			w[i] = ""
		}
	}
	return w
}

// The skew of names: a share of p(r) ~ 1/r^skew fits the tokens of the real lists from the
// tenth to the thousandth rank.
const (
	skew         = 0.85
	givenKinds   = 6_000 // distinct given names of a culture
	surnameKinds = 30_000
)

// register is the names of one kind in one culture, commonest first.
type register struct {
	names []string
	until []float64 // cumulated share
}

func newRegister(rng *rand.Rand, c *culture, common []string, kinds, syllables int) *register {
	r := &register{names: append(make([]string, 0, kinds), common...)}
	seen := make(map[string]bool, kinds)
	for _, n := range common {
		seen[n] = true
	}
	for tries := 0; len(r.names) < kinds && tries < 8*kinds; tries++ {
		if n := invent(rng, c, syllables); !seen[n] && len(n) > 1 {
			seen[n] = true
			r.names = append(r.names, n)
		}
	}
	r.until = make([]float64, len(r.names))
	sum := 0.0
	for i := range r.until {
		sum += 1 / math.Pow(float64(i+1), skew)
		r.until[i] = sum
	}
	return r
}

func (r *register) draw(rng *rand.Rand) string {
	x := rng.Float64() * r.until[len(r.until)-1]
	return r.names[sort.SearchFloat64s(r.until, x)]
}

// invent makes a name of one to syllables+1 syllables.
func invent(rng *rand.Rand, c *culture, syllables int) string {
	var b strings.Builder
	n := syllables
	switch rng.IntN(5) {
	case 0:
		n--
	case 1:
		n++
	}
	for range max(1, n) {
		b.WriteString(pick(rng, c.onsets))
		b.WriteString(pick(rng, c.vowels))
		b.WriteString(pick(rng, c.codas))
	}
	return b.String()
}

func pick[T any](rng *rand.Rand, s []T) T { return s[rng.IntN(len(s))] }

// spellings are groups of letters that one name is written with, here or there.
var spellings = [][2]string{{"OU", "U"}, {"EE", "I"}, {"Q", "K"}, {"KH", "H"}, {"DH", "Z"}, {"TH", "T"}, {"SH", "CH"},
	{"Y", "I"}, {"E", "A"}, {"O", "U"}, {"MM", "M"}, {"SS", "S"}, {"V", "W"}, {"C", "K"}, {"Z", "S"}, {"J", "Y"}, {"KS", "X"},
	{"EY", "EI"}, {"GH", "G"}, {"AI", "EI"}, {"H", ""}, {"I", "E"}, {"U", "O"}, {"A", "E"}, {"S", "SS"}, {"L", "LL"}}

// respell writes a name as another registry might.
func respell(rng *rand.Rand, token string) string {
	for range 4 {
		p := pick(rng, spellings)
		if i := strings.LastIndex(token, p[0]); i >= 0 && len(token) > 2 {
			return token[:i] + p[1] + token[i+len(p[0]):]
		}
	}
	return token
}

// misread changes one letter of a name to one that looks like it.
func misread(rng *rand.Rand, token string) string {
	const from, to = "OIBSZGDQMNUVRPEFCGHKLT", "DLRZSCOONMVUPRFEGCKHIY"
	b := []byte(token)
	for range 8 {
		i := rng.IntN(len(b))
		if j := strings.IndexByte(from, b[i]); j >= 0 {
			b[i] = to[j]
			return string(b)
		}
	}
	return token
}
