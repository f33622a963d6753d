package watch

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"garita/border"
)

// A base is one run of bytes: a header, which says where each section lies and what its
// checksum is, then the sections. Checksums find damage, not forgery: releases are signed.
// All numbers are little-endian.

const (
	magic   = "GARITAWL"
	format  = 2
	maxBase = 1 << 32 // bytes; offsets within sections are 32 bits
)

// section names a part of a base.
type section int

const (
	secHead      section = iota // JSON: Description, and the names of the sources in order
	secLetters                  // match.Letters, for words that no entry has
	secFacts                    // u32, u32, u32 per word: where its text begins, match.Glance, rarity and forms
	secWords                    // texts, the commonest word first
	secNearAt                   // u32 per word that several identities have, and one more: where its near words begin
	secNear                     // u32 per near word: its number, and what it costs, 10 bits
	secSlots                    // u32 per slot and one more: where its keys begin
	secKeys                     // u32: keys to similar words, by slot; see dictionary
	secAlphabet                 // u32 per word: the words by text
	secPostingAt                // u32 per word and one more: where its postings begin
	secPostings                 // u32 identity, u32 brief per posting: the identities that have the word, ascending
	secRecordAt                 // u32 per identity: where its record begins
	secRecords                  // records, one for each entry
	secSummaries                // u32, u32 per identity: its date of birth, 0 if none; traits
	secYears                    // u32 per year and one more: the first identity born in it
	secEntryOf                  // u32 per identity: its entry
	secIdentity                 // u32 per entry: its first identity
	secIDAt                     // u32 per entry and one more: where its ID begins
	secIDs                      // IDs, by source, then ascending
	secBlockAt                  // u32 per block of payload and one more
	secPayload                  // entries as compressed JSON, so many in a block
	secDocuments                // u64 hash of a number, u32 entry: by hash
	sections
)

const headerSize = len(magic) + 4 + 4 + int(sections)*(8+8+4) + 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeSections writes header and sections.
func writeSections(w io.Writer, parts *[sections][]byte) (int64, error) {
	h := make([]byte, 0, headerSize)
	h = append(h, magic...)
	h = binary.LittleEndian.AppendUint32(h, format)
	h = binary.LittleEndian.AppendUint32(h, uint32(sections))
	at := uint64(headerSize)
	for _, p := range parts {
		h = binary.LittleEndian.AppendUint64(h, at)
		h = binary.LittleEndian.AppendUint64(h, uint64(len(p)))
		h = binary.LittleEndian.AppendUint32(h, crc32.Checksum(p, castagnoli))
		at += uint64(len(p))
	}
	h = binary.LittleEndian.AppendUint32(h, crc32.Checksum(h, castagnoli))
	var written int64
	for _, p := range append([][]byte{h}, parts[:]...) {
		n, err := w.Write(p)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// readSections finds the sections within data, which it keeps.
func readSections(data []byte) (*[sections][]byte, error) {
	if len(data) < headerSize || string(data[:len(magic)]) != magic {
		return nil, damaged("it does not begin as a list does")
	}
	h := data[:headerSize]
	if binary.LittleEndian.Uint32(h[len(h)-4:]) != crc32.Checksum(h[:len(h)-4], castagnoli) {
		return nil, damaged("its header is damaged")
	}
	h = h[len(magic):]
	if v, n := binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint32(h[4:]); v != format || n != uint32(sections) {
		return nil, &border.Error{Code: border.Invalid, Op: "open list", Message: "The list is of another version of the program. Update the program, or have the hub publish it anew."}
	}
	h = h[8:]
	var parts [sections][]byte
	at := uint64(headerSize)
	for i := range parts {
		from, size := binary.LittleEndian.Uint64(h), binary.LittleEndian.Uint64(h[8:])
		if from != at || size > uint64(len(data))-at || size >= maxBase {
			return nil, damaged("it is cut off")
		}
		at += size
		parts[i] = data[from:at:at]
		if binary.LittleEndian.Uint32(h[16:]) != crc32.Checksum(parts[i], castagnoli) {
			return nil, damaged("a section is damaged")
		}
		h = h[20:]
	}
	if at != uint64(len(data)) {
		return nil, damaged("something follows its end")
	}
	return &parts, nil
}

func damaged(why string) error {
	return &border.Error{Code: border.Invalid, Op: "open list", Message: "The list's file is damaged: " + why + ". Fetch it anew."}
}

// words32 is a section of 32-bit numbers.
type words32 []byte

func (w words32) len() int        { return len(w) / 4 }
func (w words32) at(i int) uint32 { return binary.LittleEndian.Uint32(w[4*i:]) }

// offsets checks a section of n+1 ascending offsets into a section of size bytes or items.
func (w words32) offsets(n, size int) bool {
	if len(w) != 4*(n+1) || w.at(0) != 0 || w.at(n) != uint32(size) {
		return false
	}
	last := uint32(0)
	for i := range n + 1 {
		x := w.at(i)
		if x < last {
			return false
		}
		last = x
	}
	return true
}
