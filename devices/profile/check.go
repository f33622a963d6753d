package profile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// bauds are the speeds that a profile may ask for, in bits per second. The serial
// library refuses others (256,000 and 28,800 among them).
var bauds = []int{300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// drivers are the wire protocols that exist.
var drivers = []string{"framed", "elyctis", "honeywell", "uareu", "r30x", "egis0570", "bridge"}

type fault struct {
	at   position
	text string
}

// checker collects the faults of one profile, in the order of the checks.
type checker struct {
	at     map[string]position
	faults []fault
}

// check reports what is wrong with a decoded profile; nothing if it can be used.
func check(p *Profile, at map[string]position) []fault {
	c := &checker{at: at}
	c.inList("schema", p.Schema, []int{Schema})
	if c.given("id") && !idForm.MatchString(p.ID) {
		c.fail("id", "id must be 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit")
	}
	c.text("name", p.Name)
	c.inWords("driver", p.Driver, drivers)
	c.inWords("evidence", string(p.Evidence), []string{string(Recorded), string(Emulated), string(FieldVerified)})
	c.text("evidence_source", p.EvidenceSource)

	c.inWords("transport.kind", p.Transport.Kind, []string{"serial", "usb", "wedge", "bridge"})
	if p.Transport.Kind == "serial" {
		c.inList("transport.baud", p.Transport.Baud, bauds)
		c.inList("transport.data_bits", p.Transport.DataBits, []int{7, 8})
		c.inWords("transport.parity", p.Transport.Parity, []string{"none", "even", "odd"})
		c.inList("transport.stop_bits", p.Transport.StopBits, []int{1, 2})
	}
	if p.Transport.Kind == "serial" || p.Transport.Kind == "wedge" {
		if c.within("timing.read_timeout_ms", p.Timing.ReadTimeoutMS, 100, 1000) && p.Timing.ReadTimeoutMS%100 != 0 {
			c.fail("timing.read_timeout_ms", "timing.read_timeout_ms must be a multiple of 100")
		}
	}
	c.within("timing.retry_first_ms", p.Timing.RetryFirstMS, 50, 1000)
	c.within("timing.retry_max_ms", p.Timing.RetryMaxMS, 100, 60000)
	c.within("timing.attempts", p.Timing.Attempts, 1, 20)
	if p.Driver == "framed" || p.Driver == "honeywell" {
		c.framing(p.Framing)
	}
	if p.Kind == MRZ {
		c.within("limits.max_bytes_per_second", p.Limits.MaxBytesPerSecond, 1024, 1<<20)
		c.within("limits.bad_readings", p.Limits.BadReadings, 1, 100)
	}
	return c.faults
}

func (c *checker) framing(f Framing) {
	kinds := []string{string(StxEtx), string(LineCR), string(RawLen), string(RawIdle)}
	if !c.inWords("framing.kind", string(f.Kind), kinds) {
		return // what else may stand there depends on the kind
	}
	c.within("framing.idle_gap_ms", f.IdleGapMS, 100, 5000)
	c.within("framing.max_bytes", f.MaxBytes, 96, 4096)

	uses := map[string]bool{}
	switch f.Kind {
	case StxEtx:
		uses["start"], uses["end"] = true, true
		if c.marker("framing.start", f.Start) && c.marker("framing.end", f.End) && f.Start == f.End {
			c.fail("framing.end", "framing.end must differ from framing.start")
		}
	case LineCR:
		uses["document_end"] = true
		if c.inWords("framing.document_end", f.DocumentEnd, []string{EndMRZ, EndBlank, EndByte}) && f.DocumentEnd == EndByte {
			uses["end"] = true
			c.marker("framing.end", f.End)
		}
	case RawLen:
		uses["length"] = true
		c.inList("framing.length", f.Length, []int{72, 88, 90})
	case RawIdle:
	}
	for _, k := range []string{"start", "end", "document_end", "length"} {
		if _, given := c.at["framing."+k]; given && !uses[k] {
			c.fail("framing."+k, fmt.Sprintf("framing.%s has no meaning with framing.kind = %q; remove it", k, f.Kind))
		}
	}
}

// marker checks a byte that marks a beginning or an end: it must not be able to stand in
// a document.
func (c *checker) marker(key string, v int) bool {
	if !c.given(key) {
		return false
	}
	if v < 0 || v > 255 || v >= 0x20 && v < 0x7f || v == '\r' || v == '\n' {
		c.fail(key, fmt.Sprintf("%s must be a byte that no document contains: 0x00 to 0x1F or 0x7F to 0xFF, not CR or LF", key))
		return false
	}
	return true
}

func (c *checker) given(key string) bool {
	if _, ok := c.at[key]; ok {
		return true
	}
	c.fail(key, "missing key "+key)
	return false
}

func (c *checker) text(key, v string) {
	if c.given(key) && (strings.TrimSpace(v) == "" || len(v) > 200) {
		c.fail(key, key+" must have 1 to 200 characters")
	}
}

func (c *checker) within(key string, v, low, high int) bool {
	if !c.given(key) {
		return false
	}
	if v < low || v > high {
		c.fail(key, fmt.Sprintf("%s is %d; allowed are %d to %d", key, v, low, high))
		return false
	}
	return true
}

func (c *checker) inList(key string, v int, list []int) {
	if c.given(key) && !slices.Contains(list, v) {
		c.fail(key, fmt.Sprintf("%s is %d; allowed are %s", key, v, strings.Trim(fmt.Sprint(list), "[]")))
	}
}

func (c *checker) inWords(key, v string, list []string) bool {
	if !c.given(key) {
		return false
	}
	if !slices.Contains(list, v) {
		c.fail(key, fmt.Sprintf("%s is %q; allowed are %q", key, v, list))
		return false
	}
	return true
}

// fail notes a fault at its key, or at its table if the key is not there, or at the top.
func (c *checker) fail(key, text string) {
	at, ok := c.at[key]
	if !ok {
		table, _, _ := strings.Cut(key, ".")
		if at, ok = c.at[table]; !ok {
			at = position{1, 1}
		}
	}
	c.faults = append(c.faults, fault{at, text})
}
