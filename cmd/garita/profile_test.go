package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"garita/devices"
	"garita/devices/drivers/framed"
	"garita/devices/profile"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

// garita runs the tool with a command line.
func garita(t *testing.T, args ...string) (out, told string, err error) {
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
	err = k.Run(&world{out: &stdout, err: &stderr})
	return stdout.String(), stderr.String(), err
}

// manualProfile is the made-up reader that docs/SCANNERS.md shows.
func manualProfile(t *testing.T) string {
	t.Helper()
	manual, err := os.ReadFile("../../docs/SCANNERS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(manual), "   ```toml\n")
	block, _, closed := strings.Cut(rest, "   ```\n")
	if !found || !closed {
		t.Fatal("the manual has no example")
	}
	return regexp.MustCompile(`(?m)^   `).ReplaceAllString(block, "")
}

func folder(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A technician with nothing but the manual adds a reader that nobody has heard of.
func TestMadeUpReader(t *testing.T) {
	dir := folder(t, "ficta-7.toml", manualProfile(t))
	out, _, err := garita(t, "profile", "check", dir)
	if want := filepath.Join(dir, "ficta-7.toml") + ": ok (ficta-7, emulated)\n"; err != nil || out != want {
		t.Errorf("check: %v\n%s", err, out)
	}
	out, _, err = garita(t, "profile", "explain", "--vid", "1234", "--pid", "0x0007", "--profiles", dir, "--firmware", "2.21")
	if err != nil || !strings.HasPrefix(out, "The device gets ficta-7: its USB id is 1234:0007 ("+dir+"/ficta-7.toml:11).\n") ||
		!strings.Contains(out, "\nFirmware 2.21: known-bad. Firmware 2.21 is known to be faulty. Ask Ficta for firmware 2.31.\n") {
		t.Errorf("explain: %v\n%s", err, out)
	}
	out, _, err = garita(t, "profile", "udev", "--rules", "--profiles", dir)
	if err != nil || !strings.Contains(out, `SUBSYSTEM=="tty", ATTRS{idVendor}=="1234", ATTRS{idProduct}=="0007", GROUP="dialout"`) {
		t.Errorf("udev: %v\n%s", err, out)
	}
	out, _, err = garita(t, "profile", "list", "--profiles", dir)
	if err != nil || !regexp.MustCompile(`(?m)^ficta-7 +mrz +framed +serial +emulated +`+regexp.QuoteMeta(dir)).MatchString(out) {
		t.Errorf("list: %v\n%s", err, out)
	}
	out, _, err = garita(t, "profile", "show", "ficta-7", "--profiles", dir)
	if err != nil || out != manualProfile(t) {
		t.Errorf("show: %v\n%s", err, out)
	}
	p, err := profile.Load(filepath.Join(dir, "ficta-7.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Identify.Firmware([]byte("FICTA 7 V2.31\r")); got != "2.31" {
		t.Errorf("the firmware in its answer: %q", got)
	}
	lines := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	got := framed.NewDecoder(p.Framing).Feed([]byte("\x01"+strings.Join(lines, "\r")+"\r\x04"), 0)
	if d := cmp.Diff([]devices.Reading{{Lines: lines}}, got); d != "" {
		t.Errorf("its document: %s", d)
	}
}

// mistakes are ten that a technician makes in the manual's example: what stands there, what
// is written instead, and what the check must say after the file's name.
var mistakes = []struct{ name, right, wrong, want string }{
	{"a key misspelt", "baud      = 19200", "bauds     = 19200", `18:1: unknown key "transport.bauds"; write transport.baud, or remove it`},
	{"a speed that is not there", "19200", "19201", `18:1: transport.baud is 19201; allowed are 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, `},
	{"a text without quotes", `parity    = "none"`, `parity    = none`, `20:13: transport.parity has a value that is no TOML; write it like parity = "none"`},
	{"a start byte that documents hold", "start       = 0x01", "start       = 0x41", `32:1: framing.start is 0x41; it must be a byte that no document contains: 0x00 to 0x1F or 0x7F to 0xFF, `},
	{"a key of another framing", "end         = 0x04", "end = 0x04\nlength = 88", `34:1: framing.length has a meaning only with framing.kind = "raw-len"; remove it`},
	{"half a byte", `"1B 56"`, `"1B 5"`, `39:13: identify.send: bytes are written as hexadecimal pairs, like "16 4D 0D"; write it like send = "16 4D 0D"`},
	{"a pattern without its group", "(?P<firmware>[0-9.]+)", "([0-9.]+)", `40:1: identify.pattern has no group named firmware; write (?P<firmware>[0-9.]+) where the version stands`},
	{"a range from new to old", "2.20-2.22", "2.22-2.20", `42:14: identify.known_bad: a range is written from the older to the newer version: "1.2-1.5"; write it like known_bad = ["1.0-1.3"]`},
	{"a key forgotten", "idle_gap_ms = 400\n", "", `30:2: missing key framing.idle_gap_ms; add it, for example idle_gap_ms = 400`},
	{"a claim nobody may make", `"emulated"`, `"certified"`, `6:1: evidence is "certified"; allowed are "recorded", "emulated" or "field-verified"`},
}

func TestTenPlantedMistakes(t *testing.T) {
	right := manualProfile(t)
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			wrong := strings.Replace(right, m.right, m.wrong, 1)
			if wrong == right {
				t.Fatal("not planted")
			}
			file := filepath.Join(folder(t, "ficta-7.toml", wrong), "ficta-7.toml")
			out, _, err := garita(t, "profile", "check", file)
			if err == nil {
				t.Error("exits with 0")
			}
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(file+":"+m.want)).MatchString(out) {
				t.Errorf("got\n%swant\n%s:%s", out, file, m.want)
			}
		})
	}
}

