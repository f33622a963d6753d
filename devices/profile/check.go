package profile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"garita/border"
)

// fault is one thing that is wrong with a file.
type fault struct {
	at   position
	text string
}

// checker collects the faults of one profile.
type checker struct {
	p      *Profile
	at     map[string]position // of the keys in the file
	unread map[string]bool     // keys whose value could not be read
	bad    map[string]bool     // these, and those whose value is known to be wrong
	faults []fault
}

// check reports what is wrong with a decoded profile; nothing if it can be used. The
// values of the unread keys could not be decoded, which was reported already.
func check(p *Profile, at map[string]position, unread map[string]bool) []fault {
	c := &checker{p: p, at: at, unread: unread, bad: maps.Clone(unread)}
	c.shorten()
	found := instances(p)
	c.brackets(found)
	// First the values, then whether the keys may stand there, since that depends on values.
	for _, k := range keys {
		for _, i := range found[k.path] {
			if k.allowed == nil || !c.good(i.key) || reflect.ValueOf(i.value).Kind() == reflect.Pointer {
				continue // nothing to look at
			}
			if wrong := k.allowed(i.value); wrong != "" {
				c.fail(i.key, label(i.key)+" "+wrong)
			}
		}
	}
	c.whole()
	for _, k := range keys {
		for _, i := range found[k.path] {
			c.presence(k, i.key)
		}
	}
	c.together()
	return c.faults
}

// maxElements is how many tables a list may have.
const maxElements = 16

// shorten cuts lists that are too long, so that a hostile file costs no more than another.
func (c *checker) shorten() {
	shorten(c, "match", &c.p.Match)
	shorten(c, "init", &c.p.Init)
	shorten(c, "rearm", &c.p.Rearm)
	shorten(c, "quirk", &c.p.Quirks)
}

func shorten[T any](c *checker, key string, list *[]T) {
	if n := len(*list); n > maxElements {
		*list = (*list)[:maxElements]
		c.fail(key, fmt.Sprintf("[[%s]] stands there %d times; at most %d are allowed", key, n, maxElements))
	}
}

// brackets finds lists of tables that were written as one table: [match]. Their keys are not
// looked at.
func (c *checker) brackets(found map[string][]instance) {
	for _, k := range keys {
		if _, one := c.at[k.path]; one && k.list() && !c.given(k.path+".1") && reflect.ValueOf(found[k.path][0].value).Len() > 0 {
			c.fail(k.path, fmt.Sprintf("[%s] is a list; write [[%s]], once for each", k.path, k.path))
			for sub := range found {
				if strings.HasPrefix(sub, k.path+".") {
					delete(found, sub)
				}
			}
			c.unread[k.path+".1.*"] = true
		}
	}
}

// good reports whether a key is there and, as far as was seen, right.
func (c *checker) good(key string) bool {
	_, given := c.at[key]
	return given && !c.bad[key]
}

// presence checks whether a key may, or must, stand in the profile.
func (c *checker) presence(k key, at string) {
	need, unmet, decides := k.presence.need(c.p, c.bad)
	switch given := c.given(at); {
	case !decides:
	case given && need == forbidden:
		c.fail(at, fmt.Sprintf("%s has a meaning only with %s; remove it", label(at), unmet.missing(c.p)))
	case !given && need == required:
		line := name(at) + " = " + k.example
		if table := strings.TrimSuffix(at, "."+name(at)); table != at && !c.given(table) {
			line = "[" + table + "] and below it " + line
		}
		c.fail(at, fmt.Sprintf("missing key %s; add it, for example %s", label(at), line))
	}
}

// whole checks that kind, transport and driver go together: which other keys have a meaning
// depends on them.
func (c *checker) whole() {
	for _, k := range []string{"kind", "driver", "transport.kind"} {
		if _, given := c.at[k]; !given {
			c.bad[k] = true
		}
	}
	f, p := families[c.p.Driver], c.p
	if c.bad["driver"] {
		return
	}
	if !c.bad["kind"] && !slices.Contains(f.kinds, p.Kind) {
		c.fail("kind", fmt.Sprintf("kind is %q; with driver = %q %s", p.Kind, p.Driver, allowed(f.kinds)))
	}
	if !c.bad["transport.kind"] && !slices.Contains(f.transports, p.Transport.Kind) {
		c.fail("transport.kind", fmt.Sprintf("transport.kind is %q; with driver = %q %s", p.Transport.Kind, p.Driver, allowed(f.transports)))
	}
}

// together checks values that are right by themselves against each other.
func (c *checker) together() {
	p := c.p
	if c.good("framing.start") && c.good("framing.end") && p.Framing.Start == p.Framing.End {
		c.fail("framing.end", "framing.end must differ from framing.start")
	}
	if t := p.Timing; c.good("timing.retry_first_ms") && c.good("timing.retry_max_ms") && t.RetryMaxMS < t.RetryFirstMS {
		c.fail("timing.retry_max_ms", fmt.Sprintf("timing.retry_max_ms is %d; it must be at least timing.retry_first_ms, which is %d", t.RetryMaxMS, t.RetryFirstMS))
	}
	c.endpoints()
	c.rules()
	c.exchanges("init", p.Init)
	c.exchanges("rearm", p.Rearm)
	c.geometry()
	for i, q := range p.Quirks {
		if q.ReplyMS == nil && q.RearmDelayMS == nil && q.Flip == nil && q.Invert == nil && q.SkipInit == nil && !c.unreadBelow(fmt.Sprintf("quirk.%d", i+1)) {
			c.fail(fmt.Sprintf("quirk.%d", i+1), fmt.Sprintf("[[quirk]] number %d changes nothing; give it reply_ms, rearm_delay_ms, flip, invert or skip_init, or remove it", i+1))
		}
	}
	c.selfTest()
}

