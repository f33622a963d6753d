package honeywell_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"garita/devices/devicetest/conformance"
	emulated "garita/devices/devicetest/honeywell"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Specimens of Utopia (ICAO Doc 9303): nobody.
const (
	a1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
	a2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	c1 = "I<UTOD231458907<<<<<<<<<<<<<<<"
	c2 = "7408122F1204159UTO<<<<<<<<<<<6"
	c3 = "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)

var documents = [2][]string{{a1, a2}, {c1, c2, c3}}

// imager is a simulated imager for the suite.
type imager struct{ *emulated.Imager }

func (m imager) Show(i int) error {
	_, err := m.Hold(documents[i])
	return err
}

func (m imager) Break(f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		return m.Garbage(2000, uint64(time.Now().UnixNano()))
	case conformance.Truncated:
		return m.Half(documents[0])
	case conformance.Oversized:
		return m.Oversized(5000)
	case conformance.Refusal: // menu commands are sent when it is plugged in
		err := m.Unplug()
		m.Refuse(true)
		return errors.Join(err, m.Line.Replug())
	case conformance.Late:
		err := errors.Join(m.Unplug(), m.Replug())
		m.Late(600 * time.Millisecond)
		return err
	case conformance.Slow:
		m.Slowly(3 * time.Millisecond)
	case conformance.Stuck:
		m.Silence()
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}

func (m imager) Mend() {
	m.Slowly(0)
	m.Late(0)
	m.Refuse(false)
}

// fast is the profile as it ships, with shorter waits, and with the question for the
// revision that the imager has.
func fast(t *testing.T) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	shipped, ok := set.Get("honeywell-ocr")
	if !ok {
		t.Fatal("the profile is missing")
	}
	p := *shipped
	p.Timing.ReadTimeoutMS, p.Timing.ReplyMS, p.Timing.RetryMaxMS, p.Timing.RearmDelayMS = 100, 300, 200, 10
	p.Framing.IdleGapMS = 200
	p.Limits.MaxBytesPerSecond = 16384
	p.Identify.Pattern = `Software Revision: (?P<firmware>[0-9.]+)[^!]*\x06\.`
	return &p
}

func TestConformance(t *testing.T) {
	for name, together := range map[string]bool{"line by line": false, "lines as one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if together && os.Getenv("GARITA_SOAK") == "" {
				t.Skip("differs in the decoder only; GARITA_SOAK=1 runs it too")
			}
			p := fast(t)
			conformance.Run(t, conformance.Subject{Profile: p, Documents: documents, Firmware: "2.31", Asks: true,
				Lacks: map[conformance.Fault]string{
					conformance.WrongSum: "the lines have no checksum",
					conformance.Disorder: "each answer repeats its command",
				},
				Rig: conformance.OnLines(p, func(path string) (conformance.Device, error) {
					m, err := emulated.Open(path, "2.31")
					m.Together(together)
					return imager{m}, err
				})})
		})
	}
}
