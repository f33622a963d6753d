// Package devices holds what every scanner has in common, whatever its cable and its
// protocol: what the machine sees of it ([Found]), the open connection ([Stream], [USB]),
// what a driver can do with it ([Driver], [Capturer]), the states of its life and the
// readings it gives. Transports, drivers and the supervisor live in the packages below;
// they import the domain's root and each other, never a service, a page or the stream.
package devices

// State is a stage in the life of a scanner. Its text form is what
// [border.ScannerStatus] carries.
type State string

// The states. A scanner goes absent → matched → initialising → ready; from any of them
// to degraded (a fault that is being worked on, data that cannot be read, or firmware
// that should be replaced) and from there to failed (the quick attempts are used up; slow
// ones go on). An unplugged scanner is absent.
const (
	Absent       State = "absent"       // not plugged in, or no power
	Matched      State = "matched"      // it is there and its profile is known
	Initialising State = "initialising" // being opened, set up, identified and tested
	Ready        State = "ready"        // waiting for documents or fingers
	Degraded     State = "degraded"     // plugged in, and something is wrong: see the reason
	Failed       State = "failed"       // several attempts in a row went wrong: see the reason
	Unknown      State = "unknown"      // a device that no profile is for; shown in the workshop only
)
