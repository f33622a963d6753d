package match

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func texts(words []Word) []string {
	var all []string
	for _, w := range words {
		all = append(all, w.Text)
	}
	return all
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		name string
		want string
	}{
		{"Eriksson", "ERIKSSON"},
		{"d'Arc-Núñez", "DARC NUNEZ"},
		{"Müller", "MUELLER"},
		{"ABDULRAHMAN", "ABD RAHMAN"},
		{"Abd-al-Rahman", "ABD AL RAHMAN"},
		{"Abdurrahman", "ABD RAHMAN"},
		{"Abdel Rahman", "ABD RAHMAN"},
		{"Abdoulaye", "ABDOULAYE"},
		{"ABDALLAH", "ABDALLAH"},
		{"ABDULLAH", "ABDULLAH"},
		{"FNU UTOPIAN LNU XXX UNKNOWN", "UTOPIAN"},
		{"Иванов Юрий", "IVANOV YURIY"},
		{"Αλεξίου", "ALEXIOU"},
		{"Nguyễn Ước", "NGUYEN UOC"},
		{"UT0P1A", "UTOPIA"},
		{"山田", ""},
		{"", ""},
	} {
		if got := strings.Join(texts(Words(nil, "", "", c.name)), " "); got != c.want {
			t.Errorf("%q is %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFormsOfWords(t *testing.T) {
	got := Words(nil, "al Utopi", "Hajji Abdulkarim", "")
	want := []Word{{"AL", Surname | Particle}, {"UTOPI", Surname}, {"HAJJI", Given | Title}, {"ABD", Given | Particle}, {"KARIM", Given}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	CutWords(got)
	if got[1].Form&Cut == 0 || got[4].Form&Cut == 0 || got[0].Form&Cut != 0 || got[3].Form&Cut != 0 {
		t.Errorf("cut words are %v", got)
	}
	if w := Words(nil, "", "", "يوتوبي"); len(w) != 1 || w[0].Form&Bare == 0 {
		t.Errorf("a name without vowels is %v", w)
	}
}

func TestKeysMeet(t *testing.T) {
	meet := func(a, b string) bool {
		keys := Keys(nil, a)
		return slices.ContainsFunc(Keys(nil, b), func(k Key) bool { return slices.Contains(keys, k) })
	}
	for _, p := range [][2]string{
		{"UTOPIAN", "UTOPIAN"}, {"UTOPIAN", "UTOPAN"}, {"UTOPIAN", "UTQPIAN"}, {"YUSUF", "YOUSSEF"}, {"DMITRI", "DIMITRY"},
		{"ALUTOPI", "UTOPI"}, {"CHO", "JO"}, {"QASIM", "KASSEM"}, {"TCHEKHOV", "CHEKHOV"}, {"PHILIP", "FILIP"},
		{"ZHAO", "JAO"}, {"MIHAJLYUK", "MIKHAILIUK"}, {"ALEKSANDR", "ALEXANDER"}, {"YEVGENEVICH", "YAUGENAVICH"}, {"KHEKMATOR", "HEKMADER"},
	} {
		if !meet(p[0], p[1]) || !meet(p[1], p[0]) {
			t.Errorf("%s and %s have no key in common", p[0], p[1])
		}
	}
	if meet("UTOPIAN", "SPECIMEN") {
		t.Error("UTOPIAN and SPECIMEN have a key in common")
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Abd al-Rahman", "Ёлкин", "يوتوبي", "\xff\xfe", "ABDUL", "ABDLL", strings.Repeat("ABDU ", 40), "0123456789", "AABDOUL"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, surname, given string) {
		words := Words(nil, surname, given, "")
		if len(words) > MaxWords {
			t.Fatalf("%d words", len(words))
		}
		for _, w := range words {
			if w.Text == "" || len(w.Text) > MaxLetters || strings.Trim(w.Text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || !utf8.ValidString(w.Text) {
				t.Fatalf("word %q", w.Text)
			}
			if keys := Keys(nil, w.Text); len(keys) == 0 || len(keys) > MaxKeys {
				t.Fatalf("%q has %d keys", w.Text, len(keys))
			}
		}
		CutWords(words)
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"1970-03-12", "1970-XX-XX~", "1960/1962", "19", "----", "0000-00-00", "1970-13-40"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := ParseDate(a), ParseDate(b)
		if CompareDates(x, y) >= dateLevels {
			t.Fatal("no such level")
		}
		if CompareDates(x, y) != CompareDates(y, x) && !x.wide() && !y.wide() {
			t.Fatalf("%v and %v compare otherwise the other way round", x, y)
		}
	})
}
