package source_test

import (
	"strings"
	"testing"

	"garita/border/watch"
	"garita/border/watch/source"
)

const unHead = `<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" dateGenerated="2026-02-27T00:00:09.554Z">
<INDIVIDUALS>
`
const unTail = "</INDIVIDUALS><ENTITIES><ENTITY><DATAID>9</DATAID><FIRST_NAME>UTOPIA TRADING</FIRST_NAME></ENTITY></ENTITIES></CONSOLIDATED_LIST>\n"

func individual(id, body string) string {
	return "<INDIVIDUAL><DATAID>" + id + "</DATAID>" + body + "</INDIVIDUAL>\n"
}

func TestUN(t *testing.T) {
	entries, report := read(t, source.UN, files("consolidated.xml", unHead+individual("1", `
<FIRST_NAME>JANA</FIRST_NAME><SECOND_NAME>MARIA  DE</SECOND_NAME><THIRD_NAME>UTOPIAN</THIRD_NAME><FOURTH_NAME>na</FOURTH_NAME>
<REFERENCE_NUMBER>UTi.001</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON><GENDER>Female</GENDER>
<NATIONALITY><VALUE>Democratic Republic of the Congo</VALUE><VALUE>Sudan/South Sudan</VALUE></NATIONALITY>
<LAST_DAY_UPDATED><VALUE>2020-01-05</VALUE><VALUE>2016-10-13</VALUE></LAST_DAY_UPDATED>
<NAME_ORIGINAL_SCRIPT>Яна Утопиан</NAME_ORIGINAL_SCRIPT>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>“La Maestra”</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Jana Utopyan; Yana Utopian</ALIAS_NAME><DATE_OF_BIRTH>1975-01-02</DATE_OF_BIRTH><COUNTRY_OF_BIRTH>West Bank</COUNTRY_OF_BIRTH></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ADDRESS><COUNTRY>Haiti</COUNTRY></INDIVIDUAL_ADDRESS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1974-08-12-05:00</DATE></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><YEAR>1974</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1973</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1970</FROM_YEAR><TO_YEAR>1976</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE/></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_PLACE_OF_BIRTH><CITY>Utopia</CITY><COUNTRY>Iran (Islamic Republic of)</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>D-23145890</NUMBER><ISSUING_COUNTRY>Haiti</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>Afghan passport number OA 296623</NUMBER></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>National Identification Number</TYPE_OF_DOCUMENT><TYPE_OF_DOCUMENT2>Ration card no.</TYPE_OF_DOCUMENT2><NUMBER>77</NUMBER></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT/>`)+unTail))
	same(t, entries, []*watch.Entry{{
		Source: "un", ID: "1",
		Names: []watch.Name{{Full: "JANA MARIA DE UTOPIAN", Quality: watch.Primary}, {Full: "Яна Утопиан", Quality: watch.Good},
			{Full: "La Maestra", Quality: watch.Low}, {Full: "Jana Utopyan", Quality: watch.Good}, {Full: "Yana Utopian", Quality: watch.Good}},
		BirthDates:    []string{"1974-08-12", "1974-XX-XX", "1973-XX-XX~", "1970/1976", "1975-01-02"},
		Sex:           "F",
		Nationalities: []string{"COD", "SDN", "SSD"}, BirthPlaces: []string{"PSE", "IRN"}, Residences: []string{"HTI"},
		Documents: []watch.Document{{Issuer: "HTI", Type: "P", Number: "D23145890"}, {Issuer: "AFG", Type: "P", Number: "OA296623"}},
		Handling:  watch.Refer, LegalBasis: "UTi.001", Updated: "2020-01-05",
	}})
	if report.Counts[source.NotPerson] != 1 || report.Counts[source.OtherPaper] != 1 || len(report.Problems) != 0 ||
		report.Version != "2026-02-27" || report.Issued.IsZero() {
		t.Errorf("%+v", report)
	}
}

