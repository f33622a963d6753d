package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"garita/border/counter"
)

var syllables = strings.Fields("BA DO FER GIN HAL JOR KEM LU MAR NEV ORT PIL QUE RAS SOL TIR UMB VEX WIN YOR ZAN BRI CLO DRA EST FLO GRU")

// neighbours are the invented countries around Utopia, with a name and the letter that their
// documents' numbers begin with. Ruritania, whose border it is, comes most often.
var neighbours = map[string]struct{ name, letter string }{
	own: {"Utopia", "U"}, "QRU": {"Ruritania", "R"}, "QSY": {"Syldara", "S"}, "QZE": {"Zenda Islands", "Z"},
}

// mixture is that of nationalities at the post, by how often one comes.
var mixture = []string{"QRU", "QRU", "QRU", "QRU", "QRU", own, own, "QSY", "QSY", "QZE"}

// people makes invented people from a seed: names of random syllables, never twice.
type people struct {
	rng   *rand.Rand
	seen  map[string]bool
	today time.Time
}

func newPeople(seed uint64, today time.Time) *people {
	return &people{rng: rand.New(rand.NewPCG(seed, 0x6761726974610001)), seen: make(map[string]bool), today: today}
}

func (f *people) word(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(syllables[f.rng.IntN(len(syllables))])
	}
	return b.String()
}

// next makes an adult of a random nationality.
func (f *people) next() person { return f.of(mixture[f.rng.IntN(len(mixture))]) }

// of makes an adult of a country.
func (f *people) of(state string) person {
	return f.aged(state, f.today.AddDate(-18-f.rng.IntN(60), -f.rng.IntN(12), -1-f.rng.IntN(28)))
}

// child makes somebody of a country who is between 2 and 16 years old.
func (f *people) child(state string) person {
	return f.aged(state, f.today.AddDate(-2-f.rng.IntN(14), -f.rng.IntN(12), -1-f.rng.IntN(28)))
}

func (f *people) aged(state string, born time.Time) person {
	for {
		p := person{surname: f.word(3 + f.rng.IntN(2)), given: f.word(2) + " " + f.word(2+f.rng.IntN(2)), state: state, nationality: state,
			number: fmt.Sprintf("%s%c%07d", neighbours[state].letter, 'A'+f.rng.IntN(26), f.rng.IntN(10_000_000)),
			birth:  born.Format("060102"), born: born.Format(time.DateOnly), expiry: f.today.AddDate(1+f.rng.IntN(8), f.rng.IntN(12), 0).Format("060102"),
			sex: []string{"M", "F", "F", "M", "<"}[f.rng.IntN(5)]}
		p.answers = f.answers(&p)
		if !f.seen[p.surname] && !f.seen[p.number] {
			f.seen[p.surname], f.seen[p.number] = true, true
			return p
		}
	}
}

// answers is what somebody says when asked. Addresses, plates and employers are as invented
// as the people, and never two the same.
func (f *people) answers(p *person) map[string]string {
	title := func(n int) string { w := f.word(n); return w[:1] + strings.ToLower(w[1:]) }
	return map[string]string{
		"purpose":       []string{"holiday", "holiday", "visiting", "shopping", "business"}[f.rng.IntN(5)],
		"intended_days": fmt.Sprint(1 + f.rng.IntN(20)), "residence": p.nationality,
		"address": fmt.Sprintf("Calle %s %d, %s", title(4), 1+f.rng.IntN(99), title(3)), "employer": fmt.Sprintf("Finca %s %d", title(4), 1+f.rng.IntN(99)),
		"plate": fmt.Sprintf("%s-%06d", f.word(2), f.rng.IntN(1_000_000)), "visa_number": fmt.Sprintf("V%09d", f.rng.IntN(1_000_000_000)),
		"accompanied_by": title(4) + " " + title(3), "permission_paper": "notarised", "destination": p.nationality}
}

// Missing picks the answers that stand between the record of an encounter and an admission.
func (s *Specimen) Missing(e *counter.EncounterView) map[string]string {
	values := make(map[string]string)
	for _, p := range e.Record.Problems {
		if v := s.Answers[p.Field]; v != "" {
			values[p.Field] = v
		}
	}
	return values
}
