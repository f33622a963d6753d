package source_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"garita/border/watch/source"
)

// fuzzed reads a source and holds to what every importer owes: no panic, bounded entries,
// a report that adds up, and what was read can be exported and read again.
func fuzzed(t *testing.T, kind source.Kind, f fstest.MapFS) {
	entries, report, err := try(t, kind, f, source.Options{MaxBytes: 1 << 22, MaxEntries: 1000, MaxProblems: 10})
	if len(report.Problems) > 10 || len(entries) > 1000 {
		t.Fatalf("%d problems, %d entries", len(report.Problems), len(entries))
	}
	seen := make(map[string]bool)
	for _, e := range entries {
		if e.Source == "" || e.ID == "" || e.Handling == "" || len(e.Names)+len(e.Documents) == 0 || seen[e.ID] {
			t.Fatalf("an entry that is none: %+v", e)
		}
		seen[e.ID] = true
		e.Source = head.List
	}
	if err != nil || len(entries) == 0 {
		return
	}
	again, report := read(t, source.CSV, files("a.csv", export(t, entries...)))
	if d := source.Compare(entries, again); !d.Empty() || len(report.Problems) > 0 {
		for _, c := range d.Changed {
			t.Logf("%v\n%+v\n%+v", c.Fields, c.Before, c.After)
		}
		t.Fatalf("%d added, %d removed, %d changed, %v", len(d.Added), len(d.Removed), len(d.Changed), report.Problems)
	}
}

func FuzzUN(f *testing.F) {
	f.Add(unHead + individual("1", "<FIRST_NAME>JANA</FIRST_NAME><INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>“A” (B; Яна) c) D</ALIAS_NAME></INDIVIDUAL_ALIAS>"+
		"<INDIVIDUAL_DATE_OF_BIRTH><FROM_YEAR>1970</FROM_YEAR><TO_YEAR>1971</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH><INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>PO123456789</NUMBER></INDIVIDUAL_DOCUMENT>") + unTail)
	f.Add("<!DOCTYPE x><CONSOLIDATED_LIST>")
	f.Fuzz(func(t *testing.T, s string) { fuzzed(t, source.UN, files("a.xml", s)) })
}

func FuzzOFAC(f *testing.F) {
	f.Add(row("1", "UTOPIAN, Jana (Yana)", "DOB circa 1974; alt. DOB 1970 to 1972; POB A, Haiti; Passport A1 2 (Haiti); a.k.a. 'X''."), "1,1,\"aka\",\"A, B\",-0- \n", "1,1,-0- ,-0- ,Haiti,-0- \n", "1,\"; a.k.a. 'Y'.\"\n")
	f.Fuzz(func(t *testing.T, sdn, alt, add, comments string) {
		fuzzed(t, source.OFAC, files("sdn.csv", sdn, "alt.csv", alt, "add.csv", add, "sdn_comments.csv", comments))
	})
}

func FuzzFtM(f *testing.F) {
	f.Add(`{"id":"1","schema":"Person","properties":{"name":["JANA"],"firstName":["A"],"lastName":["B"],"birthDate":["1974-08"],"country":["gb-sct"],"birthPlace":["A, Haiti"],"passportNumber":["A123"]}}` + "\n" +
		`{"id":"2","schema":"Passport","properties":{"holder":["1"],"number":["A 1234"]}}`)
	f.Fuzz(func(t *testing.T, s string) { fuzzed(t, source.FtM, files("a.json", s)) })
}

func FuzzINTERPOL(f *testing.F) {
	f.Add(page + detail)
	f.Add("[" + detail + "]")
	f.Fuzz(func(t *testing.T, s string) { fuzzed(t, source.INTERPOL, files("a.json", s)) })
}

func FuzzCSV(f *testing.F) {
	f.Add(source.Template)
	f.Add(oldHead + oldHeader + "1,UTOPIAN,JANA,1974-08-12,UTO,D23145890,UTO,open\n")
	f.Add("entry;aliases;documents\n1;low: a\\, b|'=c, d, e;UTO/P/1\\/2\n")
	f.Add("entry;surname;aliases\n1;JANA;low:\n") // found by fuzzing: a quality and nothing else
	f.Fuzz(func(t *testing.T, s string) { fuzzed(t, source.CSV, files("a.csv", s)) })
}

func FuzzDocuments(f *testing.F) {
	f.Add("# entries=1\nissuer,type,number,reason,since\nUTO,P,D23145890,stolen,2026-10-01\n")
	f.Fuzz(func(t *testing.T, s string) {
		rows, report, _ := documents(t, files("a.csv", s), source.Options{MaxBytes: 1 << 22, MaxEntries: 1000, MaxProblems: 10})
		if len(rows) > 1000 || len(report.Problems) > 10 {
			t.Fatalf("%d rows, %d problems", len(rows), len(report.Problems))
		}
		for _, r := range rows {
			if r.Number == "" || strings.Trim(r.Number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || len(r.Number) > 30 {
				t.Fatalf("%+v", r)
			}
		}
	})
}
