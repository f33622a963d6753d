package border_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
)

func drawEvent(t *rapid.T) border.Event {
	h := border.Header{
		Station: border.StationID(rapid.StringMatching(`[A-Z0-9][A-Z0-9-]{0,31}`).Draw(t, "station")),
		Epoch:   border.Epoch(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "epoch")),
		Seq:     rapid.Uint64Range(1, 1<<40).Draw(t, "seq"),
		Type:    rapid.StringMatching(`[a-z]{1,10}\.[a-z]{1,10}\.v[0-9]`).Draw(t, "type"),
		Post:    "PUT", Shift: rapid.StringN(0, 20, 60).Draw(t, "shift"),
	}
	if h.Epoch.IsZero() {
		h.Epoch[3] = 1
	}
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	e := border.Event{Key: border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}, Type: h.Type, Header: b,
		Prev: border.Digest(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "prev"))}
	for range rapid.IntRange(0, border.MaxParts).Draw(t, "parts") {
		e.Parts = append(e.Parts, border.Part{Name: rapid.StringN(0, 60, 255).Draw(t, "name"), Alg: rapid.StringN(0, 60, 255).Draw(t, "alg"),
			KeyID: rapid.StringN(0, 60, 255).Draw(t, "key"), Ciphertext: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "ciphertext")})
	}
	e.Hash = e.ComputeHash()
	return e
}

func TestEventRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawEvent(t)
		b := want.Encode()
		got, err := border.DecodeEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); d != "" || got.Verify() != nil {
			t.Fatalf("%s, %v", d, got.Verify())
		}
		if !bytes.Equal(got.Encode(), b) {
			t.Fatal("encoded again it is other bytes")
		}
		// No byte may change unseen, and none may be missing or more.
		i := rapid.IntRange(0, len(b)-1).Draw(t, "flip")
		bad := bytes.Clone(b)
		bad[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if e, err := border.DecodeEvent(bad); err == nil && e.Verify() == nil {
			t.Fatalf("a changed byte %d of %d is not seen", i, len(b))
		}
		for _, cut := range [][]byte{b[:i], append(bytes.Clone(b), 0)} {
			if _, err := border.DecodeEvent(cut); border.CodeOf(err) != border.Invalid {
				t.Fatalf("%d of %d bytes decode: %v", len(cut), len(b), err)
			}
		}
	})
}

// What moves between header and parts, or between parts, changes the hash.
func TestHashBindsItsParts(t *testing.T) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 7, border.Digest{1}, border.TypeCrossingRecorded)
	for name, change := range map[string]func(e *border.Event){
		"prev":   func(e *border.Event) { e.Prev[0] ^= 1 },
		"header": func(e *border.Event) { e.Header = append(bytes.Clone(e.Header), ' ') },
		"order":  func(e *border.Event) { e.Parts = []border.Part{e.Parts[1], e.Parts[0]} },
		"fewer":  func(e *border.Event) { e.Parts = e.Parts[:1] },
		"name":   func(e *border.Event) { e.Parts = []border.Part{e.Parts[0], e.Parts[1]}; e.Parts[0].Name += "x" },
		"moved name": func(e *border.Event) {
			e.Parts = []border.Part{e.Parts[0], e.Parts[1]}
			e.Parts[0].Name, e.Parts[0].Alg = "personalA", "256GCM"
		},
	} {
		c := e
		change(&c)
		if c.Verify() == nil {
			t.Errorf("%s: changed, and the hash still fits", name)
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	if _, err := border.DecodeEvent(make([]byte, border.MaxEvent+1)); border.CodeOf(err) != border.Invalid {
		t.Error(err)
	}
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 7, border.Digest{1}, border.TypeCrossingRecorded)
	for name, change := range map[string]func(e *border.Event){
		"part": func(e *border.Event) {
			e.Parts = []border.Part{{Name: "p", Ciphertext: make([]byte, border.MaxPart+1)}}
		},
		"parts": func(e *border.Event) { e.Parts = make([]border.Part, border.MaxParts+1) },
		"header": func(e *border.Event) {
			e.Header = append(bytes.Clone(e.Header), bytes.Repeat([]byte(" "), border.MaxHeader)...)
		},
		"no key": func(e *border.Event) { e.Header = []byte(`{"type":"x"}`) },
		"no json": func(e *border.Event) {
			e.Header = []byte(`JANE DOE`)
		},
		"seq 0":    func(e *border.Event) { e.Header = bytes.Replace(e.Header, []byte(`"seq":7`), []byte(`"seq":0`), 1) },
		"negative": func(e *border.Event) { e.Header = bytes.Replace(e.Header, []byte(`"seq":7`), []byte(`"seq":-7`), 1) },
		"no type": func(e *border.Event) {
			e.Header = bytes.Replace(e.Header, []byte(`"type":"cros`), []byte(`"tipe":"cros`), 1)
		},
		"station": func(e *border.Event) { e.Header = bytes.Replace(e.Header, []byte(`PUT-1`), []byte(`PUT.1`), 1) },
	} {
		c := e
		change(&c)
		_, err := border.DecodeEvent(c.Encode())
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		} else if bytes.Contains([]byte(err.Error()), []byte("JANE")) {
			t.Errorf("%s: the error repeats the input", name)
		}
	}
}

