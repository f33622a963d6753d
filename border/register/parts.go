package register

import (
	"context"
	"encoding/json"
	"errors"

	"garita/border"
	"garita/border/icao"
	"garita/border/seal"
)

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

// found is what a crossing's personal part tells the register: keyed hashes, and nothing
// else of the plaintext.
type found struct {
	part  string
	blind *border.BlindIndex // nil while unknown
	born  *border.BlindIndex // nil: not opened, or no birth date
	full  bool               // no part of the birth date is unknown
	who   *border.BlindIndex // nil: not opened, or name or birth date not fully known
	words []nameWord         // of the name; only when put
}

// particulars are those fields of a personal part that the register looks at.
type particulars struct {
	Number      string `json:"document_number"`
	Issuer      string `json:"issuing_state"`
	Surname     string `json:"surname"`
	GivenNames  string `json:"given_names"`
	BirthDate   string `json:"birth_date"`
	Sex         string `json:"sex"`
	Nationality string `json:"nationality"`
}

// open opens the personal part of a crossing. Who has no document is found by the crossing
// alone.
func (p *projection) open(e *border.Event, crossing border.ID) (f found, keyID string) {
	held := false
	for i := range e.Parts {
		if e.Parts[i].Name == border.PartPersonal {
			held, keyID = true, e.Parts[i].KeyID
			break
		}
	}
	if !held {
		return found{part: partNone}, ""
	}
	if p.r.rights.isErased(&crossing) { // others' parts under the same key do open
		return found{part: partNone}, ""
	}
	k := rawPart{e.Key.Station, keyID}
	if p.noKey[k] {
		return found{part: partNoKey}, keyID
	}
	who, part := p.read(e)
	if part == partNoKey {
		p.noKey[k] = true
	}
	if f.part = part; part != partOpen {
		return f, keyID
	}
	blinder := p.r.blinder
	document := border.BlindIndex(crossing)
	if who.Number != "" {
		document = blinder.Document(who.Issuer, who.Number)
	}
	f.blind = &document
	if b, ok := blinder.Born(who.BirthDate); ok {
		f.born, f.full = &b, day(who.BirthDate) != ""
	}
	surname, given := icao.NormaliseName(who.Surname), icao.NormaliseName(who.GivenNames)
	if b, ok := blinder.Person(surname, given, who.BirthDate); ok {
		f.who = &b
	}
	for _, w := range words(surname, given) {
		f.words = append(f.words, nameWord{blind: blinder.Name(w), text: w, speller: p.r.speller})
	}
	return f, keyID
}

// read opens and reads a personal part.
func (p *projection) read(e *border.Event) (who particulars, part string) {
	plain, err := p.r.keys.Open(e, border.PartPersonal)
	if errors.Is(err, seal.ErrNoKey) {
		return who, partNoKey
	}
	if err != nil {
		return who, partDamaged
	}
	err = json.Unmarshal(plain, &who)
	clear(plain)
	if err != nil {
		return particulars{}, partDamaged
	}
	return who, partOpen
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

// completeOne opens a crossing's part again and, if it opens now, makes the crossing anew.
func (p *projection) completeOne(id border.ID) error {
	c, ok, err := p.t.crossingByID(id)
	if err != nil || !ok {
		return err
	}
	e, ok, err := p.inForce(&c)
	if err != nil || !ok {
		return err
	}
	f, _ := p.open(e, id)
	if f.part == partNoKey || f.part == c.Part {
		return nil
	}
	return p.renew(id)
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
