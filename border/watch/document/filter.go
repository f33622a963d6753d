package document

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/FastFilter/xorfilter"

	"garita/border"
)

// Filter holds the documents of one epoch as a binary fuse filter with fingerprints of 16 bits:
// 18 bits a document, and one false hit in 65,536. It never misses one. Immutable.
type Filter struct {
	Epoch     border.Epoch // of the list; its key made the hashes
	Documents uint64       // that it was built from
	fuse      xorfilter.BinaryFuse[uint16]
}

// MaxDocuments bounds a filter; its file then has about 450 MB.
const MaxDocuments = 200_000_000

// headerSize is that of a filter's file. The file is: magic, epoch, documents, seed, segment
// length, segments, fingerprints, checksum of the fingerprints, checksum of the header, then the
// fingerprints. Numbers are little endian, checksums CRC-32C.
const headerSize = 8 + 16 + 8 + 8 + 4 + 4 + 8 + 4 + 4

const filterMagic = "GDFUSE1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Build makes the filter of the documents with these hashes (the low 64 bits of their digests),
// in any order; doubles count once. It sorts and shortens hashes, and takes about 40 bytes of
// memory for each while it works: the hub builds, posts load.
func Build(epoch border.Epoch, hashes []uint64) (*Filter, error) {
	if len(hashes) > MaxDocuments {
		return nil, &border.Error{Code: border.TooLarge, Op: "build a document filter", Err: fmt.Errorf("%d documents", len(hashes))}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	f := &Filter{Epoch: epoch, Documents: uint64(len(hashes))}
	if len(hashes) == 0 {
		return f, nil
	}
	fuse, err := xorfilter.NewBinaryFuse[uint16](hashes)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "build a document filter", Err: err}
	}
	f.fuse = *fuse
	return f, nil
}

// Has reports whether a document with this hash may be among them.
func (f *Filter) Has(hash uint64) bool {
	return len(f.fuse.Fingerprints) > 0 && f.fuse.Contains(hash)
}

// Size is what the filter keeps in memory, in bytes.
func (f *Filter) Size() int64 { return int64(len(f.fuse.Fingerprints)) * 2 }

// WriteTo writes the filter's file.
func (f *Filter) WriteTo(w io.Writer) (int64, error) {
	sum := uint32(0)
	_ = pieces(f.fuse.Fingerprints, func(b []byte) error { sum = crc32.Update(sum, castagnoli, b); return nil })
	h := append(make([]byte, 0, headerSize), filterMagic...)
	h = append(h, f.Epoch[:]...)
	h = binary.LittleEndian.AppendUint64(h, f.Documents)
	h = binary.LittleEndian.AppendUint64(h, f.fuse.Seed)
	h = binary.LittleEndian.AppendUint32(h, f.fuse.SegmentLength)
	h = binary.LittleEndian.AppendUint32(h, f.fuse.SegmentCount)
	h = binary.LittleEndian.AppendUint64(h, uint64(len(f.fuse.Fingerprints)))
	h = binary.LittleEndian.AppendUint32(h, sum)
	h = binary.LittleEndian.AppendUint32(h, crc32.Checksum(h, castagnoli))
	n, err := w.Write(h)
	if err == nil {
		err = pieces(f.fuse.Fingerprints, func(b []byte) error {
			m, err := w.Write(b)
			n += m
			return err
		})
	}
	if err != nil {
		return int64(n), &border.Error{Code: border.Internal, Op: "write a document filter", Err: err}
	}
	return int64(n), nil
}

// Read reads a filter's file into memory. What is damaged, cut off or followed by more is
// [border.Invalid].
func Read(file io.Reader) (*Filter, error) {
	r := bufio.NewReaderSize(file, 1<<18)
	h := make([]byte, headerSize)
	if _, err := io.ReadFull(r, h); err != nil {
		return nil, damaged("the header is cut off")
	}
	if string(h[:8]) != filterMagic || crc32.Checksum(h[:headerSize-4], castagnoli) != binary.LittleEndian.Uint32(h[headerSize-4:]) {
		return nil, damaged("the header is none")
	}
	f := &Filter{Epoch: border.Epoch(h[8:24]), Documents: binary.LittleEndian.Uint64(h[24:])}
	f.fuse.Seed = binary.LittleEndian.Uint64(h[32:])
	f.fuse.SegmentLength, f.fuse.SegmentCount = binary.LittleEndian.Uint32(h[40:]), binary.LittleEndian.Uint32(h[44:])
	n := binary.LittleEndian.Uint64(h[48:])
	if err := f.shape(n); err != nil {
		return nil, err
	}
	if n > 0 {
		if err := f.body(r, int(n), binary.LittleEndian.Uint32(h[56:])); err != nil {
			return nil, err
		}
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, damaged("there are bytes after its end")
	}
	return f, nil
}

// shape checks what a lookup relies on: every place that it computes lies within n fingerprints.
func (f *Filter) shape(n uint64) error {
	length, segments := uint64(f.fuse.SegmentLength), uint64(f.fuse.SegmentCount)
	switch {
	case f.Documents > MaxDocuments:
		return damaged("it claims too many documents")
	case n == 0 && f.Documents == 0 && length == 0 && segments == 0:
		return nil
	case n == 0 || n > 2*MaxDocuments || length == 0 || length&(length-1) != 0 || segments == 0 || n != (segments+2)*length:
		return damaged("its parts do not fit together")
	}
	f.fuse.SegmentLengthMask = f.fuse.SegmentLength - 1
	f.fuse.SegmentCountLength = f.fuse.SegmentCount * f.fuse.SegmentLength
	return nil
}

// body reads the fingerprints a piece at a time: what is not there is not made room for.
func (f *Filter) body(r io.Reader, n int, sum uint32) error {
	const piece = 1 << 20
	prints := make([]uint16, 0, min(n, piece))
	crc := uint32(0)
	buf := make([]byte, 2*piece)
	for len(prints) < n {
		if cap(prints)-len(prints) == 0 { // the file has kept its word so far: believe the rest
			grown := make([]uint16, len(prints), n)
			copy(grown, prints)
			prints = grown
		}
		m := min(piece, n-len(prints), cap(prints)-len(prints))
		if _, err := io.ReadFull(r, buf[:2*m]); err != nil {
			return damaged("it is cut off")
		}
		crc = crc32.Update(crc, castagnoli, buf[:2*m])
		at := len(prints)
		prints = prints[:at+m]
		for i := range m {
			prints[at+i] = binary.LittleEndian.Uint16(buf[2*i:])
		}
	}
	if crc != sum {
		return damaged("its content is not what was written")
	}
	f.fuse.Fingerprints = prints
	return nil
}

func damaged(what string) error {
	return &border.Error{Code: border.Invalid, Op: "read a document file", Err: errors.New(what)}
}

// pieces hands on the bytes of the fingerprints as the file holds them, a piece at a time.
func pieces(v []uint16, use func([]byte) error) error {
	const most = 1 << 16
	buf := make([]byte, 0, 2*most)
	for len(v) > 0 {
		n := min(most, len(v))
		b := buf
		for _, x := range v[:n] {
			b = binary.LittleEndian.AppendUint16(b, x)
		}
		if err := use(b); err != nil {
			return err
		}
		v = v[n:]
	}
	return nil
}
