package register

import (
	"fmt"
	"strings"

	"garita/border"
)

// opened projects epoch.opened.v1.
func (p *projection) opened(r *rawRow, e *border.Event) error {
	h, err := e.ReadHeader()
	if err != nil || h.Parent == nil || r.key.Seq != 1 || h.Parent.Seq > maxSeq {
		return p.uninterpretable(r, "opens an epoch without naming a parent, or in its middle")
	}
	if h.Parent.Hash != e.Prev {
		if err := p.broken(r); err != nil {
			return err
		}
	}
	if err := p.t.putLineage(lineageRow{r.key.Station, r.key.Epoch, *h.Parent}); err != nil {
		return err
	}
	p.epochs[stationEpoch{r.key.Station, h.Parent.Epoch}] = 0
	return nil
}

// lineages looks again at the families of all epochs that the batch has touched.
func (p *projection) lineages() error {
	families := map[stationEpoch]bool{}
	for k := range p.epochs {
		families[k] = true
		l, ok, err := p.t.lineageOf(k.station, k.epoch)
		if err != nil {
			return err
		}
		if ok {
			families[stationEpoch{k.station, l.parent.Epoch}] = true
		}
	}
	for k := range families {
		if err := p.family(k); err != nil {
			return err
		}
	}
	return nil
}

// allLineages looks at every family, or at those that an alarm may be due for.
func (p *projection) allLineages(suspects bool) error {
	ls, err := p.t.parents(suspects)
	if err != nil {
		return err
	}
	for _, l := range ls {
		if err := p.family(stationEpoch{l.station, l.epoch}); err != nil {
			return err
		}
	}
	return nil
}

// family compares an epoch with those that name it as their parent. In a journal that
// was never copied back each epoch has one child, which continues its last event. It is
// judged by what is known of all of them, in whatever order that came, and may be judged
// again: an alarm is raised once and its numbers follow the facts.
func (p *projection) family(k stationEpoch) error {
	children, err := p.t.children(k.station, k.epoch)
	if err != nil || len(children) == 0 {
		return err
	}
	if k.epoch.IsZero() {
		if len(children) > 1 {
			return p.raise(alarmRow{kind: AlarmRestarted, station: k.station, fact: true, detail: fmt.Sprintf(
				"The station has begun %d journals from nothing. What the hub holds of the earlier ones it returns.", len(children))})
		}
		return nil
	}
	e, _, err := p.t.epoch(k.station, k.epoch)
	if err != nil {
		return err
	}
	reach := max(e.Highest, e.Announced)
	for _, c := range children {
		reach = max(reach, c.parent.Seq)
	}
	for i, c := range children {
		if err := p.fork(k, e, c); err != nil {
			return err
		}
		twin := i > 0 && children[i-1].parent.Seq == c.parent.Seq
		if c.parent.Seq >= reach && !twin {
			continue
		}
		alarm := alarmRow{kind: AlarmRolledBack, station: k.station, fact: true}
		others, err := p.others(k, children, c)
		if err != nil {
			return err
		}
		if c.parent.Seq < reach {
			alarm.subject, alarm.detail = c.epoch.String(), rollback(e, c, reach)+others
		} else { // which of the two is the copy cannot be told
			alarm.subject = fmt.Sprintf("%s/%d", k.epoch, reach)
			alarm.detail = "A copy of the station's journal was put back: it was continued twice at the same event." + others
		}
		if err := p.raise(alarm); err != nil {
			return err
		}
	}
	return nil
}

// rollback says in numbers what an epoch that continues too early leaves out.
func rollback(e epochRow, c lineageRow, reach uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A copy of the station's journal was put back: it was opened at event %d of epoch %s, which had reached %d.",
		c.parent.Seq, c.parent.Epoch, reach)
	if e.Held > c.parent.Seq {
		fmt.Fprintf(&b, " The hub holds and returns events %d to %d.", c.parent.Seq+1, e.Held)
	}
	missing(&b, e, c.parent.Seq, reach)
	return b.String()
}

// missing names the events above a seq that an epoch is known to have had, and of which
// the hub does not hold all. What was never announced nobody at the hub can know.
func missing(b *strings.Builder, e epochRow, after, reach uint64) {
	from := max(e.Held, after)
	switch {
	case reach <= from:
	case e.Highest > from:
		fmt.Fprintf(b, " Of events %d to %d it holds only some; the rest were announced and are lost unless they still arrive.", from+1, reach)
	default:
		fmt.Fprintf(b, " Events %d to %d were announced and never held: they are lost unless they still arrive.", from+1, reach)
	}
}

// others names the epochs that continue the same parent at the same place as c (itself
// included) or later than c: the hub returns what it holds of them too.
func (p *projection) others(k stationEpoch, children []lineageRow, c lineageRow) (string, error) {
	var b strings.Builder
	for i, o := range children {
		alone := (i == 0 || children[i-1].parent.Seq != o.parent.Seq) && (i+1 == len(children) || children[i+1].parent.Seq != o.parent.Seq)
		if o.parent.Seq < c.parent.Seq || o.epoch == c.epoch && alone {
			continue
		}
		e, _, err := p.t.epoch(k.station, o.epoch)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " Epoch %s continues event %d; the hub holds its events 1 to %d.", o.epoch, o.parent.Seq, e.Held)
		missing(&b, e, 0, max(e.Highest, e.Announced))
	}
	return b.String(), nil
}

// fork compares the event that a child names as its parent with the one held.
func (p *projection) fork(k stationEpoch, e epochRow, c lineageRow) error {
	if e.no == 0 || c.parent.Seq == 0 {
		return nil
	}
	r, ok, err := p.t.rawAt(e.no, c.parent.Seq, false)
	if err != nil || !ok || r.state == stateMalformed || r.hash == c.parent.Hash {
		return err
	}
	return p.raise(alarmRow{kind: AlarmFork, station: k.station, subject: c.epoch.String(), fact: true, detail: fmt.Sprintf(
		"Epoch %s continues event %d of epoch %s, but that event is another one here. Two journals were written under one name.",
		c.epoch, c.parent.Seq, k.epoch)})
}
