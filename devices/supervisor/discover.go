package supervisor

import (
	"fmt"
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
	defer s.mu.Unlock()
	if s.start == nil {
		return // Run is ending
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
	s.forget()
	if changed := !slices.EqualFunc(s.unknown, unknown, same); changed {
		s.unknown = unknown
		s.changedLocked()
	}
	s.settleCounters()
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

// forget drops what need not be shown any more: scanners that went and that nobody
// assigned, when others have come, and places whose scanner is in another socket now.
func (s *Supervisor) forget() {
	present := make(map[string]int) // by kind
	for _, u := range s.units {
		if u.isPresent() {
			present[u.kind()]++
		}
	}
	s.units = slices.DeleteFunc(s.units, func(u *unit) bool {
		if u.conf != nil || u.isPresent() {
			return false
		}
		a := s.store.of(u.place(), false)
		if a != nil && !s.elsewhere(u, a) || a == nil && present[u.kind()] == 0 {
			return false
		}
		if u.end != nil {
			u.end()
		}
		return true
	})
}

// elsewhere reports whether the scanner of an assignment by serial number is in another
// socket now.
func (s *Supervisor) elsewhere(u *unit, a *assignment) bool {
	return a.Serial != "" && slices.ContainsFunc(s.units, func(o *unit) bool {
		return o != u && o.conf == nil && o.isPresent() && o.place().is(a.Model, a.Serial)
	})
}

// arrive notes that a device is in the unit's socket.
func (u *unit) arrive(f devices.Found, p *profile.Profile, why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.found != nil && u.found.DeviceNumber == f.DeviceNumber && u.found.BusNumber == f.BusNumber {
		u.found = &f // its nodes may have come meanwhile
		u.wakeUp()
		return
	}
	if u.gone != nil {
		u.gone() // another plugging, even if nobody saw the device go
	}
	if u.profile != p {
		u.firmware, u.advice, u.counts = "", "", Counts{}
	}
	u.found, u.last, u.profile, u.why = &f, f, p, fmt.Sprintf("%s (%s)", why, p.Source)
	u.wakeUp()
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
