package bench

import (
	"strings"

	"garita/border/watch"
)

// A plain scan with the Jaro-Winkler similarity: what a list is searched with where nobody
// has thought further. It is the floor that the engine is shown beside.

// plainList is the names of a list as words.
type plainList [][]string

func newPlainList(entries []*watch.Entry) plainList {
	var l plainList
	for _, e := range entries {
		for _, n := range e.Names {
			l = append(l, strings.Fields(n.Surname+" "+n.GivenNames+" "+n.Full))
		}
	}
	return l
}

// best finds the best similarity of any name on the list.
func (l plainList) best(q *watch.Query) float64 {
	asked := strings.Fields(q.Surname + " " + q.GivenNames)
	best := 0.0
	for _, listed := range l {
		sum := 0.0
		for _, a := range asked {
			word := 0.0
			for _, b := range listed {
				word = max(word, jaroWinkler(a, b))
			}
			sum += word
		}
		best = max(best, sum/float64(max(len(asked), len(listed))))
	}
	return best
}

// jaroWinkler is the similarity of two words of at most 64 letters, 0 to 1.
func jaroWinkler(a, b string) float64 {
	if len(a) > 64 || len(b) > 64 || len(a) == 0 || len(b) == 0 {
		return 0
	}
	if a == b {
		return 1
	}
	reach := max(len(a), len(b))/2 - 1
	var inA, inB uint64
	matched := 0
	for i := range len(a) {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if inB>>j&1 == 0 && a[i] == b[j] {
				inA |= 1 << i
				inB |= 1 << j
				matched++
				break
			}
		}
	}
	if matched == 0 {
		return 0
	}
	crossed, j := 0, 0
	for i := range len(a) {
		if inA>>i&1 == 0 {
			continue
		}
		for inB>>j&1 == 0 {
			j++
		}
		if a[i] != b[j] {
			crossed++
		}
		j++
	}
	m := float64(matched)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(crossed/2))/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}