// Later versions add fields: an old reader ignores them, and the bytes stay.
func TestUnknownFieldsAreKept(t *testing.T) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 7, border.Digest{1}, "crossing.recorded.v1")
	e.Header = bytes.Replace(e.Header, []byte(`{`), []byte(`{"since_v9":{"a":[1,2]},`), 1)
	e.Hash = e.ComputeHash()
	got, err := border.DecodeEvent(e.Encode())
	if err != nil || got.Verify() != nil || !bytes.Equal(got.Header, e.Header) {
		t.Fatal(err)
	}
	if h, err := got.ReadHeader(); err != nil || h.Seq != 7 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestKeysAndIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := drawEvent(t).Key
		if got, err := border.ParseKey(k.String()); err != nil || got != k {
			t.Fatalf("%s: %v, %v", k, got, err)
		}
		s := rapid.String().Draw(t, "text")
		if got, err := border.ParseKey(s); err == nil && got.String() != s {
			t.Fatalf("%q was read as %s", s, got)
		}
		if id, err := border.ParseID(s); err == nil && id.String() != s {
			t.Fatalf("%q was read as %s", s, id)
		}
	})
	for _, bad := range []string{"", "A/B", "PUT-1/" + bordertest.EpochNo(1).String() + "/0", "PUT-1/" + bordertest.EpochNo(1).String() + "/01",
		"PUT-1/" + bordertest.EpochNo(1).String() + "/9223372036854775808", "put/" + bordertest.EpochNo(1).String() + "/1", "PUT-1/x/1"} {
		if k, err := border.ParseKey(bad); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v, %v", bad, k, err)
		}
	}
}

type stopped struct{ t time.Time }

func (s stopped) Now() time.Time { return s.t }

func TestIDsCarryTheirTime(t *testing.T) {
	for _, at := range []time.Time{bordertest.Start, time.Unix(0, 0).UTC(), time.Date(2106, 1, 1, 0, 0, 0, 0, time.UTC)} {
		m := border.NewIDs(stopped{at}, nil)
		seen := map[border.ID]bool{}
		for range 1000 {
			id, err := m.New()
			if err != nil || seen[id] || !id.Time().Equal(at) {
				t.Fatalf("%s: %s, %v", at, id, err)
			}
			seen[id] = true
			back, err := border.ParseID(id.String())
			if err != nil || back != id {
				t.Fatalf("%s was read as %s, %v", id, back, err)
			}
		}
	}
	early, err := border.NewIDs(stopped{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}, nil).New()
	if err != nil || early.Time().Unix() != 0 {
		t.Errorf("a clock before 1970 gave %s, %v", early.Time(), err)
	}
	if _, err := border.NewIDs(stopped{bordertest.Start}, bytes.NewReader(nil)).New(); border.CodeOf(err) != border.Internal {
		t.Errorf("no randomness: %v", err)
	}
}

func FuzzDecodeEvent(f *testing.F) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 7, border.Digest{1}, border.TypeCrossingRecorded)
	f.Add(e.Encode())
	o := bordertest.Opened("PUT-1", bordertest.EpochNo(1), border.Parent{})
	f.Add(o.Encode())
	f.Add([]byte("GEV1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := border.DecodeEvent(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatalf("code %s", border.CodeOf(err))
			}
			return
		}
		if !bytes.Equal(e.Encode(), b) {
			t.Fatal("encoded again it is other bytes")
		}
		if e.Key.Station.Validate() != nil || e.Key.Seq == 0 || e.Key.Epoch.IsZero() || e.Type == "" {
			t.Fatalf("key %s, type %q", e.Key, e.Type)
		}
		_ = e.Verify()
		if h, err := e.ReadHeader(); err == nil && (h.Seq != e.Key.Seq || h.Epoch != e.Key.Epoch || h.Station != e.Key.Station || h.Type != e.Type) {
			t.Fatal("header and key disagree")
		}
	})
}
