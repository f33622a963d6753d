package trial

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"garita/border"
	"garita/border/watch"
)

// Part is a share of the listed persons, by a digest of who they are: sets of different
// parts never ask for the same person.
type Part string

// The parts.
const (
	All  Part = "all"
	Tune Part = "tune" // for working on the engine: three persons of five
	Held Part = "held" // for the figure that is told
)

// Options say what set is to be made.
type Options struct {
	Seed      uint64
	Positives int // listed persons asked for, at most one question each; fewer if there are fewer
	Negatives int // innocent travellers
	Part      Part
	Without   map[watch.Key]bool // persons with one of these entries are not asked for
}

// Set is a test set: a list with the spellings that are asked for taken off it, questions,
// and the right answers.
type Set struct {
	Entries   []*watch.Entry
	Questions []Question
	Truth     []Truth
	Eligible  int // persons of the part that could have been asked for
	Removed   int // names taken off
}

// Make makes a set from full lists, which stay as they are. The same entries and options
// give the same set.
func Make(entries []*watch.Entry, o Options) (*Set, error) {
	if o.Positives < 0 || o.Negatives < 0 || len(entries) == 0 {
		return nil, &border.Error{Code: border.Invalid, Op: "make test set", Message: "A test set needs entries, and counts of at least 0."}
	}
	r := rand.New(rand.NewPCG(o.Seed, 0x67617269746121)) //nolint:gosec // a test set is made again from its seed
	m := &maker{r: r, s: &Set{Entries: slices.Clone(entries)}, world: world(), lookup: newLookup(entries)}
	persons := m.eligible(people(entries), o)
	m.s.Eligible = len(persons)
	m.positives(m.mixed(persons), o.Positives)
	m.negatives(o.Negatives)
	m.shuffle()
	return m.s, nil
}

// maker makes one set.
type maker struct {
	r      *rand.Rand
	s      *Set
	world  []region
	lookup *lookup
}

// chance is true with probability p.
func (m *maker) chance(p float64) bool { return m.r.Float64() < p }

// pick gives one of all.
func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// weigh gives the index of one of the weights, each as often as its share.
func weigh(r *rand.Rand, weights ...float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// shuffle mixes the questions and numbers them.
func (m *maker) shuffle() {
	q, t := m.s.Questions, m.s.Truth
	m.r.Shuffle(len(q), func(i, j int) {
		q[i], q[j] = q[j], q[i]
		t[i], t[j] = t[j], t[i]
	})
	for i := range q {
		q[i].ID = fmt.Sprintf("q%d", i+1)
		t[i].ID = q[i].ID
	}
}

// WithoutBirthDates gives the questions without dates of birth, in the zones too.
func (s *Set) WithoutBirthDates() []Question {
	all := slices.Clone(s.Questions)
	for i := range all {
		all[i].BirthDate = ""
		all[i].MRZ = withoutBirthDate(all[i].MRZ)
	}
	return all
}

// Write writes entries.jsonl, queries.jsonl, queries-nodob.jsonl and truth.jsonl into a folder.
func (s *Set) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "write test set", Message: "The folder " + dir + " cannot be made.", Err: err}
	}
	if err := WriteFile(filepath.Join(dir, "entries.jsonl"), s.Entries); err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, "queries.jsonl"), s.Questions); err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, "queries-nodob.jsonl"), s.WithoutBirthDates()); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, "truth.jsonl"), s.Truth)
}
