package r30x_test

import (
	"fmt"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest/conformance"
	"garita/devices/devicetest/fingers"
	emulated "garita/devices/devicetest/r30x"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const width, height = 256, 288

// drawn are two invented fingers.
var drawn = [2][]byte{fingers.Draw(1, width, height), fingers.Draw(2, width, height)}

// module is a simulated module for the suite.
type module struct{ *emulated.Module }

func (m module) Show(i int) error {
	m.Touch(drawn[i])
	return nil
}

func (m module) Break(f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		m.Module.Break(emulated.Fault{Garbage: 40})
	case conformance.Truncated:
		m.Module.Break(emulated.Fault{CutAfter: 100})
	case conformance.Oversized:
		m.Module.Break(emulated.Fault{LongFrame: true})
	case conformance.WrongSum:
		m.Module.Break(emulated.Fault{BadSum: 50})
	case conformance.Refusal:
		m.Module.Break(emulated.Fault{Refused: 0x0a, Refuse: 0x0f})
	case conformance.Disorder:
		m.Module.Break(emulated.Fault{DataFirst: true})
	case conformance.Late:
		m.Late(500 * time.Millisecond)
	case conformance.Slow:
		m.Module.Break(emulated.Fault{Between: 2 * time.Millisecond})
	case conformance.Stuck:
		m.Silence()
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}

func (m module) Mend() {
	m.Module.Break(emulated.Fault{})
	m.Late(0)
}

// fast is the profile as it ships, with shorter waits, and with the question for the
// firmware that some modules have.
func fast(t testing.TB) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	shipped, ok := set.Get("r30x-fingerprint")
	if !ok {
		t.Fatal("the profile is missing")
	}
	p := *shipped
	p.Timing.ReplyMS, p.Timing.RetryMaxMS = 300, 200
	p.Identify.Send = profile.Hex{0x3a}
	p.Identify.Pattern = `V(?P<firmware>[0-9.]+)`
	return &p
}

func expected(i int) border.FingerImage {
	return border.FingerImage{Width: width, Height: height, Pixels: emulated.Sees(drawn[i])}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	p := fast(t)
	conformance.Run(t, conformance.Subject{Profile: p, Firmware: "1.4", Asks: true,
		Fingers: [2]border.FingerImage{expected(0), expected(1)},
		Rig: conformance.OnLines(p, func(path string) (conformance.Device, error) {
			m, err := emulated.Open(path, width, height, "V1.4")
			return module{m}, err
		})})
}
