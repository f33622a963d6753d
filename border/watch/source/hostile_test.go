package source_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
)

// utf16le writes a text as UTF-16 with its byte order mark.
func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// A file that is not what it should be as a whole is an error, never a shorter list.
func TestHostileXML(t *testing.T) {
	person := individual("1", "<FIRST_NAME>JANA UTOPIAN</FIRST_NAME>")
	good := unHead + person + unTail
	bomb := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "UTOPIAN"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":            {"", source.ErrTruncated},
		"spaces":             {" \n ", source.ErrTruncated},
		"entity bomb":        {bomb + "<CONSOLIDATED_LIST><INDIVIDUALS>" + individual("1", "<FIRST_NAME>&c;</FIRST_NAME>") + "</INDIVIDUALS></CONSOLIDATED_LIST>", source.ErrForbidden},
		"external entity":    {`<?xml version="1.0"?><!DOCTYPE l SYSTEM "file:///etc/passwd"><CONSOLIDATED_LIST/>`, source.ErrForbidden},
		"DTD within":         {unHead + person + "<!DOCTYPE x>" + unTail, source.ErrForbidden},
		"unknown entity":     {strings.Replace(good, "JANA", "&jana;", 1), source.ErrForbidden},
		"deep":               {unHead + strings.Repeat("<A>", 100_000), source.ErrForbidden},
		"deep person":        {unHead + "<INDIVIDUAL>" + strings.Repeat("<A>", 40), source.ErrForbidden},
		"huge text":          {unHead + "<INDIVIDUAL><FIRST_NAME>" + strings.Repeat("UTOPIAN ", 300_000) + "</FIRST_NAME></INDIVIDUAL>" + unTail, source.ErrTooLarge},
		"huge tag":           {unHead + "<" + strings.Repeat("A", 2<<20) + "/>" + unTail, source.ErrTooLarge},
		"huge attribute":     {unHead + `<A b="` + strings.Repeat("A", 2<<20) + `"/>` + unTail, source.ErrTooLarge},
		"huge comment":       {unHead + "<!--" + strings.Repeat("A", 2<<20) + "-->" + unTail, source.ErrTooLarge},
		"UTF-16":             {utf16le(good), source.ErrEncoding},
		"UTF-16 without BOM": {utf16le(good)[2:], source.ErrEncoding},
		"declares another":   {strings.Replace(good, "UTF-8", "shift_jis", 1), source.ErrEncoding},
		"Latin-1 as UTF-8":   {strings.Replace(good, "JANA", "JAN\xc1", 1), source.ErrEncoding},
		"NUL":                {strings.Replace(good, "JANA", "JA\x00NA", 1), source.ErrFormat},
		"another root":       {"<sdnList></sdnList>", source.ErrFormat},
		"no individuals":     {"<CONSOLIDATED_LIST></CONSOLIDATED_LIST>", source.ErrFormat},
		"two roots":          {good + good, source.ErrFormat},
		"crossed":            {unHead + "<INDIVIDUAL><FIRST_NAME></INDIVIDUAL></FIRST_NAME>" + unTail, source.ErrFormat},
		"CSV":                {"entry,surname\n1,UTOPIAN\n", source.ErrFormat},
	} {
		_, report, err := try(t, source.UN, files("a.xml", c.text), source.Options{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		discreet(t, report, err)
	}
	// Cut anywhere, it is an error.
	for i := range len(good) - 1 {
		if _, _, err := try(t, source.UN, files("a.xml", good[:i]), source.Options{}); err == nil {
			t.Fatalf("cut at byte %d of %d: no error", i, len(good))
		}
	}
	if entries, _ := read(t, source.UN, files("a.xml", "\xef\xbb\xbf"+good)); len(entries) != 1 {
		t.Error("a byte order mark hides the list")
	}
	latin := strings.NewReplacer("UTF-8", "ISO-8859-1", "JANA", "ZO\xcb M\xdcLLER").Replace(good)
	if entries, _ := read(t, source.UN, files("a.xml", latin)); entries[0].Names[0].Full != "ZOË MÜLLER UTOPIAN" {
		t.Errorf("Latin-1 that says so: %q", entries[0].Names)
	}
}

func TestLimits(t *testing.T) {
	person := func(id string) string { return individual(id, "<FIRST_NAME>JANA UTOPIAN</FIRST_NAME>") }
	text := unHead + person("1") + person("2") + person("2") + person("2") + unTail
	if _, _, err := try(t, source.UN, files("a.xml", text), source.Options{MaxEntries: 1}); !errors.Is(err, source.ErrTooLarge) || border.CodeOf(err) != border.TooLarge {
		t.Errorf("too many entries: %v", err)
	}
	if _, _, err := try(t, source.UN, files("a.xml", text), source.Options{MaxBytes: int64(len(text)) - 1}); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	_, report, err := try(t, source.UN, files("a.xml", text), source.Options{MaxBytes: int64(len(text)), MaxEntries: 2, MaxProblems: 1})
	if err != nil || report.Entries != 2 || len(report.Problems) != 1 || report.More != 1 || report.Skipped != 2 || report.Bytes != int64(len(text)) {
		t.Errorf("just within the limits: %v %+v", err, report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = source.Read(ctx, source.UN, files("a.xml", text), source.Options{}, func(*watch.Entry) error { cancel(); return nil })
	if border.CodeOf(err) != border.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	full := errors.New("full")
	if _, err = source.Read(t.Context(), source.UN, files("a.xml", text), source.Options{}, func(*watch.Entry) error { return full }); !errors.Is(err, full) {
		t.Errorf("emit's error: %v", err)
	}
	if _, err = source.Read(t.Context(), "xls", files("a.xml", text), source.Options{}, nil); border.CodeOf(err) != border.Invalid {
		t.Errorf("unknown kind: %v", err)
	}
	if _, err = source.Read(t.Context(), source.UN, files(), source.Options{}, nil); !errors.Is(err, source.ErrFormat) {
		t.Errorf("no file: %v", err)
	}
}

// The terms of a source are those of each entry that does not say otherwise.
func TestTerms(t *testing.T) {
	o := source.Options{Source: "council", Terms: source.Terms{Handling: watch.Silent, Applies: watch.AppliesExit, Distribution: watch.HubOnly,
		HighRisk: true, Urgent: true, Action: "detain", Instruction: map[string]string{"es": "Espere."}, LegalBasis: "Act 1", Purpose: "sanctions", Owner: "Desk"}}
	entries, _, err := try(t, source.UN, files("a.xml", unHead+individual("1", "<FIRST_NAME>JANA</FIRST_NAME>")+unTail), o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, entries, []*watch.Entry{{Source: "council", ID: "1", Names: []watch.Name{{Full: "JANA", Quality: watch.Primary}},
		Handling: watch.Silent, Applies: watch.AppliesExit, Distribution: watch.HubOnly, HighRisk: true, Urgent: true, Action: "detain",
		Instruction: map[string]string{"es": "Espere."}, LegalBasis: "Act 1", Purpose: "sanctions", Owner: "Desk"}})
}
