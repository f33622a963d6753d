package elyctis_test

import (
	"fmt"
	"testing"
	"time"

	"garita/devices/devicetest/conformance"
	emulated "garita/devices/devicetest/elyctis"
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

// reader is a simulated reader for the suite.
type reader struct{ *emulated.Reader }

func (r reader) Show(i int) error {
	_, err := r.Put(documents[i])
	return err
}

func (r reader) Break(f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		return r.Garbage(2000, uint64(time.Now().UnixNano()))
	case conformance.Truncated:
		return r.Half(documents[0])
	case conformance.Oversized:
		return r.Oversized(5000)
	case conformance.Refusal: // of being armed again, after it found nothing to read
		r.Refuse(true)
		return r.Raw(emulated.Frame('I', nil))
	case conformance.Late:
		r.Late(600 * time.Millisecond)
		return r.Raw(emulated.Frame('I', nil))
	case conformance.Slow:
		r.Slowly(3 * time.Millisecond)
	case conformance.Stuck:
		r.Silence()
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}

func (r reader) Mend() {
	r.Slowly(0)
	r.Late(0)
	r.Refuse(false)
}

// fast is the profile as it ships, with shorter waits, and with the question for the
// version that the protocol has.
func fast(t *testing.T) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	shipped, ok := set.Get("elyctis-idbox-mrz")
	if !ok {
		t.Fatal("the profile is missing")
	}
	p := *shipped
	p.Timing.ReadTimeoutMS, p.Timing.ReplyMS, p.Timing.RetryMaxMS, p.Timing.RearmDelayMS = 100, 300, 200, 10
	p.Framing.IdleGapMS = 200
	p.Limits.MaxBytesPerSecond = 16384
	p.Identify.Pattern = `V..(?P<firmware>[0-9.]+)`
	return &p
}

func TestConformance(t *testing.T) {
	p := fast(t)
	conformance.Run(t, conformance.Subject{Profile: p, Documents: documents, Firmware: "1.07", Asks: true,
		Lacks: map[conformance.Fault]string{
			conformance.WrongSum: "the frames have no checksum",
			conformance.Disorder: "each answer names its command",
		},
		Rig: conformance.OnLines(p, func(path string) (conformance.Device, error) {
			r, err := emulated.Open(path, "1.07")
			return reader{r}, err
		})})
}
