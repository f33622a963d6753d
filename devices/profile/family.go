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
	bounded    bool     // it has a framing of its own, whose bounds the profile may change
	sends      bool     // it sends the profile's init, identify and indicator bytes, on a serial line
	exchanges  bool     // and its rearm bytes, and compares answers with expect
	asks       bool     // it has questions of its own, so it needs timing.reply_ms
	question   bool     // one of these is for the firmware, and identify.pattern reads the answer
	says       bool     // the firmware is known without a pattern
}

// families are the wire protocols that exist, by their name in a profile.
var families = map[string]family{
	"framed": {kinds: []ScannerKind{MRZ}, transports: []string{Serial, Wedge}, framing: true, sends: true, exchanges: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho}},
	"elyctis": {kinds: []ScannerKind{MRZ}, transports: []string{Serial}, bounded: true, sends: true, exchanges: true, asks: true, question: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho}},
	"honeywell": {kinds: []ScannerKind{MRZ}, transports: []string{Serial}, bounded: true, sends: true, exchanges: true, asks: true, question: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho}},
	"uareu": {kinds: []ScannerKind{Fingerprint}, transports: []string{USB}, asks: true, question: true, says: true,
		steps: []string{StepEnumerate, StepIdentify, StepBlankCapture}},
	"r30x": {kinds: []ScannerKind{Fingerprint}, transports: []string{Serial}, sends: true, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
	"egis0570": {kinds: []ScannerKind{Fingerprint}, transports: []string{USB}, asks: true,
		steps: []string{StepEnumerate, StepIdentify, StepBlankCapture}},
	"bridge": {kinds: []ScannerKind{MRZ, Fingerprint}, transports: []string{Bridge}, asks: true, says: true,
		steps: []string{StepEnumerate, StepIdentify, StepEcho, StepBlankCapture}},
}

// driverNames lists the drivers in alphabetical order.
func driverNames() []string { return slices.Sorted(maps.Keys(families)) }
