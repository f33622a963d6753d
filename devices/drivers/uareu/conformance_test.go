package uareu_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest/conformance"
	"garita/devices/devicetest/fingers"
	emulated "garita/devices/devicetest/uareu"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, m := range []emulated.Model{emulated.U4000, emulated.U4000B} {
		t.Run(m.Name, func(t *testing.T) {
			if m != emulated.U4000B && os.Getenv("GARITA_SOAK") == "" {
				t.Skip("one model is enough for every day; GARITA_SOAK=1 runs them all")
			}
			b := &bench{T: t, model: m}
			p := *load(t, b.profileID())
			p.Timing.ReplyMS, p.Timing.RetryFirstMS, p.Timing.RetryMaxMS = 1000, 20, 100
			s := conformance.Subject{Profile: &p, Asks: true, Firmware: "4.0", Lacks: map[conformance.Fault]string{
				conformance.WrongSum: "images carry no checksum; a wrong key has a test of its own",
				conformance.Disorder: "registers, events and images come on ways of their own",
			}}
			var wires [2][]byte
			for i := range wires {
				_, wires[i] = b.finger(i + 1)
				s.Fingers[i] = border.FingerImage{Width: emulated.Width, Height: emulated.Height, Pixels: b.want(wires[i])}
			}
			s.Rig = conformance.OnUSB(conformance.Emulated[*emulated.Reader]{
				New:   func() *emulated.Reader { return emulated.New(m, emulated.Faults{}) },
				Show:  func(r *emulated.Reader, i int) { r.Touch(wires[i]) },
				Break: breakReader,
				Mend:  func(r *emulated.Reader) { r.SetFaults(emulated.Faults{}) },
			})
			conformance.Run(t, s)
		})
	}
}

func breakReader(r *emulated.Reader, f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		noise := fingers.Noise(1, emulated.Width*emulated.Height)
		r.SetFaults(emulated.Faults{Damage: func([]byte) []byte { return slices.Clone(noise) }})
	case conformance.Truncated:
		r.SetFaults(emulated.Faults{Damage: func(b []byte) []byte { return b[:len(b)/2+1] }})
	case conformance.Oversized:
		r.SetFaults(emulated.Faults{Damage: func(b []byte) []byte { return append(b, make([]byte, 100_001)...) }})
	case conformance.Refusal:
		r.SetFaults(emulated.Faults{Refuse: true})
	case conformance.Late:
		r.SetFaults(emulated.Faults{ImageAfter: 1150 * time.Millisecond, LateImage: true})
	case conformance.Stuck:
		r.SetFaults(emulated.Faults{Busy: true})
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}
