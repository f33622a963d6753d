package watch

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"garita/border"
)

// resealed puts right all checksums of a damaged base, as far as its header can be followed:
// checksums find damage, and the checks behind them must stand by themselves.
func resealed(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) < headerSize {
		return data
	}
	h := data[len(magic)+8 : headerSize-4]
	for ; len(h) >= 20; h = h[20:] {
		from, size := binary.LittleEndian.Uint64(h), binary.LittleEndian.Uint64(h[8:])
		if from <= uint64(len(data)) && size <= uint64(len(data))-from {
			binary.LittleEndian.PutUint32(h[16:], crc32.Checksum(data[from:from+size], castagnoli))
		}
	}
	binary.LittleEndian.PutUint32(data[headerSize-4:], crc32.Checksum(data[:headerSize-4], castagnoli))
	return data
}

// use does with a list what posts and hubs do.
func use(b *Base, entries []*Entry) {
	l := New(b)
	for _, q := range asker(21, entries, 10) {
		for _, h := range l.Check(&q, nil) {
			l.Explain(&q, h.Entry)
			l.Entry(h.Entry)
		}
	}
	for _, e := range entries[:min(5, len(entries))] {
		l.Entry(e.Key())
		l.Check(&Query{Documents: []QueryDocument{{Number: "D12345678", Issuer: "UTO"}}}, nil)
	}
	n := 0
	for range l.Entries() {
		if n++; n > 100 {
			break
		}
	}
}

// No damage goes unseen, and none that gets past the checksums makes anything panic.
func TestDamagedFiles(t *testing.T) {
	entries := crowd(20, 60)
	data := written(t, compiled(t, entries))
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range 100 {
		bad := bytes.Clone(data)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if _, err := OpenBase(bad); border.CodeOf(err) != border.Invalid {
			t.Fatalf("round %d: a changed bit went unseen: %v", i, err)
		}
	}
	for _, n := range []int{0, 1, 8, headerSize - 1, headerSize, len(data) / 2, len(data) - 1} {
		if _, err := OpenBase(data[:n]); border.CodeOf(err) != border.Invalid {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := OpenBase(append(bytes.Clone(data), 0)); border.CodeOf(err) != border.Invalid {
		t.Errorf("a byte too many: %v", err)
	}
	opened := 0
	for range 200 {
		bad := bytes.Clone(data)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(bad)-len(magic)-8) + len(magic) + 8
			switch rng.IntN(3) {
			case 0:
				bad[at] = byte(rng.Uint32())
			case 1:
				bad[at] = 255
			default:
				bad[at]++
			}
		}
		b, err := OpenBase(resealed(bad))
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatal(err)
			}
			continue
		}
		opened++
		use(b, entries)
	}
	if opened == 0 {
		t.Error("the checks behind the checksums refuse everything: nothing was tried")
	}
}

// What contradicts itself is refused, checksums or not.
func TestContradictions(t *testing.T) {
	base := compiled(t, crowd(20, 200))
	set := func(sec section, at int, x uint32) func(*[sections][]byte) {
		return func(p *[sections][]byte) {
			p[sec] = bytes.Clone(p[sec])
			binary.LittleEndian.PutUint32(p[sec][4*at:], x)
		}
	}
	head := func(from, to string) func(*[sections][]byte) {
		return func(p *[sections][]byte) { p[secHead] = bytes.Replace(p[secHead], []byte(from), []byte(to), 1) }
	}
	cut := func(sec section) func(*[sections][]byte) {
		return func(p *[sections][]byte) { p[sec] = p[sec][:len(p[sec])-4] }
	}
	for name, change := range map[string]func(*[sections][]byte){
		"more entries than there are": head(",200]", ",201]"),
		"fewer":                       head(",200]", ",199]"),
		"sources out of order":        head(`["courts","police"`, `["police","courts"`),
		"no JSON":                     head("{", "["),
		"entry that is not there":     set(secEntryOf, 0, 200),
		"entry twice":                 set(secEntryOf, 0, base.entryOf.at(1)),
		"identity not there":          set(secIdentity, 3, 1<<31),
		"posting not there":           set(secPostings, 0, 200),
		"postings that go back":       set(secPostingAt, 1, 1<<30),
		"records beyond the end":      set(secRecordAt, 200, 1<<30),
		"near words that are none":    set(secNear, 0, 1<<31),
		"years beyond the end":        set(secYears, 1, 201),
		"words cut":                   cut(secWords),
		"slots cut":                   cut(secSlots),
		"keys cut":                    cut(secKeys),
		"payload cut":                 cut(secPayload),
		"documents cut":               cut(secDocuments),
		"letters cut":                 cut(secLetters),
		"alphabet":                    set(secAlphabet, 0, 1<<31),
	} {
		parts := *base.parts
		change(&parts)
		var buf bytes.Buffer
		if _, err := writeSections(&buf, &parts); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenBase(buf.Bytes()); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenBase(f *testing.F) {
	entries := crowd(20, 12)
	f.Add(written(f, compiled(f, entries)))
	f.Add(written(f, compiled(f, nil)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		b, err := OpenBase(resealed(data))
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatal(err)
			}
			return
		}
		use(b, entries)
	})
}
