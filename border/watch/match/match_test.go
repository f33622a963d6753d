package match

import "testing"

func TestSpellingKnowsItsOwn(t *testing.T) {
	s := Default().Spelling
	if a, b := s.Cost("MOHAMMED", "MUHAMMAD", false), s.Cost("MOHAMMED", "MAHMOUD", false); a >= b {
		t.Fatalf("MUHAMMAD costs %d, MAHMOUD %d", a, b)
	}
}
