package profile

import (
	"fmt"
	"regexp"
	"slices"
)

// Verdict is what a profile says about a device's firmware.
type Verdict string

// The verdicts. A scanner with another than FirmwareOK or FirmwareUnknown is degraded, and
// still works as well as it can.
const (
	FirmwareOK      Verdict = "ok"
	BelowMinimum    Verdict = "below-minimum"
	KnownBad        Verdict = "known-bad"
	FirmwareUnknown Verdict = "unknown" // the device does not say, or not in numbers with dots
)

// Judge compares a firmware, as [Identify.Firmware] or [Release] give it, with what the
// profile asks for. The advice is for the technician, in plain words; "" where there is
// nothing to do.
func (p *Profile) Judge(firmware string) (Verdict, string) {
	id, v := p.Identify, Version(firmware)
	switch {
	case !v.Valid() && id.Minimum == "" && len(id.KnownBad) == 0:
		return FirmwareUnknown, ""
	case !v.Valid():
		return FirmwareUnknown, "The device does not say which firmware it has, so it cannot be compared with what the profile asks for."
	case slices.ContainsFunc(id.KnownBad, func(r Range) bool { return r.Contains(v) }):
		return KnownBad, fmt.Sprintf("Firmware %s is known to be faulty. %s", v, id.Advice)
	case v.Compare(id.Minimum) < 0:
		return BelowMinimum, fmt.Sprintf("Firmware %s is older than %s, the oldest that this profile is for. %s", v, id.Minimum, id.Advice)
	}
	return FirmwareOK, ""
}

// For returns the profile as it holds for one firmware: a copy with the quirks applied
// whose range holds it, in the order of the file, so that of two that change the same
// value the later wins. An unknown firmware has no quirks.
func (p *Profile) For(firmware string) *Profile {
	c, v := *p, Version(firmware)
	if !v.Valid() {
		return &c
	}
	for _, q := range p.Quirks {
		if !q.Firmware.Contains(v) {
			continue
		}
		set(&c.Timing.ReplyMS, q.ReplyMS)
		set(&c.Timing.RearmDelayMS, q.RearmDelayMS)
		set(&c.Image.Flip, q.Flip)
		set(&c.Image.Invert, q.Invert)
		if q.SkipInit != nil && *q.SkipInit {
			c.Init = nil
		}
	}
	return &c
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// firmwareGroup is the group of an identify pattern that holds the firmware.
const firmwareGroup = "firmware"

// Firmware finds the firmware in a device's answer; "" if the pattern does not fit or
// there is none.
func (i Identify) Firmware(answer []byte) string {
	re, err := regexp.Compile(i.Pattern)
	if err != nil || i.Pattern == "" {
		return ""
	}
	at := re.SubexpIndex(firmwareGroup)
	if m := re.FindStringSubmatch(latin1(answer)); m != nil && at > 0 {
		return m[at]
	}
	return ""
}

// Answered reports whether got is the answer that the exchange waits for; true if it waits
// for none.
func (x Exchange) Answered(got []byte) bool {
	if x.Expect == "" {
		return true
	}
	re, err := regexp.Compile(x.Expect)
	return err == nil && re.MatchString(latin1(got))
}

// latin1 makes each byte one character, so that a pattern may hold any byte as \xNN.
func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// Release is the release number of a USB device (bcdDevice) as a version: 0x1041 is
// "10.41". It stands in for the firmware where a device says nothing else.
func Release(bcd uint16) Version {
	digits := func(b uint16) uint16 { return b>>4*10 + b&0xf }
	return Version(fmt.Sprintf("%d.%02d", digits(bcd>>8), digits(bcd&0xff)))
}
