package source_test

import (
	"errors"
	"strings"
	"testing"

	"garita/border/watch"
	"garita/border/watch/source"
)

func TestFtM(t *testing.T) {
	entries, report := read(t, source.FtM, files("entities.ftm.json",
		`{"id":"pass-1","schema":"Passport","properties":{"holder":["NK-1"],"number":["D 23145890"],"country":["ht"]}}
{"id":"NK-1","caption":"x","schema":"Person","target":true,"last_change":"2024-03-28T18:57:01","properties":{"name":["Jana Utopian","Яна Утопиан"],"alias":["Jana Utopyan"],"weakAlias":["La Maestra"],"firstName":["Jana"],"lastName":["Utopian"],"birthDate":["1974","1974-08","1974-08-12"],"nationality":["de","gb-sct"],"country":["xk"],"birthPlace":["Port, Haiti"],"gender":["female"],"passportNumber":["D23145890","X123"],"idNumber":["77-66"]}}
{"id":"NK-2","schema":"Company","properties":{"name":["Utopia Ltd"]}}
{"id":"NK-3","schema":"Person","target":false,"properties":{"name":["Cousin Utopian"]}}

{"id":"NK-4","schema":"Person","properties":{"alias":["Only Alias"],"gender":["male","female"],"birthDate":["1974-13"],"nationality":["qq"]}}
{"id":"card-1","schema":"Identification","properties":{"holder":["NK-4"],"type":["Cedula"],"number":["12345"],"country":["co"]}}
{"id":"card-2","schema":"Passport","properties":{"holder":["NK-4"]}}
`))
	same(t, entries, []*watch.Entry{{
		Source: "ftm", ID: "NK-1", Handling: watch.Refer, Sex: "F", Updated: "2024-03-28",
		Names: []watch.Name{{Full: "Jana Utopian", Quality: watch.Primary}, {Full: "Яна Утопиан", Quality: watch.Good}, {Full: "Jana Utopyan", Quality: watch.Good},
			{Full: "La Maestra", Quality: watch.Low}, {Surname: "Utopian", GivenNames: "Jana", Quality: watch.Good}},
		BirthDates:    []string{"1974-XX-XX", "1974-08-XX", "1974-08-12"},
		Nationalities: []string{"D", "GBR"}, Residences: []string{"RKS"}, BirthPlaces: []string{"HTI"},
		Documents: []watch.Document{{Issuer: "HTI", Type: "P", Number: "D23145890"}, {Type: "P", Number: "X123"}, {Type: "I", Number: "7766"}},
	}, {
		Source: "ftm", ID: "NK-4", Handling: watch.Refer, Names: []watch.Name{{Full: "Only Alias", Quality: watch.Good}},
		Documents: []watch.Document{{Issuer: "COL", Type: "I", Number: "12345"}},
	}})
	same(t, report.Counts, map[source.Code]int{source.NotPerson: 1, source.NotTarget: 1, source.BadDate: 1, source.UnknownCountry: 1, source.BadDocument: 1})
	same(t, problems(report), []string{"6 bad_date birthDate", "6 unknown_country nationality", "8 bad_document Passport"})
}

