package border_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"garita/border"
)

// docs/DATA.md names every field that an event can hold, so that nobody has to read code to
// know what is kept of a person.
func TestDataPageNamesEveryField(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "DATA.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	sections := map[string]any{"## Header": border.Header{}, "## Sealed: personal": border.Personal{},
		"## Sealed: protection": border.Protection{}, "## Sealed: hub": border.HubOnly{}, "## Attachments": border.Attachment{}}
	for heading, v := range sections {
		_, section, found := strings.Cut(page, heading+"\n")
		if !found {
			t.Errorf("no section %q", heading)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, f := range names(reflect.TypeOf(v)) {
			if !strings.Contains(section, "`"+f+"`") {
				t.Errorf("%s does not name %s", heading, f)
			}
		}
	}
	for _, typ := range []string{border.TypeEpochOpened, border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended,
		border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned, border.TypeGroupClosed,
		border.TypeShiftOpened, border.TypeShiftClosed, border.TypeCounterTaken,
		border.TypeBiometricsDegraded, border.TypeBiometricsRestored} {
		if !strings.Contains(page, "`"+typ+"`") {
			t.Errorf("the page does not name %s", typ)
		}
	}
}

// names lists the JSON names of a struct's fields.
func names(t reflect.Type) (out []string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}
