package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"garita/border"
	"garita/devices"
)

// Candidate is a profile that fits a device.
type Candidate struct {
	Profile *Profile
	// Rule is the number of its most specific rule that fits, from 1.
	Rule int
	// Why says in plain words what fitted and, if another profile fitted as well as this
	// one, how the choice was made.
	Why string

	weight int
	local  bool
}

// Match lists the profiles that fit a device, the best first; none if it is not on USB.
//
// The most specific rule wins: one with a serial number before one with a range of
// releases, that before one with an interface class, and that before one with nothing but
// vendor and product. Of equals, a local profile wins over one that ships with Garita, and
// then the id that comes first in the alphabet; [Set.Ties] reports such pairs.
func (s Set) Match(f devices.Found) []Candidate {
	if f.Bus != devices.BusUSB {
		return nil
	}
	var found []Candidate
	for _, id := range s.IDs() {
		p := s.byID[id]
		best := Candidate{Profile: p, local: s.local[id]}
		for i, m := range p.Match {
			if w := m.weight(); m.fits(f) && w > best.weight {
				best.Rule, best.weight, best.Why = i+1, w, m.why(p)
			}
		}
		if best.Rule > 0 {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(rank(a.local), rank(b.local)))
	})
	if len(found) > 1 && found[0].weight == found[1].weight {
		reason := "its id comes first in the alphabet"
		if found[0].local && !found[1].local {
			reason = "it is a local profile"
		}
		found[0].Why += fmt.Sprintf("; %s fits as well, and this one was taken because %s", found[1].Profile.ID, reason)
	}
	return found
}

func rank(local bool) int {
	if local {
		return 0
	}
	return 1
}

// weight orders rules by how specific they are: each bit outweighs all below it.
func (m Match) weight() int {
	w := 1
	if m.InterfaceClass != nil {
		w |= 2
	}
	if m.BCDDevice != (Range{}) {
		w |= 4
	}
	if strings.Contains(m.Serial, "*") {
		w |= 8
	} else if m.Serial != "" {
		w |= 16
	}
	return w
}

// fits reports whether a device on USB meets every condition of the rule.
func (m Match) fits(f devices.Found) bool {
	return string(f.Bus) == m.Bus && int(f.VendorID) == m.VID && int(f.ProductID) == m.PID &&
		(m.InterfaceClass == nil || slices.ContainsFunc(f.Interfaces, func(i devices.Interface) bool { return int(i.Class) == *m.InterfaceClass })) &&
		(m.BCDDevice == Range{} || m.BCDDevice.Contains(Release(f.BCDDevice))) &&
		(m.Serial == "" || globMeets(m.Serial, f.Serial))
}

// why says what a rule asks for and where it stands.
func (m Match) why(p *Profile) string {
	var b strings.Builder
	fmt.Fprintf(&b, "its USB id is %04X:%04X", m.VID, m.PID)
	if m.InterfaceClass != nil {
		fmt.Fprintf(&b, ", it has an interface of class %d", *m.InterfaceClass)
	}
	if m.BCDDevice != (Range{}) {
		fmt.Fprintf(&b, ", its release is within %s", m.BCDDevice)
	}
	if m.Serial != "" {
		fmt.Fprintf(&b, ", its serial number fits %q", m.Serial)
	}
	if m.Line > 0 {
		fmt.Fprintf(&b, " (%s:%d)", p.Source, m.Line)
	}
	return b.String()
}

// Ties reports every pair of rules of two profiles that are equally specific and that one
// device can fit both, one error of code [border.Invalid] for each. Such a device gets a
// profile by the order of [Set.Match], which is hardly what was meant.
func (s Set) Ties() []error {
	var ties []error
	ids := s.IDs()
	// The remedy is in the hands of whoever wrote the local profile: name it first.
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(rank(s.local[a]), rank(s.local[b])) })
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			for _, m := range s.byID[a].Match {
				for _, n := range s.byID[b].Match {
					if m.weight() == n.weight() && m.overlaps(n) {
						ties = append(ties, tie(s.byID[a], m, s.byID[b], n))
					}
				}
			}
		}
	}
	return ties
}

func tie(p *Profile, m Match, q *Profile, n Match) error {
	return &border.Error{Code: border.Invalid, Op: "collect firmware profiles",
		Message: fmt.Sprintf("%s:%d:1: a device can fit this rule and, just as well, that of %s (%s:%d); add serial, bcd_device or interface_class to one of them, or give both profiles one id so that the local one replaces the other",
			p.Source, m.Line, q.ID, q.Source, n.Line)}
}

// overlaps reports whether one device can fit both rules. Two interface classes are taken
// to belong to two devices; one that has both is left to the order of [Set.Match].
func (m Match) overlaps(n Match) bool {
	return m.Bus == n.Bus && m.VID == n.VID && m.PID == n.PID &&
		(m.InterfaceClass == nil || n.InterfaceClass == nil || *m.InterfaceClass == *n.InterfaceClass) &&
		m.BCDDevice.overlaps(n.BCDDevice) &&
		(m.Serial == "" || n.Serial == "" || globMeets(m.Serial, n.Serial))
}

// globMeets reports whether some text fits both patterns, in which '*' is any run of
// characters. A text without '*' is a pattern that only it fits.
func globMeets(a, b string) bool {
	// meets[j]: the pattern a from the present place on, and b from j on, have a text in common.
	meets := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		below := slices.Clone(meets) // the row of a from i+1 on
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				meets[j] = true
			case i < len(a) && a[i] == '*':
				meets[j] = below[j] || j < len(b) && meets[j+1]
			case j < len(b) && b[j] == '*':
				meets[j] = meets[j+1] || i < len(a) && below[j]
			case i < len(a) && j < len(b) && a[i] == b[j]:
				meets[j] = below[j+1]
			default:
				meets[j] = false
			}
		}
	}
	return meets[0]
}
