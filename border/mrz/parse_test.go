package mrz_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/mrz"
)

var seed = flag.Uint64("mrz.seed", 20261121, "seed of the random documents")

var specimenDay = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// compareReadings fails the test where parser and reference differ.
func compareReadings(t interface {
	Helper()
	Fatalf(string, ...any)
}, lines []string, today time.Time) refResult {
	t.Helper()
	want := reference(lines, today)
	got := asResult(mrz.Parse(lines, today))
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Fatalf("parser and reference differ on %q, today %s (-reference +parser):\n%s", lines, today.Format(time.DateOnly), diff)
	}
	return want
}

// TestPrintedIsRead prints invented documents of every format and reads them back.
func TestPrintedIsRead(t *testing.T) {
	for _, f := range formats {
		t.Run(string(f), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := dice(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "die") })
				for range 5 {
					s := newSample(d, f)
					lines := s.print()
					got := asResult(mrz.Parse(lines, s.today))
					if diff := cmp.Diff(s.describe().String(), got.String()); diff != "" {
						t.Fatalf("%q, today %s (-printed +read):\n%s", lines, s.today.Format(time.DateOnly), diff)
					}
				}
			})
		})
	}
}

// TestOneWrongDigit changes one printed check digit of a good document: that check is
// wrong, and of the others only the composite that covers it may be.
func TestOneWrongDigit(t *testing.T) {
	at := map[mrz.Format]map[string][2]int{ // line and place from 0
		mrz.TD1:   {"document_number": {0, 14}, "birth_date": {1, 6}, "expiry_date": {1, 14}, "composite": {1, 29}},
		mrz.TD2:   {"document_number": {1, 9}, "birth_date": {1, 19}, "expiry_date": {1, 27}, "composite": {1, 35}},
		mrz.TD3:   {"document_number": {1, 9}, "birth_date": {1, 19}, "expiry_date": {1, 27}, "optional_data": {1, 42}, "composite": {1, 43}},
		mrz.MRVA:  {"document_number": {1, 9}, "birth_date": {1, 19}, "expiry_date": {1, 27}},
		mrz.MRVB:  {"document_number": {1, 9}, "birth_date": {1, 19}, "expiry_date": {1, 27}},
		mrz.FRAID: {"document_number": {1, 12}, "birth_date": {1, 33}, "composite": {1, 35}},
	}
	rapid.Check(t, func(t *rapid.T) {
		d := dice(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "die") })
		for _, f := range formats {
			for name, place := range at[f] {
				s := newSample(d, f)
				if len(s.number) > 9 && f != mrz.FRAID && name == "document_number" {
					continue // its digit stands in the optional data
				}
				lines, want := s.print(), s.describe()
				l := lines[place[0]]
				old := l[place[1]]
				if old == '<' {
					old = '0'
				}
				digit := '0' + (old-'0'+byte(1+d(9)))%10
				lines[place[0]] = l[:place[1]] + string(digit) + l[place[1]+1:]
				want.checks[name] = "wrong"
				if want.checks["composite"] == "ok" {
					want.checks["composite"] = "wrong" // the digit itself is covered, weighted by 7, 3 or 1
				}
				if got := asResult(mrz.Parse(lines, s.today)); got.String() != want.String() {
					t.Fatalf("%s of %q: (-want +got)\n%s", name, lines, cmp.Diff(want.String(), got.String()))
				}
			}
		}
	})
}

// TestAgainstReference compares the parser with the second reading of the rules on
// spoiled documents and on plain noise, and says how many of each outcome it saw.
func TestAgainstReference(t *testing.T) {
	t.Logf("seed %d (-mrz.seed)", *seed)
	cases := 40_000
	if testing.Short() {
		cases = 4_000
	}
	seen := map[string]int{}
	for n := range cases {
		r := rand.New(rand.NewPCG(*seed, uint64(n)))
		d := dice(r.IntN)
		s := newSample(d, formats[n%len(formats)])
		lines, today := s.print(), s.today
		switch d(12) {
		case 0: // right size, few signs: strange structure everywhere
			alphabet := pick(d, "<01", "<A0", "<<<<<9B", "OQD018<", "<<V1IDFRA", "0123456789<", "ABCXYZ<")
			for i, l := range lines {
				b := []byte(l)
				for j := range b {
					b[j] = alphabet[d(len(alphabet))]
				}
				lines[i] = string(b)
			}
		default:
			for range d(5) {
				lines = mutate(d, lines)
			}
		}
		if d(3) == 0 {
			lines = mend(lines)
		}
		if d(4) == 0 {
			today = time.Date(1900+d(300), time.Month(1+d(12)), 1+d(31), d(24), 0, 0, 0, time.UTC)
		}
		want := compareReadings(t, lines, today)
		seen[want.err]++
		seen[want.fields["format"]]++
		for w := range want.warnings {
			seen[w]++
		}
		for k, c := range want.checks {
			seen[k+" "+c]++
		}
	}
	// A comparison that never meets a case proves nothing about it.
	for _, k := range []string{
		"empty", "invalid_character", "wrong_line_count", "wrong_line_length", "not_mrz", "TD1", "TD2", "TD3", "MRV-A", "MRV-B", "FRA-ID",
		"unknown_state issuing_state", "unknown_state nationality", "unexpected_document_code document_code", "check_digit_with_filler document_number",
		"ocr_corrected document_code", "ocr_corrected issuing_state", "ocr_corrected nationality", "ocr_corrected surname", "ocr_corrected given_names",
		"ocr_corrected birth_date", "ocr_corrected expiry_date", "ocr_corrected document_number_check", "ocr_corrected birth_date_check",
		"ocr_corrected expiry_date_check", "ocr_corrected optional_data_check", "ocr_corrected composite_check",
		"invalid_character document_code", "invalid_character issuing_state", "invalid_character nationality", "invalid_character surname",
		"invalid_character given_names", "invalid_character sex", "invalid_date birth_date", "invalid_date expiry_date",
		"zero_date_part birth_date", "zero_date_part expiry_date",
		"document_number absent", "birth_date absent", "expiry_date absent", "optional_data wrong", "composite absent", "composite wrong",
	} {
		if k != "empty" && seen[k] == 0 {
			t.Errorf("no case of %q was met in %d", k, cases)
		}
	}
	t.Logf("%v", seen)
}

