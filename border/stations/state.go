package stations

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"garita/border"
	"garita/border/enrolment"
)

// record is one station, as its row holds it.
type record struct {
	Station border.StationID `json:"station"`
	Post    border.PostID    `json:"post"`
	Zone    string           `json:"zone,omitempty"`
	AddedAt time.Time        `json:"added_at"`
	AddedBy string           `json:"added_by"`
	Sets    []keySet         `json:"sets,omitempty"` // newest first
	Revoked *revocation      `json:"revoked,omitempty"`
}

type revocation struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// keySet are the keys that a station had at one time.
type keySet struct {
	Keys     enrolment.Keys `json:"keys"`
	State    setState       `json:"state"`
	Software string         `json:"software,omitempty"`
	At       time.Time      `json:"at"`
	Expires  time.Time      `json:"expires"`
}

type setState string

// The states of a set of keys. A station has at most one that is current and one that is next.
const (
	setNext     setState = "next"     // given out, not yet seen in use: the answer may have been lost
	setCurrent  setState = "current"  // in use
	setPrevious setState = "previous" // old heads are checked with it, and nothing else
	setRevoked  setState = "revoked"  // may be in wrong hands
)

// maxSets is how many sets of keys are remembered of a station.
const maxSets = 64

// set returns the station's set in a state, nil if there is none.
func (r *record) set(s setState) *keySet {
	for i := range r.Sets {
		if r.Sets[i].State == s {
			return &r.Sets[i]
		}
	}
	return nil
}

// live lists what a station may use now: current first, then next.
func (r *record) live() (out []*keySet) {
	if r.Revoked != nil {
		return nil
	}
	for _, s := range []setState{setCurrent, setNext} {
		if k := r.set(s); k != nil {
			out = append(out, k)
		}
	}
	return out
}

// give adds a set of keys: as the next one beside keys in use, else as the current one.
func (r *record) give(k keySet) {
	k.State = setNext
	if r.set(setCurrent) == nil {
		k.State = setCurrent
	}
	if old := r.set(setNext); old != nil {
		old.State = setPrevious
	}
	r.Sets = append([]keySet{k}, r.Sets...)
	r.Sets = r.Sets[:min(len(r.Sets), maxSets)]
}

// confirm puts the next set in use: the station has shown that it has it.
func (r *record) confirm() {
	if old := r.set(setCurrent); old != nil {
		old.State = setPrevious
	}
	if k := r.set(setNext); k != nil {
		k.State = setCurrent
	}
}

// distrust revokes all keys that the station has or had.
func (r *record) distrust() {
	for i := range r.Sets {
		r.Sets[i].State = setRevoked
	}
}

// purpose of a one-time code.
type purpose string

const (
	toAdd     purpose = "add"
	toRotate  purpose = "rotate"
	toReplace purpose = "replace"
)

// code is a one-time code, as its row holds it.
type code struct {
	ID       string           `json:"id"`
	Station  border.StationID `json:"station"`
	Purpose  purpose          `json:"purpose"`
	Verifier []byte           `json:"verifier"` // [enrolment.Code.Key], sealed by the root key
	MadeAt   time.Time        `json:"made_at"`
	By       string           `json:"by"`
	Expires  time.Time        `json:"expires"`
	Tries    int              `json:"tries"`
	UsedAt   time.Time        `json:"used_at,omitzero"`
	Request  []byte           `json:"request,omitempty"` // SHA-256 of the request that used it
}

func verifierName(id string) string { return "enrolment code " + id }

// state is all of the database, verified. One that is published is never changed.
type state struct {
	stations map[border.StationID]*record
	codes    map[string]*code
	stamp    stamp
	raw      []byte // meta.state as it lies in the database
}

// load reads and verifies the database within a transaction.
func (v *vault) load(ctx context.Context, t *sql.Tx) (*state, error) {
	s := &state{stations: make(map[border.StationID]*record), codes: make(map[string]*code)}
	stations, err := rows(ctx, t, tableStation)
	if err != nil {
		return nil, err
	}
	codes, err := rows(ctx, t, tableCode)
	if err != nil {
		return nil, err
	}
	if s.raw, err = meta(ctx, t, "state"); err != nil {
		return nil, err
	}
	if s.raw == nil {
		if len(stations)+len(codes) != 0 {
			return nil, tampered("rows without a seal")
		}
		return s, nil
	}
	if err := v.open(tableMeta, "state", s.raw, &s.stamp); err != nil {
		return nil, err
	}
	if !s.stamp.covers(digest(stations, codes)) {
		return nil, tampered("a row is missing, or was put back")
	}
	for name, sealed := range stations {
		r := new(record)
		if err := v.open(tableStation, name, sealed, r); err != nil {
			return nil, err
		}
		s.stations[border.StationID(name)] = r
	}
	for name, sealed := range codes {
		c := new(code)
		if err := v.open(tableCode, name, sealed, c); err != nil {
			return nil, err
		}
		s.codes[name] = c
	}
	return s, nil
}

// change is what one transaction does to the state; nothing else may be changed in it.
type change struct {
	*state
	touched map[border.StationID]bool
	codes   map[string]bool
	acts    []border.Act
}

func (c *change) put(r *record) {
	c.stations[r.Station] = r
	c.touched[r.Station] = true
}

func (c *change) putCode(k *code) {
	c.state.codes[k.ID] = k
	c.codes[k.ID] = true
}

// dropCodes takes away a station's codes.
func (c *change) dropCodes(station border.StationID) {
	for id, k := range c.state.codes {
		if k.Station == station {
			delete(c.state.codes, id)
			c.codes[id] = true
		}
	}
}

// prune takes away codes that nobody needs to be told about any more.
func (c *change) prune(now time.Time) {
	for id, k := range c.state.codes {
		if now.Sub(k.Expires) > codeKept {
			delete(c.state.codes, id)
			c.codes[id] = true
		}
	}
}

// save writes what was changed, and the seal over all rows.
func (v *vault) save(ctx context.Context, t *sql.Tx, c *change) error {
	for name := range c.touched {
		sealed, err := v.seal(tableStation, string(name), c.stations[name])
		if err != nil {
			return err
		}
		if err := putRow(ctx, t, tableStation, string(name), sealed); err != nil {
			return err
		}
	}
	for id := range c.codes {
		var sealed []byte
		var err error
		if k := c.state.codes[id]; k != nil {
			if sealed, err = v.seal(tableCode, id, k); err != nil {
				return err
			}
		}
		if err := putRow(ctx, t, tableCode, id, sealed); err != nil {
			return err
		}
	}
	if len(c.touched)+len(c.codes) > 0 {
		stations, err := rows(ctx, t, tableStation)
		if err != nil {
			return err
		}
		codes, err := rows(ctx, t, tableCode)
		if err != nil {
			return err
		}
		c.stamp = stamp{Version: c.stamp.Version + 1, Digest: digest(stations, codes)}
		if c.raw, err = v.seal(tableMeta, "state", c.stamp); err != nil {
			return err
		}
		if err := putMeta(ctx, t, "state", c.raw); err != nil {
			return err
		}
	}
	for i := range c.acts {
		if err := v.putAct(ctx, t, &c.acts[i]); err != nil {
			return err
		}
	}
	return nil
}

// same reports whether two hold the same version of the database.
func (s *state) same(raw []byte) bool { return bytes.Equal(s.raw, raw) }

// names lists the stations in order.
func (s *state) names() []border.StationID { return slices.Sorted(maps.Keys(s.stations)) }
