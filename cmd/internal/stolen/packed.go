package stolen

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// packedHead is how many bytes tell that something packed begins.
const packedHead = 30

// unpack looks into what is packed and begins in b[:until]. That something looks packed and is not
// is no error.
func (s *search) unpack(b []byte, until int, base int64, at io.ReaderAt, within string, depth int) error {
	if depth >= maxDepth || at == nil {
		return nil
	}
	for i := range until {
		kind, skip := packing(b[i:])
		if kind == "" {
			continue
		}
		offset := base + int64(i)
		r, err := opened(kind, io.NewSectionReader(at, offset+int64(skip), math.MaxInt64-offset-int64(skip)))
		if err != nil {
			continue
		}
		plain, err := io.ReadAll(io.LimitReader(r, maxPacked))
		if len(plain) == 0 || err != nil && len(plain) < 64 {
			continue // chance
		}
		s.result.Packed++
		if err := s.stream(bytes.NewReader(plain), bytes.NewReader(plain), fmt.Sprintf("%s %s at %d", within, kind, offset), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// packing says what begins here, and how many bytes come before its compressed ones.
func packing(b []byte) (kind string, skip int) {
	switch {
	case len(b) >= 10 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 && b[3]&0xe0 == 0:
		return "gzip", 0
	case len(b) >= packedHead && b[0] == 'P' && b[1] == 'K' && b[2] == 3 && b[3] == 4 && binary.LittleEndian.Uint16(b[8:]) == 8:
		return "zip", packedHead + int(binary.LittleEndian.Uint16(b[26:])) + int(binary.LittleEndian.Uint16(b[28:]))
	case len(b) >= 2 && b[0] == 0x78 && (b[1] == 0x01 || b[1] == 0x5e || b[1] == 0x9c || b[1] == 0xda):
		return "zlib", 0
	}
	return "", 0
}

func opened(kind string, r io.Reader) (io.Reader, error) {
	switch kind {
	case "gzip":
		return gzip.NewReader(r)
	case "zlib":
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}
