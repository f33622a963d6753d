package document

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"garita/border"
)

// Record is a listed document as the exact store keeps it: by its digest, without its number.
type Record struct {
	Digest Digest
	Reason uint16 // code of the source: stolen, lost, revoked, ...
	Since  int32  // day since 1970-01-01; 0: not known
}

const (
	recordSize  = 24
	storeHeader = 8 + 16 + 8
	storeMagic  = "GDEXACT\n"
)

// Store is the exact store: a sorted file, asked where a digest must stand. Only the hub has it.
// Safe for concurrent use.
type Store struct {
	Epoch   border.Epoch
	Records int64
	r       io.ReaderAt
}

// OpenStore opens a store of so many bytes.
func OpenStore(r io.ReaderAt, size int64) (*Store, error) {
	h := make([]byte, storeHeader)
	if _, err := r.ReadAt(h, 0); err != nil || string(h[:8]) != storeMagic {
		return nil, damaged("the store's header is cut off or none")
	}
	s := &Store{Epoch: border.Epoch(h[8:24]), r: r}
	n := binary.LittleEndian.Uint64(h[24:])
	if n > MaxDocuments || size != storeHeader+int64(n)*recordSize {
		return nil, damaged("the store is cut off")
	}
	s.Records = int64(n)
	return s, nil
}

// window is how many records one look at the file reads.
const window = 128

// Find looks a digest up. Digests are spread evenly, so the place is known within a few
// records; where it is not, the search halves what is left.
func (s *Store) Find(d Digest) (Record, bool, error) {
	lo, hi := int64(0), s.Records // the record, if there, is in [lo, hi)
	buf := make([]byte, window*recordSize)
	guess, _ := bits.Mul64(d.Lo, uint64(s.Records))
	for at := int64(guess); lo < hi; {
		from := max(lo, min(at-window/2, hi-window))
		n := min(int64(window), hi-from)
		b := buf[:n*recordSize]
		if _, err := s.r.ReadAt(b, storeHeader+from*recordSize); err != nil {
			return Record{}, false, &border.Error{Code: border.Internal, Op: "read the document store", Err: err}
		}
		i, found := sort.Find(int(n), func(i int) int { return compare(d, digest(b[i*recordSize:])) })
		switch {
		case found:
			return decode(b[i*recordSize:]), true, nil
		case i == 0 && from > lo:
			hi = from
		case int64(i) == n && from+n < hi:
			lo = from + n
		default:
			return Record{}, false, nil
		}
		at = (lo + hi) / 2
	}
	return Record{}, false, nil
}

func digest(b []byte) Digest {
	return Digest{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

func decode(b []byte) Record {
	return Record{digest(b), binary.LittleEndian.Uint16(b[16:]), int32(binary.LittleEndian.Uint32(b[18:]))}
}

func (r Record) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, r.Digest.Lo)
	b = binary.LittleEndian.AppendUint64(b, r.Digest.Hi)
	b = binary.LittleEndian.AppendUint16(b, r.Reason)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Since))
	return append(b, 0, 0)
}

func compare(a, b Digest) int {
	return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi))
}

// Builder makes an exact store of documents that come in any order, with bounded memory: it
// sorts pieces, lays them beside the store and merges them. Close must be called.
type Builder struct {
	dir    string
	epoch  border.Epoch
	piece  []Record
	pieces []*os.File
	limit  int
	total  int64
}

// builderPiece is how many records are sorted at once: 24 bytes each.
const builderPiece = 4 << 20

// NewBuilder begins a store; its pieces lie in a new folder below dir until Close.
func NewBuilder(dir string, epoch border.Epoch) (*Builder, error) {
	tmp, err := os.MkdirTemp(dir, ".documents-")
	if err != nil {
		return nil, building(err)
	}
	return &Builder{dir: tmp, epoch: epoch, limit: builderPiece}, nil
}

func building(err error) error {
	return &border.Error{Code: border.Internal, Op: "build the document store", Err: err}
}

