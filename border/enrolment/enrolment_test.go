package enrolment_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border"
	"garita/border/enrolment"
)

const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func drawn(t *rapid.T) enrolment.Code {
	c, err := enrolment.NewCode(rand.NewChaCha8([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A code is read as people type it.
func TestCodeTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		if len(c) != 30 || strings.Trim(string(c), symbols) != "" || !enrolment.ValidID(c.ID()) || strings.Count(c.String(), "-") != 5 {
			t.Fatalf("%s", c)
		}
		typed := c.String()
		if rapid.Bool().Draw(t, "small letters") {
			typed = strings.ToLower(typed)
		}
		if rapid.Bool().Draw(t, "letters for digits") {
			typed = strings.NewReplacer("0", "o", "1", rapid.SampledFrom([]string{"i", "L", "l", "I"}).Draw(t, "one")).Replace(typed)
		}
		typed = strings.ReplaceAll(typed, "-", rapid.SampledFrom([]string{"", " ", "-", " - ", "–", "\u00a0", "\n"}).Draw(t, "between"))
		got, err := enrolment.ParseCode(" " + typed + " ")
		if err != nil || got != c {
			t.Fatalf("%q: %s, %v", typed, got, err)
		}
	})
}

// Any one symbol that is another, and any two that have changed places, are found.
func TestCodeMistyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := []byte(drawn(t))
		at := rapid.IntRange(0, len(c)-1)
		if rapid.Bool().Draw(t, "two change places") {
			i, j := at.Draw(t, "i"), at.Draw(t, "j")
			if c[i] == c[j] {
				return
			}
			c[i], c[j] = c[j], c[i]
		} else {
			i, s := at.Draw(t, "i"), rapid.SampledFrom([]byte(symbols)).Draw(t, "symbol")
			if c[i] == s {
				return
			}
			c[i] = s
		}
		if _, err := enrolment.ParseCode(string(c)); border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" {
			t.Fatalf("%s: %v", c, err)
		}
	})
}

// Codes are as many as 145 bits allow, and both ends derive the same from one.
func TestCodeKey(t *testing.T) {
	seen := make(map[enrolment.Code]bool)
	for range 1000 {
		c, err := enrolment.NewCode(nil)
		if err != nil || seen[c] {
			t.Fatalf("%s twice, or %v", c, err)
		}
		seen[c] = true
	}
	a, _ := enrolment.NewCode(nil)
	again, err := enrolment.ParseCode(strings.ToLower(a.String()))
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := a.Key()
	two, err2 := again.Key()
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) || len(one) != 32 {
		t.Error("the two ends derive different keys")
	}
	b, _ := enrolment.NewCode(nil)
	if other, _ := b.Key(); bytes.Equal(one, other) {
		t.Error("two codes, one key")
	}
}

func FuzzParseCode(f *testing.F) {
	c, err := enrolment.NewCode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.String())
	f.Add(strings.Repeat("-", 200))
	f.Add("\xff\u0130\u017f")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := enrolment.ParseCode(s)
		if err != nil {
			if border.CodeOf(err) != border.Invalid || c != "" {
				t.Errorf("%q: %q, %v", s, c, err)
			}
			return
		}
		if again, err := enrolment.ParseCode(c.String()); err != nil || again != c {
			t.Errorf("%q is read as %s, which is read as %s, %v", s, c, again, err)
		}
	})
}

func request(t testing.TB) (enrolment.Request, enrolment.Identity) {
	t.Helper()
	r, id, err := enrolment.MakeKeys("garita-post test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, id
}

func TestRequest(t *testing.T) {
	r, _ := request(t)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := enrolment.ParseRequest(b); err != nil || got.Keys.NATS != r.Keys.NATS {
		t.Fatalf("%+v, %v", got, err)
	}
	newer := append([]byte(`{"newer":1,`), b[1:]...)
	if _, err := enrolment.ParseRequest(newer); err != nil {
		t.Errorf("of a newer program: %v", err)
	}
	for name, change := range map[string]func(*enrolment.Request){
		"no signing key":       func(r *enrolment.Request) { r.Keys.Sign = nil },
		"a signing key of 0":   func(r *enrolment.Request) { r.Keys.Sign = make([]byte, 32) },
		"a short sealing key":  func(r *enrolment.Request) { r.Keys.Seal = r.Keys.Seal[1:] },
		"a sealing key of 0":   func(r *enrolment.Request) { r.Keys.Seal = make([]byte, 32) },
		"a NATS seed":          func(r *enrolment.Request) { _, id := request(t); r.Keys.NATS = string(id.NATSSeed) },
		"an account's key":     func(r *enrolment.Request) { r.Keys.NATS = "A" + r.Keys.NATS[1:] },
		"a mistyped NATS key":  func(r *enrolment.Request) { r.Keys.NATS = r.Keys.NATS[:20] + "22" + r.Keys.NATS[22:] },
		"small letters":        func(r *enrolment.Request) { r.Keys.NATS = strings.ToLower(r.Keys.NATS) },
		"no TLS key":           func(r *enrolment.Request) { r.Keys.TLS = nil },
		"a huge TLS key":       func(r *enrolment.Request) { r.Keys.TLS = append(r.Keys.TLS, make([]byte, 300)...) },
		"a terminal's command": func(r *enrolment.Request) { r.Software = "\x1b[2J" },
		"a long name":          func(r *enrolment.Request) { r.Software = strings.Repeat("x", 65) },
	} {
		bad, _ := request(t)
		change(&bad)
		if err := bad.Validate(); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := enrolment.ParseRequest(make([]byte, enrolment.MaxRequest+1)); border.CodeOf(err) != border.TooLarge {
		t.Errorf("too large: %v", err)
	}
}

func FuzzParseRequest(f *testing.F) {
	r, _ := request(f)
	b, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"keys":{"nats":"UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := enrolment.ParseRequest(b)
		if err == nil {
			err = r.Validate()
			if err != nil {
				t.Errorf("taken and not valid: %v", err)
			}
		} else if c := border.CodeOf(err); c != border.Invalid && c != border.TooLarge {
			t.Errorf("refused as %v", err)
		}
	})
}

func TestWarnings(t *testing.T) {
	end := time.Date(2027, 2, 20, 12, 0, 0, 0, time.UTC)
	id := &enrolment.Identity{Grant: enrolment.Grant{Station: "PUT-1", Expires: end}}
	const day = 24 * time.Hour
	for after, want := range map[time.Duration]string{
		-31 * day:             "",
		-30 * day:             "in 30 days",
		-time.Second:          "in 0 days",
		0:                     "renews itself if it reaches the hub before 2027-03-22",
		30*day - time.Second:  "before 2027-03-22",
		30 * day:              "garita-hub station rotate PUT-1",
		10 * 365 * day:        "garita-hub station rotate PUT-1",
		-10 * 365 * day:       "",
		-enrolment.Warned - 1: "",
	} {
		got := strings.Join(enrolment.Warnings(id, end.Add(after)), "\n")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s after: %q, want %q", after, got, want)
		}
	}
}

func TestPreviousKeys(t *testing.T) {
	var id enrolment.Identity
	var keys []string
	for range 70 {
		_, next := request(t)
		next.After(&id)
		id = next
		keys = append(keys, string(id.SignPublic()))
	}
	if len(id.Previous) != 64 || string(id.Previous[0]) != keys[68] || string(id.Previous[63]) != keys[5] {
		t.Errorf("%d remembered", len(id.Previous))
	}
	same := id
	same.After(&id)
	if len(same.Previous) != 64 || string(same.Previous[0]) != keys[68] {
		t.Error("the same key counts as a previous one")
	}
}
