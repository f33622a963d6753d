package wedge

import (
	"encoding/binary"
	"slices"
	"testing"
)

// Invented people of Utopia.
const mrz = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\rL898902C36UTO7408122F1204159ZE184226B<<<<<10\r"

func TestEveryLayoutTypesADocument(t *testing.T) {
	for _, name := range Layouts() {
		s, err := typing(name, "\x02"+mrz+"\x03")
		if err != nil {
			t.Error(err)
		} else if got := decodeAll(name, false, s); got != "\x02"+mrz+"\x03" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if len(layouts) != len(Layouts()) {
		t.Error("Layouts does not name all of them")
	}
}

// The tables are checked against the keys themselves, for the tests' typist reads them too.
func TestKeysOfTheLayouts(t *testing.T) {
	for name, tc := range map[string]struct {
		layout string
		keys   []stroke
		want   string
	}{
		"us <":             {"us", tap(51, keyLeftShift), "<"},
		"us < right":       {"us", tap(51, keyRightShift), "<"},
		"us ,":             {"us", tap(51), ","},
		"us y z":           {"us", slices.Concat(tap(21), tap(44)), "yz"},
		"us digits":        {"us", slices.Concat(tap(2), tap(10), tap(11)), "190"},
		"us row ends":      {"us", slices.Concat(tap(13), tap(27), tap(41), tap(53), tap(30), tap(43)), "=]`/a\\"},
		"de <":             {"de", tap(86), "<"},
		"de y z":           {"de", slices.Concat(tap(21), tap(44)), "zy"},
		"de ß is nothing":  {"de", tap(12), ""},
		"de {":             {"de", tap(8, keyAltGr), "{"},
		"de |":             {"de", tap(86, keyAltGr), "|"},
		"fr <":             {"fr", tap(86), "<"},
		"fr a q m":         {"fr", slices.Concat(tap(16), tap(30), tap(39)), "aqm"},
		"fr digits":        {"fr", slices.Concat(tap(2, keyLeftShift), tap(11, keyLeftShift), tap(2)), "10&"},
		"fr @":             {"fr", tap(11, keyAltGr), "@"},
		"keypad":           {"us", slices.Concat(tap(79), tap(82), tap(71), tap(keyKPEnter)), "107\r"},
		"enter and tab":    {"us", slices.Concat(tap(keyEnter), tap(keyTab), tap(keySpace)), "\r\t "},
		"control":          {"us", slices.Concat(tap(48, keyLeftCtrl), tap(46, keyRightCtrl)), "\x02\x03"},
		"by number":        {"us", altNumber(6, 0), "<"},
		"by too large":     {"us", altNumber(9, 9, 9, 9, 9, 9), ""},
		"alt alone":        {"us", tap(keyLeftAlt), ""},
		"caps lock":        {"us", slices.Concat(tap(keyCapsLock), tap(30), tap(30, keyLeftShift), tap(2), tap(51), tap(keyCapsLock), tap(30)), "Aa1,a"},
		"held shift":       {"us", slices.Concat([]stroke{{evKey, keyLeftShift, pressed}}, tap(30, keyRightShift), tap(30), []stroke{{evKey, keyLeftShift, released}}, tap(30)), "AAa"},
		"a repeated key":   {"us", []stroke{{evKey, 30, pressed}, {evKey, 30, 2}, {evKey, 30, 2}, {evKey, 30, released}}, "a"},
		"a repeated shift": {"us", slices.Concat([]stroke{{evKey, keyLeftShift, pressed}, {evKey, keyLeftShift, 2}}, tap(30), []stroke{{evKey, keyLeftShift, released}}), "A"},
		"unknown keys":     {"us", slices.Concat(tap(59), tap(0x2FF), tap(0), tap(113)), ""},
		"other events":     {"us", []stroke{{4, 4, 30}, {0x11, 1, 1}, {2, 30, 1}}, ""},
		"lost events": {"us", slices.Concat([]stroke{{evKey, keyLeftShift, pressed}}, tap(30),
			[]stroke{{evSyn, synDropped, 0}, {evKey, 48, pressed}, {evSyn, synReport, 0}}, tap(30)), "A\x00a"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decodeAll(tc.layout, false, tc.keys); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := decodeAll("us", true, tap(30)); got != "A" {
		t.Errorf("with Caps Lock on from the start: %q", got)
	}
}

// altNumber types digits on the keypad while Alt is held.
func altNumber(digits ...int) []stroke {
	keypad := []uint16{82, 79, 80, 81, 75, 76, 77, 71, 72, 73}
	s := []stroke{{evKey, keyLeftAlt, pressed}}
	for _, d := range digits {
		s = append(s, tap(keypad[d])...)
	}
	return append(s, stroke{evKey, keyLeftAlt, released})
}

func FuzzKeys(f *testing.F) {
	s, _ := typing("us", "A<1\r")
	f.Add(wire(s))
	f.Add(wire(slices.Concat(altNumber(6, 0), []stroke{{evSyn, synDropped, 0}, {evKey, 30, -1}, {0xFFFF, 0xFFFF, -1}})))
	f.Fuzz(func(t *testing.T, events []byte) {
		for name, l := range layouts {
			k := &Keyboard{decoder: newDecoder(name, false), typed: make([]byte, 0, room)}
			k.decode(slices.Clone(events))
			if len(k.typed) > len(events)/eventSize {
				t.Errorf("%d events typed %d bytes", len(events)/eventSize, len(k.typed))
			}
			// A whole Shift, Ctrl, Alt and AltGr later, the keyboard is as it was.
			for _, code := range []uint16{keyLeftShift, keyRightShift, keyLeftCtrl, keyRightCtrl, keyLeftAlt, keyAltGr} {
				k.decode(wire(append([]stroke{{evSyn, synReport, 0}}, tap(code)...)))
			}
			if len(k.decoder.held) != 0 || k.decoder.alt != -1 {
				t.Errorf("keys stay held: %v, %d", k.decoder.held, k.decoder.alt)
			}
			k.typed = k.typed[:0]
			digit := slices.Collect(func(yield func(uint16) bool) {
				for code, c := range l.plain {
					if c == ',' && !yield(code) {
						return
					}
				}
			})
			k.decode(binary.NativeEndian.AppendUint64(nil, 0)) // less than an event
			k.decode(wire(tap(digit[0])))
			if string(k.typed) != "," {
				t.Errorf("%s: a comma typed %q", name, k.typed)
			}
		}
	})
}