func TestErrors(t *testing.T) {
	td3 := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	for name, c := range map[string]struct {
		lines []string
		code  mrz.ErrorCode
	}{
		"no lines":               {nil, mrz.Empty},
		"blank lines":            {[]string{"", " \t", "\r\n"}, mrz.Empty},
		"one line":               {td3[:1], mrz.WrongLineCount},
		"illegal before count":   {[]string{"*"}, mrz.InvalidCharacter},
		"illegal in a late line": {append(append([]string{}, td3...), "A", "B", "\u017f"), mrz.InvalidCharacter},
		"count before length":    {[]string{"A", "B", "C", "D"}, mrz.WrongLineCount},
		"short line":             {[]string{td3[0], td3[1][1:]}, mrz.WrongLineLength},
		"third line":             {[]string{td3[0], td3[1], td3[1]}, mrz.WrongLineLength},
		"noise":                  {[]string{strings.Repeat("A", 44), strings.Repeat("A", 44)}, mrz.NotMRZ},
		"a long line":            {[]string{strings.Repeat("A", 1<<20), "B"}, mrz.WrongLineLength},
		"many lines":             {[]string{strings.Repeat("A\n", 1<<20)}, mrz.WrongLineCount},
		"beyond the limit":       {[]string{strings.Repeat(" ", mrz.MaxInput-1) + "A", "*"}, mrz.WrongLineCount},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := mrz.Parse(c.lines, specimenDay)
			if d != nil || mrz.CodeOf(err) != string(c.code) {
				t.Fatalf("got %v, %v; want code %s", d, err, c.code)
			}
			if border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" || !errors.Is(err, c.code) {
				t.Fatalf("not a full domain error: %#v", err)
			}
		})
	}
}

// TestReadLeavesNothing: a zone that failed holds nothing of this or an earlier input.
func TestReadLeavesNothing(t *testing.T) {
	var z mrz.Zone
	good := newSample(rand.New(rand.NewPCG(1, 1)).IntN, mrz.TD3)
	if err := mrz.Read(&z, good.print(), mrz.DateOf(good.today)); err != nil {
		t.Fatal(err)
	}
	if err := mrz.Read(&z, []string{strings.Repeat("A", 44), strings.Repeat("A", 44)}, mrz.DateOf(good.today)); err != mrz.NotMRZ {
		t.Fatalf("got %v", err)
	}
	if z != (mrz.Zone{}) {
		t.Fatal("the zone is not empty after an error")
	}
}

// TestReadDoesNotAllocate holds the core to its promise, for good and bad input.
func TestReadDoesNotAllocate(t *testing.T) {
	var z mrz.Zone
	today := mrz.DateOf(specimenDay)
	d := dice(rand.New(rand.NewPCG(*seed, 7)).IntN)
	for _, f := range formats {
		lines := newSample(d, f).print()
		if n := testing.AllocsPerRun(100, func() { _ = mrz.Read(&z, lines, today) }); n != 0 {
			t.Errorf("%s: %v allocations", f, n)
		}
		bad := lines[:1]
		if n := testing.AllocsPerRun(100, func() { _ = mrz.Read(&z, bad, today) }); n != 0 {
			t.Errorf("%s, one line only: %v allocations", f, n)
		}
	}
}

func benchmarkRead(b *testing.B, f mrz.Format) {
	var z mrz.Zone
	s := newSample(rand.New(rand.NewPCG(3, 3)).IntN, f)
	lines, today := s.print(), mrz.DateOf(s.today)
	b.ReportAllocs()
	for b.Loop() {
		if err := mrz.Read(&z, lines, today); err != nil {
			b.Fatal(err)
		}
	}
}

// Benchmarks of the core; the goal for TD3 is 500 ns and no allocation.
func BenchmarkReadTD1(b *testing.B)   { benchmarkRead(b, mrz.TD1) }
func BenchmarkReadTD2(b *testing.B)   { benchmarkRead(b, mrz.TD2) }
func BenchmarkReadTD3(b *testing.B)   { benchmarkRead(b, mrz.TD3) }
func BenchmarkReadMRVA(b *testing.B)  { benchmarkRead(b, mrz.MRVA) }
func BenchmarkReadFRAID(b *testing.B) { benchmarkRead(b, mrz.FRAID) }

// BenchmarkParseTD3 is the same with strings.
func BenchmarkParseTD3(b *testing.B) {
	s := newSample(rand.New(rand.NewPCG(3, 3)).IntN, mrz.TD3)
	lines := s.print()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mrz.Parse(lines, s.today); err != nil {
			b.Fatal(err)
		}
	}
}