// endpoints checks which endpoints a driver needs, and that they are different ones.
func (c *checker) endpoints() {
	for _, need := range []struct{ driver, key string }{{"uareu", "events"}, {"egis0570", "out"}} {
		if at := "transport." + need.key; c.p.Driver == need.driver && c.p.Transport.Kind == USB && !c.given(at) {
			c.fail(at, fmt.Sprintf("missing key %s; driver = %q needs that endpoint: see the device's descriptors (lsusb -v)", at, need.driver))
		}
	}
	if c.good("transport.in") && c.good("transport.events") && c.p.Transport.In == c.p.Transport.Events {
		c.fail("transport.events", "transport.events must be another endpoint than transport.in")
	}
}

// rules checks that no match rule says what another has said.
func (c *checker) rules() {
	for i, m := range c.p.Match {
		for j, n := range c.p.Match[:i] {
			if c.unreadBelow(fmt.Sprintf("match.%d", i+1)) || c.unreadBelow(fmt.Sprintf("match.%d", j+1)) {
				continue
			}
			if m.weight() == n.weight() && m.VID == n.VID && m.PID == n.PID && m.BCDDevice == n.BCDDevice && m.Serial == n.Serial &&
				(m.InterfaceClass == nil || *m.InterfaceClass == *n.InterfaceClass) {
				c.fail(fmt.Sprintf("match.%d", i+1), fmt.Sprintf("[[match]] number %d is the same as number %d; remove it", i+1, j+1))
				break
			}
		}
	}
}

// maxSequenceMS bounds what a whole init or rearm sequence may take, in ms.
const maxSequenceMS = 30_000

func (c *checker) exchanges(table string, list []Exchange) {
	total := 0
	for i, x := range list {
		at := fmt.Sprintf("%s.%d", table, i+1)
		if c.good(at+".within_ms") && x.Expect == "" && !c.bad[at+".expect"] {
			c.fail(at+".within_ms", label(at+".within_ms")+" has a meaning only with expect; add what to wait for, or remove it")
		}
		total += x.PauseMS
		if wait := x.WithinMS; x.Expect != "" && wait > 0 {
			total += wait
		} else if x.Expect != "" {
			total += c.p.Timing.ReplyMS
		}
	}
	if total > maxSequenceMS {
		c.fail(table, fmt.Sprintf("[[%s]] may take %d ms in all; at most %d are allowed: shorten within_ms and pause_ms", table, total, maxSequenceMS))
	}
}

// Two sides that are each allowed make an image that is allowed.
const _ = uint(border.MaxFingerPixels - border.MaxFingerSide*border.MaxFingerSide)

// geometry checks that an image fits into what is read of it.
func (c *checker) geometry() {
	i := c.p.Image
	if !c.good("image.width") || !c.good("image.height") {
		return
	}
	bits := 8
	if c.given("image.bits") {
		bits = i.Bits
	}
	if least := (i.Width*i.Height*bits + 7) / 8; c.good("image.max_bytes") && !c.bad["image.bits"] && i.MaxBytes < least {
		c.fail("image.max_bytes", fmt.Sprintf("image.max_bytes is %d; an image of that width, height and bits has %d, and its headers come on top", i.MaxBytes, least))
	}
}

func (c *checker) selfTest() {
	if !c.good("self_test") || c.bad["driver"] {
		return
	}
	steps := slices.Clone(families[c.p.Driver].steps)
	if c.p.Kind == MRZ {
		steps = slices.DeleteFunc(steps, func(s string) bool { return s == StepBlankCapture })
	}
	for i, s := range c.p.SelfTest {
		switch {
		case !slices.Contains(steps, s):
			c.fail("self_test", fmt.Sprintf("self_test has the step %q; with driver = %q %s", s, c.p.Driver, allowed(steps)))
		case slices.Contains(c.p.SelfTest[:i], s):
			c.fail("self_test", fmt.Sprintf("self_test has the step %q twice; remove one", s))
		case !c.possible(s):
			c.fail("self_test", fmt.Sprintf("self_test has the step %q, and the profile does not say how to ask the device anything; add identify.send, or remove the step", s))
		}
	}
}

// possible reports whether the profile has what a step needs.
func (c *checker) possible(step string) bool {
	p, f := c.p, families[c.p.Driver]
	switch {
	case !f.exchanges || step == StepEnumerate || c.bad["identify.send"]: // other drivers have their own ways
		return true
	case step == StepEcho && expects(p.Init):
		return true
	default:
		return len(p.Identify.Send) > 0 || f.question && p.Identify.Pattern != ""
	}
}

func (c *checker) given(key string) bool {
	_, given := c.at[key]
	return given
}

// unreadBelow reports whether a value in a table could not be read.
func (c *checker) unreadBelow(table string) bool {
	for k := range c.unread {
		if strings.HasPrefix(k, table+".") {
			return true
		}
	}
	return false
}

// fail notes a fault at its key, or at the nearest table above it that is there, or at the
// top of the file.
func (c *checker) fail(key, text string) {
	c.bad[key] = true
	for at := key; ; {
		if pos, ok := c.at[at]; ok {
			c.faults = append(c.faults, fault{pos, text})
			return
		}
		dot := strings.LastIndex(at, ".")
		if dot < 0 {
			c.faults = append(c.faults, fault{position{1, 1}, text})
			return
		}
		at = at[:dot]
	}
}
