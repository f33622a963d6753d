// Package bridgecheck tests a live bridge against the contract of docs/BRIDGE.md, from
// outside, so that whoever writes one in any language can see what is still missing.
package bridgecheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"garita/devices/bridge"
)

// Options say how to test. The zero Options will do for a local socket.
type Options struct {
	// Bridge is how to connect. Its Heartbeat is the one proposed to the bridge; 0 for
	// 500 ms, which makes the checks of silence short. CancelWithin is what the answers to
	// a cancel are measured by; 0 for [bridge.CancelWithin].
	Bridge bridge.Options
	// Patience is how long a bridge may take for what needs no device; 0 for 2 s. It is
	// generous: only what never comes should fail by it.
	Patience time.Duration
	// Only names the checks to run; none for all.
	Only []string
}

// Result is what became of one check.
type Result struct {
	Name string
	Err  error // what the bridge did instead; nil if it passed
}

// check is one rule of the contract.
type check struct {
	name string
	run  func(*bench) error
}

// checks are in the order in which the writer of a bridge would make them pass.
var checks = []check{
	{"hello is answered with a welcome", welcome},
	{"a version that is too new is refused with code version", versionTooNew},
	{"the version is chosen from those offered", versionOffered},
	{"unknown header fields are ignored", unknownField},
	{"a request before hello is refused", noHello},
	{"a second hello is refused", secondHello},
	{"an unknown type is answered with code unknown_type", unknownType},
	{"an unknown type's bytes are read past", unknownBytes},
	{"several frames in one packet are each answered", together},
	{"a frame that comes byte by byte is answered", slowBytes},
	{"bad JSON ends the connection", badJSON},
	{"garbage ends the connection", garbage},
	{"a header beyond 65,536 bytes is refused unread", oversizeHeader},
	{"bytes beyond 16,777,216 are refused unread", oversizeBytes},
	{"the bridge sends heartbeats", heartbeat},
	{"a station that falls silent is given up", silence},
	{"half a frame is given up", halfFrame},
	{"a second station is told that the bridge is busy", secondStation},
	{"start opens the device", start},
	{"a request without a deadline is refused", noDeadline},
	{"a finger position that does not exist is refused", badPosition},
	{"indicate and self_test are answered", smallRequests},
	{"serve goes on until it is cancelled", serveCancelled},
	{"capture is cancelled in time", captureCancelled},
	{"nothing follows the answer to a cancelled request", nothingAfter},
	{"a request has an answer at its deadline", deadline},
	{"a second request at once is refused with code busy", secondRequest},
	{"a cancel of nothing has no answer", cancelNothing},
	{"the next station can come when one has gone", nextStation},
}

// Names lists the checks.
func Names() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// Run runs the checks against the bridge at an address, one after another, and reports
// each as it ends. The bridge must be free and its device plugged in; nobody needs to
// present anything. It ends early with ctx, or when the bridge cannot be reached at all.
func Run(ctx context.Context, address string, o Options, report func(Result)) (passed, failed int) {
	if o.Bridge.Heartbeat == 0 {
		o.Bridge.Heartbeat = 500 * time.Millisecond
	}
	if o.Bridge.CancelWithin == 0 {
		o.Bridge.CancelWithin = bridge.CancelWithin
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Second
	}
	for _, c := range checks {
		if len(o.Only) > 0 && !slices.Contains(o.Only, c.name) {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		b := &bench{ctx: ctx, address: address, o: o.Bridge, patience: o.Patience}
		err := c.run(b)
		b.leave()
		if err != nil {
			failed++
		} else {
			passed++
		}
		report(Result{c.name, err})
		if errors.Is(err, errOutside) {
			break
		}
	}
	return passed, failed
}

// got says what a bridge sent, without what may be personal.
func got(h bridge.Header) string {
	switch {
	case h.Type == bridge.TypeError:
		return fmt.Sprintf("an error with id %d and code %.40q", h.ID, h.Code)
	default:
		return fmt.Sprintf("a frame of type %.40q with id %d", h.Type, h.ID)
	}
}
