package release_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, what string, err error, code border.Code, cause error) {
	t.Helper()
	if border.CodeOf(err) != code || err == nil || cause != nil && !errors.Is(err, cause) {
		t.Errorf("%s: %v (%s), want %s and %v", what, err, border.CodeOf(err), code, cause)
	}
}

func signer(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func keys(t testing.TB, secrets ...byte) *release.Keys {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, bytes.Repeat([]byte{s}, 32))
	}
	k, err := release.NewKeys(all[0], all[1:]...)
	check(t, err)
	return k
}

var issued = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func manifest() *release.Manifest {
	return &release.Manifest{
		List: "national", Epoch: border.Epoch{1}, Version: 1, Issued: issued, ValidUntil: issued.Add(24 * time.Hour),
		Entries: 3, Sources: []watch.Source{{Name: "ofac", Version: "2026-11-21", Issued: issued, Entries: 3}},
		Base: release.Base{Version: 1, File: release.File{Digest: border.Digest{1}, Size: 100}},
		Key:  release.KeyID{1},
	}
}

func TestManifest(t *testing.T) {
	m := manifest()
	m.Issued = m.Issued.Add(123456 * time.Nanosecond).In(time.FixedZone("", 3600))
	m.Sources = append(m.Sources, watch.Source{Name: "interpol", Issued: issued.In(time.FixedZone("", -3600)), MaxAge: time.Hour})
	signed, err := release.Sign(m, signer(1))
	check(t, err)
	got, err := release.Verify(signed, public(signer(2)), public(signer(1)))
	check(t, err)
	want := manifest()
	want.Sources = []watch.Source{{Name: "interpol", Issued: issued, MaxAge: time.Hour}, want.Sources[0]}
	want.Signer = release.SignerID(public(signer(1)))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what is read is not what was signed (-want +got):\n%s", d)
	}
	again, err := release.Sign(got, signer(1))
	check(t, err)
	if !bytes.Equal(signed, again) {
		t.Error("the same manifest was signed to other bytes")
	}
	unchecked, err := release.DecodeManifest(signed)
	check(t, err)
	if d := cmp.Diff(got, unchecked); d != "" {
		t.Error(d)
	}
	if p := got.Position(signed); p.Hash != release.Hash(signed) || p.Version != 1 || p.List != "national" || p.Epoch != m.Epoch {
		t.Errorf("position %+v", p)
	}
}

func TestManifestOfAnother(t *testing.T) {
	signed, err := release.Sign(manifest(), signer(1))
	check(t, err)
	_, err = release.Verify(signed, public(signer(2)))
	fails(t, "another signer", err, border.Forbidden, release.ErrSigner)
	_, err = release.Verify(signed)
	fails(t, "no signer", err, border.Forbidden, release.ErrSigner)
	for i := range signed {
		b := bytes.Clone(signed)
		b[i] ^= 1
		if _, err := release.Verify(b, public(signer(1))); err == nil {
			t.Fatalf("byte %d changed and nobody saw it", i)
		}
		if _, err := release.Verify(signed[:i], public(signer(1))); err == nil {
			t.Fatalf("cut at %d and nobody saw it", i)
		}
	}
	_, err = release.Verify(append(bytes.Clone(signed), ' '), public(signer(1)))
	fails(t, "more than was signed", err, border.Forbidden, release.ErrSignature)
	_, err = release.Verify(make([]byte, border.MaxManifest+1), public(signer(1)))
	fails(t, "too large", err, border.TooLarge, nil)
}

// resign signs a body that Sign would not make.
func resign(body string) []byte {
	sig := ed25519.Sign(signer(1), []byte("garita.list.manifest.v1\n"+body))
	return append([]byte("GLM1"), append(sig, body...)...)
}

