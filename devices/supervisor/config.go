package supervisor

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"garita/border"
	"garita/devices/bridge"
	"garita/devices/profile"
)

// Scanner is one scanner in a station's configuration.
type Scanner struct {
	// ID is the scanner's name at this station: 1 to 32 of A–Z, a–z, 0–9, '.', '_' and '-'.
	ID string `toml:"id"`
	// Profile is the id of its firmware profile.
	Profile string `toml:"profile"`
	// Path is its serial node, its input event node (a wedge) or its bridge's address.
	// Use a path under /dev/serial/by-id or by-path: the number in /dev/ttyACM0 changes
	// from one plugging to the next.
	Path string `toml:"path"`
	// Counter is the one counter that its scans belong to; "" leaves it unassigned, and
	// its scans then open nothing.
	Counter border.CounterID `toml:"counter"`
	// Command is the program that serves a bridge's address, with its arguments. It is
	// kept running beside the scanner; none if somebody else starts it.
	Command []string `toml:"command"`
}

var scannerID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

// check reports the first thing that is wrong with a configuration.
func check(cfg []Scanner, profiles profile.Set, counters []border.CounterID) error {
	ids, paths := make(map[string]bool), make(map[string]string)
	for i, s := range cfg {
		if !scannerID.MatchString(s.ID) {
			return wrong(fmt.Sprintf("Scanner %d: its id must have 1 to 32 of A–Z, a–z, 0–9, '.', '_' and '-'.", i+1))
		}
		if strings.HasPrefix(s.ID, "usb-") {
			return wrong(fmt.Sprintf("Scanner %s: names that begin with usb- are those of sockets. Choose another id.", s.ID))
		}
		if ids[s.ID] {
			return wrong(fmt.Sprintf("Scanner %s stands there twice. A scanner belongs to exactly one counter.", s.ID))
		}
		ids[s.ID] = true
		p, ok := profiles.Get(s.Profile)
		if !ok {
			return wrong(fmt.Sprintf("Scanner %s: there is no profile %q; there are %q.", s.ID, s.Profile, profiles.IDs()))
		}
		switch p.Transport.Kind {
		case "bridge":
			if err := bridge.CheckAddress(s.Path); err != nil {
				return wrong(fmt.Sprintf("Scanner %s: %s", s.ID, border.MessageOf(err)))
			}
		case "usb":
			return wrong(fmt.Sprintf("Scanner %s: a scanner of profile %s is found by itself on USB. Take it out of the configuration and assign it in the workshop.", s.ID, s.Profile))
		}
		if len(s.Command) > 0 && (p.Transport.Kind != "bridge" || !strings.HasPrefix(s.Path, "unix:")) {
			return wrong(fmt.Sprintf("Scanner %s: only a bridge at a local socket (unix:/…) has a command.", s.ID))
		}
		if p.Transport.Kind != "bridge" && !filepath.IsAbs(s.Path) {
			return wrong(fmt.Sprintf("Scanner %s: its path must begin with '/', for example /dev/serial/by-id/….", s.ID))
		}
		for _, p := range nodes(s.Path) {
			if other, taken := paths[p]; taken && other != s.ID {
				return wrong(fmt.Sprintf("Scanners %s and %s have the same port %s.", other, s.ID, p))
			}
			paths[p] = s.ID
		}
		if s.Counter != "" {
			if err := s.Counter.Validate(); err != nil {
				return wrong(fmt.Sprintf("Scanner %s: %s", s.ID, border.MessageOf(err)))
			}
			if len(counters) > 0 && !slices.Contains(counters, s.Counter) {
				return wrong(fmt.Sprintf("Scanner %s: this station has no counter %s.", s.ID, s.Counter))
			}
		}
	}
	return nil
}

// nodes returns the path as written and, if it is there now, the node it leads to. Two
// links to one node that appears later are found by the port's lock.
func nodes(path string) []string {
	path = filepath.Clean(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return []string{path, real}
	}
	return []string{path}
}

func wrong(message string) error {
	return &border.Error{Code: border.Invalid, Op: "configure scanners", Message: message}
}
