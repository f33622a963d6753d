package watch

import (
	"slices"
	"testing"
)

func TestDocuments(t *testing.T) {
	holder := func(id, issuer, number string) *Entry {
		return miras(func(e *Entry) { e.ID, e.Documents = id, []Document{{Issuer: issuer, Type: "P", Number: number}} })
	}
	l := changed(t, New(compiled(t, []*Entry{
		holder("both", "UTO", "L898902C3"),
		holder("number", "", "AB 123-456"),
		holder("letters", "UTO", "B0S81234"),
		{Source: "courts", ID: "nameless", Handling: Open, Documents: []Document{{Issuer: "UTO", Number: "N5550001"}}},
	})), put(holder("later", "UTO", "K7654321")))
	for _, c := range []struct {
		doc      QueryDocument
		want     string
		least    float64
		most     float64
		repaired bool
	}{
		{QueryDocument{Issuer: "UTO", Number: "L898902C3"}, "both", 0.99, 1, false},
		{QueryDocument{Issuer: "UTO", Number: "L898902C3<<"}, "both", 0.99, 1, false},
		{QueryDocument{Issuer: "", Number: "L898902C3"}, "both", 0.9, 0.99, false},
		{QueryDocument{Issuer: "FRA", Number: "L898902C3"}, "both", 0.1, 0.5, false},
		{QueryDocument{Issuer: "FRA", Number: "AB123456"}, "number", 0.9, 0.99, false},
		{QueryDocument{Issuer: "UTO", Number: "K7654321"}, "later", 0.99, 1, false},
		{QueryDocument{Issuer: "UTO", Number: "N5550001"}, "nameless", 0.99, 1, false},
		{QueryDocument{Issuer: "UTO", Number: "BOS81234", DigitWrong: true, CheckDigit: digitOf("B0S81234")}, "letters", 0.8, 0.99, true},
		{QueryDocument{Issuer: "UTO", Number: "B05B1234", DigitWrong: true, CheckDigit: digitOf("B0S81234")}, "letters", 0.8, 0.99, true},
		{QueryDocument{Issuer: "UTO", Number: "B05B1234"}, "", 0, 0, false},
		{QueryDocument{Issuer: "UTO", Number: "BOS81234", DigitWrong: true}, "", 0, 0, false},
		{QueryDocument{Issuer: "UTO", Number: " <<"}, "", 0, 0, false},
		{QueryDocument{Issuer: "UTO", Number: "L898902C"}, "", 0, 0, false},
	} {
		q := Query{Surname: "OTHER", GivenNames: "SOMEBODY", Documents: []QueryDocument{c.doc}}
		hits := l.Check(&q, nil)
		if c.want == "" {
			if len(hits) > 0 {
				t.Errorf("%+v: %v", c.doc, hits)
			}
			continue
		}
		if len(hits) != 1 || hits[0].Entry.ID != c.want || hits[0].Score < c.least || hits[0].Score >= c.most || hits[0].Repaired != c.repaired ||
			hits[0].Basis != ByDocument || hits[0].Name != -1 {
			t.Errorf("%+v: %+v", c.doc, hits)
			continue
		}
		x, ok := l.Explain(&q, hits[0].Entry)
		if !ok || x.Hit != hits[0] || !slices.ContainsFunc(x.Fields, func(f Evidence) bool { return f.Field == "document" }) {
			t.Errorf("%+v is explained as %+v", c.doc, x)
		}
	}
	// A document and a name that fit make one hit.
	q := Query{Surname: "SZOLNOK", GivenNames: "MIRABELA TEKLA", BirthDate: "1970-03-12", Documents: []QueryDocument{{Issuer: "UTO", Number: "L898902C3"}}}
	hits := l.Check(&q, nil)
	if len(hits) != 4 || hits[0].Entry.ID != "both" || hits[0].Basis != ByDocument || hits[0].Name != 0 || hits[1].Basis != ByName {
		t.Errorf("%+v", hits)
	}
}

func digitOf(number string) byte {
	sum := 0
	for i := range len(number) {
		sum += digitValue(number[i]) * digitWeights[i%3]
	}
	return byte('0' + sum%10)
}

// Every proposal has the check digit and differs in one or two look-alikes.
func TestRepairs(t *testing.T) {
	number := []byte("O8I5Z0B1S")
	n := 0
	repairs(number, '7', func(x []byte) {
		n++
		if digitOf(string(x)) != '7' {
			t.Errorf("%s does not have the digit", x)
		}
		apart := 0
		for i := range x {
			if x[i] != "O8I5Z0B1S"[i] {
				apart++
			}
		}
		if apart < 1 || apart > 2 {
			t.Errorf("%s differs in %d places", x, apart)
		}
	})
	if n == 0 || n > maxRepairs || string(number) != "O8I5Z0B1S" {
		t.Errorf("%d proposals, the number is then %s", n, number)
	}
}
