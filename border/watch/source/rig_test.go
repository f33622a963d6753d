package source_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
)

// files makes a source from the texts of its files, name and text in turn.
func files(texts ...string) fstest.MapFS {
	m := make(fstest.MapFS)
	for pair := range slices.Chunk(texts, 2) {
		m[pair[0]] = &fstest.MapFile{Data: []byte(pair[1])}
	}
	return m
}

// read reads a source that must be readable.
func read(t testing.TB, kind source.Kind, f fstest.MapFS) ([]*watch.Entry, source.Report) {
	t.Helper()
	entries, report, err := try(t, kind, f, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return entries, report
}

func try(t testing.TB, kind source.Kind, f fstest.MapFS, o source.Options) (entries []*watch.Entry, report source.Report, err error) {
	t.Helper()
	report, err = source.Read(t.Context(), kind, f, o, func(e *watch.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if report.Entries != len(entries) {
		t.Errorf("the report counts %d entries of %d", report.Entries, len(entries))
	}
	total := 0
	for _, n := range report.Counts {
		total += n
	}
	if listed := len(report.Problems) + report.More; listed > total {
		t.Errorf("%d problems are listed, %d counted", listed, total)
	}
	if err != nil && border.MessageOf(err) == "" {
		t.Errorf("no plain words in %v", err)
	}
	return entries, report, err
}

// secrets is what no report and no error may repeat.
var secrets = []string{"UTOPIAN", "JANA", "1974", "D23145890"}

func discreet(t testing.TB, report source.Report, err error) {
	t.Helper()
	text := fmt.Sprint(report, err)
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%q is repeated: %s", s, text)
		}
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// problems gives "line code field" of each, "!" before it where the row was left out.
func problems(r source.Report) (list []string) {
	for _, p := range r.Problems {
		s := fmt.Sprint(p.Line, " ", p.Code)
		if p.Field != "" {
			s += " " + p.Field
		}
		if p.Skipped {
			s = "!" + s
		}
		list = append(list, s)
	}
	return list
}
