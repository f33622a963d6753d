package document

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"

	"garita/border"
)

// Changes are the documents that came and went since a filter was built: exact, both sorted,
// and none in both. A release carries all of them since its filter.
type Changes struct {
	Epoch   border.Epoch
	Added   []uint64
	Removed []uint64
}

// MaxChanges bounds each of the two; beyond it a new filter is due.
const MaxChanges = 5_000_000

const changesMagic = "GDDELT1\n"

// WriteTo writes the changes: magic, epoch, both numbers, both lists, CRC-32C of all of it.
func (c *Changes) WriteTo(w io.Writer) (int64, error) {
	b := append(make([]byte, 0, 48+8*(len(c.Added)+len(c.Removed))), changesMagic...)
	b = append(b, c.Epoch[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(c.Added)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(c.Removed)))
	for _, list := range [...][]uint64{c.Added, c.Removed} {
		for _, h := range list {
			b = binary.LittleEndian.AppendUint64(b, h)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	n, err := w.Write(b)
	if err != nil {
		return int64(n), &border.Error{Code: border.Internal, Op: "write document changes", Err: err}
	}
	return int64(n), nil
}

// ReadChanges reads what WriteTo wrote; anything else is [border.Invalid].
func ReadChanges(r io.Reader) (*Changes, error) {
	b, err := io.ReadAll(io.LimitReader(r, 40+16*MaxChanges+5))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read document changes", Err: err}
	}
	if len(b) < 44 || string(b[:8]) != changesMagic || crc32.Checksum(b[:len(b)-4], castagnoli) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return nil, damaged("it is cut off or none")
	}
	c := &Changes{Epoch: border.Epoch(b[8:24])}
	added, removed := binary.LittleEndian.Uint64(b[24:]), binary.LittleEndian.Uint64(b[32:])
	if added > MaxChanges || removed > MaxChanges || uint64(len(b)) != 44+8*(added+removed) {
		return nil, damaged("its parts do not fit together")
	}
	list := func(at, n uint64) []uint64 {
		out := make([]uint64, n)
		for i := range out {
			out[i] = binary.LittleEndian.Uint64(b[at+8*uint64(i):])
		}
		return out
	}
	c.Added, c.Removed = list(40, added), list(40+8*added, removed)
	if !ascending(c.Added) || !ascending(c.Removed) {
		return nil, damaged("it is not sorted")
	}
	return c, nil
}

func ascending(v []uint64) bool {
	for i := 1; i < len(v); i++ {
		if v[i-1] >= v[i] {
			return false
		}
	}
	return true
}

// Add and Remove note that a document came or went.
func (c *Changes) Add(hash uint64) {
	c.Removed, c.Added = without(c.Removed, hash), with(c.Added, hash)
}

// Remove notes that a document is not listed any more.
func (c *Changes) Remove(hash uint64) {
	c.Added, c.Removed = without(c.Added, hash), with(c.Removed, hash)
}

// With gives the changes after more documents came and went; both are sorted, and none is in
// both.
func (c *Changes) With(came, went []uint64) *Changes {
	return &Changes{Epoch: c.Epoch,
		Added:   union(minus(c.Added, went), minus(came, c.Removed)),
		Removed: union(minus(c.Removed, came), minus(went, c.Added))}
}

// minus gives what is in a and not in b; both are sorted.
func minus(a, b []uint64) []uint64 {
	out := make([]uint64, 0, len(a))
	for _, x := range a {
		for len(b) > 0 && b[0] < x {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != x {
			out = append(out, x)
		}
	}
	return out
}

// union gives what is in a or b; both are sorted.
func union(a, b []uint64) []uint64 {
	out := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		x := min(a[0], b[0])
		if a[0] == x {
			a = a[1:]
		}
		if b[0] == x {
			b = b[1:]
		}
		out = append(out, x)
	}
	return append(append(out, a...), b...)
}

func with(v []uint64, h uint64) []uint64 {
	if i, found := slices.BinarySearch(v, h); !found {
		return slices.Insert(v, i, h)
	}
	return v
}

func without(v []uint64, h uint64) []uint64 {
	if i, found := slices.BinarySearch(v, h); found {
		return slices.Delete(v, i, i+1)
	}
	return v
}

// Set answers for a filter with what has changed since. Immutable, safe for concurrent use.
type Set struct {
	key     Key
	filter  *Filter
	changes *Changes
}

// NewSet puts a filter and its changes together. changes may be nil.
func NewSet(key Key, f *Filter, changes *Changes) (*Set, error) {
	if changes == nil {
		changes = &Changes{Epoch: f.Epoch}
	}
	if changes.Epoch != f.Epoch {
		return nil, damaged("the changes belong to another filter")
	}
	return &Set{key, f, changes}, nil
}

// Has reports whether a document is listed. true is wrong once in 65,536; false never is.
func (s *Set) Has(issuer, documentType, number string) bool {
	d, ok := s.key.Hash(issuer, Class(documentType), number)
	return ok && s.has(d.Lo)
}

// Find is [Set.Has], and gives the digest by which the hub's exact store knows the document.
func (s *Set) Find(issuer, documentType, number string) (border.BlindIndex, bool) {
	d, ok := s.key.Hash(issuer, Class(documentType), number)
	if !ok || !s.has(d.Lo) {
		return border.BlindIndex{}, false
	}
	return d.Bytes(), true
}

func (s *Set) has(h uint64) bool {
	if len(s.changes.Removed) > 0 {
		if _, gone := slices.BinarySearch(s.changes.Removed, h); gone {
			return false
		}
	}
	if s.filter.Has(h) {
		return true
	}
	_, came := slices.BinarySearch(s.changes.Added, h)
	return came
}

// Documents is how many are listed, doubles left out.
func (s *Set) Documents() int64 {
	return int64(s.filter.Documents) + int64(len(s.changes.Added)) - int64(len(s.changes.Removed))
}

// Size is what the set keeps in memory, in bytes.
func (s *Set) Size() int64 {
	return s.filter.Size() + 8*int64(len(s.changes.Added)+len(s.changes.Removed))
}
