package uplink

import (
	"testing"

	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
)

// TestLedgerAlwaysEndsEqual plays a journal that grows, a hub that holds, loses and asks
// again, and messages that are lost, in any order: the ledger never counts more as held
// or sent than there is, never less as a backlog than the hub lacks, and when nothing is
// lost any more, everything is sent.
func TestLedgerAlwaysEndsEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ledger
		l.clear()
		journal, hub := map[border.Epoch]uint64{}, map[border.Epoch]uint64{}
		var order []border.Epoch
		open := func() {
			e := bordertest.EpochNo(len(order))
			order = append(order, e)
			journal[e] = 1
		}
		extents := func() (ex []border.Extent) {
			for _, e := range order {
				ex = append(ex, border.Extent{Epoch: e, Last: journal[e]})
			}
			return ex
		}
		open()
		l.extents(extents())
		compare := func() { // what reconcile does
			l.clear()
			l.extents(extents())
			for e, n := range hub {
				l.hold(border.Holding{Epoch: e, Held: n, Highest: n})
			}
		}
		send := func(lossy bool) bool {
			e, after, ok := l.next()
			if !ok {
				return false
			}
			n := rapid.Uint64Range(1, 5).Draw(t, "n")
			n = min(n, l.epochs[e].last-after)
			if !lossy || rapid.Bool().Draw(t, "arrives") {
				if hub[e] >= after { // contiguous: the watermark moves
					hub[e] = max(hub[e], after+n)
				}
			}
			l.epochs[e].sent = max(l.epochs[e].sent, after+n)
			return true
		}
		check := func() {
			var held, total uint64
			for _, e := range order {
				total += journal[e]
				held += hub[e]
				a := l.epochs[e]
				if a != nil && (a.mark > a.last || a.sent > a.last || a.last > journal[e]) {
					t.Fatalf("account out of bounds: %+v, journal %d, hub %d", *a, journal[e], hub[e])
				}
			}
			if l.unconfirmed() > total {
				t.Fatalf("%d unconfirmed of %d", l.unconfirmed(), total)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				e := order[len(order)-1]
				journal[e] += rapid.Uint64Range(1, 9).Draw(t, "events")
				if !l.extend(border.Position{Epoch: e, Seq: journal[e]}) {
					t.Fatal("the head's epoch is unknown")
				}
			},
			"open": func(*rapid.T) { open(); l.extents(extents()) },
			"send": func(*rapid.T) { send(true) },
			"watermark": func(t *rapid.T) {
				e := rapid.SampledFrom(order).Draw(t, "epoch")
				l.hold(border.Holding{Epoch: e, Held: hub[e], Highest: hub[e]})
			},
			"old watermark": func(t *rapid.T) {
				e := rapid.SampledFrom(order).Draw(t, "epoch")
				n := rapid.Uint64Range(0, hub[e]).Draw(t, "held")
				l.hold(border.Holding{Epoch: e, Held: n, Highest: n})
			},
			"resend": func(t *rapid.T) {
				e := rapid.SampledFrom(order).Draw(t, "epoch")
				l.again[e] = rapid.Uint64Range(0, hub[e]).Draw(t, "after")
				l.obey()
				if a := l.epochs[e]; a.sent > hub[e] {
					t.Fatalf("sent %d after a demand to send again from %d", a.sent, hub[e])
				}
			},
			"hub restored": func(t *rapid.T) {
				e := rapid.SampledFrom(order).Draw(t, "epoch")
				hub[e] = rapid.Uint64Range(0, hub[e]).Draw(t, "held")
				compare()
			},
			"": func(*rapid.T) { check() },
		})
		compare()
		for send(false) {
			check()
		}
		for e, n := range hub {
			l.hold(border.Holding{Epoch: e, Held: n, Highest: n})
		}
		if l.backlog() != 0 || l.unconfirmed() != 0 {
			t.Fatalf("backlog %d, unconfirmed %d at the end", l.backlog(), l.unconfirmed())
		}
		for _, e := range order {
			if hub[e] != journal[e] {
				t.Fatalf("hub holds %d of %d", hub[e], journal[e])
			}
		}
	})
}

func TestNewRefusesAnIncompleteConfiguration(t *testing.T) {
	if _, err := New(Config{URL: "nats://127.0.0.1:1", Station: "put.1", Post: "PUT"}); border.CodeOf(err) != border.Invalid {
		t.Errorf("New = %v", err)
	}
}
