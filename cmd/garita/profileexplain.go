package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// profileExplainCmd is `garita profile explain`.
type profileExplainCmd struct {
	localProfiles
	ID       string  `arg:"" optional:"" help:"Id of a profile, instead of a device."`
	VID      *usbID  `name:"vid" placeholder:"XXXX" help:"USB vendor, as lsusb prints it."`
	PID      *usbID  `name:"pid" placeholder:"XXXX" help:"USB product."`
	BCD      release `name:"bcd" placeholder:"NN.NN" help:"Release of the device (bcdDevice in lsusb -v)."`
	Serial   string  `help:"Serial number of the device (iSerial)."`
	Class    []int   `help:"Class of an interface (bInterfaceClass); may be given several times."`
	Firmware string  `help:"Also say what the profile thinks of this firmware."`
}

// Help is the long help text.
func (profileExplainCmd) Help() string {
	return `  garita profile explain honeywell-ocr
  garita profile explain --vid 05ba --pid 000a --bcd 01.03 --serial AB12

With a device, every profile with a rule that fits is listed with the reason, the one
that is taken first; then the keys of that one are explained.`
}

// Run explains.
func (c profileExplainCmd) Run(w *world) error {
	p, err := c.profile(w)
	if err != nil {
		return err
	}
	explain(w.out, p)
	if c.Firmware != "" {
		judge(w.out, p, c.Firmware)
	}
	return nil
}

// profile finds the profile that is asked for, and says why if a device was given.
func (c profileExplainCmd) profile(w *world) (*profile.Profile, error) {
	if (c.ID != "") == (c.VID != nil && c.PID != nil) {
		return nil, &border.Error{Code: border.Invalid, Op: "explain firmware profile", Message: "Name a profile, or a device with --vid and --pid."}
	}
	if c.ID != "" {
		return c.get(w, c.ID)
	}
	set, err := c.set(w)
	if err != nil {
		return nil, err
	}
	at := devices.Found{Bus: devices.BusUSB, VendorID: uint16(*c.VID), ProductID: uint16(*c.PID), BCDDevice: uint16(c.BCD), Serial: c.Serial}
	for _, class := range c.Class {
		if class < 0 || class > 0xFF {
			return nil, &border.Error{Code: border.Invalid, Op: "explain firmware profile", Message: "A class is a number from 0 to 255."}
		}
		at.Interfaces = append(at.Interfaces, devices.Interface{Class: uint8(class)})
	}
	found := set.Match(at)
	if len(found) == 0 {
		return nil, &border.Error{Code: border.NotFound, Op: "explain firmware profile",
			Message: fmt.Sprintf("No profile has a rule for %04X:%04X. Name one in the station's configuration, or write one with a [[match]] (docs/SCANNERS.md).", at.VendorID, at.ProductID)}
	}
	fmt.Fprintf(w.out, "The device gets %s: %s.\n", found[0].Profile.ID, found[0].Why)
	for _, f := range found[1:] {
		fmt.Fprintf(w.out, "Also fits %s: %s.\n", f.Profile.ID, f.Why)
	}
	fmt.Fprintln(w.out)
	return found[0].Profile, nil
}

// explain says what each key of a profile does.
func explain(out io.Writer, p *profile.Profile) {
	fmt.Fprintf(out, "%s\n%s, SHA-256 %s\n\n", p.Name, p.Source, p.Hash)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, k := range p.Explain() {
		fmt.Fprintf(t, "%s\t%s: %s\n", k.Key, k.Means, k.Value)
	}
	t.Flush() //nolint:errcheck // what is said to a person: nobody is left to tell if it cannot be
}

// judge says what a profile thinks of a firmware.
func judge(out io.Writer, p *profile.Profile, firmware string) {
	verdict, advice := p.Judge(firmware)
	fmt.Fprintf(out, "\nFirmware %s: %s\n", firmware, strings.TrimSpace(string(verdict)+". "+advice))
	for _, q := range p.Quirks {
		if v := profile.Version(firmware); v.Valid() && q.Firmware.Contains(v) {
			fmt.Fprintf(out, "Quirk %s: %s\n", q.Firmware, q.Note)
		}
	}
}

// usbID is a vendor or product in four hexadecimal digits, with or without 0x.
type usbID uint16

// UnmarshalText reads it.
func (u *usbID) UnmarshalText(t []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(string(t)), "0x"), 16, 16)
	if err != nil {
		return fmt.Errorf("%q is no USB id; write one to four hexadecimal digits, as lsusb does", t)
	}
	*u = usbID(n)
	return nil
}

// release is a bcdDevice, as lsusb prints it ("1.03") or in four digits ("0103").
type release uint16

// UnmarshalText reads it.
func (r *release) UnmarshalText(t []byte) error {
	digits := string(t)
	if major, minor, dotted := strings.Cut(digits, "."); dotted && len(minor) <= 2 {
		digits = major + strings.Repeat("0", 2-len(minor)) + minor
	}
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return fmt.Errorf("%q is no release; write it as lsusb -v prints bcdDevice, like 1.03", t)
	}
	*r = release(n)
	return nil
}