func TestHostileFtM(t *testing.T) {
	good := `{"id":"1","schema":"Person","properties":{"name":["JANA UTOPIAN"]}}` + "\n"
	other := strings.Replace(good, `"1"`, `"2"`, 1)
	for name, c := range map[string]struct {
		line string
		want string
	}{
		"not JSON":       {"UTOPIAN", "!2 bad_json"},
		"other shape":    {`{"id":1974}`, "!2 bad_json"},
		"array":          {`[]`, "!2 bad_json"},
		"deep":           {`{"properties":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}", "!2 bad_json"},
		"deep, not read": {`{"id":"2","schema":"Person","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", "!2 bad_json"},
		"huge":           {`{"id":"` + strings.Repeat("UTOPIAN", 200_000) + `"}`, "!2 too_long"},
		"not UTF-8":      {`{"id":"JANA` + "\xc1" + `"}`, "!2 not_text"},
		"NUL":            {`{"id":"JANA` + "\x00" + `"}`, "!2 bad_json"},
		"escaped NUL":    {`{"id":"2","schema":"Person","properties":{"name":["JANA\u0000"]}}`, "2 not_text name|!2 no_name"},
		"lone surrogate": {`{"id":"2","schema":"Person","properties":{"name":["JANA\ud800"]}}`, "2 not_text name|!2 no_name"},
		"no id":          {`{"schema":"Person","properties":{"name":["JANA"]}}`, "!2 no_id"},
		"twice":          {strings.TrimSpace(good), "!2 duplicate_id"},
	} {
		_, report, err := try(t, source.FtM, files("a.json", good+c.line+"\n"+strings.Replace(other, `"2"`, `"3"`, 1)), source.Options{})
		if got := strings.Join(problems(report), "|"); err != nil || got != c.want || report.Entries != 2 {
			t.Errorf("%s: %v, %d entries, %s, want %s", name, err, report.Entries, got, c.want)
		}
		discreet(t, report, err)
	}
	for i := range len(good) + len(other) - 2 {
		if i == len(good) || i == len(good)-1 {
			continue // whole lines
		}
		if _, report, err := try(t, source.FtM, files("a.json", (good + other)[:i]), source.Options{}); !errors.Is(err, source.ErrTruncated) {
			t.Errorf("cut at byte %d: %v", i, err)
			discreet(t, report, err)
		}
	}
	for name, text := range map[string]string{"XML": "<a/>\n", "array of entities": "[" + good + "]\n"} {
		if _, _, err := try(t, source.FtM, files("a.json", text), source.Options{}); !errors.Is(err, source.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := try(t, source.FtM, files("a.json", utf16le(good)), source.Options{}); !errors.Is(err, source.ErrEncoding) {
		t.Errorf("UTF-16: %v", err)
	}
	if entries, _ := read(t, source.FtM, files("a.json", "\xef\xbb\xbf"+good)); len(entries) != 1 {
		t.Error("a byte order mark hides the list")
	}
}

const page = `{"total":2,"_embedded":{"notices":[
 {"entity_id":"2026/1","forename":"JANA","name":"UTOPIAN","date_of_birth":"1974/08/12","nationalities":["HT","DO"],"_links":{"self":{"href":"https://example.test/notices/v1/red/2026-1"},"thumbnail":{"href":"https://example.test/1.jpg"}}},
 {"entity_id":"2026/2","forename":null,"name":"MONONYM","date_of_birth":null,"nationalities":null,"_links":{}}]},"_links":{}}`

const detail = `{"entity_id":"2026/1","forename":"JANA","name":"UTOPIAN","date_of_birth":"1974/08/12","sex_id":"F","country_of_birth_id":"HT","nationalities":["HT"],
 "place_of_birth":"Port","height":1.7,"weight":0,"distinguishing_marks":null,"arrest_warrants":[{"issuing_country_id":"CL","charge":"x","charge_translation":null}]}`

func TestINTERPOL(t *testing.T) {
	want := []*watch.Entry{{
		Source: "interpol", ID: "2026-1", Handling: watch.Refer, Sex: "F",
		Names:         []watch.Name{{Surname: "UTOPIAN", GivenNames: "JANA", Quality: watch.Primary}},
		BirthDates:    []string{"1974-08-12"},
		Nationalities: []string{"HTI", "DOM"}, BirthPlaces: []string{"HTI"}, Photo: "https://example.test/1.jpg",
		LegalBasis: "INTERPOL red notice 2026/1", Owner: "NCB CHL",
	}, {
		Source: "interpol", ID: "2026-2", Handling: watch.Refer, Names: []watch.Name{{Surname: "MONONYM", Quality: watch.Primary}}, LegalBasis: "INTERPOL notice 2026/2",
	}}
	for name, f := range map[string][]string{
		"one after the other": {"a.json", page + "\n" + detail},
		"array":               {"a.json", "[" + page + " , " + detail + " ]\n"},
		"two files":           {"a.json", page, "b.json", detail},
	} {
		entries, report := read(t, source.INTERPOL, files(f...))
		t.Log(name)
		same(t, entries, want)
		same(t, problems(report), []string(nil))
	}
	entries, report := read(t, source.INTERPOL, files("a.json", `{"entity_id":"2026/3","name":null,"forename":null}
{"entity_id":null,"name":"UTOPIAN"}
{"entity_id":"2026/4","name":"UTOPIAN","date_of_birth":"1974/02/30","nationalities":["QQ"],"sex_id":"?"}
{"entity_id":{},"name":"UTOPIAN"}
{"total":1,"_embedded":{"notices":[1]}}`))
	if len(entries) != 1 {
		t.Errorf("%d entries", len(entries))
	}
	same(t, problems(report), []string{"!2 no_id entity_id", "!4 bad_json", "!5 bad_json notices", "!1 no_name", "3 bad_date date_of_birth", "3 unknown_country nationalities", "3 unknown_word sex_id"})
	discreet(t, report, nil)
}

func TestHostileINTERPOL(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":       {"", source.ErrTruncated},
		"fewer":         {strings.Replace(page, `"total":2`, `"total":3`, 1), source.ErrTruncated},
		"deep":          {strings.Repeat(`{"a":`, 100_000), source.ErrForbidden},
		"deep array":    {strings.Repeat("[", 100_000), source.ErrFormat},
		"word":          {"UTOPIAN", source.ErrFormat},
		"after array":   {"[" + detail + "]" + detail, source.ErrFormat},
		"UTF-16":        {utf16le(page), source.ErrEncoding},
		"string opens":  {`{"entity_id":"UTOPIAN`, source.ErrTruncated},
		"escape at end": {`{"entity_id":"UTOPIAN\`, source.ErrTruncated},
	} {
		_, report, err := try(t, source.INTERPOL, files("a.json", c.text), source.Options{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		discreet(t, report, err)
	}
	text := "[" + page + "," + detail + "]"
	for i := range len(text) - 1 {
		if _, _, err := try(t, source.INTERPOL, files("a.json", text[:i]), source.Options{}); !errors.Is(err, source.ErrTruncated) {
			t.Fatalf("cut at byte %d: %v", i, err)
		}
	}
	huge := `{"entity_id":"` + strings.Repeat("1974", 1<<20) + `"}`
	entries, report := read(t, source.INTERPOL, files("a.json", huge+detail))
	if len(entries) != 1 || len(report.Problems) != 1 || report.Problems[0].Code != source.TooLong {
		t.Errorf("a huge notice: %d entries, %v", len(entries), report.Problems)
	}
}
