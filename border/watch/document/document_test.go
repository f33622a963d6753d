package document

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"garita/border"
)

var epoch = border.Epoch{1, 2, 3}

func key(t testing.TB) Key {
	t.Helper()
	k, err := DeriveKey(bytes.Repeat([]byte{7}, 32), "national", epoch)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestSum compares with the published vectors of SipHash-2-4 with 128 bits (key 00…0f, message
// 00…n-1).
func TestSum(t *testing.T) {
	k := Key{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for n, want := range map[int][16]byte{
		0: {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93},
		1: {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45},
	} {
		msg := make([]byte, n)
		for i := range msg {
			msg[i] = byte(i)
		}
		d := k.sum(msg)
		var got [16]byte
		for i := range 8 {
			got[i], got[8+i] = byte(d.Lo>>(8*i)), byte(d.Hi>>(8*i))
		}
		if got != want {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
}

func TestHash(t *testing.T) {
	k := key(t)
	at := func(issuer, typ, number string) Digest {
		d, ok := k.Hash(issuer, Class(typ), number)
		if !ok {
			t.Fatalf("no digest of %q", number)
		}
		return d
	}
	same := at("UTO", "P", "U00000001")
	for _, other := range [][3]string{{"uto", "PM", "u 00000001<<"}, {"UTO<", "<P", "U-000-00001"}} {
		if at(other[0], other[1], other[2]) != same {
			t.Errorf("%v is another document", other)
		}
	}
	for _, other := range [][3]string{{"UTP", "P", "U00000001"}, {"UTO", "I", "U00000001"}, {"UTO", "V", "U00000001"}, {"UTO", "P", "U00000002"}, {"UT", "P", "OU00000001"}} {
		if at(other[0], other[1], other[2]) == same {
			t.Errorf("%v is the same document", other)
		}
	}
	if _, ok := k.Hash("UTO", 'P', "<<-"); ok {
		t.Error("no number has a digest")
	}
	other, err := DeriveKey(bytes.Repeat([]byte{7}, 32), "national", border.Epoch{9})
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := other.Hash("UTO", 'P', "U00000001"); d == same {
		t.Error("the key of another epoch hashes alike")
	}
}

func build(t testing.TB, n int) (Key, *Filter, *rand.Rand) {
	t.Helper()
	const seed = 20261122
	t.Logf("seed %d", seed)
	k, hashes := key(t), make([]uint64, n)
	for i := range hashes {
		d, _ := k.Hash("UTO", 'P', fmt.Sprintf("L%08d", i))
		hashes[i] = d.Lo
	}
	f, err := Build(epoch, hashes)
	if err != nil {
		t.Fatal(err)
	}
	return k, f, rand.New(rand.NewPCG(seed, 0))
}

// A filter misses none of its documents, through a file too, and errs about once in 65,536.
func TestFilter(t *testing.T) {
	const n, others = 50_000, 500_000
	k, f, _ := build(t, n)
	var file bytes.Buffer
	if _, err := f.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	written := bytes.Clone(file.Bytes())
	back, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if _, err := back.WriteTo(&again); err != nil || !bytes.Equal(again.Bytes(), written) {
		t.Fatalf("what was read is not what was written: %v", err)
	}
	s, err := NewSet(k, back, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if !s.Has("UTO", "P", fmt.Sprintf("L%08d", i)) {
			t.Fatalf("document %d is missed", i)
		}
	}
	wrong := 0
	for i := range others {
		if s.Has("UTO", "P", fmt.Sprintf("C%08d", i)) {
			wrong++
		}
	}
	if wrong > 30 { // 7.6 are expected; a filter of 8 bits would have about 1,950
		t.Errorf("%d of %d are false hits", wrong, others)
	}
	if n := testing.AllocsPerRun(100, func() { s.Has("UTO", "P", "C12345678") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What came and went since is exact, in whatever order it did.
func TestChanges(t *testing.T) {
	k, f, r := build(t, 1000)
	number := func(i int) string { return fmt.Sprintf("L%08d", i) } // below 1,000: in the filter
	c := &Changes{Epoch: epoch}
	listed := make(map[int]bool)
	for i := range 1000 {
		listed[i] = true
	}
	for range 2000 {
		i := r.IntN(1500)
		d, _ := k.Hash("UTO", 'P', number(i))
		if listed[i] = r.IntN(2) == 0; listed[i] {
			c.Add(d.Lo)
		} else {
			c.Remove(d.Lo)
		}
	}
	var file bytes.Buffer
	if _, err := c.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	back, err := ReadChanges(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSet(k, f, back)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1500 {
		if got := s.Has("UTO", "P", number(i)); got != listed[i] {
			t.Errorf("document %d: %v, want %v", i, got, listed[i])
		}
	}
	for i := range file.Len() {
		b := bytes.Clone(file.Bytes())
		b[i] ^= 1
		if _, err := ReadChanges(bytes.NewReader(b)); border.CodeOf(err) != border.Invalid {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	if _, err := NewSet(k, f, &Changes{Epoch: border.Epoch{5}}); border.CodeOf(err) != border.Invalid {
		t.Errorf("changes of another filter: %v", err)
	}
}

func TestDamagedFilter(t *testing.T) {
	_, f, _ := build(t, 200)
	var file bytes.Buffer
	if _, err := f.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	for i := range file.Len() {
		b := bytes.Clone(file.Bytes())
		b[i] ^= 0x10
		if _, err := Read(bytes.NewReader(b)); border.CodeOf(err) != border.Invalid {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Read(bytes.NewReader(file.Bytes()[:i])); border.CodeOf(err) != border.Invalid {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := Read(bytes.NewReader(append(file.Bytes(), 0))); border.CodeOf(err) != border.Invalid {
		t.Errorf("a byte more: %v", err)
	}
}

// The store finds every record, of doubles the first, and nothing else, however many pieces it
// was merged from.
func TestStore(t *testing.T) {
	for _, limit := range []int{100, 5000} {
		b, err := NewBuilder(t.TempDir(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		b.limit = limit
		k := key(t)
		at := func(i int) Digest { d, _ := k.Hash("UTO", 'P', fmt.Sprintf("L%08d", i)); return d }
		for i := range 3000 {
			if err := b.Add(Record{at(i), uint16(i % 7), int32(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 500 {
			if err := b.Add(Record{at(i), 99, 99}); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "store")
		w, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := b.WriteTo(t.Context(), w); err != nil || n != 3000 {
			t.Fatalf("%d documents, %v", n, err)
		}
		info, err := w.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := OpenStore(w, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4000 {
			r, found, err := s.Find(at(i))
			if err != nil || found != (i < 3000) || found && (r.Reason != uint16(i%7) || r.Since != int32(i)) {
				t.Fatalf("%d: %+v %v %v", i, r, found, err)
			}
		}
		for _, d := range []Digest{{}, {Lo: ^uint64(0), Hi: ^uint64(0)}} {
			if _, found, err := s.Find(d); found || err != nil {
				t.Errorf("an end: %v %v", found, err)
			}
		}
		if _, err := OpenStore(w, info.Size()-1); border.CodeOf(err) != border.Invalid {
			t.Errorf("cut off: %v", err)
		}
		w.Close()
	}
}

// A walk gives each document once, in order, with the stores that have it.
func TestWalk(t *testing.T) {
	k := key(t)
	at := func(i int) Digest { d, _ := k.Hash("UTO", 'P', fmt.Sprintf("L%08d", i)); return d }
	var stores []*Store
	var files []*os.File
	for _, r := range [][2]int{{0, 300}, {200, 500}, {0, 0}, {499, 600}} {
		b, err := NewBuilder(t.TempDir(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		for i := r[0]; i < r[1]; i++ {
			if err := b.Add(Record{Digest: at(i)}); err != nil {
				t.Fatal(err)
			}
		}
		w, err := os.Create(filepath.Join(t.TempDir(), "store"))
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		n, err := b.WriteTo(t.Context(), w)
		if err != nil || n != int64(r[1]-r[0]) || b.Close() != nil {
			t.Fatalf("%d, %v", n, err)
		}
		s, err := OpenStore(w, storeHeader+n*recordSize)
		if err != nil {
			t.Fatal(err)
		}
		stores, files = append(stores, s), append(files, w)
	}
	got, last := map[uint64]uint64{}, uint64(0)
	if err := Walk(t.Context(), stores, func(hash, in uint64) error {
		if len(got) > 0 && hash <= last {
			t.Fatal("not in order, or twice")
		}
		got[hash], last = in, hash
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 600 {
		t.Errorf("%d documents, want 600", len(got))
	}
	for i, want := range map[int]uint64{0: 1, 199: 1, 200: 3, 299: 3, 300: 2, 499: 2 | 8, 500: 8, 599: 8} {
		if got[at(i).Lo] != want {
			t.Errorf("%d is in %b, want %b", i, got[at(i).Lo], want)
		}
	}
	if _, err := files[1].WriteAt(bytes.Repeat([]byte{0xff}, recordSize), storeHeader+10*recordSize); err != nil {
		t.Fatal(err)
	}
	if err := Walk(t.Context(), stores, func(uint64, uint64) error { return nil }); border.CodeOf(err) != border.Invalid {
		t.Errorf("a damaged store: %v", err)
	}
}

// A row without a type is found as any; without an issuer as none.
func TestRow(t *testing.T) {
	k := key(t)
	for _, c := range []struct {
		issuer, kind string
		want         []byte
	}{{"UTO", "P", []byte("P")}, {"UTO", "AC", []byte("I")}, {"UTO", "", []byte("PIV")}, {"", "P", nil}} {
		got := slices.Collect(k.Row(c.issuer, c.kind, "L1"))
		if len(got) != len(c.want) {
			t.Errorf("%q %q: %d digests", c.issuer, c.kind, len(got))
			continue
		}
		for i, class := range c.want {
			if d, _ := k.Hash(c.issuer, class, "L1"); d != got[i] {
				t.Errorf("%q %q: another digest for %c", c.issuer, c.kind, class)
			}
		}
	}
	if len(slices.Collect(k.Row("UTO", "", "<"))) != 0 {
		t.Error("a row without a number")
	}
}

func FuzzRead(f *testing.F) {
	_, filter, _ := build(f, 20)
	var file bytes.Buffer
	if _, err := filter.WriteTo(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		filter, err := Read(bytes.NewReader(b))
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatal(err)
			}
			return
		}
		for h := range uint64(64) {
			filter.Has(h * 0x9e3779b97f4a7c15)
		}
	})
}

func FuzzReadChanges(f *testing.F) {
	var file bytes.Buffer
	if _, err := (&Changes{Epoch: epoch, Added: []uint64{1, 5}, Removed: []uint64{3}}).WriteTo(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ReadChanges(bytes.NewReader(b)); err != nil && border.CodeOf(err) != border.Invalid {
			t.Fatal(err)
		}
	})
}

func BenchmarkHas(b *testing.B) {
	k, f, _ := build(b, 1_000_000)
	s, err := NewSet(k, f, nil)
	if err != nil {
		b.Fatal(err)
	}
	numbers := make([]string, 1<<14)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("C%08d", i)
	}
	for i := 0; b.Loop(); i++ {
		s.Has("UTO", "P", numbers[i&(len(numbers)-1)])
	}
}
