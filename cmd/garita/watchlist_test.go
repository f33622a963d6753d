package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/border/watch/trial"
)

// garitaReads runs the tool with a command line and a standard input.
func garitaReads(t *testing.T, in string, args ...string) (out, told string, err error) {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("garita"), kong.BindTo(t.Context(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	k, err := parser.Parse(args)
	if err != nil {
		return "", "", err
	}
	var stdout, stderr bytes.Buffer
	now := bordertest.Start
	err = k.Run(&world{in: strings.NewReader(in), out: &stdout, err: &stderr, now: func() time.Time {
		now = now.Add(3 * time.Microsecond)
		return now
	}})
	return stdout.String(), stderr.String(), err
}

// The people of Utopia who are wanted there.
var wanted = []watch.Entry{
	{Source: "court", ID: "1", Names: []watch.Name{{Surname: "Utopian-Ficta", GivenNames: "Lina Mora", Quality: watch.Primary}, {Full: "Lina Ficta"}},
		BirthDates: []string{"1974-08-12"}, Sex: "F", Nationalities: []string{"UTO"}, Handling: watch.Open,
		Documents: []watch.Document{{Issuer: "UTO", Type: "P", Number: "L898902C3"}}},
	{Source: "court", ID: "2", Names: []watch.Name{{Surname: "Nowhereman", GivenNames: "Tomas", Quality: watch.Primary}},
		BirthDates: []string{"1980-XX-XX"}, Handling: watch.Refer},
	{Source: "police", ID: "7", Names: []watch.Name{{Surname: "Quixada", GivenNames: "Alonso", Quality: watch.Primary}}, Handling: watch.Silent},
}

// listOf builds a list of entries and gives its path.
func listOf(t *testing.T, entries ...watch.Entry) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "entries.jsonl")
	if err := trial.WriteFile(path, entries); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "a.list")
	if out, told, err := garitaReads(t, "", "watchlist", "build", "--source", "court:entries="+path, "--out", list); err != nil || out != "" || !strings.Contains(told, "court: ") {
		t.Fatalf("build: %v\n%s%s", err, out, told)
	}
	return list
}

const (
	lina  = `{"id":"q1","surname":"UTOPIAN FICTA","given_names":"LINA MORA","birth_date":"1974-08-12","sex":"F","nationality":"UTO"}`
	tomas = `{"id":"q2","surname":"NOWHEREMAN","given_names":"TOMAS","birth_date":"1980-03-XX"}`
	other = `{"id":"q3","surname":"SCHMIDT","given_names":"PETER","birth_date":"1999-01-01","sex":"M","nationality":"D"}`
)

func TestWatchlistScreen(t *testing.T) {
	list := listOf(t, wanted...)
	out, _, err := garitaReads(t, lina+"\n\n"+tomas+"\n"+other+"\n", "watchlist", "screen", "--list", list)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for i, want := range []struct{ id, source, entry string }{{"q1", "court", "1"}, {"q2", "court", "2"}, {"q3", "", ""}} {
		var a trial.Answer
		if err := json.Unmarshal([]byte(lines[i]), &a); err != nil || a.ID != want.id || a.Latency != 3 {
			t.Errorf("%v: %s", err, lines[i])
		}
		switch {
		case want.source == "":
			if lines[i] != `{"id":"q3","hits":[],"latency_us":3}` {
				t.Errorf("no hit: %s", lines[i])
			}
		case len(a.Hits) == 0 || a.Hits[0].Source != want.source || a.Hits[0].Entry != want.entry || a.Hits[0].Score <= 0.5:
			t.Errorf("%s: %s", want.id, lines[i])
		}
	}
	out, _, err = garitaReads(t, lina, "watchlist", "screen", "--list", list, "--min-score", "1.1")
	if err != nil || out != `{"id":"q1","hits":[],"latency_us":3}`+"\n" {
		t.Errorf("--min-score: %v, %s", err, out)
	}
	_, _, err = garitaReads(t, lina+"\nno JSON, LINA", "watchlist", "screen", "--list", list)
	if m := border.MessageOf(err); !strings.Contains(m, "Line 2 ") || strings.Contains(m, "LINA") {
		t.Errorf("a bad line: %v", err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), "watchlist_test.go", t.TempDir()} {
		if _, _, err := garitaReads(t, lina, "watchlist", "screen", "--list", path); err == nil || border.MessageOf(err) == "" {
			t.Errorf("%s is no list: %v", path, err)
		}
	}
}

