package main

import (
	"fmt"

	"garita/devices/profile"
)

// profileUdevCmd is `garita profile udev`.
type profileUdevCmd struct {
	localProfiles
	Rules   bool `help:"Print the rules only."`
	HWDB    bool `name:"hwdb" help:"Print the hwdb entries only."`
	Uaccess bool `help:"Let whoever sits at the machine use the scanners, not only the groups."`
}

// Help is the long help text.
func (profileUdevCmd) Help() string {
	return `  garita profile udev --rules --profiles /etc/garita/profiles > /etc/udev/rules.d/70-garita-scanners.rules
  garita profile udev --hwdb  --profiles /etc/garita/profiles > /etc/udev/hwdb.d/70-garita-scanners.hwdb
  systemd-hwdb update && udevadm control --reload && udevadm trigger

Only profiles with [[match]] rules appear: a scanner that is named in the configuration
gets its rights from the group dialout (serial) or input (keyboard).`
}

// Run prints what is asked for; both without a flag.
func (c profileUdevCmd) Run(w *world) error {
	set, err := c.set(w)
	if err != nil {
		return err
	}
	if c.Rules || !c.HWDB {
		fmt.Fprint(w.out, profile.UdevRules(set, c.Uaccess))
	}
	if !c.Rules && !c.HWDB {
		fmt.Fprintln(w.out)
	}
	if c.HWDB || !c.Rules {
		fmt.Fprint(w.out, profile.HWDB(set))
	}
	return nil
}
