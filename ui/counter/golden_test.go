package counter

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/ui"
	"garita/ui/layout"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

// TestGoldenPages renders every state of the screen, whole.
func TestGoldenPages(t *testing.T) {
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	fake := newFake()
	s := &screen{layout: l, cfg: Config{Service: fake}, codes: []string{"D", "QRU", "UTO"}}
	for name, v := range states() {
		t.Run(string(name), func(t *testing.T) {
			data, err := s.pageData(v, english)
			if err != nil {
				t.Fatal(err)
			}
			data.Counter, data.Counters = "1", []border.CounterID{"1", "2"}
			data.Specimens = []Specimen{{Label: "Passport, valid"}, {Label: "Passport, expired", Note: "since 2024"}}
			got, err := l.Fragment("body", data)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", string(name)+".html")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", d)
			}
		})
	}
}
