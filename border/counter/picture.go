package counter

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"

	"garita/border"
)

// pictureQuality is that of a JPEG which is drawn anew, 1 to 100.
const pictureQuality = 92

// pictureBounds are the most bytes and pixels of a picture by its kind.
var pictureBounds = map[string]struct {
	bytes int
	size  image.Point
}{
	border.KindPortrait: {512 << 10, image.Pt(640, 800)},
	border.KindDataPage: {2 << 20, image.Pt(2000, 1500)},
}

// redraw reads a JPEG of a camera and writes its pixels into a new one, so that nothing else of it
// is kept: no place, no device, no name. Nothing is allocated for pixels before their number is known.
func redraw(kind string, b []byte) (drawn []byte, size image.Point, err error) {
	const op = "read a picture"
	bounds := pictureBounds[kind]
	invalid := &border.Error{Code: border.Invalid, Op: op, Message: "The picture cannot be read. Take it again."}
	large := &border.Error{Code: border.TooLarge, Op: op, Message: "The picture is too large. Take it again with the counter's camera."}
	if len(b) > bounds.bytes {
		return nil, image.Point{}, large
	}
	if size, err = frame(b); err != nil {
		return nil, image.Point{}, invalid
	}
	if size.X > bounds.size.X || size.Y > bounds.size.Y {
		return nil, size, large
	}
	// What the decoder would allocate for is what was measured, whatever it makes of the segments.
	if seen, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || image.Pt(seen.Width, seen.Height) != size {
		return nil, size, invalid
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Size() != size { // the cause is of no use to the officer
		return nil, size, invalid
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, size, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return out.Bytes(), size, nil
}

var errFrame = &border.Error{Code: border.Invalid, Op: "read a picture"}

// frame reads the size of a JPEG from the header of its frame. It takes the sequential kind that
// cameras and browsers write, and only segments that have a length before it: a progressive one can make a reader go over all its pixels thousands
// of times for a few bytes.
func frame(b []byte) (image.Point, error) {
	const (
		soi        = 0xd8
		sof0, sof1 = 0xc0, 0xc1
		dht, dqt   = 0xc4, 0xdb
		dri, com   = 0xdd, 0xfe
		app0       = 0xe0 // to 0xef
	)
	if len(b) < 4 || b[0] != 0xff || b[1] != soi {
		return image.Point{}, errFrame
	}
	for at := 2; at+4 <= len(b); {
		if b[at] != 0xff {
			return image.Point{}, errFrame
		}
		marker, n := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if n < 2 || at+2+n > len(b) {
			return image.Point{}, errFrame
		}
		switch {
		case marker == sof0 || marker == sof1:
			if n < 8 {
				return image.Point{}, errFrame
			}
			size := image.Pt(int(binary.BigEndian.Uint16(b[at+7:])), int(binary.BigEndian.Uint16(b[at+5:])))
			if size.X == 0 || size.Y == 0 {
				return image.Point{}, errFrame
			}
			return size, nil
		case marker == dht, marker == dqt, marker == dri, marker == com, marker&0xf0 == app0:
		default: // also the markers without a length (ITU-T T.81, table B.1), behind which a second frame could hide
			return image.Point{}, errFrame
		}
		at += 2 + n
	}
	return image.Point{}, errFrame
}
