package source_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/border/watch"
	"garita/border/watch/source"
)

const (
	oldHead   = "# list=sample\n# version=1\n# issued=2026-11-01T00:00:00Z\n# max_age_hours=720\n"
	oldHeader = "entry,surname,given_names,birth_date,nationality,document_number,document_issuer,handling\n"
)

// example is the entry of the template.
var example = &watch.Entry{
	Source: "national", ID: "E1",
	Names: []watch.Name{{Surname: "UTOPIAN", GivenNames: "JANA MARIA", Quality: watch.Primary},
		{Surname: "UTOPIA", GivenNames: "JANA"}, {Full: "LA MAESTRA", Quality: watch.Low}},
	BirthDates: []string{"1974-08-12", "1974-XX-XX"}, Sex: "F", Nationalities: []string{"UTO"}, BirthPlaces: []string{"UTO"},
	Documents: []watch.Document{{Issuer: "UTO", Type: "P", Number: "D23145890"}},
	Handling:  watch.Refer, Applies: watch.AppliesExit, HighRisk: true, Action: "refuse",
	Instruction: map[string]string{"es": "No puede salir del país. Llame al supervisor.", "en": "May not leave the country. Call the supervisor.",
		"fr": "Ne peut quitter le pays. Appelez le superviseur.", "ht": "Pa ka kite peyi a. Rele sipèvizè a."},
	LegalBasis: "Court order 12/2026", Purpose: "no exit", Owner: "Court registry, Port of Utopia",
	ValidFrom: "2026-11-01", Expires: "2027-04-30", Updated: "2026-11-01",
}

func TestTemplate(t *testing.T) {
	entries, report := read(t, source.CSV, files("list.csv", source.Template))
	same(t, entries, []*watch.Entry{example})
	if report.List != "national" || report.Version != "1" || report.MaxAge != 168*time.Hour || !report.Issued.Equal(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", report)
	}
	doc, err := os.ReadFile("../../../docs/watchlist-formats.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "```csv\n"+source.Template+"```\n") {
		t.Error("docs/watchlist-formats.md does not show this template")
	}
}

// The older form, which stations have in their configuration, still reads.
func TestOlderForm(t *testing.T) {
	text := oldHead + oldHeader + "1,UTOPIAN,JANA MARIA,1974-08-12,UTO,D23145890,UTO,open\n2,UTOPIAN,,XXXX-02-29,UTO,,,refer\n3,,,,,X1-2 3,,silent"
	entries, report := read(t, source.CSV, files("list.csv", text))
	same(t, entries, []*watch.Entry{
		{Source: "sample", ID: "1", Names: []watch.Name{{Surname: "UTOPIAN", GivenNames: "JANA MARIA", Quality: watch.Primary}}, BirthDates: []string{"1974-08-12"},
			Nationalities: []string{"UTO"}, Documents: []watch.Document{{Issuer: "UTO", Number: "D23145890"}}, Handling: watch.Open},
		{Source: "sample", ID: "2", Names: []watch.Name{{Surname: "UTOPIAN", Quality: watch.Primary}}, BirthDates: []string{"XXXX-02-29"},
			Nationalities: []string{"UTO"}, Handling: watch.Refer},
		{Source: "sample", ID: "3", Documents: []watch.Document{{Number: "X123"}}, Handling: watch.Silent},
	})
	if report.List != "sample" || report.MaxAge != 720*time.Hour {
		t.Errorf("%+v", report)
	}
	// As a spreadsheet of another country saves it.
	other := strings.ReplaceAll("\xef\xbb\xbf"+oldHead+strings.ReplaceAll(oldHeader+"1,UTOPIAN,JANA MARIA,1974-08-12,UTO,D23145890,UTO,open\n", ",", ";"), "\n", "\r\n")
	if again, _ := read(t, source.CSV, files("list.csv", other)); len(again) != 1 {
		t.Error("semicolons")
	} else {
		same(t, again[0], entries[0])
	}
}

