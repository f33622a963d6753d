package profile

import (
	"fmt"
	"slices"
	"strings"
)

// condition says when a key has a meaning.
type condition struct {
	words string // for a key that stands where it has none
	holds func(*Profile) bool
	on    []string     // the keys it looks at; if one of them is wrong, it cannot be told
	and   []*condition // two that must both hold; then words is empty
}

// need is whether a key must, may or must not stand in a profile.
type need int

const (
	forbidden need = iota
	optional
	required
)

// presence is one key's rule: it must stand where one condition holds, may where the other
// does, and is forbidden elsewhere.
type presence struct{ must, may *condition }

func must(when *condition) presence { return presence{must: when} }
func may(when *condition) presence  { return presence{may: when} }

// need is what the rule asks for in a profile, and the condition to name where that is
// nothing. decides is false if a key that decides is wrong itself.
func (r presence) need(p *Profile, bad map[string]bool) (n need, unmet *condition, decides bool) {
	for _, c := range []*condition{r.must, r.may} {
		if c != nil && slices.ContainsFunc(c.on, func(on string) bool { return bad[on] }) {
			return optional, nil, false
		}
	}
	switch {
	case r.must != nil && r.must.holds(p):
		return required, nil, true
	case r.may != nil && r.may.holds(p):
		return optional, nil, true
	case r.must != nil:
		return forbidden, r.must, true
	default:
		return forbidden, r.may, true
	}
}

var (
	everywhere = where("", func(*Profile) bool { return true })
	always     = must(everywhere)

	onSerial = over(Serial)
	onUSB    = over(USB)
	onWedge  = over(Wedge)
	onLine   = over(Serial, Wedge)
	notOver  = over(Serial, USB, Wedge) // a bridge is named in the configuration

	framing   = ofDriver(func(f family) bool { return f.framing })
	bounded   = ofDriver(func(f family) bool { return f.framing || f.bounded })
	sending   = both(ofDriver(func(f family) bool { return f.sends }), onSerial)
	exchanges = both(ofDriver(func(f family) bool { return f.exchanges }), onSerial)

	documents = where(`kind = "mrz"`, func(p *Profile) bool { return p.Kind == MRZ }, "kind")
	fingers   = where(`kind = "fingerprint"`, func(p *Profile) bool { return p.Kind == Fingerprint }, "kind")
	sensor    = both(fingers, notOver) // a bridge says of each image how it is
	readings  = both(documents, onLine)

	// answers: something waits for an answer of the device.
	answers = where("identify.send or an expect, as this driver asks nothing of its own", func(p *Profile) bool {
		return families[p.Driver].asks || len(p.Identify.Send) > 0 || expects(p.Init) || expects(p.Rearm)
	}, "driver", "identify.send")
	// firmware: there is a way to know the device's firmware.
	firmware = where("a way to know the firmware: identify.pattern, or a [[match]], whose USB release counts then", func(p *Profile) bool {
		return families[p.Driver].says || p.Identify.Pattern != "" || len(p.Match) > 0
	}, "driver", "identify.pattern")
	asked    = where("identify.send", func(p *Profile) bool { return len(p.Identify.Send) > 0 }, "identify.send")
	question = where("identify.send", func(p *Profile) bool { return families[p.Driver].question }, "driver")
	judging  = where("identify.minimum or identify.known_bad", func(p *Profile) bool {
		return p.Identify.Minimum != "" || len(p.Identify.KnownBad) > 0
	}, "identify.minimum", "identify.known_bad")

	hasInit = where("an [[init]]", func(p *Profile) bool { return len(p.Init) > 0 })
	// rearming: elyctis asks by itself where there is no [[rearm]].
	rearming = where("a [[rearm]]", func(p *Profile) bool { return len(p.Rearm) > 0 || p.Driver == "elyctis" }, "driver")

	stxetx  = framed(`framing.kind = "stx-etx"`, func(f Framing) bool { return f.Kind == StxEtx })
	linecr  = framed(`framing.kind = "line-cr"`, func(f Framing) bool { return f.Kind == LineCR })
	rawlen  = framed(`framing.kind = "raw-len"`, func(f Framing) bool { return f.Kind == RawLen })
	endByte = framed(`framing.kind = "stx-etx", or framing.document_end = "byte"`, func(f Framing) bool {
		return f.Kind == StxEtx || f.Kind == LineCR && f.DocumentEnd == EndByte
	}, "framing.document_end")
)

func where(words string, holds func(*Profile) bool, on ...string) *condition {
	return &condition{words: words, holds: holds, on: on}
}

func over(kinds ...string) *condition {
	return where("transport.kind = "+alternatives(kinds), func(p *Profile) bool { return slices.Contains(kinds, p.Transport.Kind) }, "transport.kind")
}

func ofDriver(is func(family) bool) *condition {
	names := slices.DeleteFunc(driverNames(), func(n string) bool { return !is(families[n]) })
	return where("driver = "+alternatives(names), func(p *Profile) bool { return is(families[p.Driver]) }, "driver")
}

func framed(words string, is func(Framing) bool, on ...string) *condition {
	return both(framing, where(words, func(p *Profile) bool { return is(p.Framing) }, append(on, "framing.kind")...))
}

func both(a, b *condition) *condition {
	return &condition{holds: func(p *Profile) bool { return a.holds(p) && b.holds(p) },
		on: append(slices.Clone(a.on), b.on...), and: []*condition{a, b}}
}

// missing says which part of a condition that does not hold is not met.
func (c *condition) missing(p *Profile) string {
	for _, part := range c.and {
		if !part.holds(p) {
			return part.missing(p)
		}
	}
	return c.words
}

func expects(list []Exchange) bool {
	return slices.ContainsFunc(list, func(x Exchange) bool { return x.Expect != "" })
}

// allowed is the end of a sentence about a word that is not in a list.
func allowed[T ~string](words []T) string {
	if len(words) == 1 {
		return "allowed is " + alternatives(words)
	}
	return "allowed are " + alternatives(words)
}

// alternatives writes words as `"a", "b" or "c"`.
func alternatives[T ~string](words []T) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", string(w))
	}
	if n := len(quoted) - 1; n > 0 {
		return strings.Join(quoted[:n], ", ") + " or " + quoted[n]
	}
	return strings.Join(quoted, "")
}
