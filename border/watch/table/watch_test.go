package table_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"garita/border"
	"garita/border/watch/table"
)

const (
	head   = "# list=sample\n# version=1\n# issued=2026-11-01T00:00:00Z\n# max_age_hours=720\n"
	header = "entry,surname,given_names,birth_date,nationality,document_number,document_issuer,handling\n"
)

func read(t testing.TB, rows ...string) *table.List {
	t.Helper()
	l, err := table.ReadCSV(strings.NewReader(head + header + strings.Join(rows, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHits(t *testing.T) {
	l := read(t,
		"1,UTOPIAN,JANA MARIA,1974-08-12,UTO,D23145890,UTO,open",
		"2,UTOPIAN,JANA MARIA,1974-XX-XX,UTO,,,refer",
		"3,,,,,X1-2 3,,silent",
		"4,Müller,Zoë,,UTO,,,open",
		"5,UTOPIAN,JANA MARIA,1980-01-01,UTO,,,open",
		"6,,,,,D23145890,UTA,open",
	)
	if l.Len() != 6 || l.Title != "sample" || l.MaxAge.Hours() != 720 {
		t.Errorf("%+v", l)
	}
	for _, c := range []struct {
		issuer, number, want string
	}{
		{"UTO", "D23145890", "sample/1/open"},
		{"uto", "d23145890<<", "sample/1/open"},
		{"UTA", "D23145890", "sample/6/open"},
		{"D", "D23145890", ""},
		{"UTO", "X123", "sample/3/silent"},
		{"", "X123", "sample/3/silent"},
		{"", "", ""},
		{"UTO", "<<<", ""},
	} {
		if got := words(l.Document(c.issuer, c.number)); got != c.want {
			t.Errorf("document %s %s: %q, want %q", c.issuer, c.number, got, c.want)
		}
	}
	for _, c := range []struct {
		surname, given, birth, want string
	}{
		{"UTOPIAN", "JANA MARIA", "1974-08-12", "sample/1/open sample/2/refer"},
		{"UTOPIAN", "JANA MARIA", "1974-08-13", "sample/2/refer"},
		{"UTOPIAN", "JANA MARIA", "1974-08-XX", "sample/1/open sample/2/refer"},
		{"UTOPIAN", "JANA MARIA", "", "sample/1/open sample/2/refer sample/5/open"},
		{"UTOPIAN", "JANA", "1974-08-12", ""},
		{"MUELLER", "ZOE", "1990-01-01", "sample/4/open"},
		{"", "", "1974-08-12", ""},
	} {
		if got := words(l.Name(c.surname, c.given, c.birth)); got != c.want {
			t.Errorf("name %q %q %s: %q, want %q", c.surname, c.given, c.birth, got, c.want)
		}
	}
}

func words(hits []table.Hit) string {
	var s []string
	for _, h := range hits {
		s = append(s, h.Entry+"/"+string(h.Handling))
	}
	return strings.Join(s, " ")
}

// Every fault names its line and never repeats what the list says of people.
func TestFaults(t *testing.T) {
	good := "1,UTOPIAN,JANA,1974-08-12,UTO,D23145890,UTO,open\n"
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"nothing":           {"", 1, "head must name"},
		"no version":        {"# list=a\n", 2, "head must name"},
		"head cut":          {"# list=a", 1, "cut off"},
		"head long":         {"# list=" + strings.Repeat("a", 100_000) + "\n", 1, "too long"},
		"head no key":       {"# list\n", 1, "key=value"},
		"head unknown":      {"# lists=a\n", 1, "unknown key"},
		"head bad name":     {"# list=a b\n", 1, "letters"},
		"head bad time":     {"# issued=yesterday\n", 1, "RFC 3339"},
		"head bad age":      {head + "# max_age_hours=-1\n", 5, "max_age_hours"},
		"no header":         {head, 5, "header must read"},
		"other header":      {head + "entry,name\n", 5, "fields"},
		"swapped header":    {head + "surname,entry,given_names,birth_date,nationality,document_number,document_issuer,handling\n", 5, "header must read"},
		"few fields":        {head + header + good + "2,UTOPIAN\n", 7, "fields"},
		"bare quote first":  {head + header + "\"UTOPIAN\n" + good, 0, "quote"},
		"bare quote":        {head + header + good + "U\"TOPIAN,x,,,,,,open\n", 7, "quote"},
		"bare quote header": {head + "e\"ntry,\n", 5, "quote"},
		"entry":             {head + header + good + "?,UTOPIAN,,,,,,open\n", 7, "entry is not"},
		"twice":             {head + header + good + good, 7, "twice"},
		"date":              {head + header + "1,UTOPIAN,JANA,12.8.1974,,,,open\n", 6, "birth_date"},
		"no such day":       {head + header + "1,UTOPIAN,JANA,1974-02-30,,,,open\n", 6, "birth_date"},
		"no such month":     {head + header + "1,UTOPIAN,JANA,1974-13-XX,,,,open\n", 6, "birth_date"},
		"no leap year":      {head + header + "1,UTOPIAN,JANA,1975-02-29,,,,open\n", 6, "birth_date"},
		"handling":          {head + header + "1,UTOPIAN,JANA,,,,,arrest\n", 6, "handling"},
		"no content":        {head + header + "1,,,1974-08-12,UTO,<<,UTO,open\n", 6, "neither"},
		"long field":        {head + header + "1," + strings.Repeat("UTOPIAN", 100) + ",,,,,,open\n", 6, "longer than"},
		"no UTF-8":          {head + header + "1,UTOPIAN\xff,,,,,,open\n", 6, "UTF-8"},
		"after two lines":   {head + header + "1,\"UTOPIAN\nII\",,,,,,open\n2,,,,,,,open\n", 8, "neither"},
	} {
		_, err := table.ReadCSV(strings.NewReader(c.text))
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || c.line > 0 && !strings.Contains(err.Error(), fmt.Sprintf("line %d:", c.line)) {
			t.Errorf("%s: %v, want line %d and %q", name, err, c.line, c.says)
		}
		for _, secret := range []string{"UTOPIAN", "1974", "D23145890"} {
			if strings.Contains(strings.ReplaceAll(err.Error(), "1974-08-12 or 1974-XX-XX", ""), secret) {
				t.Errorf("%s: the error repeats the list: %v", name, err)
			}
		}
	}
	for _, ok := range []string{"1,UTOPIAN,JANA,XXXX-02-29,,,,open", "1,UTOPIAN,JANA,1976-02-29,,,,open", "1,UTOPIAN,JANA,19XX-XX-31,,,,open", "1,UTOPIAN,,,,,,silent"} {
		read(t, ok)
	}
	if l, err := table.ReadCSV(strings.NewReader(strings.ReplaceAll(head+header, "\n", "\r\n"))); err != nil || l.Len() != 0 {
		t.Errorf("an empty list: %v", err)
	}
}

// rows is an endless list.
type rows struct {
	n    int
	rest string
}

func (r *rows) Read(b []byte) (int, error) {
	for len(r.rest) < len(b) {
		r.n++
		r.rest += fmt.Sprintf("%d,%s,,,,,,open\n", r.n, strings.Repeat("U", 480))
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// A list beyond a limit is refused; cut off it would be a list that misses people.
func TestTooLarge(t *testing.T) {
	_, err := table.ReadCSV(io.MultiReader(strings.NewReader(head+header), &rows{}))
	if border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), "larger") {
		t.Errorf("an endless list: %v", err)
	}
	var b strings.Builder
	b.WriteString(head + header)
	for n := range 200_001 {
		fmt.Fprintf(&b, "%d,U,,,,,,open\n", n)
	}
	if _, err := table.ReadCSV(strings.NewReader(b.String())); border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many entries: %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add(head + header + "1,UTOPIAN,JANA,1974-08-12,UTO,D23145890,UTO,open\n")
	f.Add(head + "e\"ntry,\n")
	f.Add(head + header + "\"1\n")
	f.Add("# list=a\r\n#version = 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := table.ReadCSV(strings.NewReader(text))
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatalf("code %s", border.CodeOf(err))
			}
			return
		}
		if l.Title == "" || l.Version == "" || l.Issued.IsZero() || l.Len() > 200_000 {
			t.Fatalf("accepted %+v", l)
		}
		l.Document("UTO", "D23145890")
		l.Name("UTOPIAN", "JANA", "1974-08-12")
	})
}
