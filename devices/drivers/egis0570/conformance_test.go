package egis0570_test

import (
	"fmt"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest/conformance"
	emulated "garita/devices/devicetest/egis0570"
	"garita/devices/devicetest/fingers"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	p := *load(t)
	p.Timing.ReplyMS, p.Timing.RetryFirstMS, p.Timing.RetryMaxMS = 1000, 20, 100
	s := conformance.Subject{Profile: &p, Asks: true, Lacks: map[conformance.Fault]string{
		conformance.WrongSum: "nothing carries a checksum",
	}}
	const step = 5
	var skins [2][]byte
	for i := range skins {
		skins[i] = emulated.Skin(fingers.Draw(i+1, emulated.Width, 300))
		want := (&bench{T: t, sensor: emulated.New(emulated.Faults{})}).swipe(i+1, step)
		s.Fingers[i] = border.FingerImage{Width: emulated.Width, Height: len(want) / emulated.Width, Pixels: want}
	}
	s.Rig = conformance.OnUSB(conformance.Emulated[*emulated.Sensor]{
		New: func() *emulated.Sensor { return emulated.New(emulated.Faults{}) },
		Show: func(d *emulated.Sensor, i int) {
			d.Lift()
			d.Swipe(skins[i], step)
		},
		Break: breakSensor,
		Mend:  func(d *emulated.Sensor) { d.SetFaults(emulated.Faults{}) },
	})
	conformance.Run(t, s)
}

func breakSensor(d *emulated.Sensor, f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		d.SetFaults(emulated.Faults{Answer: func(b []byte) []byte { return fingers.Noise(1, len(b)) }})
	case conformance.Truncated:
		d.SetFaults(emulated.Faults{Damage: func(b []byte) []byte { return b[:len(b)/2] }})
	case conformance.Oversized:
		d.SetFaults(emulated.Faults{Damage: func(b []byte) []byte { return append(b, b[:1001]...) }})
	case conformance.Refusal:
		d.SetFaults(emulated.Faults{Refuse: true})
	case conformance.Disorder:
		d.SetFaults(emulated.Faults{Answer: func(b []byte) []byte { b[4]++; return b }})
	case conformance.Late:
		d.SetFaults(emulated.Faults{ImageAfter: 1070 * time.Millisecond})
	case conformance.Stuck:
		d.SetFaults(emulated.Faults{Busy: true})
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}
