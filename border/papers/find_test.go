package papers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestFind(t *testing.T) {
	passport := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	visa := []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"}
	card := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	for _, c := range []struct {
		name string
		text string
		want []Finding
	}{
		{"nothing", "A letter without anything.\nSincerely", nil},
		{"passport zone", "Copy\n" + strings.Join(passport, "\n") + "\nend", []Finding{{Lines: passport}}},
		{"spaced by the reader of text", strings.ReplaceAll(strings.Join(visa, "\n"), "<<", "< <"), []Finding{{Lines: visa}}},
		{"far apart", passport[0] + "\n\n \n" + passport[1], []Finding{{Lines: passport}}},
		{"card", strings.Join(card, "\n"), []Finding{{Lines: card}}},
		{"half a zone", passport[0], nil},
		{"number of a visa letter", "Visa letter UT-VL-2026-004417 of 2026-10-01", []Finding{{Number: "UT-VL-2026-004417"}}},
		{"in Spanish", "Permiso N.º 2026/55120", []Finding{{Number: "2026/55120"}}},
		{"in French", "Autorisation numéro A1234567", []Finding{{Number: "A1234567"}}},
		{"in Haitian Creole", "Nimewo pèmi: HT445566", []Finding{{Number: "HT445566"}}},
		{"a telephone is not a permit", "Tel. 509 3456 7890", nil},
		{"a date is no number", "Visa valid until 12/10/2027", nil},
		{"the same twice", "Visa AB123456\nvisa AB123456", []Finding{{Number: "AB123456"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Find([]string{c.text}, today)); diff != "" {
				t.Error(diff)
			}
		})
	}
	many := strings.Repeat("Permit", 1)
	for i := range 50 {
		many += " \nPermit PX" + string(rune('A'+i%26)) + "00" + string(rune('0'+i%10)) + "123"
	}
	if got := Find([]string{many}, today); len(got) != maxFindings {
		t.Errorf("%d findings are offered, not %d", len(got), maxFindings)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Visa letter UT-VL-2026-004417\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10")
	f.Fuzz(func(t *testing.T, text string) {
		for _, n := range Find([]string{text, text}, today) {
			if (n.Number == "") == (n.Lines == nil) || len(n.Number) > 30 {
				t.Errorf("%+v", n)
			}
		}
	})
}