// Add adds a document. Of doubles the first counts.
func (b *Builder) Add(r Record) error {
	if b.total++; b.total > MaxDocuments {
		return &border.Error{Code: border.TooLarge, Op: "build the document store", Err: fmt.Errorf("more than %d documents", MaxDocuments)}
	}
	if b.piece = append(b.piece, r); len(b.piece) < b.limit {
		return nil
	}
	return b.lay()
}

func (b *Builder) lay() error {
	slices.SortStableFunc(b.piece, func(x, y Record) int { return compare(x.Digest, y.Digest) })
	f, err := os.Create(filepath.Join(b.dir, fmt.Sprintf("%06d", len(b.pieces))))
	if err != nil {
		return building(err)
	}
	b.pieces = append(b.pieces, f)
	w := bufio.NewWriterSize(f, 1<<20)
	buf := make([]byte, 0, recordSize)
	for i := range b.piece {
		if _, err := w.Write(b.piece[i].append(buf)); err != nil {
			return building(err)
		}
	}
	b.piece = b.piece[:0]
	if err := w.Flush(); err != nil {
		return building(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return building(err)
	}
	return nil
}

// WriteTo writes the store to w, which is then sought back to write its length, and says how
// many documents it has.
func (b *Builder) WriteTo(ctx context.Context, w io.WriteSeeker) (int64, error) {
	if err := b.lay(); err != nil {
		return 0, err
	}
	b.piece = nil
	var q merge
	for i, f := range b.pieces {
		s := &stream{r: bufio.NewReaderSize(f, 1<<20), no: i}
		if more, err := s.next(); err != nil {
			return 0, building(err)
		} else if more {
			q = append(q, s)
		}
	}
	heap.Init(&q)
	out := bufio.NewWriterSize(w, 1<<20)
	head := append(append(make([]byte, 0, storeHeader), storeMagic...), b.epoch[:]...)
	if _, err := out.Write(binary.LittleEndian.AppendUint64(head, 0)); err != nil {
		return 0, building(err)
	}
	records := int64(0)
	buf := make([]byte, 0, recordSize)
	var last Digest
	for len(q) > 0 {
		r := q[0].record
		if records == 0 || r.Digest != last {
			if _, err := out.Write(r.append(buf)); err != nil {
				return 0, building(err)
			}
			records, last = records+1, r.Digest
		}
		if more, err := q[0].next(); err != nil {
			return 0, building(err)
		} else if more {
			heap.Fix(&q, 0)
		} else {
			heap.Pop(&q)
		}
		if records&0xfffff == 0 && ctx.Err() != nil {
			return 0, building(ctx.Err())
		}
	}
	if err := out.Flush(); err != nil {
		return 0, building(err)
	}
	if _, err := w.Seek(24, io.SeekStart); err != nil {
		return 0, building(err)
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(records))); err != nil {
		return 0, building(err)
	}
	return records, nil
}

// Close removes the pieces.
func (b *Builder) Close() error {
	var errs []error
	for _, f := range b.pieces {
		errs = append(errs, f.Close())
	}
	if err := errors.Join(append(errs, os.RemoveAll(b.dir))...); err != nil {
		return building(err)
	}
	return nil
}

// stream is one sorted piece as it is merged.
type stream struct {
	r      *bufio.Reader
	no     int
	record Record
	buf    [recordSize]byte
	left   int64 // of a whole store: what has not been read
	begun  bool
}

func (s *stream) next() (bool, error) {
	_, err := io.ReadFull(s.r, s.buf[:])
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	s.record = decode(s.buf[:])
	return err == nil, err
}

// merge is a heap of pieces: the smallest digest first, of equal ones the earliest piece.
type merge []*stream

func (m merge) Len() int { return len(m) }
func (m merge) Less(i, j int) bool {
	c := compare(m[i].record.Digest, m[j].record.Digest)
	return c < 0 || c == 0 && m[i].no < m[j].no
}
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)   { *m = append(*m, x.(*stream)) }
func (m *merge) Pop() any {
	old := *m
	x := old[len(old)-1]
	*m = old[:len(old)-1]
	return x
}