func TestWatchlistExplain(t *testing.T) {
	list := listOf(t, wanted...)
	out, _, err := garitaReads(t, lina+"\n"+other, "watchlist", "explain", "--list", list)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"q1: court/1, ", " likely\n", "  name: ", "  birth date: ", "before any field\n", "q3: no hit\n"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in\n%s", part, out)
		}
	}
	out, _, err = garitaReads(t, other, "watchlist", "explain", "--list", list, "--entry", "police/7")
	if err != nil || !strings.HasPrefix(out, "q3: police/7") {
		t.Errorf("one entry: %v\n%s", err, out)
	}
	for _, entry := range []string{"police/8", "police"} {
		if _, _, err = garitaReads(t, other, "watchlist", "explain", "--list", list, "--entry", entry); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

func TestWatchlistInfoAndDiff(t *testing.T) {
	before := listOf(t, wanted...)
	out, _, err := garitaReads(t, "", "watchlist", "info", before)
	if err != nil || !strings.HasPrefix(out, "3 entries, 4 names, 2 entries with a date of birth, 1 document\nhandling: 1 open, 1 refer, 1 silent\n") {
		t.Errorf("info: %v\n%s", err, out)
	}
	changed := []watch.Entry{wanted[0], wanted[1], {Source: "court", ID: "9", Names: wanted[1].Names, Handling: watch.Open}}
	changed[0].Owner = "the court"
	changed[1].BirthDates = []string{"1980-03-XX"}
	after := listOf(t, changed...)
	out, _, err = garitaReads(t, "", "watchlist", "diff", before, after)
	want := "- police/7\n+ court/9\n~ court/1: owner\n~ court/2: birth_dates (another identity)\n1 added, 1 removed, 2 changed; 3 entries before, 3 now\n"
	if diff := cmp.Diff(want, out); err != nil || diff != "" {
		t.Errorf("diff: %v\n%s", err, diff)
	}
	if out, _, err = garitaReads(t, "", "watchlist", "diff", "--no-keys", before, before); err != nil || out != "0 added, 0 removed, 0 changed; 3 entries before, 3 now\n" {
		t.Errorf("no difference: %v\n%s", err, out)
	}
}

func TestWatchlistBuild(t *testing.T) {
	list := listOf(t, wanted...)
	first, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(listOf(t, wanted[2], wanted[0], wanted[1]))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same entries in another order make another list: %v", err)
	}
	entries := filepath.Join(filepath.Dir(list), "entries.jsonl")
	for _, args := range [][]string{
		{"--source", "entries", "--out", list},
		{"--source", "entries=", "--out", list},
		{"--source", "parquet=" + entries, "--out", list},
		{"--source", "Court:entries=" + entries, "--out", list},
		{"--source", "a:entries=" + entries, "--source", "a:entries=" + entries, "--out", list},
		{"--source", "a:entries=" + entries, "--source", "b:entries=" + entries, "--out", list}, // ids twice
		{"--source", "a:entries=" + list, "--out", list},
		{"--source", "a:entries=" + entries + "x", "--out", list},
		{"--source", "a:entries=" + entries, "--out", filepath.Join(list, "x")},
		{"--source", "a:entries=" + entries, "--out", list, "--name", "No Name"},
		{"--out", list},
	} {
		if _, _, err := garitaReads(t, "", append([]string{"watchlist", "build"}, args...)...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if third, err := os.ReadFile(list); err != nil || !bytes.Equal(first, third) {
		t.Errorf("what failed changed the list: %v", err)
	}
}

// A list made from the template, with documents beside it, is a folder.
func TestWatchlistSources(t *testing.T) {
	dir := t.TempDir()
	template, _, err := garitaReads(t, "", "watchlist", "template")
	if err != nil {
		t.Fatal(err)
	}
	national, stolen := filepath.Join(dir, "national.csv"), filepath.Join(dir, "stolen.csv")
	documents := "issuer,type,number,reason\nUTO,P,L898902C3,stolen\nUTO,P,,lost\nUTO,I,D23145890,lost\n"
	if os.WriteFile(national, []byte(template), 0o600) != nil || os.WriteFile(stolen, []byte(documents), 0o600) != nil {
		t.Fatal("cannot write")
	}
	out, _, err := garitaReads(t, "", "watchlist", "import", "court:csv="+national)
	if err != nil || !strings.HasPrefix(out, "court: ") || strings.HasPrefix(out, "court: 0") {
		t.Errorf("import: %v\n%s", err, out)
	}
	out, _, err = garitaReads(t, "", "watchlist", "import", "documents="+stolen)
	if err != nil || !strings.HasPrefix(out, "documents: 2 entries\n") || !strings.Contains(out, "stolen.csv:3: ") || !strings.Contains(out, ", skipped\n") {
		t.Errorf("import of documents: %v\n%s", err, out)
	}
	out, _, err = garitaReads(t, "", "watchlist", "import", "--json", "documents="+stolen)
	var report source.Report
	if err != nil || json.Unmarshal([]byte(out), &report) != nil || report.Entries != 2 || report.Skipped != 1 {
		t.Errorf("import --json: %v\n%s", err, out)
	}
	list := filepath.Join(dir, "list")
	if _, told, err := garitaReads(t, "", "watchlist", "build", "--source", "court:csv="+national, "--source", "documents="+stolen, "--out", list); err != nil {
		t.Fatalf("build: %v\n%s", err, told)
	}
	holder := func(number string) string {
		return `{"id":"1","surname":"SCHMIDT","document":{"issuer":"UTO","type":"P","number":"` + number + `"}}`
	}
	out, _, err = garitaReads(t, holder("L898902C3")+"\n"+holder("L898902C4"), "watchlist", "screen", "--list", list)
	if want := `{"id":"1","hits":[],"latency_us":3,"documents":"unconfirmed"}` + "\n" + `{"id":"1","hits":[],"latency_us":3}` + "\n"; err != nil || out != want {
		t.Errorf("screen: %v\n%s", err, out)
	}
	if out, _, err = garitaReads(t, "", "watchlist", "info", list); err != nil || !strings.Contains(out, "document filter: 2 documents") {
		t.Errorf("info: %v\n%s", err, out)
	}
	if _, _, err := garitaReads(t, "", "watchlist", "import", "un="+national); err == nil {
		t.Error("a CSV file passes for the United Nations' list")
	}
	if err := os.Remove(filepath.Join(list, keyFile)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := garitaReads(t, "", "watchlist", "info", list); border.CodeOf(err) != border.Invalid {
		t.Errorf("without its key: %v", err)
	}
}

func TestWatchlistSignAndVerify(t *testing.T) {
	list := listOf(t, wanted...)
	key := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	listKey, signer := key("list.key", strings.Repeat("0a", 32)+"\n"), key("signer.key", strings.Repeat("0b", 32))
	out, _, err := garitaReads(t, "", "watchlist", "sign", list, "--list-key", listKey, "--signer", signer)
	public, ok := strings.CutPrefix(strings.TrimSpace(out), "public key ")
	if err != nil || !ok {
		t.Fatalf("sign: %v\n%s", err, out)
	}
	for _, public := range []string{public, key("public", public)} {
		out, _, err := garitaReads(t, "", "watchlist", "verify", list, "--public", public)
		if err != nil || !strings.HasPrefix(out, "ok: list national, version 1, 3 entries, valid until ") {
			t.Errorf("verify: %v\n%s", err, out)
		}
	}
	sealed, err := os.ReadFile(list + ".sealed")
	if err != nil || bytes.Contains(sealed, []byte("Nowhereman")) {
		t.Errorf("the sealed list is not sealed: %v", err)
	}
	second := filepath.Join(t.TempDir(), "second.manifest")
	manifest, err := os.ReadFile(list + ".manifest")
	if err != nil || os.WriteFile(second, manifest, 0o600) != nil {
		t.Fatal(err)
	}
	if _, _, err := garitaReads(t, "", "watchlist", "sign", list, "--list-key", listKey, "--signer", signer, "--version", "2", "--after", second); err != nil {
		t.Errorf("version 2: %v", err)
	}
	if out, _, err := garitaReads(t, "", "watchlist", "verify", list, "--public", public); err != nil || !strings.Contains(out, "version 2") {
		t.Errorf("version 2: %v\n%s", err, out)
	}
	for _, args := range [][]string{
		{"--list-key", key("short", "0a"), "--signer", signer},
		{"--list-key", key("no hex", strings.Repeat("x", 64)), "--signer", signer},
		{"--list-key", listKey, "--signer", signer, "--version", "2"},
		{"--list-key", listKey, "--signer", signer, "--version", "3", "--after", second},
	} {
		if _, _, err := garitaReads(t, "", append([]string{"watchlist", "sign", list}, args...)...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if _, _, err := garitaReads(t, "", "watchlist", "verify", list, "--public", strings.Repeat("0c", 32)); border.CodeOf(err) != border.Forbidden {
		t.Errorf("another's key: %v", err)
	}
	sealed[len(sealed)/2] ^= 1
	if err := os.WriteFile(list+".sealed", sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := garitaReads(t, "", "watchlist", "verify", list, "--public", public); border.CodeOf(err) != border.Forbidden {
		t.Errorf("one bit changed: %v", err)
	}
}

// A set made from a list can be built, screened, scored and drawn.
func TestWatchlistTrial(t *testing.T) {
	dir := t.TempDir()
	var entries []watch.Entry
	for _, surname := range strings.Fields("FICTA UTOPIAN NOWHEREMAN QUIXADA BORGES MORALIA EREWHONE LAPUTAN BROBDIN LILLIPUT") {
		for _, given := range []string{"LINA MORA", "TOMAS", "ALONSO BENITO", "IRENE"} {
			entries = append(entries, watch.Entry{Source: "court", ID: surname + given[:2], BirthDates: []string{"1974-08-12"}, Sex: "F", Nationalities: []string{"UTO"}, Handling: watch.Refer,
				Names: []watch.Name{{Surname: surname, GivenNames: given, Quality: watch.Primary}, {Surname: surname + "A", GivenNames: given}}})
		}
	}
	if err := trial.WriteFile(filepath.Join(dir, "entries.jsonl"), entries); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(dir, "set")
	out, _, err := garitaReads(t, "", "watchlist", "trial", "--lists", dir, "--out", set, "--seed", "4", "--positives", "30", "--negatives", "300")
	if err != nil || !strings.HasPrefix(out, "seed 4: 30 listed persons of 40 ") {
		t.Fatalf("trial: %v\n%s", err, out)
	}
	list, hits := filepath.Join(dir, "a.list"), filepath.Join(dir, "hits.jsonl")
	if _, _, err := garitaReads(t, "", "watchlist", "build", "--source", "court:entries="+filepath.Join(set, "entries.jsonl"), "--out", list); err != nil {
		t.Fatal(err)
	}
	queries, err := os.ReadFile(filepath.Join(set, "queries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	answers, _, err := garitaReads(t, string(queries), "watchlist", "screen", "--list", list)
	if err != nil || os.WriteFile(hits, []byte(answers), 0o600) != nil {
		t.Fatal(err)
	}
	out, _, err = garitaReads(t, "", "watchlist", "score", "--truth", filepath.Join(set, "truth.jsonl"), "--hits", hits, "--json")
	var results map[string]*trial.Result
	if err != nil || json.Unmarshal([]byte(out), &results) != nil || results["with_dob"].At(0.05).Recall < 0.5 {
		t.Errorf("score: %v\n%s", err, out)
	}
	out, _, err = garitaReads(t, "", "watchlist", "calibrate", "--data", set, "--label", "Utopia", "--out", filepath.Join(dir, "plot"))
	if err != nil || !strings.HasPrefix(out, "Utopia: ") {
		t.Errorf("calibrate: %v\n%s", err, out)
	}
	for _, name := range []string{"plot-recall.svg", "plot-calibration.svg"} {
		svg, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasPrefix(string(svg), "<svg ") || !strings.Contains(string(svg), "Utopia, name only") || strings.Contains(string(svg), "NaN") {
			t.Errorf("%s: %v\n%.200s", name, err, svg)
		}
	}
	if _, _, err := garitaReads(t, "", "watchlist", "trial", "--lists", t.TempDir(), "--out", set); border.CodeOf(err) != border.NotFound {
		t.Errorf("no lists: %v", err)
	}
}