func TestNationalFaults(t *testing.T) {
	head := "entry,surname,aliases,birth_date,sex,nationality,documents,handling,applies_to,distribution,high_risk,action,expires,remark\n"
	blank := func(id string) string { return id + ",UTOPIAN,,,,,,,,,,,,\n" }
	for name, c := range map[string]struct {
		rows string
		want string
		n    int
	}{
		"good":                 {blank("1"), "", 1},
		"twice":                {blank("1") + blank("1"), "!3 duplicate_id", 1},
		"no id":                {blank(""), "!2 no_id", 0},
		"no name":              {"1,,,1974-08-12,,,,,,,,,,\n", "!2 no_name", 0},
		"few columns":          {"1,UTOPIAN\n" + blank("2"), "!2 bad_columns", 1},
		"billion columns":      {strings.Repeat(",", 3_000_000) + "\n" + blank("2"), "!2 bad_columns", 1},
		"open quote":           {"1,\"UTOPIAN\n" + blank("2"), "!2 bad_quotes", 1},
		"open quote, long":     {"1,\"UTOPIAN\n" + strings.Repeat(blank("2")+"\n", 30_000), "!2 bad_quotes|!5 duplicate_id", 1},
		"quote within":         {"1,UTO\"PIAN\n" + blank("2"), "!2 bad_quotes", 1},
		"huge field":           {"1," + strings.Repeat("JANA", 100_000) + ",,,,,,,,,,,,\n" + blank("2"), "!2 too_long", 1},
		"long field":           {"1," + strings.Repeat("JANA", 20_000) + ",,,,,,,,,,,,\n" + blank("2"), "!2 too_long surname", 1},
		"Latin-1":              {"1,UTOPI\xc1N,,,,,,,,,,,,\n" + blank("2"), "!2 not_text surname", 1},
		"NUL":                  {"1,UTO\x00PIAN,,,,,,,,,,,,\n", "!2 not_text surname", 0},
		"0x1A amidst":          {"1,UTO\x1aPIAN,,,,,,,,,,,,\n", "!2 not_text surname", 0},
		"0x1A at the end":      {blank("1") + "\x1a", "", 1},
		"two lines":            {"1,\"UTO\nPIAN\",,,,,,,,,,,,\n" + blank("1"), "!4 duplicate_id", 1},
		"empty lines":          {"\n\r\n" + blank("1") + "\n", "", 1},
		"handling":             {"1,UTOPIAN,,,,,,arrest,,,,,,\n", "!2 unknown_word handling", 0},
		"applies to":           {"1,UTOPIAN,,,,,,,always,,,,,\n", "!2 unknown_word applies_to", 0},
		"distribution":         {"1,UTOPIAN,,,,,,,,all,,,,\n", "!2 unknown_word distribution", 0},
		"what costs its value": {"1,UTOPIAN,,1974-02-30|12.8.1974,both,Lilliput,UTO/PPP/D23145890|UTO/P/?|a/b/c/d,,,,perhaps,kill,never,x\n", "2 unknown_word high_risk|2 unknown_word action|2 bad_date expires|2 bad_date birth_date|2 bad_date birth_date|2 unknown_word sex|2 unknown_country nationality|2 unknown_word document_type|2 bad_document document_number|2 bad_document documents", 1},
		"many names":           {"1,UTOPIAN," + strings.Repeat("A|", 200) + manyNames(400) + ",,,,,,,,,,,\n", strings.TrimSuffix(strings.Repeat("2 too_many names|", 102), "|"), 1},
	} {
		entries, report, err := try(t, source.CSV, files("a.csv", head+c.rows), source.Options{})
		got := problems(report)
		if len(got) > 0 && got[0] == "1 unknown_column" {
			got = got[1:] // the column remark
		} else {
			t.Errorf("%s: the unknown column is not reported", name)
		}
		if n := len(strings.Split(c.want, "|")); len(got) > n {
			got = got[:n]
		}
		if s := strings.Join(got, "|"); err != nil || s != c.want || len(entries) != c.n {
			t.Errorf("%s: %v, %d entries, %s, want %d, %s", name, err, len(entries), s, c.n, c.want)
		}
		discreet(t, report, err)
	}
}

// manyNames gives n different names.
func manyNames(n int) string {
	var names []string
	for i := range n {
		names = append(names, "U"+strconv.Itoa(i))
	}
	return strings.Join(names, "|")
}

func TestNationalWhole(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":          {"", source.ErrTruncated},
		"head alone":       {oldHead, source.ErrTruncated},
		"head cut":         {"# list=a", source.ErrTruncated},
		"head long":        {"# list=" + strings.Repeat("a", 100_000) + "\n", source.ErrTruncated},
		"head unknown":     {"# lists=a\n" + oldHeader, source.ErrFormat},
		"head bad name":    {"# list=a b\n" + oldHeader, source.ErrFormat},
		"head bad time":    {"# issued=yesterday\n" + oldHeader, source.ErrFormat},
		"head bad age":     {"# max_age_hours=-1\n" + oldHeader, source.ErrFormat},
		"head bad count":   {"# entries=many\n" + oldHeader, source.ErrFormat},
		"other header":     {"name,date\n", source.ErrFormat},
		"header twice":     {"entry,surname,surname\n", source.ErrFormat},
		"header quote":     {"e\"ntry,\n", source.ErrFormat},
		"header columns":   {strings.Repeat("a,", 100) + "\n", source.ErrFormat},
		"JSON":             {"{\"id\":1}\n", source.ErrFormat},
		"UTF-16":           {utf16le(oldHead + oldHeader), source.ErrEncoding},
		"UTF-16 BE":        {"\xfe\xff\x00e\x00n", source.ErrEncoding},
		"fewer than said":  {"# entries=2\nentry,surname\n1,UTOPIAN\n", source.ErrTruncated},
		"more than said":   {"# entries=1\nentry,surname\n1,UTOPIAN\n2,UTOPIAN\n", source.ErrTruncated},
		"cut row":          {"entry,surname\n1,UTOPIAN", source.ErrTruncated},
		"cut row, old":     {oldHeader + "1,UTOPIAN,JANA,,,,,refe", source.ErrTruncated},
		"cut quotation":    {"entry,surname\n1,\"UTOPIAN", source.ErrTruncated},
		"cut columns, old": {oldHeader + "1,UTOPIAN,JANA,", source.ErrTruncated},
	} {
		_, report, err := try(t, source.CSV, files("a.csv", c.text), source.Options{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		discreet(t, report, err)
	}
	for i := range len(source.Template) - 1 {
		if _, _, err := try(t, source.CSV, files("a.csv", source.Template[:i]), source.Options{}); err == nil && !strings.HasSuffix(source.Template[:i], "\n") {
			t.Errorf("cut at byte %d: no error", i)
		}
	}
}
