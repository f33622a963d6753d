package trial

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"garita/border/watch"
)

// person is one listed person: the entries that are about them, and what can be asked.
type person struct {
	entries []int // indexes into the set's entries
	aliases []alias
}

// alias is a spelling that can be held out.
type alias struct {
	name zoneName
	raw  string
	key  string
}

// key is a name without order: its words, sorted.
func key(words []string) string {
	w := slices.Clone(words)
	slices.Sort(w)
	return strings.Join(w, " ")
}

// people puts entries about the same person together: those that share a name of at least two
// words, and a year of birth where both have one.
func people(entries []*watch.Entry) []*person {
	parent := make([]int, len(entries))
	for i := range parent {
		parent[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	named := make(map[string][]int)
	for i, e := range entries {
		for _, n := range e.Names {
			words := fold(n).words()
			if len(words) < 2 {
				continue
			}
			k := key(words)
			for _, j := range named[k] {
				if sameYears(e.BirthDates, entries[j].BirthDates) {
					parent[find(i)] = find(j)
				}
			}
			if !slices.Contains(named[k], i) {
				named[k] = append(named[k], i)
			}
		}
	}
	of := make(map[int]*person)
	var all []*person
	for i := range entries {
		root := find(i)
		if of[root] == nil {
			of[root] = &person{}
			all = append(all, of[root])
		}
		of[root].entries = append(of[root].entries, i)
	}
	return all
}

// sameYears reports whether two persons can be one by their dates of birth.
func sameYears(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			fx, tx := years(x)
			fy, ty := years(y)
			if fx <= ty && fy <= tx {
				return true
			}
		}
	}
	return false
}

// eligible gives the persons who can be asked for, each with the spellings that can be held
// out: no other name of theirs is the same but for order, and one has a word that is
// nearly one of its words, for what shares nothing with the rest nobody can find.
func (m *maker) eligible(all []*person, o Options) []*person {
	var fit []*person
	for _, p := range all {
		if m.part(p, o.Part) && !m.excluded(p, o.Without) {
			if p.aliases = m.aliases(p); len(p.aliases) > 0 {
				fit = append(fit, p)
			}
		}
	}
	return fit
}

// mixed puts persons in an order in which the parts of the world come up as often as in the
// development set for as long as there are some, whatever the lists' own shares.
func (m *maker) mixed(all []*person) []*person {
	m.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var from [len(originShares)][]*person
	for _, p := range all {
		var states []string
		for _, i := range p.entries {
			states = append(states, cmpOr(m.s.Entries[i].Nationalities, m.s.Entries[i].BirthPlaces)...)
		}
		at := slices.IndexFunc(originShares[:], func(s originShare) bool { return s.origin == origin(states) })
		from[at] = append(from[at], p)
	}
	order := all[:0:0]
	for len(order) < len(all) {
		var weights [len(originShares)]float64
		for i, s := range originShares {
			if len(from[i]) > 0 {
				weights[i] = s.share
			}
		}
		i := weigh(m.r, weights[:]...)
		order = append(order, from[i][0])
		from[i] = from[i][1:]
	}
	return order
}

// originShare is how often a part of the world is asked for.
type originShare struct {
	origin string
	share  float64
}

var originShares = [...]originShare{{"arabic-script", 0.36}, {"cyrillic", 0.14}, {"spanish", 0.145}, {"african", 0.105}, {"east-asian", 0.095}, {"other", 0.155}}

func (m *maker) excluded(p *person, without map[watch.Key]bool) bool {
	return slices.ContainsFunc(p.entries, func(i int) bool { return without[m.s.Entries[i].Key()] })
}

// part reports whether a person belongs to a part.
func (m *maker) part(p *person, of Part) bool {
	if of != Tune && of != Held {
		return true
	}
	var least string
	for _, i := range p.entries {
		if k := m.s.Entries[i].Key().String(); least == "" || k < least {
			least = k
		}
	}
	sum := sha256.Sum256([]byte(least))
	return (binary.BigEndian.Uint32(sum[:])%5 < 3) == (of == Tune)
}

func (m *maker) aliases(p *person) []alias {
	var candidates []alias
	var listed [][]string
	fixed := make(map[string]bool) // names that stay
	for _, i := range p.entries {
		for j, n := range m.s.Entries[i].Names {
			f := fold(n)
			words := f.words()
			if len(words) == 0 {
				continue // another script
			}
			k := key(words)
			listed = append(listed, words)
			if j == 0 || n.Quality == watch.Primary || n.Quality == watch.Low || len(words) < 2 || f.surname == "" {
				fixed[k] = true
				continue
			}
			candidates = append(candidates, alias{f, raw(n), k})
		}
	}
	var fit []alias
	seen := make(map[string]bool)
	for _, a := range candidates {
		if !fixed[a.key] && !seen[a.key] && near(a.name.words(), listed) {
			fit = append(fit, a)
		}
		seen[a.key] = true
	}
	return fit
}

// near reports whether a name looks like another of the listed ones.
func near(words []string, listed [][]string) bool {
	k := key(words)
	var token, whole float64
	for _, other := range listed {
		if key(other) == k {
			continue
		}
		for _, w := range words {
			for _, x := range other {
				token = max(token, likeness(w, x))
			}
		}
		whole = max(whole, likenessOf(words, other))
	}
	return token >= 0.9 && (whole >= 0.75 || whole >= 0.5 && len(k)%3 == 0) // few of the far ones, as in the development set
}

// raw is a name as the list writes it.
func raw(n watch.Name) string {
	switch {
	case n.Full != "":
		return n.Full
	case n.GivenNames == "":
		return n.Surname
	}
	return n.Surname + ", " + n.GivenNames
}

// holdOut takes a spelling off all entries of a person.
func (m *maker) holdOut(p *person, k string) {
	for _, i := range p.entries {
		e := m.s.Entries[i]
		names := slices.DeleteFunc(slices.Clone(e.Names), func(n watch.Name) bool { return key(fold(n).words()) == k })
		if len(names) == len(e.Names) {
			continue
		}
		m.s.Removed += len(e.Names) - len(names)
		changed := *e
		changed.Names = names
		m.s.Entries[i] = &changed
	}
}
