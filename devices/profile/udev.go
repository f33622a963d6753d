package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// UdevRules writes the udev rules that let a station use the USB devices of a set's match
// rules: access for the groups of Debian (plugdev, dialout and input), ModemManager kept
// off, and the power kept on, since a sleeping scanner misses the first finger. With seat,
// whoever sits at the machine may use them too; a station that runs as a service does not
// need that.
//
// The rules go by vendor and product: which profile a device gets is decided by the
// station.
func UdevRules(s Set, seat bool) string {
	var b strings.Builder
	b.WriteString("# Made from the firmware profiles by `garita profile udev`; change those instead.\n" +
		"# The number comes before 73-seat-late.rules, which reads the tag uaccess.\n" +
		"ACTION==\"remove\", GOTO=\"garita_scanners_end\"\n")
	tag := ""
	if seat {
		tag = `, TAG+="uaccess"`
	}
	for _, m := range models(s) {
		this := fmt.Sprintf(`ATTR{idVendor}=="%04x", ATTR{idProduct}=="%04x"`, m.vid, m.pid)
		parent := strings.ReplaceAll(this, "ATTR{", "ATTRS{")
		fmt.Fprintf(&b, "\n# %s\n", strings.Join(m.names, "; "))
		device := `SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ` + this
		fmt.Fprintf(&b, "%s, ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n", device)
		fmt.Fprintf(&b, "%s, TEST==\"power/control\", ATTR{power/control}=\"on\"\n", device)
		for _, t := range m.transports {
			switch t {
			case USB:
				fmt.Fprintf(&b, "%s, GROUP=\"plugdev\", MODE=\"0660\"%s\n", device, tag)
			case Serial:
				fmt.Fprintf(&b, "SUBSYSTEM==\"tty\", %s, GROUP=\"dialout\", MODE=\"0660\"%s, ENV{ID_MM_PORT_IGNORE}=\"1\"\n", parent, tag)
			case Wedge:
				// What it types is for the station alone, not for the screen.
				fmt.Fprintf(&b, "SUBSYSTEM==\"input\", KERNEL==\"event*\", %s, GROUP=\"input\", MODE=\"0660\"%s, ENV{LIBINPUT_IGNORE_DEVICE}=\"1\"\n", parent, tag)
			}
		}
	}
	b.WriteString("\nLABEL=\"garita_scanners_end\"\n")
	return b.String()
}

// HWDB writes entries for udev's hardware database that say the same of ModemManager and
// of the power. They are needed besides the rules: other packages switch autosuspend on
// through the database for fingerprint sensors that Garita also drives.
func HWDB(s Set) string {
	var b strings.Builder
	b.WriteString("# Made from the firmware profiles by `garita profile udev`; change those instead.\n")
	for _, m := range models(s) {
		fmt.Fprintf(&b, "\n# %s\nusb:v%04Xp%04X*\n ID_AUTOSUSPEND=0\n ID_MM_DEVICE_IGNORE=1\n", strings.Join(m.names, "; "), m.vid, m.pid)
	}
	return b.String()
}

// model is one vendor and product with all the profiles that match it.
type model struct {
	vid, pid   int
	names      []string // "id: name"
	transports []string
}

// models lists the USB ids that a set matches, in their order.
func models(s Set) []model {
	var list []model
	for _, id := range s.IDs() {
		p := s.byID[id]
		for _, r := range p.Match {
			i := slices.IndexFunc(list, func(m model) bool { return m.vid == r.VID && m.pid == r.PID })
			if i < 0 {
				i = len(list)
				list = append(list, model{vid: r.VID, pid: r.PID})
			}
			if n := p.ID + ": " + p.Name; !slices.Contains(list[i].names, n) {
				list[i].names = append(list[i].names, n)
			}
			if t := p.Transport.Kind; !slices.Contains(list[i].transports, t) {
				list[i].transports = append(list[i].transports, t)
			}
		}
	}
	slices.SortFunc(list, func(a, b model) int { return cmp.Or(cmp.Compare(a.vid, b.vid), cmp.Compare(a.pid, b.pid)) })
	return list
}
