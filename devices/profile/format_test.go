package profile

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of keys and the struct that the decoder fills are one format.
func TestEveryKeyIsInTheTable(t *testing.T) {
	var fields []string
	var walk func(string, reflect.Type)
	walk = func(table string, s reflect.Type) {
		for i := range s.NumField() {
			name := s.Field(i).Tag.Get("toml")
			if name == "-" {
				continue
			}
			typ := s.Field(i).Type
			if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct && typ.Elem() != reflect.TypeFor[Range]() {
				fields, typ = append(fields, join(table, name)), typ.Elem()
			}
			if typ.Kind() == reflect.Struct && typ != reflect.TypeFor[Range]() {
				walk(join(table, name), typ)
			} else {
				fields = append(fields, join(table, name))
			}
		}
	}
	walk("", reflect.TypeFor[Profile]())
	var table []string
	for _, k := range keys {
		table = append(table, k.path)
	}
	slices.Sort(fields)
	slices.Sort(table)
	if d := cmp.Diff(fields, table); d != "" {
		t.Error(d)
	}
}

// What an error message tells people to write is right.
func TestExamplesAreAllowed(t *testing.T) {
	for _, k := range keys {
		if k.list() {
			continue
		}
		table, name, nested := strings.Cut(k.path, ".")
		file := k.path + " = " + k.example
		if nested {
			file = header(table) + "\n" + name + " = " + k.example
		}
		p, _, _, faults := decode([]byte(file))
		if len(faults) > 0 {
			t.Errorf("%s: %v", k.path, faults)
			continue
		}
		if k.allowed != nil {
			if wrong := k.allowed(instances(p)[k.path][0].value); wrong != "" {
				t.Errorf("%s: the example %s", k.path, wrong)
			}
		}
		if needed, _, _ := k.presence.need(p, nil); k.path == "self_test" && needed != optional {
			t.Error("a self-test is needed")
		}
	}
}

// The manual names every key, and every driver.
func TestManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/SCANNERS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if !regexp.MustCompile("`" + regexp.QuoteMeta(k.path) + "`|`\\[\\[" + regexp.QuoteMeta(k.path) + "\\]\\]`").Match(manual) {
			t.Errorf("docs/SCANNERS.md does not explain `%s`", k.path)
		}
	}
	set, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range set.IDs() {
		p, _ := set.Get(id)
		row := regexp.MustCompile("(?m)^\\| `" + id + "` \\|.*\\| `" + string(p.Evidence) + "` \\|$")
		if !row.Match(manual) {
			t.Errorf("docs/SCANNERS.md does not list %s as %s", id, p.Evidence)
		}
	}
	for name := range families {
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/SCANNERS.md does not name the driver %s", name)
		}
	}
}

func FuzzHex(f *testing.F) {
	f.Add("16 4D 0D")
	f.Add("164d\t0d")
	f.Add(strings.Repeat("00", MaxHexBytes+1))
	f.Fuzz(func(t *testing.T, s string) {
		var h, again Hex
		if h.UnmarshalText([]byte(s)) != nil {
			return
		}
		text, err := h.MarshalText()
		if err != nil || len(h) > MaxHexBytes || again.UnmarshalText(text) != nil || string(h) != string(again) {
			t.Errorf("%q became % X, then %q, then % X", s, []byte(h), text, []byte(again))
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"1.2-1.5", "1.2-", "-1.5", "1.2", "-", "", "2-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r, again Range
		if r.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%q became %+v, then %q, then %+v", s, r, r.String(), again)
		}
		if !r.overlaps(r) || !r.overlaps(Range{}) || r.From != "" && !r.Contains(r.From) || r.To != "" && !r.Contains(r.To) {
			t.Errorf("%q does not hold its ends", s)
		}
	})
}
