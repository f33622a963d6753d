package supervisor

import (
	"garita/border"
	"garita/devices"
	"garita/devices/profile"
	"garita/devices/trace"
)

// Evidence is what is known of one scanner, for its diagnostic file. It holds no personal
// data.
type Evidence struct {
	Detail  border.ScannerDetail
	Profile *profile.Profile // nil for a device that no profile is for
	Found   devices.Found    // where it is, or was seen last
	Record  []trace.Event    // what went over the wire, and its states, oldest first
}

// Evidence collects what is known of a scanner, or of a device that no profile is for.
func (s *Supervisor) Evidence(id string) (Evidence, error) {
	if u, err := s.find(id); err == nil {
		e := Evidence{Detail: u.detail(), Record: u.ring.Record()}
		u.mu.Lock()
		defer u.mu.Unlock()
		e.Profile, e.Found = u.profile, u.last
		return e, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.unknown {
		if f := s.unknown[i]; unitID(&f) == id {
			return Evidence{Detail: unknownDetail(&f), Found: f}, nil
		}
	}
	return Evidence{}, &border.Error{Code: border.NotFound, Op: "find scanner", Message: "This station has no such scanner."}
}