// Only one encoding is taken, even from the hub itself.
func TestManifestStrict(t *testing.T) {
	signed, err := release.Sign(manifest(), signer(1))
	check(t, err)
	body := string(signed[68:])
	if _, err := release.Verify(resign(body), public(signer(1))); err != nil {
		t.Fatalf("the control is refused: %v", err)
	}
	for what, b := range map[string]string{
		"an unknown field":   strings.Replace(body, `{"list"`, `{"more":1,"list"`, 1),
		"a doubled field":    strings.Replace(body, `{"list":"national"`, `{"list":"other","list":"national"`, 1),
		"a missing field":    strings.Replace(body, `"documents":0,`, ``, 1),
		"another case":       strings.Replace(body, `"list"`, `"List"`, 1),
		"another order":      strings.Replace(strings.Replace(body, `"documents":0,`, ``, 1), `"entries":3,`, `"documents":0,"entries":3,`, 1),
		"a space":            strings.Replace(body, `,`, `, `, 1),
		"a line feed at end": body + "\n",
		"two values":         body + "{}",
		"another zone":       strings.Replace(body, `2026-11-22T10:00:00Z`, `2026-11-22T11:00:00+01:00`, 1),
		"null sources":       strings.Replace(body, body[strings.Index(body, `"sources":[`)+10:strings.Index(body, `,"base"`)], `null`, 1),
		"no manifest":        `[]`,
		"nothing":            ``,
		"deep nesting":       strings.Repeat(`[`, 30_000),
	} {
		if b == body {
			t.Fatalf("%s: the test changes nothing", what)
		}
		_, err := release.Verify(resign(b), public(signer(1)))
		fails(t, what, err, border.Invalid, nil)
	}
	other := strings.Replace(body, release.SignerID(public(signer(1))).String(), release.SignerID(public(signer(2))).String(), 1)
	_, err = release.Verify(resign(other), public(signer(1)))
	fails(t, "names another signer", err, border.Forbidden, release.ErrSigner)
}

func TestManifestBounds(t *testing.T) {
	for what, change := range map[string]func(*release.Manifest){
		"no name":                  func(m *release.Manifest) { m.List = "" },
		"a name with a dot":        func(m *release.Manifest) { m.List = "a.b" },
		"a long name":              func(m *release.Manifest) { m.List = strings.Repeat("a", 33) },
		"no epoch":                 func(m *release.Manifest) { m.Epoch = border.Epoch{} },
		"no version":               func(m *release.Manifest) { m.Version, m.Base.Version = 0, 0 },
		"a huge version":           func(m *release.Manifest) { m.Version = 1<<53 + 1; m.Previous = border.Digest{1} },
		"a first with a previous":  func(m *release.Manifest) { m.Previous = border.Digest{1} },
		"a second without":         func(m *release.Manifest) { m.Version = 2 },
		"valid until it is issued": func(m *release.Manifest) { m.ValidUntil = m.Issued },
		"never issued":             func(m *release.Manifest) { m.Issued = time.Time{} },
		"negative entries":         func(m *release.Manifest) { m.Entries = -1 },
		"negative documents":       func(m *release.Manifest) { m.Documents = -1 },
		"a base to come":           func(m *release.Manifest) { m.Base.Version = 2 },
		"no base":                  func(m *release.Manifest) { m.Base.Version = 0 },
		"an empty base":            func(m *release.Manifest) { m.Base.Size = 0 },
		"a huge base":              func(m *release.Manifest) { m.Base.Size = release.MaxSnapshot + 1 },
		"a base without digest":    func(m *release.Manifest) { m.Base.Digest = border.Digest{} },
		"a delta of a snapshot":    func(m *release.Manifest) { m.Delta = &release.File{Digest: border.Digest{1}, Size: 1} },
		"a huge delta": func(m *release.Manifest) {
			m.Version, m.Previous, m.Delta = 2, border.Digest{1}, &release.File{Digest: border.Digest{1}, Size: release.MaxDelta + 1}
		},
		"a set without its filter": func(m *release.Manifest) { m.FilterSet = &release.File{Digest: border.Digest{1}, Size: 1} },
		"a huge filter": func(m *release.Manifest) {
			m.Filter = &release.File{Digest: border.Digest{1}, Size: release.MaxFilter + 1}
		},
		"no key": func(m *release.Manifest) { m.Key = release.KeyID{} },
		"a parent twice": func(m *release.Manifest) {
			m.Parents = []release.Parent{{Epoch: border.Epoch{9}, Version: 1}, {Epoch: border.Epoch{9}, Version: 2}}
		},
		"its own parent":     func(m *release.Manifest) { m.Parents = []release.Parent{{Epoch: m.Epoch, Version: 1}} },
		"too many parents":   func(m *release.Manifest) { m.Parents = make([]release.Parent, release.MaxParents+1) },
		"a source twice":     func(m *release.Manifest) { m.Sources = append(m.Sources, m.Sources[0]) },
		"a nameless source":  func(m *release.Manifest) { m.Sources[0].Name = "" },
		"a negative age":     func(m *release.Manifest) { m.Sources[0].MaxAge = -1 },
		"too many sources":   func(m *release.Manifest) { m.Sources = make([]watch.Source, release.MaxSources+1) },
		"a source not UTF-8": func(m *release.Manifest) { m.Sources[0].Version = "\xff" },
	} {
		m := manifest()
		change(m)
		_, err := release.Sign(m, signer(1))
		fails(t, what, err, border.Invalid, nil)
	}
	_, err := release.Sign(manifest(), signer(1)[:5])
	fails(t, "half a key", err, border.Invalid, nil)
}

