package conformance

import (
	"fmt"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// Subject is a driver family with its simulated device.
type Subject struct {
	Profile *profile.Profile
	// Documents are two different documents that a reader can send; Fingers are the images
	// that two different fingers must give (size and pixels). A subject has one of them.
	Documents [2][]string
	Fingers   [2]border.FingerImage
	// Firmware is what the simulated device says, "" if it cannot be asked.
	Firmware string
	// Asks says that the driver waits for answers before the device is ready, so that one
	// that is stuck shows at once.
	Asks bool
	// Lacks are the faults that this kind of device cannot have, and why.
	Lacks map[Fault]string
	// Rig prepares places for n devices, none of which is plugged in.
	Rig func(t *testing.T, n int) Rig
}

// Rig is where the devices of a case are plugged in, and how the supervisor sees them.
type Rig struct {
	// Scanners are named in the configuration; none if Bus announces the devices.
	Scanners []supervisor.Scanner
	Bus      supervisor.Bus
	Opener   drivers.Opener
	// IDs are the supervisor's names of the devices, by place.
	IDs []string
	// Plug makes a device appear at a place for the first time; the suite closes it.
	Plug func(place int) (Device, error)
}

// Device is one simulated device.
type Device interface {
	// Unplug pulls the cable. Replug plugs the device in again at the same place, as new:
	// without faults, and with nothing before it.
	Unplug() error
	Replug() error
	Plugged() bool
	// Show presents document or finger number i: 0 or 1.
	Show(i int) error
	// Break makes the fault happen: at once for readers, with the next images for
	// fingerprint scanners, until Mend or the next plugging.
	Break(f Fault) error
	Mend()
	// Moved returns the bytes that the device has sent and received since it was plugged
	// in. UnplugAfter has the cable pulled when it has sent or received that many more
	// (0: never); while unplugged, from the next plugging on.
	Moved() (sent, received int)
	UnplugAfter(sent, received int)
	Close() error
}

// Mover is a device that can be plugged in again under another node.
type Mover interface{ Move() error }

// Denier is a device that can be closed to every user but root.
type Denier interface{ Deny(bool) error }

// Fault is something that a device does wrong.
type Fault string

// The faults.
const (
	Garbage   Fault = "garbage"         // bytes that are no frame
	Truncated Fault = "truncated frame" // a frame that does not end
	Oversized Fault = "oversized frame" // a frame that holds, or announces, more than the limits
	WrongSum  Fault = "wrong checksum"  // a frame damaged on its way
	Refusal   Fault = "refusal"         // the device says no
	Disorder  Fault = "answers in disorder"
	Slow      Fault = "slow bytes"  // bytes one by one, and still right
	Late      Fault = "late answer" // an answer after the driver gave up waiting
	Stuck     Fault = "stuck busy"  // no answer at all
)

// OnLines makes the rig of devices that hang on serial lines named in the configuration.
// plug plugs one in under a stable path.
func OnLines(p *profile.Profile, plug func(path string) (Device, error)) func(*testing.T, int) Rig {
	return func(t *testing.T, n int) Rig {
		dir := t.TempDir()
		var r Rig
		for i := range n {
			id := fmt.Sprint("scanner-", i+1)
			r.IDs = append(r.IDs, id)
			r.Scanners = append(r.Scanners, supervisor.Scanner{ID: id, Profile: p.ID, Path: filepath.Join(dir, id), Counter: counter(i)})
		}
		r.Plug = func(place int) (Device, error) { return plug(r.Scanners[place].Path) }
		return r
	}
}
