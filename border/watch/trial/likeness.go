package trial

import "slices"

// likeness is the Jaro-Winkler likeness of two words, 0 to 1. The test sets' rules use it to
// say which spellings are worth asking for; the engine does not.
func likeness(a, b string) float64 {
	if a == b {
		return 1
	}
	var usedA, usedB [64]bool
	la, lb := min(len(a), 64), min(len(b), 64)
	window := max(0, max(la, lb)/2-1)
	same := 0
	for i := range la {
		for j := max(0, i-window); j < min(lb, i+window+1); j++ {
			if !usedB[j] && a[i] == b[j] {
				usedA[i], usedB[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	crossed, j := 0, 0
	for i := range la {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if a[i] != b[j] {
			crossed++
		}
		j++
	}
	n := float64(same)
	jaro := (n/float64(la) + n/float64(lb) + (n-float64(crossed/2))/n) / 3
	prefix := 0
	for prefix < min(4, la, lb) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}

// likenessOf is the mean likeness of the words of the shorter name, each with its best
// partner of the longer one.
func likenessOf(a, b []string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return 0
	}
	rest := slices.Clone(b)
	var sum float64
	for _, w := range a {
		best, at := -1.0, 0
		for i, x := range rest {
			if l := likeness(w, x); l > best {
				best, at = l, i
			}
		}
		sum += best
		rest = slices.Delete(rest, at, at+1)
	}
	return sum / float64(len(a))
}

// variation says how a name differs from the closest of others: none, spacing, words,
// spelling, spelling+words.
func variation(words []string, listed [][]string) string {
	var closest []string
	best := -1.0
	for _, other := range listed {
		if l := likenessOf(words, other); l > best || l == best && len(other) < len(closest) {
			best, closest = l, other
		}
	}
	a, b := without(words, closest), without(closest, words)
	switch {
	case len(a) == 0 && len(b) == 0:
		return "none"
	case joined(words) == joined(closest):
		return "spacing"
	case len(a) == 0 || len(b) == 0:
		return "words"
	case len(a) == len(b):
		return "spelling"
	}
	return "spelling+words"
}

// without gives the words of a that b has not.
func without(a, b []string) []string {
	rest := slices.Clone(b)
	var left []string
	for _, w := range a {
		if i := slices.Index(rest, w); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			left = append(left, w)
		}
	}
	return left
}

func joined(words []string) string {
	var letters []byte
	for _, w := range words {
		letters = append(letters, w...)
	}
	slices.Sort(letters)
	return string(letters)
}
