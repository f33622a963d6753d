package framed_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"garita/devices/devicetest"
	"garita/devices/devicetest/conformance"
	"garita/devices/profile"
)

// reader is a simulated reader for the suite.
type reader struct {
	*devicetest.Reader
	limit int
}

var documents = [2][]string{{a1, a2}, {b1, b2}}

func (r reader) Show(i int) error {
	_, err := r.Present(documents[i])
	return err
}

func (r reader) Break(f conformance.Fault) error {
	switch f {
	case conformance.Garbage:
		return r.Garbage(2000, uint64(time.Now().UnixNano()))
	case conformance.Truncated:
		return r.Half(documents[0])
	case conformance.Oversized:
		return r.Oversized(r.limit + 100)
	case conformance.Slow:
		r.Slowly(3 * time.Millisecond)
	case conformance.Stuck:
		r.Silence()
	default:
		return fmt.Errorf("no such fault: %s", f)
	}
	return nil
}

func (r reader) Mend() { r.Slowly(0) }

var lacks = map[conformance.Fault]string{
	conformance.WrongSum: "the frames have no checksum",
	conformance.Refusal:  "nothing is asked",
	conformance.Disorder: "nothing is asked",
	conformance.Late:     "nothing is asked",
}

// The framings go through the suite one by one with a reader that only sends; one with
// one that is also asked, set up and armed.
func TestConformance(t *testing.T) {
	for name, f := range framings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.IdleGapMS = 200
			p := &profile.Profile{ID: name, Kind: profile.MRZ, Driver: "framed", Hash: "hash of " + name,
				Transport: profile.Transport{Kind: "serial", Baud: 9600, DataBits: 8, Parity: "none", StopBits: 1},
				Timing:    profile.Timing{ReadTimeoutMS: 100, RetryFirstMS: 50, RetryMaxMS: 200, Attempts: 3, ReplyMS: 300},
				Framing:   f,
				Limits:    profile.Limits{MaxBytesPerSecond: 16384, BadReadings: 3},
			}
			s := conformance.Subject{Profile: p, Documents: documents, Lacks: lacks}
			asked := name == "stx-etx"
			if asked {
				s.Asks, s.Firmware = true, "2.10"
				p.Init = []profile.Exchange{{Send: profile.Hex("HELLO\r"), Expect: `OK\r`}}
				p.Rearm = []profile.Exchange{{Send: profile.Hex("GO\r"), Expect: `OK\r`}}
				p.Identify = profile.Identify{Send: profile.Hex("VER?\r"), Pattern: `V(?P<firmware>[0-9.]+)`}
				p.SelfTest = []string{"identify", "echo"}
			}
			s.Rig = conformance.OnLines(p, func(path string) (conformance.Device, error) {
				r, err := devicetest.OpenReader(path, f)
				if asked && err == nil {
					r.Answer([]byte("HELLO\r"), []byte("OK\r"))
					r.Answer([]byte("GO\r"), []byte("OK\r"))
					r.Answer([]byte("VER?\r"), []byte("V2.10\r"))
				}
				return reader{r, f.MaxBytes}, err
			})
			if strings.HasPrefix(name, "cr-b") || name == "raw-88" {
				if os.Getenv("GARITA_SOAK") == "" {
					t.Skip("differs from the others in the decoder only; GARITA_SOAK=1 runs it too")
				}
			}
			conformance.Run(t, s)
		})
	}
}
