package supervisor

import (
	"slices"

	"garita/border"
	"garita/devices/profile"
)

// Add takes up a scanner whose profile this station has learned, as if its configuration
// named it, before or while the scanners run. Errors have code [border.Invalid] for what a
// configuration may not say either, [border.Conflict] for an id that a scanner has.
func (s *Supervisor) Add(c Scanner, p *profile.Profile) error {
	const op = "add a scanner"
	s.adding.Lock()
	defer s.adding.Unlock()
	s.mu.Lock()
	all := slices.Clone(s.cfg.Scanners)
	known := []*profile.Profile{p}
	for _, u := range s.units {
		if u.id == c.ID {
			s.mu.Unlock()
			return &border.Error{Code: border.Conflict, Op: op, Message: "The station has a scanner of this name. Choose another name."}
		}
		if u.learned {
			all = append(all, *u.conf)
			known = append(known, u.profile)
		}
	}
	full := len(s.units) >= maxUnits
	s.mu.Unlock()
	if full {
		return &border.Error{Code: border.Conflict, Op: op, Message: "The station has as many scanners as it can serve. Take one out first."}
	}
	profiles, _ := s.cfg.Profiles.Replace(known...)
	if err := check(append(all, c), profiles, s.cfg.Counters); err != nil {
		return err
	}
	u := newConfigured(s, c, p)
	u.why, u.learned = "This station learned this profile.", true
	s.mu.Lock()
	s.units = append(s.units, u)
	if s.start != nil {
		s.start(u)
	}
	s.settleCounters()
	s.changedLocked()
	s.mu.Unlock()
	s.lookAgain()
	return nil
}

// Remove lets go of a scanner that [Supervisor.Add] took up. It leaves the list when it has
// closed its device; its counter is remembered in case it comes back.
func (s *Supervisor) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, u := range s.units {
		if u.id != id || !u.learned || u.ending {
			continue
		}
		if u.end == nil { // not running
			s.units = slices.Delete(s.units, i, i+1)
		} else {
			u.ending = true
			u.end()
		}
		s.changedLocked()
		return nil
	}
	return &border.Error{Code: border.NotFound, Op: "remove a scanner", Message: "This station has no such scanner."}
}

// Free reports which of some nodes no scanner has that is named in the configuration or was
// learned. It waits for the file system.
func (s *Supervisor) Free(paths []string) []string {
	claimed := s.claimed()
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		return slices.ContainsFunc(nodes(p), func(n string) bool { return claimed[n] })
	})
}