// All ten at once are all found.
func TestTenMistakesInOneFile(t *testing.T) {
	wrong := manualProfile(t)
	for _, m := range mistakes {
		if m.right != "19200" { // the line was misspelt as a whole
			wrong = strings.Replace(wrong, m.right, m.wrong, 1)
		}
	}
	dir := folder(t, "ficta-7.toml", wrong)
	out, _, err := garita(t, "profile", "check", dir)
	if err == nil {
		t.Error("exits with 0")
	}
	golden(t, "profile-ten-mistakes", strings.ReplaceAll(out, dir+"/", ""))
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// What is said of a profile with every kind of key, of the profiles that ship, and of what
// is not there.
func TestProfileCommands(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"good-usb", "good-asks"} {
		text, err := os.ReadFile("../../devices/profile/testdata/" + name + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".toml"), bytes.Replace(text, []byte(`"x"`), []byte(`"`+name+`"`), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, args := range map[string][]string{
		"explain-sensor":  {"explain", "--vid", "1234", "--pid", "1", "--bcd", "1.03", "--class", "3", "--class", "255", "--serial", "AB7", "--firmware", "1.3"},
		"explain-reader":  {"explain", "good-asks"},
		"explain-none":    {"explain", "--vid", "ffff", "--pid", "ffff"},
		"explain-nothing": {"explain"},
		"show-none":       {"show", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			out, told, err := garita(t, append(append([]string{"profile"}, args...), "--profiles", dir)...)
			out = regexp.MustCompile(`SHA-256 [0-9a-f]{64}`).ReplaceAllString(strings.ReplaceAll(out, dir, "DIR"), "SHA-256 …")
			if told != "" {
				t.Errorf("told: %s", told)
			}
			if err != nil {
				out += fmt.Sprintf("error: %v\n", err)
			}
			golden(t, "profile-"+name, out)
		})
	}
	for _, args := range [][]string{{"--vid", "xyz", "--pid", "1"}, {"--vid", "12345", "--pid", "1"}, {"--vid", "1", "--pid", "1", "--bcd", "1.2.3"}, {"--vid", "1", "--pid", "1", "--class", "256"}, {"--vid", "1"}, {"honeywell-ocr", "--vid", "1", "--pid", "1"}} {
		if _, _, err := garita(t, append([]string{"profile", "explain"}, args...)...); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// Without a path the profiles that ship are checked; files are also held against each
// other, against those that ship, and against the file system.
func TestProfileCheck(t *testing.T) {
	out, _, err := garita(t, "profile", "check")
	if err != nil || strings.Count(out, ": ok (") < 7 {
		t.Errorf("%v\n%s", err, out)
	}
	out, _, err = garita(t, "profile", "check", "../../firmware-profiles")
	if err != nil || strings.Count(out, ": ok (") < 7 {
		t.Errorf("%v\n%s", err, out)
	}
	shipped, _, err := garita(t, "profile", "show", "digitalpersona-uareu-4000")
	if err != nil {
		t.Fatal(err)
	}
	mine := folder(t, "mine.toml", strings.Replace(shipped, "digitalpersona-uareu-4000", "mine", 1))
	out, _, err = garita(t, "profile", "check", mine)
	if err == nil || strings.Count(out, "mine.toml:14:1: a device can fit this rule and, just as well, that of digitalpersona-uareu-4000 (firmware-profiles/digitalpersona-uareu-4000.toml:14); add ") != 1 {
		t.Errorf("two for one device: %v\n%s", err, out)
	}
	again := folder(t, "again.toml", strings.Replace(shipped, "digitalpersona-uareu-4000", "mine", 1))
	out, _, err = garita(t, "profile", "check", mine, again)
	if err == nil || !strings.Contains(out, `again.toml:1:1: the profile `+filepath.Join(mine, "mine.toml")+` has the id "mine" too; `) {
		t.Errorf("one id twice: %v\n%s", err, out)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.toml")} {
		if out, _, err := garita(t, "profile", "check", path); err == nil || !strings.HasPrefix(out, path+":1:1: ") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// A faulty local profile is told of and stops no command.
func TestFaultyLocalProfile(t *testing.T) {
	dir := folder(t, "bad.toml", "schema = 2\n")
	out, told, err := garita(t, "profile", "list", "--profiles", dir)
	if err != nil || !strings.Contains(out, "generic-framed-mrz") || !strings.Contains(told, "bad.toml:1:1: schema is 2; allowed are 1\n") {
		t.Errorf("%v\n%s\n%s", err, out, told)
	}
}
