package supervisor

import (
	"fmt"
	"slices"

	"garita/border"
	"garita/devices"
)

// enter moves the scanner to a state and reports whether anything changed.
func (u *unit) enter(state devices.State, reason string) bool {
	u.mu.Lock()
	if u.state == state && u.reason == reason {
		u.mu.Unlock()
		return false
	}
	if u.state != state {
		u.since = u.sup.cfg.Clock.Now().UTC()
		if state != devices.Ready && state != devices.Degraded {
			u.notice = "" // of a document read before; no longer of interest
		}
	}
	u.state, u.reason = state, reason
	u.mu.Unlock()
	u.ring.State(string(state), reason)
	u.sup.changed()
	return true
}

// say notes what became of the last document.
func (u *unit) say(notice string) {
	u.mu.Lock()
	same := u.notice == notice
	u.notice = notice
	u.mu.Unlock()
	if !same {
		u.sup.changed()
	}
}

func (u *unit) count(f func(*Counts)) {
	u.mu.Lock()
	f(&u.counts)
	u.mu.Unlock()
}

func (u *unit) counterNow() border.CounterID {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counter
}

func (u *unit) status() border.ScannerStatus {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.statusLocked()
}

func (u *unit) statusLocked() border.ScannerStatus {
	s := border.ScannerStatus{ID: u.id, Counter: u.counter, Profile: u.profile.ID, Kind: string(u.profile.Kind),
		State: string(u.state), Reason: u.reason, Since: u.since}
	if s.Reason == "" {
		s.Reason = u.notice
	}
	if s.Reason == "" && s.Counter == "" {
		if s.Reason = u.clash; s.Reason == "" {
			s.Reason = "The scanner belongs to no counter. Assign it to a counter."
		}
	}
	return s
}

// Status says how each scanner is: those of the configuration first, in its order.
func (s *Supervisor) Status() []border.ScannerStatus {
	units := s.list()
	list := make([]border.ScannerStatus, len(units))
	for i, u := range units {
		list[i] = u.status()
	}
	return list
}

// Scanners is [Supervisor.Status] with all that the workshop shows, and the USB devices
// that no profile is for.
func (s *Supervisor) Scanners() []border.ScannerDetail {
	units := s.list()
	s.mu.Lock()
	unknown := slices.Clone(s.unknown)
	s.mu.Unlock()
	list := make([]border.ScannerDetail, 0, len(units)+len(unknown))
	for _, u := range units {
		list = append(list, u.detail())
	}
	for i := range unknown {
		list = append(list, unknownDetail(&unknown[i]))
	}
	return list
}

func unknownDetail(f *devices.Found) border.ScannerDetail {
	d := border.ScannerDetail{ScannerStatus: border.ScannerStatus{ID: unitID(f), State: string(devices.Unknown),
		Reason: "No profile is for this device. If it is a scanner, write one (docs/SCANNERS.md) or ask its maker for a bridge."}}
	locate(&d, f)
	return d
}

func (u *unit) detail() border.ScannerDetail {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.profile
	d := border.ScannerDetail{ScannerStatus: u.statusLocked(), ProfileName: p.Name, ProfileHash: p.Hash, Evidence: string(p.Evidence),
		Why: u.why, Firmware: u.firmware, Advice: u.advice, AssignedBy: u.by, Counts: u.counts.byName()}
	locate(&d, &u.last)
	return d
}

// locate fills in where the device is and what it calls itself.
func locate(d *border.ScannerDetail, f *devices.Found) {
	d.Bus, d.Port = string(f.Bus), f.Port
	if f.Bus != devices.BusUSB {
		d.Port = f.Path
		return
	}
	d.VendorID, d.ProductID = fmt.Sprintf("%04x", f.VendorID), fmt.Sprintf("%04x", f.ProductID)
	d.Serial, d.Manufacturer, d.Product = f.Serial, f.Manufacturer, f.Product
}

// Frames returns the last frames of a scanner, oldest first, personal data masked.
func (s *Supervisor) Frames(id string) ([]border.ScannerFrame, error) {
	u, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return u.ring.Frames(), nil
}

// Counts returns what a scanner has done since the process began.
func (s *Supervisor) Counts(id string) (Counts, error) {
	u, err := s.find(id)
	if err != nil {
		return Counts{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counts, nil
}

// Counts is what a scanner has done since the process began. It holds no personal data.
type Counts struct {
	Delivered      uint64 // documents that their counter accepted
	Refused        uint64 // documents that their counter did not accept, or not in time
	Unassigned     uint64 // documents that belonged to no counter and opened nothing
	Incomplete     uint64 // documents that did not end
	Oversize       uint64 // documents beyond the profile's limit
	Garbage        uint64 // bursts of bytes that were no document
	Chatter        uint64 // answers by which the scanner itself says that there is no document
	Captures       uint64 // finger images taken
	CapturesFailed uint64 // captures given up, cancelled ones among them
	Floods         uint64 // seconds in which more bytes came than the profile allows
	Opened         uint64 // times the device was opened
	Unplugged      uint64 // times the device went away while it was serving
	Bytes          uint64 // bytes read from a line
}

func (c Counts) byName() map[string]uint64 {
	return map[string]uint64{"delivered": c.Delivered, "refused": c.Refused, "unassigned": c.Unassigned, "incomplete": c.Incomplete,
		"oversize": c.Oversize, "garbage": c.Garbage, "chatter": c.Chatter, "captures": c.Captures, "captures_failed": c.CapturesFailed,
		"floods": c.Floods, "opened": c.Opened, "unplugged": c.Unplugged, "bytes": c.Bytes}
}
