package source_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"garita/border/watch"
	"garita/border/watch/source"
)

// ofac makes the four files, with what OFAC writes at their ends.
func ofac(sdn, alt, add, comments string) fstest.MapFS {
	end := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") + "\x1a" }
	return files("sdn.csv", end(sdn), "alt.csv", end(alt), "add.csv", end(add), "sdn_comments.csv", strings.ReplaceAll(comments, "\n", "\r\n"))
}

// row is a line of sdn.csv for an individual.
func row(id, name, remarks string) string {
	return id + `,"` + name + `","individual","UTO","-0- ",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"` + remarks + "\"\n"
}

func TestOFAC(t *testing.T) {
	f := ofac(
		row("7", "UTOPIAN, Jana Maria", `DOB 10 Dec 1948; alt. DOB Jun 1951; alt. DOB 1961; alt. DOB circa 1962; alt. DOB 1970 to 1972; alt. DOB 01 Jan 1973 to 31 Dec 1974; alt. DOB 02 Mar 1975 to 30 Mar 1975; POB Utopia, Congo, Democratic Republic of the; alt. POB Nowhere; nationality Korea, North; citizen Mexico; Gender Female; Passport D23145890 (Haiti) issued 12 Mar 2001 expires 12 Mar 2011; alt. Passport RL 16 223 (Lebanon); Cedula No. 162-478-21 (Colombia); SSN 523-33-8386 (United States); Tax ID No. 1 (Spain); Identity certificate of somebody; a.k.a. 'LA 'MAESTRA''; Linked To: UTOPIA 7 TRADING; Passp`)+
			row("8", "ZULU", "-0- ")+
			row("9", "UTOPIAN, Ahmad (Ahmed), Jr.", "a.k.a. 'EL UNO'.")+
			"10,\"UTOPIA MARU\",\"vessel\",\"UTO\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n"+
			"11,\"UTOPIA LTD\",-0- ,\"UTO\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n",
		"7,1,\"aka\",\"UTOPYAN, Jana\",-0- \n7,2,\"fka\",\"UTOPIAN, Jana Maria\",-0- \n11,3,\"aka\",\"UTO\",-0- \n99,4,\"aka\",\"NOBODY\",-0- \n",
		"7,1,\"Street 1\",\"Port\",\"Haiti\",-0- \n8,2,-0- ,-0- ,-0- ,-0- \n8,3,-0- ,-0- ,\"Region: Gaza\",-0- \n",
		"7,\"ort X999 (Peru); a.k.a. 'LA DOS'.\"\n",
	)
	entries, report := read(t, source.OFAC, f)
	same(t, entries, []*watch.Entry{{
		Source: "ofac", ID: "7", Handling: watch.Refer, LegalBasis: "UTO", Sex: "F",
		Names: []watch.Name{{Surname: "UTOPIAN", GivenNames: "Jana Maria", Quality: watch.Primary}, {Surname: "UTOPYAN", GivenNames: "Jana", Quality: watch.Good},
			{Full: "LA 'MAESTRA'", Quality: watch.Low}, {Full: "LA DOS", Quality: watch.Low}},
		BirthDates:    []string{"1948-12-10", "1951-06-XX", "1961-XX-XX", "1962-XX-XX~", "1970/1972", "1973/1974", "1975-03-XX"},
		Nationalities: []string{"PRK", "MEX"}, BirthPlaces: []string{"COD"}, Residences: []string{"HTI"},
		Documents: []watch.Document{{Issuer: "HTI", Type: "P", Number: "D23145890"}, {Issuer: "LBN", Type: "P", Number: "RL16223"},
			{Issuer: "COL", Type: "I", Number: "16247821"}, {Issuer: "PER", Type: "P", Number: "X999"}},
	}, {
		Source: "ofac", ID: "8", Handling: watch.Refer, LegalBasis: "UTO", Names: []watch.Name{{Full: "ZULU", Quality: watch.Primary}}, Residences: []string{"PSE"},
	}, {
		Source: "ofac", ID: "9", Handling: watch.Refer, LegalBasis: "UTO", Names: []watch.Name{
			{Surname: "UTOPIAN", GivenNames: "Ahmad Jr.", Quality: watch.Primary}, {Surname: "UTOPIAN", GivenNames: "Ahmed Jr.", Quality: watch.Good},
			{Full: "EL UNO", Quality: watch.Low}},
	}})
	same(t, report.Counts, map[source.Code]int{source.NotPerson: 2, source.Orphan: 1, source.UnknownCountry: 1})
	if len(report.Problems) != 0 {
		t.Errorf("%v", report.Problems)
	}
}

