// Package bridge drives scanners that are at the other end of a socket: a ten-print or
// full-page reader whose maker's closed library runs in a small program of its own, or a
// scanner that another machine of the building lends. docs/BRIDGE.md is the contract, for
// whoever writes the other end in any language.
//
// The station is the client ([Dial]); its [Client] is a driver like any other. The other
// end is the bridge. [Serve] is the reference bridge, which lends any driver of ours;
// [Program] keeps a bridge program running; bridgecheck tests a bridge against the
// contract.
//
// A socket is a local one, with the user at the other end checked, or mutual TLS 1.3.
// There is no other way in.
package bridge

import (
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// Version is the version of the contract that this package speaks.
const Version = 1

// The limits of a frame, checked before anything is allocated.
const (
	// MaxHeader is the most bytes of a frame's JSON header.
	MaxHeader = 64 << 10
	// MaxBytes is the most bytes that follow a header: one page of a document at 400 dpi
	// in grey. Images of fingers are bound by [border.MaxFingerPixels].
	MaxBytes = 16 << 20
)

// The times of the contract.
const (
	// Heartbeat is how often each end says that it is alive. The station proposes it in
	// its hello, within MinHeartbeat and MaxHeartbeat.
	Heartbeat    = 2 * time.Second
	MinHeartbeat = 200 * time.Millisecond
	MaxHeartbeat = 10 * time.Second
	// deadAfter is how many heartbeats of silence, between frames or within one, are the
	// end of a connection.
	deadAfter = 3
	// HelloWithin is how long either end waits for the first frame of the other.
	HelloWithin = 6 * time.Second
	// CancelWithin is how long the answer to a cancelled request may take.
	CancelWithin = 100 * time.Millisecond
	// MaxDeadline is the longest deadline of a request.
	MaxDeadline = 10 * time.Minute
)

// maxFrames is how many frames one end takes from the other within a second. The fastest
// honest bridge sends a handful.
const maxFrames = 200

// Info is what a bridge says of its device in its welcome. Texts are printable ASCII of
// at most 64 characters.
type Info struct {
	Kind     profile.ScannerKind `json:"kind"` // "mrz" or "fingerprint"
	Make     string              `json:"make,omitempty"`
	Model    string              `json:"model,omitempty"`
	Serial   string              `json:"serial,omitempty"`
	Firmware string              `json:"firmware,omitempty"`
	// Width and Height are the largest image that a fingerprint scanner sends, in pixels;
	// DPI its resolution. 0 for readers of documents.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	DPI    int `json:"dpi,omitempty"`
	// Positions are the finger positions that can be asked for, with 13 to 15 for slaps;
	// none means every single finger, 1 to 10. Position 0 (unknown) can always be asked for.
	Positions []border.FingerPosition `json:"positions,omitempty"`
}

// offers reports whether a finger position can be asked for.
func (i Info) offers(p border.FingerPosition) bool {
	if p == 0 || len(i.Positions) == 0 {
		return p <= 10
	}
	for _, q := range i.Positions {
		if p == q {
			return true
		}
	}
	return false
}

// check returns what is wrong with an Info from outside, "" if nothing is.
func (i Info) check() string {
	for _, s := range []string{i.Make, i.Model, i.Serial, i.Firmware} {
		if !printable(s, maxName) {
			return "a name of the device is too long or not printable"
		}
	}
	for _, p := range i.Positions {
		if !p.Valid() {
			return "a finger position that does not exist"
		}
	}
	switch i.Kind {
	case profile.MRZ:
		return ""
	case profile.Fingerprint:
		if !fingerSize(i.Width, i.Height) {
			return "an image size out of range"
		}
		if !fingerDPI(i.DPI) {
			return "an image resolution out of range"
		}
		return ""
	default:
		return "an unknown kind of device"
	}
}

// maxName is the most characters of a name in [Info]; of the signal and step names too.
const maxName = 64

// maxAbout is the most characters of what a device says of itself ([devices.About]).
const maxAbout = 200

func fingerSize(w, h int) bool {
	return w >= 1 && w <= border.MaxFingerSide && h >= 1 && h <= border.MaxFingerSide && w*h <= border.MaxFingerPixels
}

func fingerDPI(dpi int) bool { return dpi >= 50 && dpi <= 2000 }

func printable(s string, most int) bool {
	if len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// cut makes a text printable and short, for what we send.
func cut(s string, most int) string {
	b := []byte(s)
	for i := range b {
		if b[i] < 0x20 || b[i] > 0x7e {
			b[i] = '?'
		}
	}
	return string(b[:min(len(b), most)])
}

func knownSignal(s devices.Signal) bool {
	return s == devices.SignalGood || s == devices.SignalBad || s == devices.SignalHere
}
