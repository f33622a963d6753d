package supervisor

import (
	"path/filepath"
	"slices"
	"strings"

	"garita/devices"
	"garita/devices/profile"
)

// unitID names a found scanner by its socket: it tells the technician where to look.
func unitID(f *devices.Found) string { return "usb-" + f.Port }

// rescan brings the units into step with what is plugged in.
func (s *Supervisor) rescan(found []devices.Found) {
	if len(found) > maxUnits {
		found = found[:maxUnits]
	}
	claimed := s.claimed()
	s.mu.Lock()
	learnt := s.adopt(found, claimed)
	s.mu.Unlock()
	if learnt {
		if err := s.store.save(); err != nil { // it holds while the process lives, and is tried again with the next assignment
			s.cfg.Log.Error("twins are not written down", "err", err)
		}
	}
}

// adopt is rescan with the lock held. learnt says that the store has to be written.
func (s *Supervisor) adopt(found []devices.Found, claimed map[string]bool) (learnt bool) {
	if s.start == nil {
		return false // Run is ending
	}
	var unknown []devices.Found
	there := make(map[string]bool)
	for i := range found {
		f := &found[i]
		if slices.ContainsFunc(f.Interfaces, func(i devices.Interface) bool { return claimed[i.TTY] || claimed[i.Input] }) {
			continue // the configuration names its node and says more than we could find out
		}
		fits := s.cfg.Profiles.Match(*f)
		if len(fits) == 0 {
			unknown = append(unknown, *f)
			continue
		}
		there[f.Port] = true
		u := s.at(f.Port)
		if u != nil && u.ending {
			continue // its successor comes when it has closed the device: see ended
		}
		if u == nil {
			u = newUnit(s, unitID(f), fits[0].Profile)
			s.units = append(s.units, u)
			s.start(u)
		}
		u.arrive(*f, fits[0].Profile, fits[0].Why)
	}
	for _, u := range s.units {
		if u.conf == nil && !there[u.port()] {
			u.leave()
		}
	}
	learnt = s.meetTwins()
	s.forget()
	if changed := !slices.EqualFunc(s.unknown, unknown, same); changed {
		s.unknown = unknown
		s.changedLocked()
	}
	s.settleCounters()
	return learnt
}

// meetTwins has the store remember which serial numbers two scanners have: they say
// nothing from then on, also when only one of the two is there.
func (s *Supervisor) meetTwins() (learnt bool) {
	for i, u := range s.units {
		p := u.place()
		if u.conf != nil || !u.isPresent() || p.serial == "" {
			continue
		}
		for _, o := range s.units[i+1:] {
			if o.conf != nil || !o.isPresent() || !o.place().is(p.model, p.serial) {
				continue
			}
			// Whoever was known by the number keeps its counter, by its socket.
			keeper := ""
			for _, t := range []*unit{u, o} {
				if t.assignedBy() == "serial" {
					keeper = t.port()
				}
			}
			learnt = s.store.share(p.model, p.serial, keeper) || learnt
		}
	}
	return learnt
}

func same(a, b devices.Found) bool { return a.Port == b.Port && a.DeviceNumber == b.DeviceNumber }

// claimed lists the nodes that the configuration names. It waits for the file system, so
// it is called without the lock.
func (s *Supervisor) claimed() map[string]bool {
	nodes := make(map[string]bool)
	for _, u := range s.list() {
		if u.conf == nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(u.conf.Path); err == nil {
			nodes[real] = true
		}
	}
	return nodes
}

// at finds the unit of a socket.
func (s *Supervisor) at(port string) *unit {
	for _, u := range s.units {
		if u.conf == nil && u.port() == port {
			return u
		}
	}
	return nil
}

func (u *unit) port() string { return strings.TrimPrefix(u.id, "usb-") }

// forget ends what need not be shown any more: scanners that went and that nobody
// assigned, when others have come, and places whose scanner is in another socket now.
// They leave the list when they have let go of their device.
func (s *Supervisor) forget() {
	present := make(map[string]int) // by kind
	for _, u := range s.units {
		if u.isPresent() {
			present[u.kind()]++
		}
	}
	for _, u := range s.units {
		if u.conf != nil || u.ending || u.isPresent() {
			continue
		}
		a := s.store.of(u.place())
		if a != nil && !s.elsewhere(u, a) || a == nil && present[u.kind()] == 0 {
			continue
		}
		u.ending = true
		u.end()
	}
}

// ended takes a unit off the list whose goroutine has ended because it was forgotten, and
// looks whether its socket is taken again.
func (s *Supervisor) ended(u *unit) {
	s.mu.Lock()
	forgotten := u.ending
	if forgotten {
		s.units = slices.DeleteFunc(s.units, func(o *unit) bool { return o == u })
		s.changedLocked()
	}
	s.mu.Unlock()
	if forgotten {
		s.lookAgain()
	}
}

// lookAgain has the bus's list compared with the units once more.
func (s *Supervisor) lookAgain() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// elsewhere reports whether the scanner of an assignment by serial number is in another
// socket now.
func (s *Supervisor) elsewhere(u *unit, a *assignment) bool {
	return a.Serial != "" && !s.store.isShared(a.Model, a.Serial) && slices.ContainsFunc(s.units, func(o *unit) bool {
		return o != u && o.conf == nil && o.isPresent() && o.place().is(a.Model, a.Serial)
	})
}

// arrive notes that a device is in the unit's socket.
func (u *unit) arrive(f devices.Found, p *profile.Profile, why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.found != nil && samePlugging(u.found, &f) && u.profile == p {
		if !slices.Equal(u.found.Interfaces, f.Interfaces) { // its nodes have come meanwhile
			u.found, u.last = &f, f
			u.wakeUp()
		}
		return
	}
	if u.gone != nil {
		u.gone() // another plugging, even if nobody saw the device go
	}
	if u.profile != p {
		u.firmware, u.advice, u.counts = "", "", Counts{}
	}
	u.found, u.last, u.profile, u.why = &f, f, p, why
	u.plugged++
	u.arrived = devices.Monotonic()
	u.wakeUp()
}

// samePlugging reports whether two looks saw one device that stayed in its socket. The
// kernel gives device numbers out again, so all of the identity counts.
func samePlugging(a, b *devices.Found) bool {
	return a.Port == b.Port && a.BusNumber == b.BusNumber && a.DeviceNumber == b.DeviceNumber &&
		a.VendorID == b.VendorID && a.ProductID == b.ProductID && a.BCDDevice == b.BCDDevice && a.Serial == b.Serial
}

// leave notes that the unit's socket is empty.
func (u *unit) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.found == nil {
		return
	}
	u.found = nil
	if u.gone != nil {
		u.gone()
	}
	u.wakeUp()
}

func (u *unit) wakeUp() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *unit) isPresent() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.conf != nil || u.found != nil
}

func (u *unit) kind() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return string(u.profile.Kind)
}