// The fullest manifest that may be made fits its bound.
func TestManifestSize(t *testing.T) {
	m := manifest()
	m.Version, m.Previous = 1<<53, border.Digest{1}
	m.Filter, m.FilterSet, m.Delta = &m.Base.File, &m.Base.File, &m.Base.File
	m.Sources = nil
	for i := range release.MaxSources {
		m.Sources = append(m.Sources, watch.Source{Name: fmt.Sprintf("%064d", i), Version: strings.Repeat("\x01", 128), Issued: issued, MaxAge: 1 << 62, Entries: 1 << 40})
	}
	for i := range release.MaxParents {
		m.Parents = append(m.Parents, release.Parent{Epoch: border.Epoch{2, byte(i)}, Version: 1 << 53})
	}
	_, err := release.Sign(m, signer(1))
	fails(t, "control characters, six bytes each", err, border.TooLarge, nil)
	for i := range m.Sources {
		m.Sources[i].Version = strings.Repeat("x", 128)
	}
	b, err := release.Sign(m, signer(1))
	check(t, err)
	if len(b) > border.MaxManifest/2 {
		t.Errorf("%d bytes", len(b))
	}
}

func TestNextAndRenew(t *testing.T) {
	m := manifest()
	a, err := release.Sign(m, signer(1))
	check(t, err)
	n := m.Next(release.Hash(a))
	if n.Version != 2 || n.Previous != release.Hash(a) || n.Base != m.Base || n.IsSnapshot() || !m.IsSnapshot() {
		t.Errorf("next is %+v", n)
	}
	b, err := release.Sign(n, signer(1))
	check(t, err)
	for i := range release.MaxParents + 3 {
		was := *n
		n = n.Renew(border.Epoch{3, byte(i)}, release.Hash(b))
		n.Base.File = m.Base.File
		if b, err = release.Sign(n, signer(1)); err != nil {
			t.Fatal(err)
		}
		if n.Version != 1 || n.Parents[0].Epoch != was.Epoch || n.Parents[0].Version != was.Version || !n.IsSnapshot() {
			t.Fatalf("renewed %+v", n)
		}
	}
	if len(n.Parents) != release.MaxParents {
		t.Errorf("%d parents", len(n.Parents))
	}
}

var label = release.Label{Role: release.Snapshot, List: "national", Epoch: border.Epoch{1}, Version: 7}

func sealed(t testing.TB, k *release.Keys, l release.Label, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	f, err := k.SealFile(&b, l, bytes.NewReader(plain))
	check(t, err)
	if f.Digest != release.Hash(b.Bytes()) || f.Size != int64(b.Len()) {
		t.Fatalf("the sealed file is said to be %+v", f)
	}
	return b.Bytes()
}

func opened(k *release.Keys, l release.Label, r io.Reader) ([]byte, error) {
	o, err := k.Open(r, l)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(o)
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

const chunk = 64 << 10

func TestSeal(t *testing.T) {
	k := keys(t, 1)
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 2*chunk + 1, 5*chunk + 77} {
		plain := pattern(n)
		b := sealed(t, k, label, plain)
		if int64(len(b)) != release.SealedSize(int64(n)) {
			t.Errorf("%d bytes are sealed to %d, not to %d", n, len(b), release.SealedSize(int64(n)))
		}
		if got, ok := release.PlainSize(int64(len(b))); !ok || got != int64(n) {
			t.Errorf("a sealed file of %d bytes is said to hold %d, %t", len(b), got, ok)
		}
		for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)), iotest.DataErrReader(bytes.NewReader(b))} {
			got, err := opened(k, label, r)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes: %d come back, %v", n, len(got), err)
			}
		}
		if bytes.Equal(b, sealed(t, k, label, plain)) {
			t.Errorf("%d bytes were sealed twice under one key", n)
		}
	}
}

