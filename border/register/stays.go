package register

import (
	"bytes"
	"cmp"
	"math"
	"strings"

	"garita/border"
)

// The states of a stay.
const (
	stayInside       = "inside"        // admitted, and nothing known since
	stayClosed       = "closed"        // entry and exit paired
	stayExitUnknown  = "exit_unknown"  // admitted, then admitted again
	stayEntryUnknown = "entry_unknown" // departed without a known entry

	pairedByDocument = "same_document"
	pairedByOfficer  = "confirmed"
	pairedProposed   = "proposed" // by document, but something speaks against it; only when read
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
// An exit that ends a stay on another document by an officer's word closes nothing here, and
// the entry that it names is closed there; see [links]. A document with links is folded from
// the beginning.
//
// A stay is certain only if no clock of the document's crossings is untrusted, and no link of
// it fails to fit: an untrusted crossing may belong anywhere, also between an entry and an
// exit that look like a pair. Whoever adds or removes one folds from the beginning. Nor is a
// stay certain whose entry or exit lies so near a movement at another station that their two
// clocks, though trusted, may show them in the wrong order. What else speaks against a stay
// depends on other documents and is asked when it is read, see sqliteReader.doubts.
//
// It returns the document's crossings without their other half, and by how much the number of
// open stays has changed.
func fold(t tx, d border.BlindIndex, from place, known documentRow) ([]loose, Inside, error) {
	var none Inside
	l, err := linksOf(t, d, known.linked)
	if err != nil {
		return nil, none, err
	}
	if l.any || !known.stayed { // without a stay there is no movement before those that have come
		from = beginning
	}
	f := folding{t: t, d: d, certain: !known.doubtful, links: l}
	if from != beginning {
		if from, err = f.begin(from); err != nil {
			return nil, none, err
		}
	}
	if known.stayed {
		gone, err := t.deleteStaysFrom(d, from)
		if err != nil {
			return nil, none, err
		}
		f.inside = Inside{Certain: -gone.Certain, Uncertain: -gone.Uncertain}
	}
	steps, err := t.stepsFrom(d, from)
	if err != nil {
		return nil, none, err
	}
	f.blur(steps)
	for i := range steps {
		if err := f.step(&steps[i]); err != nil {
			return nil, none, err
		}
	}
	if err := f.leave(stayInside); err != nil {
		return nil, none, err
	}
	if from != beginning {
		f.loose, err = t.looseOf(d)
	}
	return f.loose, f.inside, err
}

// folding is the fold of one document on its way.
type folding struct {
	t       tx
	d       border.BlindIndex
	certain bool
	links   links
	open    *step // an entry whose exit has not come yet
	before  *step // the last movement that stays as it is
	loose   []loose
	inside  Inside // change of the number of open stays
}

// begin returns the place from which to fold so that a change at from is followed: the
// movement before it may have become blurred, and a stay is written at its entry.
func (f *folding) begin(from place) (place, error) {
	last, err := f.preceding(from)
	if err != nil || last == nil {
		return from, err
	}
	f.before, err = f.preceding(last.place)
	if err == nil && last.direction == border.Exit && f.before != nil && f.before.direction == border.Entry {
		last = f.before
		f.before, err = f.preceding(last.place)
	}
	return last.place, err
}

func (f *folding) preceding(p place) (*step, error) {
	s, ok, err := f.t.stepBefore(f.d, p)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// blur marks the movements whose order is not sure.
func (f *folding) blur(steps []step) {
	if f.before != nil && len(steps) > 0 && near(f.before, &steps[0]) {
		steps[0].blurred = true
	}
	for i := 1; i < len(steps); i++ {
		if near(&steps[i-1], &steps[i]) {
			steps[i-1].blurred, steps[i].blurred = true, true
		}
	}
}

// near reports whether clocks that are trusted may show two movements in the wrong order.
func near(a, b *step) bool {
	return a.station != b.station && b.at-a.at < drift.Microseconds()
}

func (f *folding) step(s *step) error {
	if s.direction == border.Entry {
		if err := f.leave(stayExitUnknown); err != nil {
			return err
		}
		if x, ok := f.links.closes[s.crossing]; ok {
			return f.close(s, x, pairedByOfficer)
		}
		f.open = s
		return nil
	}
	if f.links.elsewhere[s.crossing] {
		if f.open != nil { // whoever holds this document has left
			f.links.broken[f.open.crossing] = true
		}
		return nil
	}
	if f.open != nil {
		open := f.open
		f.open = nil
		return f.close(open, s, pairedByDocument)
	}
	f.alone(s)
	return f.t.putStay(f.d, stayRow{place: s.place, state: stayEntryUnknown, doubt: f.doubt(s),
		exit: &s.crossing, exitAt: s.at, born: s.born, full: s.full, birthYear: s.birthYear, sex: s.sex})
}

func (f *folding) close(entry, exit *step, paired string) error {
	return f.t.putStay(f.d, stayRow{place: entry.place, state: stayClosed, entry: &entry.crossing, exit: &exit.crossing, exitAt: exit.at,
		paired: paired, doubt: f.doubt(entry, exit),
		until: entry.until, born: entry.born, full: entry.full, birthYear: entry.birthYear, sex: entry.sex})
}

// doubt says what in the document speaks against a stay: clock, link, both, or nothing.
func (f *folding) doubt(ends ...*step) string {
	clock, link := !f.certain, false
	for _, s := range ends {
		clock = clock || !s.trusted || s.blurred
		link = link || f.links.broken[s.crossing]
	}
	var words []string
	if clock {
		words = append(words, DoubtClock)
	}
	if link {
		words = append(words, DoubtLink)
	}
	return strings.Join(words, " ")
}

// leave writes the open entry as a stay whose end is not known.
func (f *folding) leave(state string) error {
	s := f.open
	if f.open = nil; s == nil {
		return nil
	}
	f.alone(s)
	doubt := f.doubt(s)
	if state == stayInside {
		f.inside.add(doubt == "", 1)
	}
	return f.t.putStay(f.d, stayRow{place: s.place, state: state, doubt: doubt, entry: &s.crossing,
		until: s.until, born: s.born, full: s.full, birthYear: s.birthYear, sex: s.sex})
}

// alone notes a movement without its other half.
func (f *folding) alone(s *step) {
	l := loose{place: s.place, crossing: s.crossing, document: f.d, entry: s.direction == border.Entry}
	if s.full {
		l.born = s.born
	}
	f.loose = append(f.loose, l)
}

func (i *Inside) add(certain bool, n int64) {
	if certain {
		i.Certain += n
	} else {
		i.Uncertain += n
	}
}
