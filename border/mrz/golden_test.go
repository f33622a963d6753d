package mrz_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border/mrz"
)

var update = flag.Bool("mrz.update", false, "rewrite the expected part of testdata/*.golden; review the difference")

// TestGolden reads testdata/*.golden: lines that begin with # say what it shows, one line
// gives today, the zone follows, and after a line ---- the document as JSON or
// "error: code".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(b), "----\n")
			var lines []string
			today := time.Time{}
			for l := range strings.Lines(input) {
				l = strings.TrimSuffix(l, "\n")
				if day, ok := strings.CutPrefix(l, "today "); ok {
					if today, err = time.Parse(time.DateOnly, day); err != nil {
						t.Fatal(err)
					}
				} else if !strings.HasPrefix(l, "#") {
					lines = append(lines, l)
				}
			}
			var got string
			if d, err := mrz.Parse(lines, today); err != nil {
				got = "error: " + mrz.CodeOf(err) + "\n"
			} else {
				var out bytes.Buffer
				e := json.NewEncoder(&out)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				if err := e.Encode(d); err != nil {
					t.Fatal(err)
				}
				got = out.String()
			}
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
