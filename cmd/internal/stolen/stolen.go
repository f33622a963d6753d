// Package stolen looks at a disk as a thief would: it searches data folders byte by byte for what must
// not lie there in the clear, in every writing in which it might, and inside what is compressed.
package stolen

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MinLength is the least length in bytes of what is searched for. Shorter things are found in anything.
const MinLength = 6

// Needle is something that must not be found.
type Needle struct {
	Name string // says what it is, in findings: never the thing itself
	Text string // a name, a number, a line of a machine readable zone
	// Date is a day, "1985-03-07", searched for in the ways in which dates are written, with Text empty.
	Date  string
	Bytes []byte // searched for as they are, in base64 and hexadecimal: a part of an image
}

// Finding is a place where something was found.
type Finding struct {
	Needle string `json:"needle"`
	Form   string `json:"form"` // how it was written: "upper", "utf16le", "base64"
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Within string `json:"within,omitempty"` // what it is packed in: "gzip at 4096"; Offset is in the unpacked bytes then
}

// Result is what a search found, and what it did.
type Result struct {
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"` // findings that were left out
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`   // searched, unpacked ones included
	Packed   int       `json:"packed"`  // compressed things that were looked into
	Forms    int       `json:"forms"`   // byte strings that were searched for
	Skipped  []string  `json:"skipped"` // names of needles that are too short to search for
}

const (
	maxFindings  = 200     // in all
	perNeedle    = 5       // of one needle in one file
	window       = 1 << 20 // bytes that are looked at in one go
	maxPacked    = 256 << 20
	maxDepth     = 3
	filterBits   = 22
	maxNeedleLen = 64 << 10
)

// Search looks through all files below the folders. A file that cannot be read is an error: what was not
// looked at cannot be called clean.
func Search(ctx context.Context, dirs []string, needles []Needle) (Result, error) {
	s := newSearch(ctx, needles)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && path != dir, err == nil && !d.Type().IsRegular():
				return nil // a running program removed it; links, sockets and folders hold nothing
			case err != nil:
				return err
			}
			return s.file(path)
		})
		if err != nil {
			return s.result, fmt.Errorf("search %s: %w", dir, err)
		}
	}
	return s.result, nil
}

// pattern is one writing of one needle.
type pattern struct {
	needle int32
	form   string
	bytes  string
}

type search struct {
	ctx      context.Context
	needles  []Needle
	patterns []pattern
	byHead   map[uint64][]int32 // patterns by their first bytes
	filter   []uint64           // bits of the heads' hashes: most places are done with one look
	longest  int
	result   Result

	path string
	seen map[string]int // findings of a needle in this file
}

func newSearch(ctx context.Context, needles []Needle) *search {
	s := &search{ctx: ctx, needles: needles, byHead: make(map[uint64][]int32), filter: make([]uint64, 1<<filterBits/64), longest: MinLength}
	s.result.Findings, s.result.Skipped = []Finding{}, []string{}
	known := make(map[string]bool)
	for i := range needles {
		any := false
		for _, f := range needles[i].forms() {
			if n := len(needles[i].Text); n > 0 && n < MinLength || len(f.bytes) < MinLength || len(f.bytes) > maxNeedleLen {
				continue
			}
			any = true
			key := f.form + "\x00" + f.bytes
			if known[key] {
				continue // two people of one name
			}
			known[key] = true
			h := head([]byte(f.bytes))
			s.byHead[h] = append(s.byHead[h], int32(len(s.patterns)))
			n := spread(h)
			s.filter[n/64] |= 1 << (n % 64)
			s.longest = max(s.longest, len(f.bytes))
			s.patterns = append(s.patterns, pattern{needle: int32(i), form: f.form, bytes: f.bytes})
		}
		if !any && !slices.Contains(s.result.Skipped, needles[i].Name) {
			s.result.Skipped = append(s.result.Skipped, needles[i].Name)
		}
	}
	s.result.Forms = len(s.patterns)
	return s
}

// head is the first MinLength bytes.
func head(b []byte) uint64 {
	var h [8]byte
	copy(h[:], b[:MinLength])
	return binary.LittleEndian.Uint64(h[:])
}

func spread(h uint64) uint64 { return h * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

func (s *search) file(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s.result.Files++
	s.path, s.seen = path, make(map[string]int)
	return s.stream(f, f, "", 0)
}

// stream searches bytes; at gives them again at an offset, for what is packed in them.
func (s *search) stream(r io.Reader, at io.ReaderAt, within string, depth int) error {
	keep := max(s.longest, packedHead) - 1
	buf := make([]byte, 0, window+keep)
	var base int64 // offset of buf's first byte
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, end, err := fill(r, buf[len(buf):cap(buf)])
		if err != nil {
			return err
		}
		buf = buf[:len(buf)+n]
		s.result.Bytes += int64(n)
		until := len(buf) - keep // what begins later is looked at with what follows
		if end {
			until = len(buf)
		}
		s.look(buf, until, base, within)
		if err := s.unpack(buf, until, base, at, within, depth); err != nil {
			return err
		}
		if end {
			return nil
		}
		base += int64(until)
		buf = append(buf[:0], buf[until:]...)
	}
}

// fill reads as much as there is room for, and says whether that was the end.
func fill(r io.Reader, b []byte) (n int, end bool, err error) {
	n, err = io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, true, nil
	}
	return n, false, err
}

// look searches what begins in b[:until].
func (s *search) look(b []byte, until int, base int64, within string) {
	for i := 0; i < until && i+MinLength <= len(b); i++ {
		var h uint64
		if i+8 <= len(b) {
			h = binary.LittleEndian.Uint64(b[i:]) & (1<<(8*MinLength) - 1)
		} else {
			h = head(b[i:])
		}
		n := spread(h)
		if s.filter[n/64]&(1<<(n%64)) == 0 {
			continue
		}
		for _, p := range s.byHead[h] {
			if text := s.patterns[p].bytes; len(b)-i >= len(text) && string(b[i:i+len(text)]) == text {
				s.found(&s.patterns[p], base+int64(i), within)
			}
		}
	}
}

func (s *search) found(p *pattern, offset int64, within string) {
	name := s.needles[p.needle].Name
	if s.seen[name]++; s.seen[name] > perNeedle || len(s.result.Findings) >= maxFindings {
		s.result.More++
		return
	}
	s.result.Findings = append(s.result.Findings, Finding{Needle: name, Form: p.form, File: s.path, Offset: offset, Within: strings.TrimSpace(within)})
}
