package profile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sensor returns a profile for a USB sensor with match rules, each of them lines of TOML.
func sensor(tb testing.TB, file, id string, rules ...string) *profile.Profile {
	tb.Helper()
	p, err := profile.Parse(file, sensorFile(id, rules...))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func sensorFile(id string, rules ...string) []byte {
	var b strings.Builder
	b.WriteString("schema = 1\nid = \"" + id + "\"\nname = \"Sensor\"\nkind = \"fingerprint\"\ndriver = \"uareu\"\nevidence = \"emulated\"\nevidence_source = \"a test\"\n")
	for _, r := range rules {
		b.WriteString("[[match]]\nbus = \"usb\"\nvid = 0x1234\npid = 0x0001\n" + r + "\n")
	}
	b.WriteString(`
[transport]
kind = "usb"
interface = 0
auto_detach = false
in = 0x82
events = 0x81
[timing]
reply_ms = 1000
retry_first_ms = 100
retry_max_ms = 1000
attempts = 3
[image]
width = 100
height = 100
dpi = 500
bits = 8
max_bytes = 20000
`)
	return []byte(b.String())
}

func setOf(tb testing.TB, list ...*profile.Profile) profile.Set {
	tb.Helper()
	s, err := profile.NewSet(list...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// The most specific rule wins, whatever the order of ids and rules.
func TestMatch(t *testing.T) {
	set := setOf(t,
		sensor(t, "a.toml", "a-plain", ""),
		sensor(t, "b.toml", "b-class", "interface_class = 255"),
		sensor(t, "c.toml", "c-release", `bcd_device = "01.00-01.99"`),
		sensor(t, "d.toml", "d-serial-pattern", `serial = "AB*"`),
		sensor(t, "e.toml", "e-serial", `serial = "AB12"`, `serial = "CD12"`),
	)
	for name, c := range map[string]struct {
		at   devices.Found
		want []string
	}{
		"plain":                   {devices.Found{BCDDevice: 0x0200}, []string{"a-plain"}},
		"class":                   {devices.Found{BCDDevice: 0x0200, Interfaces: []devices.Interface{{Class: 3}, {Class: 255}}}, []string{"b-class", "a-plain"}},
		"release over class":      {devices.Found{BCDDevice: 0x0103, Interfaces: []devices.Interface{{Class: 255}}}, []string{"c-release", "b-class", "a-plain"}},
		"end of the releases":     {devices.Found{BCDDevice: 0x0199}, []string{"c-release", "a-plain"}},
		"beyond the releases":     {devices.Found{BCDDevice: 0x0099}, []string{"a-plain"}},
		"serial pattern":          {devices.Found{BCDDevice: 0x0103, Serial: "AB99"}, []string{"d-serial-pattern", "c-release", "a-plain"}},
		"serial over its pattern": {devices.Found{BCDDevice: 0x0200, Serial: "AB12"}, []string{"e-serial", "d-serial-pattern", "a-plain"}},
		"second rule":             {devices.Found{BCDDevice: 0x0200, Serial: "CD12"}, []string{"e-serial", "a-plain"}},
		"other product":           {devices.Found{ProductID: 2}, nil},
		"other vendor":            {devices.Found{VendorID: 2}, nil},
		"not on USB":              {devices.Found{Bus: devices.BusSerial}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			at := c.at
			if at.Bus == "" {
				at.Bus = devices.BusUSB
			}
			if at.VendorID == 0 {
				at.VendorID = 0x1234
			}
			if at.ProductID == 0 {
				at.ProductID = 1
			}
			var got []string
			for _, f := range set.Match(at) {
				got = append(got, f.Profile.ID)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	at := devices.Found{Bus: devices.BusUSB, VendorID: 0x1234, ProductID: 1, BCDDevice: 0x0200, Serial: "CD12"}
	best := set.Match(at)[0]
	if want := `its USB id is 1234:0001, its serial number fits "CD12" (e.toml:13)`; best.Why != want || best.Rule != 2 {
		t.Errorf("rule %d: %s", best.Rule, best.Why)
	}
}

// Two rules that one device fits equally well are reported, and the choice between them
// does not depend on chance.
func TestTies(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		tie  bool
	}{
		"plain":                     {"", "", true},
		"plain and class":           {"", "interface_class = 255", false},
		"same class":                {"interface_class = 255", "interface_class = 255", true},
		"two classes":               {"interface_class = 255", "interface_class = 10", false},
		"releases apart":            {`bcd_device = "1.00-1.50"`, `bcd_device = "1.51-"`, false},
		"releases that overlap":     {`bcd_device = "1.00-1.50"`, `bcd_device = "1.50-"`, true},
		"serial patterns apart":     {`serial = "A*"`, `serial = "B*"`, false},
		"serial patterns that meet": {`serial = "A*"`, `serial = "*B"`, true},
		"serial and its pattern":    {`serial = "A*"`, `serial = "AB"`, false},
		"same serial":               {`serial = "AB"`, `serial = "AB"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			set := setOf(t, sensor(t, "z.toml", "z", c.a), sensor(t, "y.toml", "y", c.b))
			ties := set.Ties()
			if got := len(ties) > 0; got != c.tie {
				t.Fatalf("%v", ties)
			}
			if c.tie && !strings.HasPrefix(border.MessageOf(ties[0]), "y.toml:8:1: a device can fit this rule and, just as well, that of z (z.toml:8); add serial, ") {
				t.Error(border.MessageOf(ties[0]))
			}
		})
	}
	set := setOf(t, sensor(t, "z.toml", "z", ""), sensor(t, "y.toml", "y", ""))
	at := devices.Found{Bus: devices.BusUSB, VendorID: 0x1234, ProductID: 1}
	if got := set.Match(at); got[0].Profile.ID != "y" || !strings.HasSuffix(got[0].Why, "; z fits as well, and this one was taken because its id comes first in the alphabet") {
		t.Errorf("%s: %s", got[0].Profile.ID, got[0].Why)
	}
	local, faults := set.Replace(sensor(t, "local.toml", "zz", ""))
	if got := local.Match(at); got[0].Profile.ID != "zz" || !strings.HasSuffix(got[0].Why, "because it is a local profile") {
		t.Errorf("%s: %s", got[0].Profile.ID, got[0].Why)
	}
	if len(faults) != 3 || !strings.HasPrefix(border.MessageOf(faults[0]), "local.toml:8:1: ") {
		t.Errorf("%v", faults)
	}
}

// A serial number fits a pattern exactly when each piece between the stars stands in it,
// in order, the first at its beginning and the last at its end.
func TestSerialPatterns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[AB*]{0,6}[AB][AB*]{0,6}`).Draw(t, "pattern")
		serial := rapid.StringMatching(`[AB]{1,8}`).Draw(t, "serial")
		p, err := profile.Parse("f", sensorFile("p", `serial = "`+pattern+`"`))
		if err != nil {
			t.Fatal(err)
		}
		set, err := profile.NewSet(p)
		if err != nil {
			t.Fatal(err)
		}
		got := len(set.Match(devices.Found{Bus: devices.BusUSB, VendorID: 0x1234, ProductID: 1, Serial: serial})) > 0
		if want := fits(strings.Split(pattern, "*"), serial); got != want {
			t.Errorf("%q and %q: %t", pattern, serial, got)
		}
	})
}

func fits(pieces []string, s string) bool {
	if len(pieces) == 1 {
		return s == pieces[0]
	}
	s, ok := strings.CutPrefix(s, pieces[0])
	if !ok {
		return false
	}
	last := len(pieces) - 1
	for _, p := range pieces[1:last] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, pieces[last])
}

// A folder of local profiles adds and replaces; what is wrong with a file is told and stops
// nothing.
func TestLocalProfiles(t *testing.T) {
	embedded, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shipped, err := os.ReadFile("../../firmware-profiles/generic-framed-mrz.toml")
	if err != nil {
		t.Fatal(err)
	}
	write("new.toml", sensorFile("new", ""))
	write("new-again.toml", sensorFile("new", `serial = "A"`)) // the first by name, so new.toml is the second
	write("generic.toml", []byte(strings.Replace(string(shipped), "9600", "19200", 1)))
	write("broken.toml", []byte(strings.Replace(strings.Replace(string(shipped), "9600", "12345", 1), "generic-framed-mrz", "generic-framed-cr", 1)))
	write(".hidden.toml", []byte("nonsense"))
	write("notes.txt", []byte("nonsense"))
	if err := os.Mkdir(filepath.Join(dir, "folder.toml"), 0o700); err != nil {
		t.Fatal(err)
	}

	set, faults := embedded.With(dir)
	var got []string
	for _, f := range faults {
		got = append(got, strings.ReplaceAll(border.MessageOf(f), dir+"/", ""))
	}
	want := []string{
		"broken.toml:20:1: transport.baud is 12345; allowed are 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000",
		"folder.toml:1:1: this profile cannot be opened; check the path and the rights of the file",
		`new.toml:1:1: the profile new-again.toml has the id "new" too; give one of them another id`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	p, _ := set.Get("generic-framed-mrz")
	if p.Transport.Baud != 19200 || p.Source != filepath.Join(dir, "generic.toml") || !set.Local(p.ID) {
		t.Errorf("not replaced: %+v", p)
	}
	if p, _ := set.Get("generic-framed-cr"); p.Transport.Baud != 9600 || set.Local(p.ID) {
		t.Error("a faulty local profile has replaced a good one")
	}
	if _, ok := set.Get("new"); !ok || len(set.IDs()) != len(embedded.IDs())+1 {
		t.Errorf("%q", set.IDs())
	}
	if p, _ := embedded.Get("generic-framed-mrz"); p.Transport.Baud != 9600 || embedded.Local(p.ID) {
		t.Error("the set that was asked has changed")
	}

	if s, faults := embedded.With(""); len(faults) != 0 || len(s.IDs()) != len(embedded.IDs()) {
		t.Errorf("no folder: %v", faults)
	}
	if s, faults := embedded.With(filepath.Join(dir, "none")); len(faults) != 1 || border.CodeOf(faults[0]) != border.NotFound || len(s.IDs()) != len(embedded.IDs()) {
		t.Errorf("an absent folder: %v", faults)
	}
}
