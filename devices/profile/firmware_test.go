package profile_test

import (
	"testing"

	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestJudge(t *testing.T) {
	p := &profile.Profile{Identify: profile.Identify{Minimum: "1.17", KnownBad: []profile.Range{{From: "1.5", To: "1.6"}, {From: "2.0", To: "2.0.3"}},
		Advice: "Ask the maker for 2.1."}}
	for firmware, want := range map[string][2]string{
		"1.17":    {"ok"},
		"01.17":   {"ok"},
		"1.9":     {"below-minimum", "Firmware 1.9 is older than 1.17, the oldest that this profile is for. Ask the maker for 2.1."},
		"1.16.99": {"below-minimum", "Firmware 1.16.99 is older than 1.17, the oldest that this profile is for. Ask the maker for 2.1."},
		"1.5":     {"known-bad", "Firmware 1.5 is known to be faulty. Ask the maker for 2.1."},
		"2.0.3":   {"known-bad", "Firmware 2.0.3 is known to be faulty. Ask the maker for 2.1."},
		"2.0.4":   {"ok"},
		"":        {"unknown", "The device does not say which firmware it has, so it cannot be compared with what the profile asks for."},
		"beta":    {"unknown", "The device does not say which firmware it has, so it cannot be compared with what the profile asks for."},
	} {
		verdict, advice := p.Judge(firmware)
		if d := cmp.Diff(want, [2]string{string(verdict), advice}); d != "" {
			t.Errorf("%q: %s", firmware, d)
		}
	}
	if v, advice := new(profile.Profile).Judge(""); v != profile.FirmwareUnknown || advice != "" {
		t.Errorf("nothing is asked: %s %q", v, advice)
	}
	if v, _ := new(profile.Profile).Judge("1.0"); v != profile.FirmwareOK {
		t.Errorf("nothing is asked: %s", v)
	}
}

// Quirks hold for their firmware only, the later of two wins, and the profile itself, which
// others may be reading, does not change.
func TestFor(t *testing.T) {
	slow, slower, up, yes := 3000, 5000, "vertical", true
	p := &profile.Profile{Timing: profile.Timing{ReplyMS: 1000, RearmDelayMS: 7}, Init: []profile.Exchange{{Send: []byte{1}}},
		Quirks: []profile.Quirk{
			{Firmware: profile.Range{To: "1.5"}, ReplyMS: &slow, Flip: &up},
			{Firmware: profile.Range{From: "1.4", To: "1.6"}, ReplyMS: &slower, SkipInit: &yes, Invert: &yes},
		}}
	type changed struct {
		Reply, Rearm int
		Flip         string
		Invert, Init bool
	}
	for firmware, want := range map[string]changed{
		"1.0":  {3000, 7, "vertical", false, true},
		"1.5":  {5000, 7, "vertical", true, false},
		"1.6":  {5000, 7, "", true, false},
		"1.7":  {1000, 7, "", false, true},
		"":     {1000, 7, "", false, true},
		"beta": {1000, 7, "", false, true},
	} {
		q := p.For(firmware)
		got := changed{q.Timing.ReplyMS, q.Timing.RearmDelayMS, q.Image.Flip, q.Image.Invert, len(q.Init) > 0}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", firmware, d)
		}
	}
	if p.Timing.ReplyMS != 1000 || len(p.Init) != 1 || p.Image.Invert {
		t.Error("the profile has changed")
	}
}

func TestAnswers(t *testing.T) {
	id := profile.Identify{Pattern: `Rev\xA7(?P<firmware>[0-9.]+)`}
	if got := id.Firmware([]byte("boot\r\nRev\xa71.42\x06")); got != "1.42" {
		t.Errorf("%q", got)
	}
	for name, id := range map[string]profile.Identify{"no pattern": {}, "another answer": {Pattern: `(?P<firmware>[0-9]+)`}, "no group": {Pattern: `.`}, "no expression": {Pattern: `(`}} {
		if got := id.Firmware([]byte("none")); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if x := (profile.Exchange{Expect: `^\x06\xFF`}); !x.Answered([]byte{6, 255, 1}) || x.Answered([]byte{6, 6}) || x.Answered(nil) {
		t.Error("expect")
	}
	if !(profile.Exchange{}).Answered(nil) {
		t.Error("waits for nothing, and waits")
	}
}

func TestRelease(t *testing.T) {
	for bcd, want := range map[uint16]profile.Version{0x1041: "10.41", 0x0100: "1.00", 0x0009: "0.09", 0x9999: "99.99"} {
		if got := profile.Release(bcd); got != want {
			t.Errorf("%04x: %s", bcd, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint16().Draw(t, "a"), rapid.Uint16().Draw(t, "b")
		if !profile.Release(a).Valid() || a < b && profile.Release(a).Compare(profile.Release(b)) > 0 && digits(a) && digits(b) {
			t.Errorf("%04x is %s, %04x is %s", a, profile.Release(a), b, profile.Release(b))
		}
	})
}

func digits(bcd uint16) bool {
	for ; bcd > 0; bcd >>= 4 {
		if bcd&0xf > 9 {
			return false
		}
	}
	return true
}
