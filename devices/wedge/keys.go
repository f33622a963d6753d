package wedge

import "strings"

// What an event says (linux/input-event-codes.h).
const (
	evSyn = 0x00
	evKey = 0x01

	synReport  = 0
	synDropped = 3

	released, pressed = 0, 1 // 2: the kernel repeats a key that is held; no scanner means that
)

// The keys that are the same in all layouts.
const (
	keyEsc        = 1
	keyBackspace  = 14
	keyTab        = 15
	keyEnter      = 28
	keyLeftCtrl   = 29
	keyLeftShift  = 42
	keyRightShift = 54
	keyLeftAlt    = 56
	keySpace      = 57
	keyCapsLock   = 58
	keyKPEnter    = 96
	keyRightCtrl  = 97
	keyAltGr      = 100
)

// fixed are the keys that give the same byte in every layout, shifted or not. Scanners
// mean digits on the keypad, whatever Num Lock says.
var fixed = map[uint16]byte{
	keyEsc: 0x1B, keyBackspace: 0x08, keyTab: '\t', keyEnter: '\r', keyKPEnter: '\r', keySpace: ' ',
	71: '7', 72: '8', 73: '9', 74: '-', 75: '4', 76: '5', 77: '6', 78: '+',
	79: '1', 80: '2', 81: '3', 82: '0', 83: '.', 55: '*', 98: '/',
}

// none stands in a layout for a key that gives no ASCII character, or a dead one.
const none = '·'

// rows are the codes of the keys whose characters a layout says, in its order: first and
// last of each row of a keyboard with 105 keys.
var rows = [][2]uint16{{2, 13}, {16, 27}, {30, 41}, {43, 53}, {86, 86}}

// layout is what the keys in rows give: alone, with Shift, with AltGr.
type layout struct{ plain, shift, altGr map[uint16]byte }

var layouts = map[string]layout{
	"us": {
		plain: row("1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", `\zxcvbnm,./`, "<"),
		shift: row("!@#$%^&*()_+", "QWERTYUIOP{}", `ASDFGHJKL:"~`, "|ZXCVBNM<>?", ">"),
	},
	"de": {
		plain: row("1234567890··", "qwertzuiop·+", "asdfghjkl···", "#yxcvbnm,.-", "<"),
		shift: row(`!"·$%&/()=?·`, "QWERTZUIOP·*", "ASDFGHJKL···", "'YXCVBNM;:_", ">"),
		altGr: row(`······{[]}\·`, "@··········~", "············", "···········", "|"),
	},
	"fr": {
		plain: row(`&·"'(-·_··)=`, "azertyuiop·$", "qsdfghjklm··", "*wxcvbn,;:!", "<"),
		shift: row("1234567890·+", "AZERTYUIOP··", "QSDFGHJKLM%·", "·WXCVBN?./·", ">"),
		altGr: row("·~#{[|`\\^@]}", "············", "············", "···········", "·"),
	},
}

// row lays the characters of a layout's rows out over the keys.
func row(chars ...string) map[uint16]byte {
	keys := map[uint16]byte{}
	for i, r := range rows {
		code := r[0]
		for _, c := range chars[i] {
			if c != none {
				keys[code] = byte(c)
			}
			code++
		}
	}
	return keys
}

// Layouts are the names of the keyboard layouts that a profile may ask for.
func Layouts() []string { return []string{"us", "de", "fr"} }

// lostKeys stands for events that the kernel had to drop. No document holds it, so
// what was being typed becomes garbage, not another document.
const lostKeys = 0x00

// decoder turns key events into the bytes that were typed.
type decoder struct {
	layout     layout
	caps       bool
	held       map[uint16]bool // of Shift, Ctrl, Alt and AltGr: those that are down
	alt        int             // the number typed on the keypad while Alt is down; -1: none
	recovering bool            // events were dropped; the rest of that report is torn
}

func newDecoder(layout string, caps bool) *decoder {
	return &decoder{layout: layouts[layout], caps: caps, held: map[uint16]bool{}, alt: -1}
}

// event takes one event, and returns the byte that it typed, if it typed one.
func (d *decoder) event(kind, code uint16, value int32) (c byte, typed bool) {
	switch {
	case kind == evSyn && code == synDropped:
		// What is held now, nobody knows.
		clear(d.held)
		d.alt, d.recovering = -1, true
		return lostKeys, true
	case kind == evSyn && code == synReport:
		d.recovering = false
		return 0, false
	case kind != evKey, d.recovering, value != pressed && value != released:
		return 0, false
	}
	switch code {
	case keyLeftShift, keyRightShift, keyLeftCtrl, keyRightCtrl, keyAltGr:
		d.hold(code, value)
	case keyLeftAlt:
		d.hold(code, value)
		if n := d.alt; value == released && n >= 0 {
			d.alt = -1
			return byte(n), n <= 0xFF
		}
	case keyCapsLock:
		if value == pressed {
			d.caps = !d.caps
		}
	default:
		if value == pressed {
			return d.press(code)
		}
	}
	return 0, false
}

func (d *decoder) hold(code uint16, value int32) {
	if value == pressed {
		d.held[code] = true
	} else {
		delete(d.held, code)
	}
}

// press is a key that is no modifier.
func (d *decoder) press(code uint16) (c byte, typed bool) {
	if c, ok := fixed[code]; ok {
		if d.held[keyLeftAlt] && c >= '0' && c <= '9' {
			// Some scanners type by number, so that no layout matters: Alt with 0, 6, 0.
			d.alt = min(max(d.alt, 0)*10+int(c-'0'), 1000)
			return 0, false
		}
		return c, true
	}
	plain, shift := d.layout.plain[code], d.layout.shift[code]
	letter := plain >= 'a' && plain <= 'z'
	shifted := d.held[keyLeftShift] || d.held[keyRightShift]
	switch {
	case (d.held[keyLeftCtrl] || d.held[keyRightCtrl]) && letter:
		return plain & 0x1F, true // Ctrl with B is STX
	case d.held[keyAltGr]:
		c = d.layout.altGr[code]
	case shifted != (d.caps && letter):
		c = shift
	default:
		c = plain
	}
	return c, c != 0
}

// known says whether there is such a layout.
func known(layout string) error {
	if _, ok := layouts[layout]; !ok {
		return invalid("There is no keyboard layout {0}; allowed: {1}. Correct the profile.", layout, strings.Join(Layouts(), ", "))
	}
	return nil
}
