package form_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/form"
)

var update = flag.Bool("form.update", false, "rewrite the expected part of testdata/*.golden; review the difference")

// TestGolden reads testdata/*.golden: lines that begin with # say what it shows, lines
// "fact: value" the facts, lines "field = value" the values; after a line ---- stand the
// fields asked, the problems, the record, and the header it makes.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	f := form.Default()
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(b), "----\n")
			facts, values := readInput(t, input)
			got := show(t, f, facts, values)
			if *update {
				if err := os.WriteFile(file, []byte(input+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
		})
	}
}

func readInput(t *testing.T, input string) (form.Facts, map[string]string) {
	facts, values := form.Facts{Age: -1}, map[string]string{}
	for l := range strings.Lines(input) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "#") {
			continue
		}
		if name, value, ok := strings.Cut(l, " ="); ok {
			values[name] = strings.TrimPrefix(value, " ")
			continue
		}
		name, value, _ := strings.Cut(l, ": ")
		switch name {
		case "direction":
			facts.Direction = value
		case "category":
			facts.Category = value
		case "nationality":
			facts.Nationality = value
		case "age":
			var err error
			if facts.Age, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		case "post":
			facts.Post = border.PostID(value)
		case "identity":
			facts.Identity = value
		case "role":
			facts.Role = value
		case "group":
			facts.Group = value
		case "responsible":
			facts.Responsible = value == "yes"
		default:
			t.Fatalf("no fact: %q", l)
		}
	}
	return facts, values
}

func show(t *testing.T, f *form.Form, facts form.Facts, values map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "category %s, refusable %v, minor %v\n", f.Category(facts), f.Refusable(facts), f.Minor(facts.Age))
	for _, d := range f.Fields(facts, values) {
		fmt.Fprintf(&b, "field %s %s", d.Name, d.Kind)
		if d.Kind == form.KindCode {
			fmt.Fprintf(&b, " of %d", len(d.Codes))
		}
		if d.Required {
			b.WriteString(" required")
		}
		if d.Carry {
			b.WriteString(" carry")
		}
		if d.Default != "" {
			fmt.Fprintf(&b, " default %s", d.Default)
		}
		b.WriteString("\n")
	}
	record, problems := f.Check(facts, values)
	for _, p := range problems {
		fmt.Fprintf(&b, "problem %s: %s\n", p.Field, p.Message)
	}
	answers, err := json.Marshal(record.Answers)
	if err != nil {
		t.Fatal(err)
	}
	var h border.Header
	record.Apply(&h)
	header, err := json.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	open := bytes.TrimPrefix(header, []byte(`{"type":"","post":"","occurred_at":"0001-01-01T00:00:00Z","clock":{"state":""}`))
	fmt.Fprintf(&b, "header %s\nanswers %s\n", open, answers)
	return b.String()
}
