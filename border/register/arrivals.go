package register

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"garita/border"
	"garita/border/seal"
)

// Arrival is a raw event as the hub got it, with those parts opened whose keys are here.
type Arrival struct {
	No         int64         // order of arrival: a cursor for [Register.Arrivals]
	Key        border.Key    // under which it is held
	Digest     border.Digest // SHA-256 of the bytes held: tells whether a number was given anew
	ReceivedAt time.Time     // hub time
	Event      border.Event  // the zero Event if malformed
	Header     border.Header // as far as it can be read

	// Personal and Hub are the opened parts; nil if there is none, or it could not be opened.
	Personal *border.Personal
	Hub      *border.HubOnly
	// Missing are the ids of the keys of those parts that are not here, or not any more.
	Missing []string
}

// Arrivals returns events in the order in which they arrived, after the given number, at most
// limit as in [Register.Crossings]. All are returned, and the parts of those opened that tell
// of a traveller: a crossing, its correction, a referral, an abandoned encounter. Of two events
// the one with the higher number never becomes visible first.
//
// The numbers are this database's own: when the hub is restored from a copy, events that it had
// lost get numbers anew. Whoever keeps a number keeps the digest with it.
func (r *Register) Arrivals(ctx context.Context, after int64, limit int) ([]Arrival, error) {
	var rows []rawRow
	err := r.read(ctx, "list arrivals", func(q reader) (err error) {
		rows, err = q.arrivals(ctx, after, page(limit))
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Arrival, len(rows))
	for i := range rows {
		out[i] = r.arrival(&rows[i])
	}
	return out, nil
}

// Arrived returns one event by its key, as [Register.Arrivals] does. The error is
// [border.NotFound] if it is not held.
func (r *Register) Arrived(ctx context.Context, key border.Key) (Arrival, error) {
	var rows []rawRow
	err := r.read(ctx, "find an event", func(q reader) (err error) {
		if key.Seq > 0 && key.Seq <= maxSeq {
			rows, err = q.events(ctx, key.Station, key.Epoch, key.Seq-1, 1, eventsSize)
		}
		return err
	})
	if err == nil && len(rows) == 0 {
		err = &border.Error{Code: border.NotFound, Op: "find an event", Message: "The register holds no event with this key."}
	}
	if err != nil {
		return Arrival{}, err
	}
	return r.arrival(&rows[0]), nil
}

// partyReach is how many events of a journal before and after one are looked at for others of
// its group, and partyMax how many of those are returned.
const (
	partyReach = 500
	partyMax   = 100
)

// Party returns the crossings that a station recorded of a group around one of its events, in
// the station's order: at most 100, from among the 500 events before and after it.
func (r *Register) Party(ctx context.Context, key border.Key, group border.ID) (out []Arrival, err error) {
	err = r.read(ctx, "find who crossed together", func(q reader) error {
		return q.around(ctx, key, partyReach, func(row *rawRow) bool {
			e, err := border.DecodeEvent(row.bytes)
			if err != nil || e.Type != border.TypeCrossingRecorded {
				return true
			}
			if h, err := e.ReadHeader(); err == nil && h.Group != nil && *h.Group == group {
				out = append(out, r.arrival(row))
			}
			return len(out) < partyMax
		})
	})
	return out, err
}

func (r *Register) arrival(row *rawRow) Arrival {
	a := Arrival{No: row.arrival, Key: row.key, Digest: row.digest, ReceivedAt: row.receivedAt}
	if row.state == stateMalformed {
		return a
	}
	e, err := border.DecodeEvent(row.bytes)
	if err != nil {
		return a // it has changed on the disk, which raises an alarm when it is projected
	}
	a.Event = e
	if a.Header, err = e.ReadHeader(); err != nil {
		return a
	}
	switch e.Type {
	case border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeEncounterReferred, border.TypeEncounterAbandoned:
	default:
		return a
	}
	if r.rights.isErased(a.Header.Crossing) {
		return a
	}
	var p border.Personal
	var h border.HubOnly
	if r.opens(&a, border.PartPersonal, &p) {
		a.Personal = &p
	}
	if r.opens(&a, border.PartHub, &h) {
		a.Hub = &h
	}
	return a
}

// opens opens and reads a part.
func (r *Register) opens(a *Arrival, part string, into any) bool {
	for i := range a.Event.Parts {
		p := &a.Event.Parts[i]
		if p.Name != part {
			continue
		}
		plain, err := r.keys.Open(&a.Event, part)
		if errors.Is(err, seal.ErrNoKey) {
			a.Missing = append(a.Missing, p.KeyID)
		}
		if err != nil {
			return false
		}
		err = json.Unmarshal(plain, into)
		clear(plain)
		return err == nil
	}
	return false
}

// Passage is a past crossing as re-screening looks at it.
type Passage struct {
	Crossing border.ID
	Key      border.Key // of the event that says what the crossing is: the correction in force
	// Personal is the plaintext of the personal part: JSON of a [border.Personal]. It is valid
	// until the next passage and then overwritten.
	Personal []byte

	Direction, Outcome string
}

// Passages calls visit for the crossings that arrived after one number and up to another, in
// that order, at most limit of them (at most 10,000), and returns the number to go on from;
// upto when all are through. Crossings whose personal part cannot be opened are left out.
// [border.Unavailable]: the projections have not reached upto, as during a rebuild.
//
// It is made for millions of crossings: nothing of the header is interpreted.
func (r *Register) Passages(ctx context.Context, after, upto int64, limit int, visit func(*Passage) error) (last int64, err error) {
	const op = "look through past crossings"
	err = r.read(ctx, op, func(q reader) (err error) {
		cursor, err := q.projected(ctx)
		if err != nil {
			return err
		}
		if cursor < upto {
			return &border.Error{Code: border.Unavailable, Op: op, Message: "The register is catching up with the events it has received."}
		}
		var p Passage
		var e border.Event
		limit = max(1, min(limit, 10*maxPage))
		n, end, err := q.passages(ctx, after, upto, limit, func(row *passageRow) error {
			part, ok := partOf(row.bytes, border.PartPersonal)
			if !ok {
				return nil // it has changed on the disk
			}
			e.Key, e.Parts = row.key, append(e.Parts[:0], part)
			if plain, err := r.keys.Open(&e, border.PartPersonal); err == nil {
				p = Passage{Crossing: row.crossing, Key: row.key, Personal: plain, Direction: row.direction, Outcome: row.outcome}
				err := visit(&p)
				clear(plain)
				return err
			}
			return nil // its key was destroyed since, or it is damaged: the register says which
		})
		if last = end; n < limit {
			last = upto
		}
		return err
	})
	return last, err
}

// ArrivedSince returns the number before the first arrival that the hub received at or after a
// moment: a cursor from which [Register.Arrivals] and [Register.Passages] see all of those.
func (r *Register) ArrivedSince(ctx context.Context, at time.Time) (before int64, err error) {
	err = r.read(ctx, "find a moment among arrivals", func(q reader) error {
		// Numbers rise with the time of receipt, apart from the little by which one batch may
		// overtake another: an hour is more.
		before, err = q.arrivedBefore(ctx, at.Add(-time.Hour))
		return err
	})
	return before, err
}

// PostOf returns the post of a station that has greeted, "" for others.
func (r *Register) PostOf(ctx context.Context, station border.StationID) (post border.PostID, err error) {
	err = r.read(ctx, "find a station's post", func(q reader) error {
		post, err = q.postOf(ctx, station)
		return err
	})
	return post, err
}

// partOf finds a part in an encoded event, as [border.DecodeEvent] would, without interpreting
// anything else.
func partOf(b []byte, name string) (border.Part, bool) {
	const head = 4 + 2*len(border.Digest{}) // magic, previous hash, hash
	if len(b) < head {
		return border.Part{}, false
	}
	b = b[head:]
	field := func(size int) ([]byte, bool) {
		if len(b) < size {
			return nil, false
		}
		n := int(b[0])
		if size == 4 {
			n = int(binary.BigEndian.Uint32(b))
		}
		if b = b[size:]; n < 0 || n > len(b) {
			return nil, false
		}
		f := b[:n]
		b = b[n:]
		return f, true
	}
	if _, ok := field(4); !ok || len(b) == 0 {
		return border.Part{}, false
	}
	parts := int(b[0])
	b = b[1:]
	for range parts {
		partName, ok1 := field(1)
		alg, ok2 := field(1)
		keyID, ok3 := field(1)
		ciphertext, ok4 := field(4)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return border.Part{}, false
		}
		if string(partName) == name {
			return border.Part{Name: name, Alg: string(alg), KeyID: string(keyID), Ciphertext: ciphertext}, true
		}
	}
	return border.Part{}, false
}
