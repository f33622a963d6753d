package form_test

import (
	"os"
	"strings"
	"testing"

	"garita/border"
	"garita/border/form"
)

var faces = []form.Facts{
	{Direction: border.Entry, Nationality: "FRA", Age: 30, Identity: border.IdentityRead},
	{Direction: border.Entry, Nationality: "UTO", Age: 9, Group: "family"},
	{Direction: border.Exit, Nationality: "UTO", Age: 9, Responsible: true},
	{Direction: border.Entry, Nationality: "XXB", Age: -1, Identity: border.IdentityDeclared},
	{Direction: border.Exit, Category: "transit", Nationality: "DEU", Age: 65, Role: "driver", Post: "PCA"},
	{Direction: border.Entry, Role: "crew", Age: 17},
	{Direction: "\xff", Category: "\x00", Nationality: "<<<", Age: -1 << 62, Post: "*", Identity: "?", Role: "none", Group: "none"},
}

// FuzzParse: no bytes make Parse panic, and a form that it accepts keeps its promises.
func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("version = 1\n[[field]]\nname = \"x\"\n[lists]\na = [{}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		form, err := form.Parse(b)
		if err != nil {
			if c := border.CodeOf(err); c != border.Invalid && c != border.TooLarge {
				t.Fatalf("error %v", err)
			}
			return
		}
		if v := form.Version(); len(v) > 40 || !strings.HasPrefix(v, form.Country()+" ") {
			t.Fatalf("version %q", v)
		}
		for _, facts := range faces {
			defaults(t, form, facts)
			if form.Category(facts) == "" {
				t.Fatalf("%+v: no category", facts)
			}
		}
	})
}

// FuzzCheck gives the default form any values, "name=value" in lines: nothing panics, no
// message repeats a value, and what was recorded is accepted again and comes to the same.
func FuzzCheck(f *testing.F) {
	f.Add(0, "purpose=holiday\naddress=Hotel Amaurot\nresidence=fra\ndays_granted=90")
	f.Add(2, "relation=relative\naccompanied_by=Raphaela Nonsenso\ntransport_mode=road_bus\nplate=\xff\nrole=driver")
	f.Add(5, "vessel=\u202e\n=x\ncategory=crew\nnothing=1")
	standard := form.Default()
	f.Fuzz(func(t *testing.T, face int, text string) {
		facts := faces[uint(face)%uint(len(faces))]
		values := map[string]string{}
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, "=")
			values[name] = value
		}
		check(t, standard, facts, values)
	})
}
