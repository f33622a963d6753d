package papers

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
)

// Signatures with which a file begins.
var (
	pdfHead  = []byte("%PDF-")
	jpegHead = []byte{0xFF, 0xD8, 0xFF}
	pngHead  = []byte("\x89PNG\r\n\x1a\n")
	jp2Head  = []byte("\x00\x00\x00\x0CjP  \r\n\x87\n") // ISO/IEC 15444-1, I.5.1
	j2kHead  = []byte{0xFF, 0x4F, 0xFF, 0x51}           // SOC and SIZ, the same standard, A.4 and A.5
)

// Sniff tells the kind of a file from its first bytes, and refuses what is too large: in
// bytes, or in the pixels that its own header promises, against maxPixels. Pages of a PDF
// are not looked at. Errors are [border.Error]s, Invalid or TooLarge.
func Sniff(b []byte, maxPixels int) (Kind, error) {
	if len(b) > MaxBytes {
		return "", errSize
	}
	var kind Kind
	var size image.Point
	var err error
	switch {
	case bytes.HasPrefix(b, pdfHead):
		kind = PDF
	case bytes.HasPrefix(b, jpegHead):
		kind = JPEG
		size, err = declared(jpeg.DecodeConfig(bytes.NewReader(b)))
	case bytes.HasPrefix(b, pngHead):
		kind = PNG
		size, err = declared(png.DecodeConfig(bytes.NewReader(b)))
	case bytes.HasPrefix(b, jp2Head), bytes.HasPrefix(b, j2kHead):
		kind = JPEG2000
		size, err = jpeg2000Size(b)
	default:
		return "", errKind
	}
	switch {
	case err != nil:
		return "", err
	case second(kind, b):
		return "", errTwoKinds
	case kind != PDF && (size.X <= 0 || size.Y <= 0):
		return "", errDamaged
	case kind != PDF && size.X > maxPixels/size.Y:
		return "", errPixels
	}
	return kind, nil
}

func declared(c image.Config, err error) (image.Point, error) {
	if err != nil {
		return image.Point{}, fault(errDamaged, err)
	}
	return image.Pt(c.Width, c.Height), nil
}

// second reports a signature of another kind further on, where the library would look for
// one: it asks all its readers who knows the file best.
func second(kind Kind, b []byte) bool {
	at := func(offset int, signature string) bool {
		return len(b) >= offset && bytes.HasPrefix(b[offset:], []byte(signature))
	}
	if at(60, "BOOKMOBI") || at(60, "TEXtREAd") || at(257, "ustar") {
		return true
	}
	return kind != PDF && bytes.Contains(b[:min(len(b), 1024+len(pdfHead))], pdfHead)
}

// jpeg2000Size reads the size from the SIZ marker: of a bare codestream, or of the first one
// in the boxes of a JP2 file. No other box is believed.
func jpeg2000Size(b []byte) (image.Point, error) {
	if bytes.HasPrefix(b, jp2Head) {
		var err error
		if b, err = codestream(b); err != nil {
			return image.Point{}, err
		}
	}
	// SOC (2), SIZ (2), its length (2), capabilities (2), then sizes of 4 bytes each: the
	// grid's width and height and where the image begins in it.
	const need = 8 + 4*4
	if len(b) < need || !bytes.HasPrefix(b, j2kHead) {
		return image.Point{}, errDamaged
	}
	x, y := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	x0, y0 := binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])
	const most = 1 << 30
	if x > most || y > most || x0 >= x || y0 >= y {
		return image.Point{}, errDamaged
	}
	return image.Pt(int(x), int(y)), nil // the whole grid: what lies before the image is allocated too
}

// codestream finds the first jp2c box of a JP2 file. Boxes have a length of 4 bytes and a
// type of 4; length 1 says that 8 more bytes hold it, length 0 that the box is the last.
func codestream(b []byte) ([]byte, error) {
	const maxBoxes = 64
	for range maxBoxes {
		if len(b) < 8 {
			break
		}
		length, kind, head := uint64(binary.BigEndian.Uint32(b)), string(b[4:8]), uint64(8)
		switch length {
		case 0:
			length = uint64(len(b))
		case 1:
			if len(b) < 16 {
				return nil, errDamaged
			}
			length, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if length < head || length > uint64(len(b)) {
			return nil, errDamaged
		}
		if kind == "jp2c" {
			return b[head:length], nil
		}
		b = b[length:]
	}
	return nil, errDamaged
}