// PlainSize is the inverse of SealedSize and knows no other sizes.
func TestSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<40).Draw(t, "n")
		if got, ok := release.PlainSize(release.SealedSize(n)); !ok || got != n {
			t.Fatalf("%d becomes %d, %t", n, got, ok)
		}
		if p, ok := release.PlainSize(n); ok && release.SealedSize(p) != n {
			t.Fatalf("no file is sealed to %d bytes", n)
		}
	})
	for _, n := range []int64{-1, 0, 43, 59} {
		if p, ok := release.PlainSize(n); ok {
			t.Errorf("%d bytes are said to hold %d", n, p)
		}
	}
}

// No prefix of a sealed file opens, and none is taken for another file's fault.
func TestTruncated(t *testing.T) {
	k := keys(t, 1)
	b := sealed(t, k, label, pattern(2*chunk+100))
	head := 4 + 8 + 32
	for _, n := range []int{0, 3, head - 1, head, head + 1, head + chunk, head + chunk + 15, head + chunk + 16, head + chunk + 17, head + 2*(chunk+16), len(b) - 16, len(b) - 1} {
		got, err := opened(k, label, bytes.NewReader(b[:n]))
		fails(t, fmt.Sprintf("cut at %d", n), err, border.Invalid, nil)
		if len(got) > n {
			t.Errorf("cut at %d gave %d bytes", n, len(got))
		}
	}
	for _, n := range []int{0, head - 1, head + chunk + 16, head + 2*(chunk+16)} { // at the end of a chunk it can be told
		_, err := opened(k, label, bytes.NewReader(b[:n]))
		fails(t, fmt.Sprintf("cut at %d", n), err, border.Invalid, release.ErrTruncated)
	}
	if _, err := opened(k, label, bytes.NewReader(append(bytes.Clone(b), 0))); err == nil {
		t.Error("a byte was added and nobody saw it")
	}
	_, err := opened(k, label, io.MultiReader(bytes.NewReader(b[:head+9]), iotest.ErrReader(errors.New("the disk"))))
	fails(t, "a disk's fault", err, border.Internal, nil)
}

// Chunks cannot be changed, swapped, doubled or left out, nor taken for another file's.
func TestTampered(t *testing.T) {
	k := keys(t, 1)
	const n = 3*chunk + 9
	b := sealed(t, k, label, pattern(n))
	head, c := 4+8+32, chunk+16
	at := func(i int) []byte { return b[head+i*c : min(len(b), head+(i+1)*c)] }
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{b[:head]}, parts...), nil) }
	if got, err := opened(k, label, bytes.NewReader(join(at(0), at(1), at(2), at(3)))); err != nil || len(got) != n {
		t.Fatalf("the control does not open: %v", err)
	}
	other := sealed(t, k, label, pattern(n))
	for what, x := range map[string][]byte{
		"swapped":     join(at(1), at(0), at(2), at(3)),
		"doubled":     join(at(0), at(0), at(1), at(2), at(3)),
		"left out":    join(at(0), at(2), at(3)),
		"no last":     join(at(0), at(1), at(2)),
		"last first":  join(at(3)),
		"mixed files": join(at(0), other[head+c:head+2*c], at(2), at(3)),
		"no magic":    append([]byte("GLS2"), b[4:]...),
	} {
		_, err := opened(k, label, bytes.NewReader(x))
		fails(t, what, err, border.Invalid, nil)
	}
	for _, i := range []int{13, 40, head, head + c - 1, head + c, len(b) - 1} {
		x := bytes.Clone(b)
		x[i] ^= 0x80
		_, err := opened(k, label, bytes.NewReader(x))
		fails(t, fmt.Sprintf("byte %d changed", i), err, border.Invalid, release.ErrDamaged)
	}
	for what, l := range map[string]release.Label{
		"role":    {Role: release.Delta, List: label.List, Epoch: label.Epoch, Version: label.Version},
		"list":    {Role: label.Role, List: "other", Epoch: label.Epoch, Version: label.Version},
		"epoch":   {Role: label.Role, List: label.List, Epoch: border.Epoch{2}, Version: label.Version},
		"version": {Role: label.Role, List: label.List, Epoch: label.Epoch, Version: 8},
	} {
		_, err := opened(k, l, bytes.NewReader(b))
		fails(t, "another "+what, err, border.Invalid, release.ErrDamaged)
	}
}

