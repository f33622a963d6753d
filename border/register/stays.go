package register

import (
	"bytes"
	"cmp"
	"math"

	"garita/border"
)

// The states of a stay.
const (
	stayInside       = "inside"        // admitted, and nothing known since
	stayClosed       = "closed"        // entry and exit paired
	stayExitUnknown  = "exit_unknown"  // admitted, then admitted again
	stayEntryUnknown = "entry_unknown" // departed without a known entry
	pairedByDocument = "same_document"
)

// beginning is before every crossing of a document.
var beginning = place{at: math.MinInt64}

func (p place) before(q place) bool { return p.compare(q) < 0 }

func (p place) compare(q place) int {
	return cmp.Or(
		cmp.Compare(p.at, q.at),
		cmp.Compare(p.station, q.station),
		bytes.Compare(p.epoch[:], q.epoch[:]),
		cmp.Compare(p.seq, q.seq),
	)
}

// fold makes the stays of a document anew from a place on: its admitted entries and
// departed exits in the order of (occurred_at, station, epoch, seq). An entry opens a
// stay, the next exit closes it. The result depends on the crossings only, not on the
// order in which the hub got to know them.
//
// A stay is certain only if no clock it rests on is untrusted. A closed stay rests on its
// two crossings; any other rests on all of the document's, because an untrusted crossing
// may belong anywhere: whoever adds or removes one folds from the beginning.
func fold(t tx, d border.BlindIndex, from place) error {
	doubtful, err := t.doubtful(d)
	if err != nil {
		return err
	}
	var open *step
	if from != beginning {
		last, ok, err := t.stepBefore(d, from)
		if err != nil {
			return err
		}
		if ok && last.direction == border.Entry {
			open = &last
		}
	}
	if err := t.deleteStaysFrom(d, from); err != nil {
		return err
	}
	steps, err := t.stepsFrom(d, from)
	if err != nil {
		return err
	}
	for i := range steps {
		s := &steps[i]
		switch {
		case s.direction == border.Entry && open != nil:
			err = t.putStay(d, stayRow{place: open.place, state: stayExitUnknown, certain: !doubtful, entry: &open.crossing})
			open = s
		case s.direction == border.Entry:
			open = s
		case open != nil:
			err = t.putStay(d, stayRow{place: open.place, state: stayClosed, certain: open.trusted && s.trusted,
				entry: &open.crossing, exit: &s.crossing, paired: pairedByDocument})
			open = nil
		default:
			err = t.putStay(d, stayRow{place: s.place, state: stayEntryUnknown, certain: !doubtful, exit: &s.crossing})
		}
		if err != nil {
			return err
		}
	}
	if open != nil {
		if err := t.putStay(d, stayRow{place: open.place, state: stayInside, certain: !doubtful, entry: &open.crossing}); err != nil {
			return err
		}
	}
	return nil
}
