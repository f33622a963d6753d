package register

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"garita/border"
	"garita/border/seal"
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
	c := &crossingRow{Crossing: Crossing{
		ID: *h.Crossing, Arrival: r.arrival, Key: r.key, Post: border.PostID(text(string(h.Post))),
		Counter: border.CounterID(text(string(h.Counter))), OccurredAt: h.OccurredAt, RecordedAt: h.RecordedAt,
		ReceivedAt: r.receivedAt, Direction: text(h.Direction), Outcome: text(h.Outcome), Nationality: text(h.Nationality),
		Sex: text(h.Sex), BirthYear: h.BirthYear, DocumentKind: text(h.DocumentKind), DocumentIssuer: text(h.DocumentIssuer),
		Verdict: text(h.Verdict), ClockState: text(string(h.Clock.State)),
	}}
	old, twice, err := p.t.crossingByID(c.ID)
	if err != nil {
		return err
	}
	if twice {
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
	var keyID string
	c.Part, keyID, c.blind = p.open(e)
	if err := p.t.putCrossing(c); err != nil {
		return err
	}
	p.added++
	p.flows[flowOf(c)]++
	if err := p.touch(c, true); err != nil {
		return err
	}
	return p.await(c, keyID)
}

// await notes a crossing whose personal part may open later.
func (p *projection) await(c *crossingRow, keyID string) error {
	switch c.Part {
	case partDamaged:
		if err := p.raise(alarmRow{kind: AlarmDamaged, station: c.Key.Station, subject: c.ID.String(), fact: true,
			detail: "The personal part of a crossing cannot be opened with its own key. The crossing counts, but in no stay."}); err != nil {
			return err
		}
		fallthrough
	case partNoKey:
		return p.t.putPending(c.Key.Station, keyID, c.ID)
	}
	return nil
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
	if err := p.t.deleteCrossing(c.ID); err != nil {
		return err
	}
	p.added--
	p.flows[flowOf(c)]--
	if err := p.touch(c, false); err != nil {
		return err
	}
	return p.t.deletePending(c.ID)
}

func flowOf(c *crossingRow) flowKey {
	return flowKey{bucketOf(c.OccurredAt), c.Post, c.Direction, c.Outcome, trusted(c.ClockState)}
}

// touch notes that a document's stays change from this crossing on, which has come or
// goes. One by an untrusted clock may change all of them.
func (p *projection) touch(c *crossingRow, comes bool) error {
	if c.blind == nil {
		return nil
	}
	at := place{micros(c.OccurredAt), c.Key.Station, c.Key.Epoch, c.Key.Seq}
	if !trusted(c.ClockState) && moves(c.Direction, c.Outcome) {
		if err := p.t.setDoubtful(*c.blind, c.ID, comes); err != nil {
			return err
		}
		at = beginning
	}
	if from, ok := p.touched[*c.blind]; !ok || at.before(from) {
		p.touched[*c.blind] = at
	}
	return nil
}

// moves reports whether a crossing opens or closes a stay.
func moves(direction, outcome string) bool {
	return direction == border.Entry && outcome == string(border.Admitted) ||
		direction == border.Exit && outcome == string(border.Departed)
}

// open opens the personal part and takes the document's blind index from it. Nothing
// else of the plaintext is looked at or kept.
func (p *projection) open(e *border.Event) (part, keyID string, blind *border.BlindIndex) {
	found := false
	for i := range e.Parts {
		if e.Parts[i].Name == border.PartPersonal {
			found, keyID = true, e.Parts[i].KeyID
			break
		}
	}
	if !found {
		return partNone, "", nil
	}
	k := rawPart{e.Key.Station, keyID}
	if p.noKey[k] {
		return partNoKey, keyID, nil
	}
	plain, err := p.r.keys.Open(e, border.PartPersonal)
	if errors.Is(err, seal.ErrNoKey) {
		p.noKey[k] = true
		return partNoKey, keyID, nil
	}
	if err != nil {
		return partDamaged, keyID, nil
	}
	var doc struct {
		Number string `json:"document_number"`
		Issuer string `json:"issuing_state"`
	}
	err = json.Unmarshal(plain, &doc)
	clear(plain)
	if err != nil {
		return partDamaged, keyID, nil
	}
	if doc.Number == "" {
		return partOpen, keyID, nil // a crossing without a document
	}
	b := p.r.blinder.Document(doc.Issuer, doc.Number)
	return partOpen, keyID, &b
}

// StoreWraps implements [border.EventSink]. Crossings that waited for a key are then
// completed; if that fails it is tried again as [Register.Store] does.
func (r *Register) StoreWraps(ctx context.Context, wraps []border.KeyWrap) error {
	for _, w := range wraps {
		if w.Station.Validate() != nil || w.KeyID == "" || len(w.KeyID) > 255 || len(w.Wrapped) > 4096 {
			return &border.Error{Code: border.Invalid, Op: "store key wraps", Message: "A key wrap is malformed."}
		}
	}
	if err := ctx.Err(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "store key wraps", Err: err}
	}
	if len(wraps) == 0 {
		return nil
	}
	if err := r.keys.Add(ctx, wraps); err != nil {
		return err
	}
	var err error
	for _, w := range wraps {
		if err = r.complete(context.Background(), w.Station, w.KeyID); err != nil {
			break
		}
	}
	if err != nil {
		r.behind.Store(true)
		r.report(ctx, err)
	}
	r.changed()
	return nil
}

// retryPending completes whatever waits for keys that have come since.
func (r *Register) retryPending(ctx context.Context) error {
	var keys []border.KeyWrap
	err := r.write(ctx, "list awaited keys", func(t tx) (err error) {
		keys, err = t.pendingKeys()
		return err
	})
	for i := 0; err == nil && i < len(keys); i++ {
		err = r.complete(ctx, keys[i].Station, keys[i].KeyID)
	}
	return err
}

// complete opens the crossings that wait for one key.
func (r *Register) complete(ctx context.Context, station border.StationID, keyID string) error {
	var after border.ID
	for done := false; !done; {
		err := r.write(ctx, "complete crossings", func(t tx) error {
			ids, err := t.pendingAfter(station, keyID, after, projectBatch)
			if err != nil {
				return err
			}
			done = len(ids) < projectBatch
			p := r.newProjection(t)
			for _, id := range ids {
				if err := p.completeOne(id); err != nil {
					return err
				}
				after = id
			}
			done = done || p.noKey[rawPart{station, keyID}]
			return p.finish()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) completeOne(id border.ID) error {
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
	was := c.Part
	var keyID string
	c.Part, keyID, c.blind = p.open(&e)
	if c.Part == partNoKey || c.Part == was && c.Part == partDamaged {
		return nil
	}
	if err := p.t.setDocument(id, c.Part, c.blind); err != nil {
		return err
	}
	if err := p.touch(&c, true); err != nil {
		return err
	}
	if c.Part == partDamaged {
		return p.await(&c, keyID)
	}
	return p.t.deletePending(id)
}

func (p *projection) rawOf(k border.Key) (rawRow, bool, error) {
	e, ok, err := p.t.epoch(k.Station, k.Epoch)
	if err != nil || !ok {
		return rawRow{}, false, err
	}
	r, ok, err := p.t.rawAt(e.no, k.Seq, true)
	r.key = k
	return r, ok, err
}
