package profile_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

// Each testdata/*.toml has a golden file beside it: the faults that reading it must
// report, or "ok".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := "ok\n"
			if _, err := profile.Parse(filepath.Base(f), data); err != nil {
				if border.CodeOf(err) != border.Invalid {
					t.Errorf("code %s", border.CodeOf(err))
				}
				got = border.MessageOf(err) + "\n"
			}
			golden := strings.TrimSuffix(f, ".toml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEmbedded(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if len(set.IDs()) < 7 {
		t.Errorf("only %q", set.IDs())
	}
	p, ok := set.Get("generic-framed-mrz")
	if !ok {
		t.Fatal("not there")
	}
	data, err := os.ReadFile("../../firmware-profiles/generic-framed-mrz.toml")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if p.Hash != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not that of the file")
	}
	if p.Evidence != profile.Emulated {
		t.Error("the profile claims more than we know")
	}
	want := profile.Framing{Kind: profile.StxEtx, Start: 2, End: 3, IdleGapMS: 400, MaxBytes: 512}
	if d := cmp.Diff(want, p.Framing); d != "" {
		t.Error(d)
	}
}

func TestOneByteChangesTheHash(t *testing.T) {
	data, err := os.ReadFile("../../firmware-profiles/generic-framed-mrz.toml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := profile.Parse("a", data)
	if err != nil {
		t.Fatal(err)
	}
	b, err := profile.Parse("a", append(data, '\n'))
	if err != nil {
		t.Fatal(err)
	}
	if a.Hash == b.Hash {
		t.Error("same hash")
	}
}

func TestLoad(t *testing.T) {
	if _, err := profile.Load("../../firmware-profiles/generic-framed-mrz.toml"); err != nil {
		t.Error(err)
	}
	if _, err := profile.Load(filepath.Join(t.TempDir(), "none.toml")); border.CodeOf(err) != border.NotFound {
		t.Errorf("absent file: %v", err)
	}
	if _, err := profile.Load(t.TempDir()); border.CodeOf(err) != border.Unavailable {
		t.Errorf("a folder: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big.toml")
	if err := os.WriteFile(big, []byte(strings.Repeat("#", profile.MaxFileBytes+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Load(big); border.CodeOf(err) != border.TooLarge {
		t.Errorf("a large file: %v", err)
	}
}

func TestTwoProfilesOfOneID(t *testing.T) {
	p := &profile.Profile{ID: "x"}
	if _, err := profile.NewSet(p, p); border.CodeOf(err) != border.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestRetryGrowsToItsLimit(t *testing.T) {
	tm := profile.Timing{RetryFirstMS: 100, RetryMaxMS: 1000}
	var got []time.Duration
	for n := 1; n <= 6; n++ {
		got = append(got, tm.Retry(n)/time.Millisecond)
	}
	if d := cmp.Diff([]time.Duration{100, 200, 400, 800, 1000, 1000}, got); d != "" {
		t.Error(d)
	}
	if tm.Retry(1<<30) != time.Second {
		t.Error("not bounded")
	}
}

var placed = regexp.MustCompile(`^f:[0-9]+:[0-9]+: `)

// Any file is either a profile that can be used or an error with a place.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, n := range append(files, "../../firmware-profiles/generic-framed-mrz.toml") {
		data, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := profile.Parse("f", data)
		if err != nil {
			if m := border.MessageOf(err); !placed.MatchString(m) {
				t.Fatalf("an error without a place: %q", m)
			}
			return
		}
		within := func(n, low, high int) bool { return n >= low && n <= high }
		line := p.Transport.Kind == profile.Serial || p.Transport.Kind == profile.Wedge
		for what, ok := range map[string]bool{
			"read timeout": within(p.Timing.ReadTimeoutMS, 100, 1000) == line,
			"reply":        p.Timing.ReplyMS == 0 || within(p.Timing.ReplyMS, 20, 10000),
			"retries":      within(p.Timing.RetryFirstMS, 50, p.Timing.RetryMaxMS) && within(p.Timing.Attempts, 1, 20),
			"framing":      p.Driver != "framed" || within(p.Framing.MaxBytes, 96, 4096) && within(p.Framing.IdleGapMS, 100, 5000),
			"image":        within(p.Image.Width, 0, border.MaxFingerSide) && within(p.Image.Height, 0, border.MaxFingerSide) && within(p.Image.MaxBytes, 0, 8<<20),
			"finger":       p.Kind != profile.Fingerprint || p.Image.Width > 0 && p.Image.Height > 0 && p.Image.MaxBytes > 0,
			"endpoints":    (p.Transport.In != 0) == (p.Transport.Kind == profile.USB),
			"lists":        len(p.Match) <= 16 && len(p.Init) <= 16 && len(p.Rearm) <= 16 && len(p.Quirks) <= 16 && len(p.Identify.KnownBad) <= 32,
			"limits":       p.Kind != profile.MRZ || p.Limits.BadReadings > 0,
			"hash, source": len(p.Hash) == 64 && p.Source == "f",
			"a firmware":   p.Identify.Minimum == "" || p.Identify.Minimum.Valid(),
			"explanation":  len(p.Explain()) > 10,
		} {
			if !ok {
				t.Fatalf("%s: accepted %+v", what, p)
			}
		}
		p.For("1.2").Judge("1.2")
		p.Identify.Firmware([]byte("1.2"))
		set, err := profile.NewSet(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Match {
			set.Match(devices.Found{Bus: devices.BusUSB, VendorID: uint16(m.VID), ProductID: uint16(m.PID), Serial: m.Serial})
		}
	})
}

func TestManyFaultsAreCutShort(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "k%d = 1\n", i)
	}
	_, err := profile.Parse("f", []byte(b.String()))
	if n := strings.Count(border.MessageOf(err), "\n"); n != 20 || !strings.HasSuffix(border.MessageOf(err), "and 91 more") {
		t.Errorf("%d lines: %v", n+1, err)
	}
}

// A file that is full of one thing costs no more memory and time than another: a list is cut
// before its elements are compared with each other.
func TestLongLists(t *testing.T) {
	data, err := os.ReadFile("testdata/good-asks.toml")
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Repeat(`"1.0", `, 33)
	text := strings.Replace(string(data), "[identify]", "[identify]\nminimum = \"1.0\"\nadvice = \"x\"\nknown_bad = ["+bad+"]", 1) +
		strings.Repeat("\n[[match]]\nbus = \"usb\"\nvid = 1\npid = 1\nserial = \"A\"", 17)
	_, err = profile.Parse("f", []byte(text))
	if n := strings.Count(border.MessageOf(err), "\n"); n != 16 {
		t.Errorf("%d faults", n+1)
	}
	for _, want := range []string{
		"\nf:39:3: [[match]] stands there 17 times; at most 16 are allowed\n",
		"f:31:1: identify.known_bad has 33 values; at most 32 are allowed\n",
		"\nf:44:3: [[match]] number 2 is the same as number 1; remove it\n",
	} {
		if !strings.Contains(border.MessageOf(err), want) {
			t.Errorf("no %q in\n%s", want, border.MessageOf(err))
		}
	}
}

func TestTooManyKeys(t *testing.T) {
	for _, text := range []string{strings.Repeat("[[match]]\n", 601), "match = [" + strings.Repeat("{},", 601) + "]"} {
		_, err := profile.Parse("f", []byte(text))
		if !regexp.MustCompile(`^f:1:1: the file has 60[0-9] keys and tables; at most 600 are allowed`).MatchString(border.MessageOf(err)) {
			t.Error(err)
		}
	}
}
