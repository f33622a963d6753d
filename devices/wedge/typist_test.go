package wedge

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// stroke is one event of a key.
type stroke struct {
	kind, code uint16
	value      int32
}

// tap presses a key, with others held meanwhile, and lets go in the opposite order.
func tap(code uint16, with ...uint16) []stroke {
	var s []stroke
	keys := append(slices.Clone(with), code)
	for _, k := range keys {
		s = append(s, stroke{evKey, k, pressed}, stroke{evSyn, synReport, 0})
	}
	for _, k := range slices.Backward(keys) {
		s = append(s, stroke{evKey, k, released}, stroke{evSyn, synReport, 0})
	}
	return s
}

// typing is what a keyboard with a layout does to type a text.
func typing(layout, text string) ([]stroke, error) {
	l := layouts[layout]
	var all []stroke
	for i := range len(text) {
		s, ok := typingOne(l, text[i])
		if !ok {
			return nil, fmt.Errorf("layout %s cannot type byte %#02x", layout, text[i])
		}
		all = append(all, s...)
	}
	return all, nil
}

func typingOne(l layout, c byte) ([]stroke, bool) {
	for code := range uint16(100) {
		switch {
		case l.plain[code] == c:
			return tap(code), true
		case l.shift[code] == c:
			return tap(code, keyLeftShift), true
		case l.altGr[code] == c:
			return tap(code, keyAltGr), true
		case fixed[code] == c && fixed[code] != 0:
			return tap(code), true
		case c < 0x20 && l.plain[code] == c|0x60:
			return tap(code, keyLeftCtrl), true
		}
	}
	return nil, false
}

// wire is the events as the kernel gives them.
func wire(strokes []stroke) []byte {
	var b []byte
	for _, s := range strokes {
		b = append(b, make([]byte, timeSize)...)
		b = binary.NativeEndian.AppendUint16(b, s.kind)
		b = binary.NativeEndian.AppendUint16(b, s.code)
		b = binary.NativeEndian.AppendUint32(b, uint32(s.value))
	}
	return b
}

// decodeAll is what a fresh decoder makes of strokes.
func decodeAll(layout string, caps bool, strokes []stroke) string {
	d := newDecoder(layout, caps)
	var b []byte
	for _, s := range strokes {
		if c, ok := d.event(s.kind, s.code, s.value); ok {
			b = append(b, c)
		}
	}
	return string(b)
}