// What stands in a name field is split, and remarks are left out.
func TestUNNames(t *testing.T) {
	for text, want := range map[string]string{
		"UTOPIAN, Jana":                              "UTOPIAN/Jana",
		"“1-P”":                                      "1-P",
		`"UTOPIAN, Abu"`:                             "UTOPIAN/Abu",
		"Jana Utopian (birth name)":                  "Jana Utopian",
		"(Sheikh) Jana Utopian":                      "Jana Utopian",
		"Jana Utopian (Yutopian)":                    "Jana Utopian|Jana Yutopian",
		"Jana Utopian (Яна Утопиан)":                 "Jana Utopian|Яна Утопиан",
		"Jana Utopian (original script: Яна)":        "Jana Utopian|Яна",
		"Яна Утопиан (Jana Utopian; Yana\nUtopian)":  "Яна Утопиан|Jana Utopian|Yana Utopian",
		"Jana Utopian Яна Утопиан":                   "Jana Utopian|Яна Утопиан",
		"a) Jana Utopian b) Yana Utopian":            "Jana Utopian|Yana Utopian",
		"Jana Utopian, born 1 Jan. 1974 (no. 22)":    "Jana Utopian",
		"Jana Utopian daughter of Eva Utopian":       "Jana Utopian",
		"Jana Utopian, III (third)":                  "Jana Utopian",
		"шах ، مستر":                                 "шах|مستر",
		"; ,":                                        "",
		"Jana Utopian (false identity of 12 papers)": "Jana Utopian",
		"Jana Utopian (":                             "Jana Utopian",
		")) Jana":                                    "Jana",
	} {
		entries, _ := read(t, source.UN, files("a.xml", unHead+individual("1", "<FIRST_NAME>X</FIRST_NAME><INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>"+text+"</ALIAS_NAME></INDIVIDUAL_ALIAS>")+unTail))
		var names []string
		for _, n := range entries[0].Names[1:] {
			s := n.Full
			if s == "" {
				s = n.Surname + "/" + n.GivenNames
			}
			names = append(names, s)
		}
		if got := strings.Join(names, "|"); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// A bad person is left out with its line, a bad value costs only itself.
func TestUNFaults(t *testing.T) {
	name := "<FIRST_NAME>JANA UTOPIAN</FIRST_NAME>"
	text := unHead +
		individual("1", name) +
		individual("1", name) +
		individual("", name) +
		individual("3", "<FIRST_NAME> </FIRST_NAME>") +
		individual("4", name+"<NATIONALITY><VALUE>Lilliput</VALUE></NATIONALITY><GENDER>Both</GENDER>") +
		individual("5", name+"<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1974-02-30</DATE></INDIVIDUAL_DATE_OF_BIRTH>") +
		individual("6", name+"<SECOND_NAME>"+strings.Repeat("UTOPIAN", 1000)+"</SECOND_NAME>") +
		individual("7", name+strings.Repeat("<A/>", 6000)) +
		individual("8", name+strings.Repeat("<INDIVIDUAL_ALIAS><ALIAS_NAME>"+strings.Repeat("U", 900)+"</ALIAS_NAME></INDIVIDUAL_ALIAS>", 1500)) +
		individual("9", name+"<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>not known</NUMBER></INDIVIDUAL_DOCUMENT>") + unTail
	entries, report := read(t, source.UN, files("a.xml", text))
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	same(t, ids, []string{"1", "4", "5", "6", "9"})
	same(t, problems(report), []string{"!5 duplicate_id", "!6 no_id", "!7 no_name", "8 unknown_country NATIONALITY",
		"8 unknown_word GENDER", "9 bad_date INDIVIDUAL_DATE_OF_BIRTH", "10 too_long SECOND_NAME",
		"!11 too_long INDIVIDUAL", "!12 too_long INDIVIDUAL", "13 bad_document INDIVIDUAL_DOCUMENT"})
	if report.Skipped != 5 {
		t.Errorf("%d skipped", report.Skipped)
	}
	discreet(t, report, nil)
}
