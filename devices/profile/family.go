package profile

import (
	"maps"
	"slices"
)

// Transports: how the bytes travel.
const (
	Serial = "serial" // a serial line, or USB that shows up as one
	USB    = "usb"    // transfers to the endpoints of a USB interface
	Wedge  = "wedge"  // a keyboard
	Bridge = "bridge" // a program at the other end of a socket
)

// Steps of a self-test.
const (
	StepEnumerate    = "enumerate"     // the machine sees the device
	StepIdentify     = "identify"      // it says who it is
	StepEcho         = "echo"          // it answers a question without an effect
	StepBlankCapture = "blank-capture" // it gives an image of no finger
)

// family is what the file format must know of a driver.
type family struct {
	kinds      []ScannerKind
	transports []string
	steps      []string // of the self-test
	framing    bool     // it finds documents by the profile's framing
	sends      bool     // it sends the profile's init, identify and indicator bytes, on a serial line
	rearms     bool     // and its rearm bytes
	asks       bool     // it has questions of its own, so it needs timing.reply_ms
}

// families are the wire protocols that exist, by their name in a profile.
var families = map[string]family{
	"framed": {kinds: []ScannerKind{MRZ}, transports: []string{Serial, Wedge}, framing: true, sends: true, rearms: true,
		steps: []string{StepEnumerate, StepIdentify}},
	"elyctis": {kinds: []ScannerKind{MRZ}, transports: []string{Serial}, sends: true, rearms: true, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho}},
	"honeywell": {kinds: []ScannerKind{MRZ}, transports: []string{Serial}, framing: true, sends: true, rearms: true, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho}},
	"uareu": {kinds: []ScannerKind{Fingerprint}, transports: []string{USB}, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
	"r30x": {kinds: []ScannerKind{Fingerprint}, transports: []string{Serial}, sends: true, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
	"egis0570": {kinds: []ScannerKind{Fingerprint}, transports: []string{USB}, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
	"bridge": {kinds: []ScannerKind{MRZ, Fingerprint}, transports: []string{Bridge}, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
}

// driverNames lists the drivers in alphabetical order.
func driverNames() []string { return slices.Sorted(maps.Keys(families)) }