func TestOFACFaults(t *testing.T) {
	good := row("1", "UTOPIAN, Jana", "DOB 12 Aug 1974.")
	f := ofac(good+good+
		"2,\"UTOPIAN\"\n"+
		"3,UT\"OPIAN,individual,,,,,,,,,\n"+
		"4,\"UTOPIAN,individual\n"+
		row("5", "UTOPIAN, Jana", "DOB 30 Feb 1974; nationality Lilliput; Gender Other; Passport A1234567 (Blefuscu)")+
		strings.Repeat(",", 1_000_000)+"\n"+
		"6,"+strings.Repeat("UTOPIAN", 100_000)+"\n"+
		row("7", "UTO\x00PIAN", "")+
		row("8", "UTOPI\xc1N", "")+
		row("../9", "UTOPIAN", "")+
		row("10", "UTOPIAN", ""), "", "", "")
	f["alt.csv"].Data = []byte("1,1,aka,-0- ,-0- \n\x1a")
	f["add.csv"].Data = []byte("1,1,-0- ,-0- ,undetermined,-0- \n\x1a")
	f["sdn_comments.csv"].Data = []byte("1,-0- \n")
	entries, report := read(t, source.OFAC, f)
	if len(entries) != 3 {
		t.Errorf("%d entries", len(entries))
	}
	same(t, problems(report), []string{"!2 duplicate_id", "!3 bad_columns", "!4 bad_quotes", "!5 bad_quotes", "6 bad_date DOB", "6 unknown_country nationality",
		"6 unknown_word Gender", "6 unknown_country document", "!7 bad_columns", "!8 too_long", "9 not_text SDN_Name", "!9 no_name",
		"10 not_text SDN_Name", "!10 no_name", "!11 no_id"})
	discreet(t, report, nil)
}

// A file that is missing or cut off would leave names out.
func TestOFACWhole(t *testing.T) {
	whole := func() fstest.MapFS {
		return ofac(row("1", "UTOPIAN, Jana", "DOB 12 Aug 1974."), "1,1,\"aka\",\"UTOPYAN, Jana\",-0- \n", "1,1,-0- ,-0- ,\"Haiti\",-0- \n", "1,\" x\"\n")
	}
	read(t, source.OFAC, whole())
	for _, name := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"} {
		f := whole()
		delete(f, name)
		if _, _, err := try(t, source.OFAC, f, source.Options{}); !errors.Is(err, source.ErrFormat) {
			t.Errorf("without %s: %v", name, err)
		}
		for i := range len(whole()[name].Data) {
			f := whole()
			f[name].Data = f[name].Data[:i]
			if _, report, err := try(t, source.OFAC, f, source.Options{}); !errors.Is(err, source.ErrTruncated) {
				t.Errorf("%s cut at byte %d: %v", name, i, err)
				discreet(t, report, err)
			}
		}
	}
	upper := make(fstest.MapFS)
	for name, f := range whole() {
		upper[strings.ToUpper(name)] = f
	}
	read(t, source.OFAC, upper)
	bom := whole()
	bom["sdn.csv"].Data = append([]byte("\xef\xbb\xbf"), bom["sdn.csv"].Data...)
	read(t, source.OFAC, bom)
	wide := whole()
	wide["sdn.csv"].Data = []byte(utf16le(string(wide["sdn.csv"].Data)))
	if _, _, err := try(t, source.OFAC, wide, source.Options{}); !errors.Is(err, source.ErrEncoding) {
		t.Errorf("UTF-16: %v", err)
	}
}