func TestRotation(t *testing.T) {
	old, now := keys(t, 1), keys(t, 2, 1)
	b := sealed(t, old, label, pattern(10))
	if got, err := opened(now, label, bytes.NewReader(b)); err != nil || !bytes.Equal(got, pattern(10)) {
		t.Errorf("a file under the key before does not open: %v", err)
	}
	_, err := opened(keys(t, 2), label, bytes.NewReader(b))
	fails(t, "a key that is not held", err, border.Forbidden, release.ErrKey)
	_, err = opened(old, label, bytes.NewReader(sealed(t, now, label, nil)))
	fails(t, "a key to come", err, border.Forbidden, release.ErrKey)
	if now.ID() == old.ID() || !now.Holds(old.ID()) || old.Holds(now.ID()) {
		t.Error("the ids of keys do not tell them apart")
	}
	_, err = release.NewKeys(make([]byte, 31))
	fails(t, "a short key", err, border.Invalid, nil)
}

// Sealing and opening hold a few chunks at a time, whatever the size.
func TestBoundedMemory(t *testing.T) {
	k := keys(t, 1)
	r, w := io.Pipe()
	const size = 64 << 20
	go func() {
		s, err := k.Seal(w, label)
		if err == nil {
			if _, err = io.CopyN(s, zeros{}, size); err == nil {
				err = s.Close()
			}
		}
		_ = w.CloseWithError(err)
	}()
	var n int64
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		if b.N > 1 {
			return
		}
		o, err := k.Open(r, label)
		if err == nil {
			n, err = io.Copy(io.Discard, o)
		}
		if err != nil {
			t.Error(err)
		}
	}).MemBytes
	if n != size {
		t.Errorf("%d bytes came back", n)
	}
	if allocated > 4<<20 {
		t.Errorf("%d bytes were allocated on the way", allocated)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzVerify(f *testing.F) {
	signed, err := release.Sign(manifest(), signer(1))
	check(f, err)
	f.Add(string(signed[68:]))
	f.Add(`{"list":"national"}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := resign(body)
		m, err := release.Verify(b, public(signer(1)))
		if err != nil {
			if c := border.CodeOf(err); c == border.Internal {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := release.Sign(m, signer(1))
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two encodings of one manifest: %q and %q, %v", b, again, err)
		}
	})
}

func FuzzDecodeDelta(f *testing.F) {
	for _, c := range [][]watch.Change{nil, changes(0), changes(20)} {
		b, err := release.EncodeDelta(c)
		check(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := release.DecodeDelta(bytes.NewReader(b))
		if err != nil {
			if border.CodeOf(err) == border.Internal {
				t.Fatal(err)
			}
			return
		}
		again, err := release.EncodeDelta(c)
		if err != nil {
			return // an entry that is larger when it is written anew
		}
		if got, err := release.DecodeDelta(bytes.NewReader(again)); err != nil || cmp.Diff(c, got) != "" {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := keys(f, 1)
	f.Add(sealed(f, k, label, pattern(100)))
	f.Add(sealed(f, k, label, pattern(chunk+1)))
	id := border.ID{9, 6: 0x70, 8: 0x80}
	n, err := k.SealNotice(id, body())
	check(f, err)
	f.Add(n)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := opened(k, label, bytes.NewReader(b)); border.CodeOf(err) == border.Internal {
			t.Fatal(err)
		}
		if _, err := k.OpenNotice(id, b); border.CodeOf(err) == border.Internal {
			t.Fatal(err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k := keys(b, 1)
	plain := pattern(16 << 20)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		_, err := k.SealFile(io.Discard, label, bytes.NewReader(plain))
		check(b, err)
	}
}

func BenchmarkOpen(b *testing.B) {
	k := keys(b, 1)
	x := sealed(b, k, label, pattern(16<<20))
	b.SetBytes(16 << 20)
	for b.Loop() {
		_, err := io.Copy(io.Discard, must(k.Open(bytes.NewReader(x), label)))
		check(b, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
