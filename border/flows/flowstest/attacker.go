// Package flowstest attacks published tables as somebody would who keeps all of them: by solving for what was hidden.
package flowstest

// prime is what the attacker counts modulo: what is found over the rationals is found here.
const prime = 1<<31 - 1

// Attacker knows which hidden cells sum to what, and solves for them. What is shown does not count: it is known.
type Attacker struct {
	unknown map[string]int
	rows    []map[int]int64
}

// Sum says that some hidden cells, and others that are shown, sum to a total; total is "" if that is shown too.
func (a *Attacker) Sum(hidden []string, total string) {
	row := map[int]int64{}
	for _, cell := range hidden {
		row[a.variable(cell)]++
	}
	if total != "" {
		row[a.variable(total)] += prime - 1
	}
	a.rows = append(a.rows, row)
}

// Unknown is how many hidden cells the attacker has heard of.
func (a *Attacker) Unknown() int { return len(a.unknown) }

func (a *Attacker) variable(name string) int {
	if a.unknown == nil {
		a.unknown = map[string]int{}
	}
	i, ok := a.unknown[name]
	if !ok {
		i = len(a.unknown)
		a.unknown[name] = i
	}
	return i
}

// Solved lists the cells that follow from the sums.
func (a *Attacker) Solved() (out []string) {
	width := len(a.unknown)
	var reduced [][]int64
	var pivots []int
	for _, r := range a.rows {
		row := make([]int64, width)
		for c, x := range r {
			row[c] = x % prime
		}
		for i, p := range pivots {
			eliminate(row, reduced[i], p)
		}
		p := 0
		for p < width && row[p] == 0 {
			p++
		}
		if p == width {
			continue
		}
		inv := power(row[p], prime-2)
		for c := range row {
			row[c] = row[c] * inv % prime
		}
		for i := range reduced {
			eliminate(reduced[i], row, p)
		}
		reduced, pivots = append(reduced, row), append(pivots, p)
	}
	names := make([]string, width)
	for n, i := range a.unknown {
		names[i] = n
	}
	for i, row := range reduced {
		n := 0
		for _, x := range row {
			if x != 0 {
				n++
			}
		}
		if n == 1 {
			out = append(out, names[pivots[i]])
		}
	}
	return out
}

// eliminate takes as often of by from a row as makes its place p zero.
func eliminate(row, by []int64, p int) {
	f := row[p]
	if f == 0 {
		return
	}
	for c := range row {
		row[c] = (row[c] + (prime-f)*by[c]) % prime
	}
}

func power(x, n int64) int64 {
	out := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = out * x % prime
		}
		x = x * x % prime
	}
	return out
}
