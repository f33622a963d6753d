package match

import (
	"fmt"
	"testing"
)

func TestRarity(t *testing.T) {
	c := NewCensus()
	for range 50 {
		c.Add("HASSAN")
	}
	for range 5 {
		c.Add("UTOPIAN")
	}
	c.Add("NIRGENDWO")
	for i := range 40 {
		c.Add(fmt.Sprintf("W%cRD%c", 'A'+i%26, 'A'+i/26))
	}
	l := c.Letters()
	common, some, once := c.Rarity(l, "HASSAN"), c.Rarity(l, "UTOPIAN"), c.Rarity(l, "NIRGENDWO")
	if common >= some || some >= once {
		t.Errorf("rarities %d, %d, %d", common, some, once)
	}
	if common < 590 || common > 610 || once < 950 {
		t.Errorf("50 of 20,000 are %d, want about 600; one is %d, want about 1060", common, once)
	}
	if like, unlike := l.Rarity("HASSAM", false), l.Rarity("XQZJVK", false); like >= unlike || once > unlike {
		t.Errorf("a word like others has %d, a word like none %d, one seen once %d", like, unlike, once)
	}
	if cut, whole := l.Rarity("HASS", true), l.Rarity("HASS", false); cut > whole {
		t.Errorf("cut %d, whole %d", cut, whole)
	}
}

func TestSpelling(t *testing.T) {
	s := Default().Spelling
	// Each pair is nearer than the next.
	for _, c := range [][3]string{
		{"MOHAMMED", "MUHAMMAD", "MAHMOUD"},
		{"UTOPIAN", "UT0PIAN", "SPECIMEN"},
		{"YUSUF", "YOUSSEF", "ASIF"},
		{"KHALID", "HALED", "WALID"},
		{"ALUTOPI", "UTOPI", "UTOPIAN"},
		{"QASIM", "KASSEM", "HASHIM"},
	} {
		near, far := s.Cost(c[0], c[1], false), s.Cost(c[0], c[2], false)
		if near >= far {
			t.Errorf("%s: %s costs %d, %s %d", c[0], c[1], near, c[2], far)
		}
		if back := s.Cost(c[1], c[0], false); back != near {
			t.Errorf("%s and %s cost %d one way, %d the other", c[0], c[1], near, back)
		}
	}
	if cut, whole := s.Cost("NIRGEN", "NIRGENDWO", true), s.Cost("NIRGEN", "NIRGENDWO", false); cut > 100 || cut >= whole {
		t.Errorf("the beginning of a word costs %d, as a whole %d", cut, whole)
	}
	if c := s.Cost("A", "", false); c < never {
		t.Errorf("nothing costs %d", c)
	}
}

func TestMemoGrows(t *testing.T) {
	var m memo
	m.grow(2)
	for id := range uint32(300) {
		r, found := m.row(id)
		if found {
			t.Fatalf("word %d was there", id)
		}
		r.rarity = int32(id)
	}
	for id := range uint32(300) {
		if r, found := m.row(id); !found || r.rarity != int32(id) {
			t.Fatalf("word %d was lost", id)
		}
	}
	m.clear()
	if _, found := m.row(7); found {
		t.Error("a word was there after clear")
	}
}
