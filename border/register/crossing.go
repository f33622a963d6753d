package register

import (
	"cmp"
	"time"

	"garita/border"
)

// bucketSeconds is the step of the flow counts.
const bucketSeconds = 15 * 60

func bucketOf(t time.Time) int64 {
	s := t.Unix()
	if s < 0 { // rounds down before 1970 too
		s -= bucketSeconds - 1
	}
	return s / bucketSeconds
}

// trusted reports whether a clock state allows certain statements.
func trusted(state string) bool {
	return state == string(border.ClockSynced) || state == string(border.ClockHoldover)
}

// crossing projects crossing.recorded.v1 from its header, and its document from the
// personal part if that can be opened already.
func (p *projection) crossing(r *rawRow, e *border.Event) error {
	h, err := e.ReadHeader()
	if err != nil || h.Crossing == nil || h.Crossing.IsZero() {
		return p.uninterpretable(r, "does not name its crossing")
	}
	c := &crossingRow{Crossing: Crossing{ID: *h.Crossing, Arrival: r.arrival, Key: r.key, RecordedAt: h.RecordedAt, ReceivedAt: r.receivedAt}}
	c.says(&h)
	known, err := p.t.knownOf(c.ID)
	if err != nil {
		return err
	}
	if known.recorded {
		old, _, err := p.t.crossingByID(c.ID)
		if err != nil {
			return err
		}
		// Of all events that claim the id, each but the first loses exactly once.
		loser, late := c, !earlier(c, &old)
		if !late {
			loser = &old
		}
		if err := p.raise(alarmRow{kind: AlarmTwice, station: loser.Key.Station, subject: c.ID.String(),
			detail: "One crossing was recorded under several event keys. It counts once; all events are kept."}); err != nil {
			return err
		}
		if late {
			return nil
		}
		if err := p.remove(&old); err != nil {
			return err
		}
	}
	return p.put(c, e, known)
}

// says takes from a header what a crossing is: of the event that recorded it, or of the
// correction in force.
func (c *crossingRow) says(h *border.Header) {
	c.Post, c.Counter, c.OccurredAt = border.PostID(text(string(h.Post))), border.CounterID(text(string(h.Counter))), h.OccurredAt
	c.LocalDate, c.Direction, c.Outcome, c.Ground = day(h.LocalDate), text(h.Direction), text(h.Outcome), text(h.Ground)
	c.Category, c.Purpose, c.Residence, c.Nationality = text(h.Category), text(h.Purpose), text(h.Residence), text(h.Nationality)
	c.Sex, c.BirthYear, c.DocumentKind, c.DocumentIssuer = text(h.Sex), h.BirthYear, text(h.DocumentKind), text(h.DocumentIssuer)
	c.DaysGranted, c.PermittedUntil, c.Late = days(h.DaysGranted), day(h.PermittedUntil), h.Late
	c.Verdict, c.ClockState = text(h.Verdict), text(string(h.Clock.State))
	c.continues, c.tally = h.Continues, tallyOf(h)
}

// day returns a calendar day, "" for anything else.
func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

// days keeps a number of days within what a station takes in an answer.
func days(n int) int { return max(0, min(n, 100_000)) }

// put writes a crossing as it stands: with the correction in force, and the days granted
// since. e is the event that recorded it.
func (p *projection) put(c *crossingRow, e *border.Event, known knownRow) (err error) {
	if known.amended {
		if e, err = p.corrected(c, e); err != nil {
			return err
		}
		if err := p.extended(c); err != nil {
			return err
		}
	}
	found, keyID := p.open(e, c.ID)
	c.found, c.Part = found, found.part
	if err := p.t.putCrossing(c); err != nil {
		return err
	}
	if err := p.t.putWords(nameOf(c), c.words); err != nil {
		return err
	}
	p.added++
	p.count(c, 1)
	if err := p.link(c); err != nil {
		return err
	}
	if known.named {
		if err := p.t.setEntryDocument(c.ID, c.blind); err != nil {
			return err
		}
	}
	if err := p.touch(c, true); err != nil {
		return err
	}
	return p.await(c, keyID)
}

// earlier orders the events that claim one crossing id; the first of them counts. The
// order does not depend on when they arrived.
func earlier(a, b *crossingRow) bool {
	return cmp.Or(
		cmp.Compare(micros(a.RecordedAt), micros(b.RecordedAt)),
		cmp.Compare(a.Key.Station, b.Key.Station),
		cmp.Compare(string(a.Key.Epoch[:]), string(b.Key.Epoch[:])),
		cmp.Compare(a.Key.Seq, b.Key.Seq),
	) < 0
}

func (p *projection) remove(c *crossingRow) error {
	if c.blind != nil { // while its links can still be found
		if err := p.connected(*c.blind); err != nil {
			return err
		}
	}
	if err := p.t.deleteCrossing(c.ID); err != nil {
		return err
	}
	if err := p.t.dropWords(nameOf(c), p.r.speller.gone); err != nil {
		return err
	}
	p.added--
	p.count(c, -1)
	if err := p.touch(c, false); err != nil {
		return err
	}
	if err := p.t.deleteLink(c.ID); err != nil {
		return err
	}
	if err := p.t.setEntryDocument(c.ID, nil); err != nil {
		return err
	}
	return p.t.deletePending(c.ID)
}

func flowOf(c *crossingRow) flowKey {
	return flowKey{bucketOf(c.OccurredAt), c.Post, c.Direction, c.Outcome, trusted(c.ClockState)}
}

// touch notes that a document's stays change from this crossing on, which has come or
// goes. One by an untrusted clock may change all of them; [projection.finish] sees to
// documents whose stays are linked with another's.
func (p *projection) touch(c *crossingRow, comes bool) error {
	if c.blind == nil {
		return nil
	}
	at := c.place()
	if !trusted(c.ClockState) && moves(c.Direction, c.Outcome) {
		if err := p.t.setDoubtful(*c.blind, c.ID, comes); err != nil {
			return err
		}
		at = beginning
	}
	p.refold(*c.blind, at)
	return nil
}

func (p *projection) refold(d border.BlindIndex, at place) {
	if from, ok := p.touched[d]; !ok || at.before(from) {
		p.touched[d] = at
	}
}

// moves reports whether a crossing opens or closes a stay.
func moves(direction, outcome string) bool {
	return direction == border.Entry && outcome == string(border.Admitted) ||
		direction == border.Exit && outcome == string(border.Departed)
}
