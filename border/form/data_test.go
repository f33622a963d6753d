package form

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// docs/DATA.md names every field of the form that ships with the program.
func TestDataPageNamesEveryField(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "DATA.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(b), "## Fields of the form\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, f := range Default().fields {
		if !strings.Contains(section, "`"+f.name+"`") {
			t.Errorf("docs/DATA.md does not name the field %s", f.name)
		}
	}
}

// A need for protection stands in its own sealed part alone: no ground, reason, category or
// relation of any other list may say it in another way.
func TestNoListNamesANeed(t *testing.T) {
	f := Default()
	for name, list := range f.lists {
		if name == "needs" || name == "recipients" { // whom a person was handed over to is sealed with the need
			continue
		}
		for _, c := range list {
			if slices.ContainsFunc([]string{"protection", "asylum", "alone", "unaccompanied", "traffick", "violence", "help"}, func(w string) bool {
				return strings.Contains(strings.ToLower(c.Code+" "+c.Label), w)
			}) {
				t.Errorf("list %s: %s (%s) says that somebody needs protection", name, c.Code, c.Label)
			}
		}
	}
}
