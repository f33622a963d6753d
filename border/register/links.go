package register

import "garita/border"

// links are what officers' words say about the crossings of one document. An exit may name an
// entry of another document whose stay it ends. The word holds if the entry is an admitted
// one, lies before the exit, nothing else happened on its document in between, and no earlier
// exit names it too. That depends on the crossings alone. Where it does not hold, entry and
// exit are folded with their own documents, and what becomes of them is not certain.
type links struct {
	any       bool
	closes    map[border.ID]*step // entries of this document, and the exits elsewhere that end them
	elsewhere map[border.ID]bool  // exits of this document that end stays of others
	broken    map[border.ID]bool  // crossings of this document with a word that does not hold
}

func linksOf(t tx, d border.BlindIndex, linked bool) (links, error) {
	if !linked {
		return links{}, nil
	}
	l := links{closes: map[border.ID]*step{}, elsewhere: map[border.ID]bool{}, broken: map[border.ID]bool{}}
	rows, err := t.linksWith(d)
	if err != nil {
		return l, err
	}
	for _, row := range rows {
		entry, exit, holds, err := judge(t, row)
		if err != nil {
			return l, err
		}
		l.any = true
		ofExit := exit != nil && exit.document == d
		ofEntry := entry != nil && entry.document == d
		switch {
		case ofExit && ofEntry: // one document: the fold pairs it by itself
		case holds && ofExit:
			l.elsewhere[row.exit] = true
		case holds && ofEntry:
			l.closes[row.entry] = &exit.step
		default:
			l.broken[row.exit], l.broken[row.entry] = true, true
		}
	}
	return l, nil
}

// moved is a movement with its document.
type moved struct {
	step
	document border.BlindIndex
}

// judge finds out whether a word holds. entry and exit are nil if they are not known as such.
func judge(t tx, l linkRow) (entry, exit *moved, holds bool, err error) {
	if entry, err = movement(t, l.entry, border.Entry); err != nil {
		return nil, nil, false, err
	}
	if exit, err = movement(t, l.exit, border.Exit); err != nil {
		return nil, nil, false, err
	}
	if entry == nil || exit == nil || entry.document == exit.document || !entry.before(exit.place) {
		return entry, exit, false, nil
	}
	next, err := t.stepsFrom(entry.document, entry.place)
	if err != nil {
		return nil, nil, false, err
	}
	if len(next) > 1 && next[1].before(exit.place) { // the first is the entry itself
		return entry, exit, false, nil
	}
	others, err := t.linksTo(l.entry)
	if err != nil {
		return nil, nil, false, err
	}
	for _, o := range others {
		other, err := movement(t, o.exit, border.Exit)
		if err != nil {
			return nil, nil, false, err
		}
		if other != nil && o.exit != l.exit && other.document != entry.document && entry.before(other.place) && other.before(exit.place) {
			return entry, exit, false, nil
		}
	}
	return entry, exit, true, nil
}

// movement reads a crossing that is a movement in a direction; nil if it is none, or if its
// document is not known.
func movement(t tx, id border.ID, direction string) (*moved, error) {
	c, ok, err := t.crossingByID(id)
	if err != nil || !ok || c.blind == nil || c.Direction != direction || !moves(c.Direction, c.Outcome) {
		return nil, err
	}
	return &moved{document: *c.blind, step: step{place: c.place(), crossing: c.ID, direction: direction, trusted: trusted(c.ClockState),
		until: c.PermittedUntil, born: c.born, full: c.full, birthYear: c.BirthYear, sex: c.Sex}}, nil
}

func (c *crossingRow) place() place {
	return place{micros(c.OccurredAt), c.Key.Station, c.Key.Epoch, c.Key.Seq}
}

// link notes the word of an exit that has come.
func (p *projection) link(c *crossingRow) error {
	if c.continues == nil || c.continues.IsZero() || c.Direction != border.Exit || !moves(c.Direction, c.Outcome) {
		return nil
	}
	return p.t.putLink(linkRow{exit: c.ID, entry: *c.continues, document: c.blind})
}

// connected folds the documents anew that are linked with one that changes, from the
// beginning: whether a word holds depends on the movements of both, and on the other exits
// that name the same entry.
func (p *projection) connected(d border.BlindIndex) error {
	rows, err := p.t.linksWith(d)
	if err != nil {
		return err
	}
	for _, l := range rows {
		rivals, err := p.t.linksTo(l.entry)
		if err != nil {
			return err
		}
		ids := []border.ID{l.entry, l.exit}
		for _, r := range rivals {
			ids = append(ids, r.exit)
		}
		for _, id := range ids {
			other, ok, err := p.t.crossingByID(id)
			if err != nil {
				return err
			}
			if ok && other.blind != nil {
				p.refold(*other.blind, beginning)
			}
		}
		p.refold(d, beginning)
	}
	return nil
}
