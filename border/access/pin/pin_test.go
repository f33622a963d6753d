package pin

import (
	"context"
	"strings"
	"testing"
	"time"

	"garita/border"
)

func TestJudge(t *testing.T) {
	for pin, badge := range map[string]string{
		"": "", "12345": "", "1234567890123": "", "12 456": "", "١٢٣٤٥٦": "", "24681a": "", "-24681": "",
		"000000": "", "121212": "", "1212121": "", "123123": "", "78907890": "",
		"123456": "", "987654": "", "8901234": "", "321098": "", "112233": "", "99887766": "",
		"111222": "", "122112": "",
		"471001": "1001", "100147": "1001", "294817": "X294817Y", "471182": "2811",
	} {
		if err := Judge(pin, badge); border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" {
			t.Errorf("%q for %q: %v", pin, badge, err)
		} else if pin != "" && strings.Contains(err.Error(), pin) {
			t.Errorf("the error repeats the PIN: %v", err)
		}
	}
	for pin, badge := range map[string]string{"246810": "1001", "294817": "", "83650917": "2001", "120984": "12", "471001": "B7"} {
		if err := Judge(pin, badge); err != nil {
			t.Errorf("%q for %q: %v", pin, badge, err)
		}
	}
}

func TestVerifier(t *testing.T) {
	ctx := context.Background()
	k := New(AtOnce, Wait)
	v, err := k.Make(ctx, "294817")
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.Make(ctx, "294817")
	if err != nil || again == v {
		t.Errorf("two verifiers of one PIN are the same, or %v", err)
	}
	for _, c := range []struct {
		verifier, pin string
		fits          bool
	}{
		{v, "294817", true}, {again, "294817", true}, {v, "294818", false}, {v, "", false},
		{"", "", false}, {"", "294817", false}, {Decoy, "294817", false}, {v[:len(v)-1], "294817", false}, {v + "$", "294817", false},
		{strings.Replace(v, "t=4", "t=04", 1), "294817", false}, {strings.Replace(v, "m=32768", "m=4294967295", 1), "294817", false},
	} {
		if fits, err := k.Check(ctx, c.verifier, c.pin); err != nil || fits != c.fits {
			t.Errorf("%q and %q: fits %v, %v", c.verifier, c.pin, fits, err)
		}
	}
	if _, ok := parse(Decoy); !ok {
		t.Error("the decoy is not a verifier")
	}
}

// Whoever comes while all slots are taken is told so after the deadline.
func TestQueue(t *testing.T) {
	k := New(1, 20*time.Millisecond)
	k.slots <- struct{}{}
	if _, err := k.Check(context.Background(), Decoy, "294817"); border.CodeOf(err) != border.TooMany {
		t.Errorf("the queue has no end: %v", err)
	}
	<-k.slots
	if _, err := k.Check(context.Background(), Decoy, "294817"); err != nil {
		t.Error(err)
	}
}

func TestRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		p := Random("1001")
		if err := Judge(p, "1001"); err != nil || len(p) != 8 {
			t.Errorf("%v", err)
		}
		seen[p] = true
	}
	if len(seen) < 199 {
		t.Errorf("of 200 random PINs %d differ", len(seen))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Decoy)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := parse(s); ok && (v.String() != s || v.memory > maxMemory || v.passes > maxPasses) {
			t.Errorf("%q was read as %v", s, v)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	k := New(AtOnce, Wait)
	for b.Loop() {
		if _, err := k.Check(b.Context(), Decoy, "294817"); err != nil {
			b.Fatal(err)
		}
	}
}
