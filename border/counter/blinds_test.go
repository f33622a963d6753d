package counter_test

import (
	"bytes"
	"slices"
	"testing"

	"garita/border"
	"garita/border/counter"
	"garita/border/seal"
)

// An event is found by each of its documents and by the person, never by those who did not
// come, and not by what is only partly known.
func TestBlinds(t *testing.T) {
	b, err := seal.NewBlinder(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	person, ok := b.Person("MUELLER", "ANNA", "1990-02-03")
	if !ok {
		t.Fatal("no person")
	}
	passport, card := b.Document("UTO", "U1"), b.Document("UTO", "C2")
	for name, c := range map[string]struct {
		personal border.Personal
		want     []border.BlindIndex
	}{
		"nothing": {},
		"all": {border.Personal{IssuingState: "UTO", DocumentNumber: "u1", Surname: "Müller", GivenNames: "Anna", BirthDate: "1990-02-03",
			Documents: []border.PersonalDocument{{IssuingState: "UTO", DocumentNumber: "C2"}, {IssuingState: "UTO"}},
			NoShows:   []border.PersonalDocument{{IssuingState: "UTO", DocumentNumber: "C3"}}}, []border.BlindIndex{passport, card, person}},
		"declared":        {border.Personal{Surname: "MUELLER", GivenNames: "ANNA", BirthDate: "1990-02-03"}, []border.BlindIndex{person}},
		"birth year only": {border.Personal{Surname: "MUELLER", GivenNames: "ANNA", BirthDate: "1990-XX-XX"}, nil},
	} {
		if got := counter.Blinds(b, &c.personal); !slices.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", name, got, c.want)
		}
	}
}
