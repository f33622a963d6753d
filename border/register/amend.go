package register

import (
	"cmp"

	"garita/border"
)

// amend projects crossing.corrected.v1 and stay.extended.v1. A change may arrive before the
// crossing; of several events that claim one change the first recorded counts.
func (p *projection) amend(r *rawRow, e *border.Event, kind string) error {
	h, err := e.ReadHeader()
	if err != nil || h.Crossing == nil || h.Crossing.IsZero() || h.Change == nil || h.Change.IsZero() {
		return p.uninterpretable(r, "does not name its change and its crossing")
	}
	a := amendmentRow{change: *h.Change, crossing: *h.Crossing, kind: kind, recordedAt: h.RecordedAt, key: r.key,
		until: day(h.PermittedUntil), days: days(h.DaysGranted)}
	old, twice, err := p.t.amendment(a.change)
	if err != nil {
		return err
	}
	if twice {
		loser, late := a, !before(&a, &old)
		if !late {
			loser = old
		}
		if err := p.raise(alarmRow{kind: AlarmTwice, station: loser.key.Station, subject: a.change.String(),
			detail: "One change was recorded under several event keys. It counts once; all events are kept."}); err != nil || late {
			return err
		}
		if err := p.t.dropAmendment(a.change); err != nil {
			return err
		}
	}
	if _, err := p.t.addAmendment(a); err != nil {
		return err
	}
	if twice && old.crossing != a.crossing {
		if err := p.renew(old.crossing); err != nil {
			return err
		}
	}
	return p.renew(a.crossing)
}

// before orders changes by when they were recorded; the latest is in force.
func before(a, b *amendmentRow) bool {
	return cmp.Or(
		cmp.Compare(micros(a.recordedAt), micros(b.recordedAt)),
		cmp.Compare(a.key.Station, b.key.Station),
		cmp.Compare(string(a.key.Epoch[:]), string(b.key.Epoch[:])),
		cmp.Compare(a.key.Seq, b.key.Seq),
	) < 0
}

// renew makes a crossing anew from its events, if it has arrived.
func (p *projection) renew(id border.ID) error {
	c, ok, err := p.t.crossingByID(id)
	if err != nil || !ok {
		return err
	}
	row, ok, err := p.rawOf(c.Key)
	if err != nil || !ok {
		return err
	}
	e, err := border.DecodeEvent(row.bytes)
	if err != nil {
		return p.uninterpretable(&row, "has changed on the disk")
	}
	h, err := e.ReadHeader()
	if err != nil {
		return p.uninterpretable(&row, "has changed on the disk")
	}
	if err := p.remove(&c); err != nil {
		return err
	}
	again := &crossingRow{Crossing: Crossing{ID: id, Arrival: c.Arrival, Key: c.Key, RecordedAt: c.RecordedAt, ReceivedAt: c.ReceivedAt}}
	again.says(&h)
	known, err := p.t.knownOf(id)
	if err != nil {
		return err
	}
	return p.put(again, &e, known)
}

// corrected puts the correction in force into a crossing and returns its event, or the event
// that recorded the crossing if there is none. Only the station that recorded a crossing
// corrects it: a correction by another one is kept and counts for nothing.
func (p *projection) corrected(c *crossingRow, e *border.Event) (*border.Event, error) {
	all, err := p.t.amendments(c.ID, amendCorrection)
	if err != nil {
		return nil, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		a := &all[i]
		if a.key.Station != c.Key.Station {
			continue
		}
		row, ok, err := p.rawOf(a.key)
		if err != nil {
			return nil, err
		}
		correction, decodeErr := border.DecodeEvent(row.bytes)
		if !ok || decodeErr != nil {
			continue // it has changed on the disk, which raised an alarm
		}
		h, err := correction.ReadHeader()
		if err != nil {
			continue // amend has read it: it has changed on the disk since
		}
		c.says(&h)
		c.change, c.Corrected = &a.change, true
		return &correction, nil
	}
	return e, nil
}

// inForce returns the event that says what a crossing is.
func (p *projection) inForce(c *crossingRow) (*border.Event, bool, error) {
	key := c.Key
	if c.change != nil {
		a, ok, err := p.t.amendment(*c.change)
		if err != nil || !ok {
			return nil, false, err
		}
		key = a.key
	}
	row, ok, err := p.rawOf(key)
	if err != nil || !ok {
		return nil, false, err
	}
	e, err := border.DecodeEvent(row.bytes)
	if err != nil {
		return nil, false, p.uninterpretable(&row, "has changed on the disk")
	}
	return &e, true, nil
}

// extended gives an entry the latest day that it or an extension grants. An extension may come
// from any post; none takes days away.
func (p *projection) extended(c *crossingRow) error {
	if c.Direction != border.Entry || c.Outcome != string(border.Admitted) {
		return nil
	}
	all, err := p.t.amendments(c.ID, amendExtension)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.until > c.PermittedUntil {
			c.PermittedUntil = a.until
			if a.days > 0 {
				c.DaysGranted = a.days
			}
		}
	}
	return nil
}
