package mrz_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"garita/border/mrz"
)

// FuzzParse feeds arbitrary bytes, split into elements at NUL. Beyond "no panic" it holds
// the parser to the reference reading, and errors to repeating nothing of the input.
func FuzzParse(f *testing.F) {
	for _, format := range formats {
		s := newSample(rand.New(rand.NewPCG(5, 5)).IntN, format)
		f.Add(strings.Join(s.print(), "\x00"), s.today.Unix())
		f.Add(strings.Join(s.print(), "\r\n"), int64(0))
	}
	f.Add("I<UTOD23145890<7349<<<<<<<<<<<\x003407127M9507122UTO<<<<<<<<<<<2\x00STEVENSON<<PETER<JOHN<<<<<<<<<", specimenDay.Unix())
	f.Add(strings.Repeat("<", 44)+"\n"+strings.Repeat("<", 44), specimenDay.Unix())
	f.Add("\u017f\u212a\x00\t", int64(1))
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		lines := strings.Split(text, "\x00")
		today := time.Unix(unix%7e9, 0).UTC() // 1748 to 2191
		compareReadings(t, lines, today)
		if _, err := mrz.Parse(lines, today); err != nil {
			if piece := repeated(err.Error(), lines); piece != "" {
				t.Fatalf("the error repeats %q of the input: %v", piece, err)
			}
		}
	})
}

// repeated returns eight characters in a row that a message shares with the input,
// spaces aside.
func repeated(message string, lines []string) string {
	flat := strings.ToUpper(strings.Join(strings.Fields(message), ""))
	for _, l := range lines {
		l = strings.ToUpper(strings.Join(strings.Fields(l), ""))
		for i := 0; i+8 <= min(len(l), 2000); i++ {
			if strings.Contains(flat, l[i:i+8]) {
				return l[i : i+8]
			}
		}
	}
	return ""
}
