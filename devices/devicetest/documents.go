package devicetest

import (
	"fmt"
	"math/rand/v2"
)

// RandomDocument makes the lines of a document that nobody has: right in shape for its
// kind (2×44, 2×36 or 3×30), issued by Utopia, its number unique for each n below 10^9,
// everything else drawn from rng. Its check digits are not right: it serves to tell one
// document from another on its way, not to be checked.
func RandomDocument(rng *rand.Rand, n int) []string {
	number := fmt.Sprintf("U%09d", n%1_000_000_000)[:10]
	switch rng.IntN(3) {
	case 0:
		return []string{pad("P<UTO"+randomName(rng), 44), pad(number+"UTO"+digits(rng, 14), 44)}
	case 1:
		return []string{pad("I<UTO"+randomName(rng), 36), pad(number+"UTO"+digits(rng, 14), 36)}
	default:
		return []string{pad("I<UTO"+number, 30), pad(digits(rng, 15)+"UTO", 30), pad(randomName(rng), 30)}
	}
}

func randomName(rng *rand.Rand) string {
	b := make([]byte, 4+rng.IntN(16))
	for i := range b {
		b[i] = byte('A' + rng.IntN(26))
	}
	return string(b[:len(b)/2]) + "<<" + string(b[len(b)/2:])
}

func digits(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rng.IntN(10))
	}
	return string(b)
}

// pad fills or cuts s to n characters.
func pad(s string, n int) string {
	for len(s) < n {
		s += "<"
	}
	return s[:n]
}
