package trace

import (
	"bytes"
	"slices"
)

// MaxBytes bounds the record of one scanner, roughly: an event counts 64 bytes and its data.
const MaxBytes = 1 << 20

// longestLoop is how many events may make up one round of what an idle driver does over
// and over.
const longestLoop = 8

// record is a bounded list of events in which the rounds of an idle driver are counted
// instead of kept.
type record struct {
	events []Event
	size   int
}

func sizeOf(e *Event) int { return 64 + len(e.Data) + len(e.Text) + 16*len(e.Runs) + 8*len(e.Shape) }

// add remembers an event. idling says that the driver is serving, where rounds may be
// folded: elsewhere a driver counts its attempts, and a replay must too.
func (r *record) add(e Event, idling bool) {
	if n := len(r.events); e.Kind == Silence && n > 0 && r.events[n-1].Kind == Silence && r.events[n-1].Name == e.Name {
		r.events[n-1].Times += e.Times
		return
	}
	r.events = append(r.events, e)
	r.size += sizeOf(&e)
	if idling && e.Kind != Silence { // a silence may grow still
		r.fold()
	}
	if r.size > MaxBytes {
		r.shrink()
	}
}

// fold looks whether the last events are a round of what came before them.
func (r *record) fold() {
	n := len(r.events)
	for p := 1; p <= longestLoop && 2*p <= n; p++ {
		last := r.events[n-p:]
		if !round(last) {
			return // and nothing longer is one
		}
		if i := n - p - 1; i >= p && r.events[i].Kind == Again && r.events[i].Of == p && alike(r.events[i-p:i], last) {
			r.events[i].Times++
			r.drop(n-p, n)
			return
		}
		if before := r.events[n-2*p : n-p]; asks(last) && alike(before, last) {
			at := last[0].At
			r.drop(n-p, n)
			again := Event{At: at, Kind: Again, Of: p, Times: 1}
			r.events = append(r.events, again)
			r.size += sizeOf(&again)
			return
		}
	}
}

// round reports whether events are transfers only.
func round(list []Event) bool {
	return !slices.ContainsFunc(list, func(e Event) bool {
		return e.Kind != In && e.Kind != Out && e.Kind != Control && e.Kind != Silence
	})
}

// asks reports whether the driver does something in these events. Without that, equal
// bytes are what the scanner sends, and each of them counts.
func asks(list []Event) bool {
	return slices.ContainsFunc(list, func(e Event) bool { return e.Kind == Out || e.Kind == Control })
}

func alike(a, b []Event) bool {
	return slices.EqualFunc(a, b, func(x, y Event) bool {
		sameSetup := x.Setup == y.Setup || x.Setup != nil && y.Setup != nil && *x.Setup == *y.Setup
		// How long a silence was does not matter: a round may wait a little more or less.
		return x.Kind == y.Kind && x.Name == y.Name && x.Endpoint == y.Endpoint && sameSetup && x.Bytes == y.Bytes && x.Err == y.Err &&
			bytes.Equal(x.Data, y.Data) && slices.Equal(x.Runs, y.Runs)
	})
}

func (r *record) drop(from, to int) {
	for i := from; i < to; i++ {
		r.size -= sizeOf(&r.events[i])
	}
	r.events = slices.Delete(r.events, from, to)
}

// shrink makes room: connections of before go first, then the middle of this one. How it
// was set up stays, for no replay can begin without.
func (r *record) shrink() {
	opened := 0
	for i := range r.events {
		if r.events[i].Kind == Open {
			opened = i
		}
	}
	if opened > 0 {
		r.drop(0, opened)
		if r.size <= MaxBytes*3/4 {
			return
		}
	}
	head := slices.IndexFunc(r.events, func(e Event) bool { return e.Kind == Serve }) + 1
	for i, size := 0, 0; i < len(r.events); i++ {
		if size += sizeOf(&r.events[i]); size > MaxBytes/4 {
			head = min(max(head, 1), i) // it was never set up, and that took long
			break
		}
	}
	missing := 0
	if head < len(r.events) && r.events[head].Kind == Gap {
		missing = r.events[head].Times
		r.drop(head, head+1)
	}
	end := head
	for size := r.size; size > MaxBytes/2 && end < len(r.events)-1; end++ {
		size -= sizeOf(&r.events[end])
	}
	gap := Event{At: r.events[head].At, Kind: Gap, Times: missing + end - head}
	r.drop(head, end)
	r.events = slices.Insert(r.events, head, gap)
	r.size += sizeOf(&gap)
}
