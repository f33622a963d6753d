package register

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"garita/border"
)

// maxSeq bounds the numbers that outside input can make the register hold: no epoch has
// a million million events.
const maxSeq = 1 << 40

// number keeps an outside count within what the database can hold and add up.
func number(n uint64) int64 { return int64(min(n, maxSeq)) }

// message is one received message after everything that needs no database.
type message struct {
	rawRow
	readable bool            // the claim names an event
	vouched  bool            // its station stands for it
	head     border.Position // announced with it
	event    border.Event    // unless malformed
}

// look decides what a message is: an event that is what it claims to be and fits its
// hash, or not. It decides nothing about what the event says.
func look(r border.Received) message {
	m := message{rawRow: rawRow{key: r.Claimed, state: stateMalformed, digest: sha256.Sum256(r.Event), receivedAt: r.At, bytes: r.Event}}
	if r.Claimed.Station.Validate() != nil {
		m.key = border.Key{} // an unreadable name is not repeated anywhere
		return m
	}
	if r.Head.Seq > 0 && !r.Head.Epoch.IsZero() {
		m.head = border.Position{Epoch: r.Head.Epoch, Seq: min(r.Head.Seq, maxSeq)}
	}
	if r.Claimed.Epoch.IsZero() || r.Claimed.Seq == 0 || r.Claimed.Seq > maxSeq {
		m.key = border.Key{Station: r.Claimed.Station}
		return m
	}
	m.readable = true
	e, err := border.DecodeEvent(r.Event)
	if err != nil || e.Key != r.Claimed || e.Verify() != nil {
		return m
	}
	m.event, m.hash, m.prev, m.state = e, e.Hash, e.Prev, stateOK
	if !known(e.Type) {
		m.state = stateUnknown
	}
	return m
}

// known reports whether this version interprets events of a type.
func known(typ string) bool {
	switch typ {
	case border.TypeEpochOpened, border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended, border.TypeAudit:
		return true
	}
	return trace(typ)
}

// trace reports whether events of a type are traces of the work at a post: kept, and nothing
// follows from them yet.
func trace(typ string) bool {
	switch typ {
	case border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned, border.TypeGroupClosed,
		border.TypeShiftOpened, border.TypeShiftClosed, border.TypeCounterTaken,
		border.TypeBiometricsDegraded, border.TypeBiometricsRestored:
		return true
	}
	return false
}

type stationEpoch struct {
	station border.StationID
	epoch   border.Epoch
}

// Store implements [border.EventSink]. When it returns nil every message is on the disk:
// under its key, or in quarantine. The projections follow in a transaction of their own;
// if that fails the messages are kept and acknowledged all the same, and the projections
// catch up at the next Store, hello or opening.
func (r *Register) Store(ctx context.Context, received []border.Received) ([]border.StationHolding, error) {
	const op = "store received events"
	if len(received) == 0 {
		return nil, ctx.Err()
	}
	in := make([]message, len(received))
	for i := range received {
		in[i] = look(received[i])
	}
	r.vouch(in, received)
	var b *batch
	err := r.write(ctx, op, func(t tx) error {
		b = &batch{r: r, t: t, now: r.clock.Now(), epochs: map[stationEpoch]*epochRow{}}
		for i := range in {
			if err := b.take(&in[i]); err != nil {
				return err
			}
		}
		return b.end()
	})
	if err != nil {
		return nil, err
	}
	out := make([]border.StationHolding, 0, len(b.order))
	for _, k := range b.order {
		out = append(out, border.StationHolding{Station: k.station, Holding: b.epochs[k].Holding})
	}
	r.follow(b.announced, in)
	r.changed()
	return out, nil
}

// batch is one transaction of the intake.
type batch struct {
	r          *Register
	t          tx
	now        time.Time
	epochs     map[stationEpoch]*epochRow
	order      []stationEpoch // epochs with events, as they came
	announced  []stationEpoch // epochs announced further than before
	seen       map[border.StationID]time.Time
	duplicates int64
}

func (b *batch) epoch(k stationEpoch) (*epochRow, error) {
	if e := b.epochs[k]; e != nil {
		return e, nil
	}
	e, err := b.t.ensureEpoch(k.station, k.epoch)
	if err != nil {
		return nil, err
	}
	b.epochs[k] = &e
	return &e, nil
}

func (b *batch) take(m *message) error {
	if !m.vouched {
		return b.unvouched(m)
	}
	if !m.readable {
		if err := b.aside(m, "unreadable", AlarmUnreadable, "A message without a readable key is in quarantine."); err != nil {
			return err
		}
	} else if err := b.put(m); err != nil {
		return err
	}
	if m.key.Station == "" {
		return nil
	}
	if b.seen == nil {
		b.seen = map[border.StationID]time.Time{}
	}
	if m.receivedAt.After(b.seen[m.key.Station]) {
		b.seen[m.key.Station] = m.receivedAt
	}
	return b.announce(m.key.Station, m.head)
}

// announce notes what a station says it holds durably.
func (b *batch) announce(station border.StationID, head border.Position) error {
	if head.Seq == 0 {
		return nil
	}
	k := stationEpoch{station, head.Epoch}
	e, err := b.epoch(k)
	if err != nil {
		return err
	}
	if head.Seq > e.Announced {
		e.Announced = head.Seq
		if n := len(b.announced); n == 0 || b.announced[n-1] != k {
			b.announced = append(b.announced, k)
		}
	}
	return nil
}

// put keeps a message under its key.
func (b *batch) put(m *message) error {
	k := stationEpoch{m.key.Station, m.key.Epoch}
	e, err := b.epoch(k)
	if err != nil {
		return err
	}
	if !contains(b.order, k) {
		b.order = append(b.order, k)
	}
	m.epochNo = e.no
	fresh, err := b.t.insertRaw(&m.rawRow)
	if err != nil {
		return err
	}
	if !fresh {
		return b.again(m)
	}
	if m.state == stateMalformed {
		if err := b.alarm(AlarmMalformed, m.key, "A message that is no event, or not the one it claims to be, is held in its place"); err != nil {
			return err
		}
	}
	e.Highest = max(e.Highest, m.key.Seq)
	if m.key.Seq == e.Held+1 {
		e.Held = m.key.Seq
		if e.Highest > e.Held {
			e.Held, err = b.t.runEnd(e.no, e.Held)
		}
	}
	return err
}

func contains(order []stationEpoch, k stationEpoch) bool {
	for i := len(order) - 1; i >= 0; i-- {
		if order[i] == k {
			return true
		}
	}
	return false
}

// again handles a message whose key is taken: the same one, the true one in the place of
// a malformed one, or another one.
func (b *batch) again(m *message) error {
	old, ok, err := b.t.rawAt(m.epochNo, m.key.Seq, false)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		return fmt.Errorf("event %s is neither new nor held", m.key)
	case old.digest == m.digest && (old.state != stateMalformed || m.state == stateMalformed):
		b.duplicates++
		return nil
	case m.state == stateMalformed:
		return b.aside(m, "malformed", AlarmMalformed, "A message that is no event, or not the one it claims to be, is in quarantine")
	case old.state != stateMalformed:
		return b.aside(m, "conflict", AlarmConflict, "Another event with the same key is in quarantine")
	}
	if old.digest == m.digest { // what lies there was this event, and has changed on the disk
		m.arrival = old.arrival
		return b.t.mendRaw(&m.rawRow)
	}
	// The true event has come: it takes its place, and a new arrival number, so that
	// the projections see it. What was there is kept aside, bound or no bound.
	if old, _, err = b.t.rawAt(m.epochNo, m.key.Seq, true); err != nil {
		return err
	}
	if err := b.t.quarantine(quarantineRow{m.key, old.digest, "malformed", old.receivedAt, old.bytes}); err != nil {
		return err
	}
	if err := b.t.deleteRaw(old.arrival); err != nil {
		return err
	}
	_, err = b.t.insertRaw(&m.rawRow)
	return err
}

// aside puts a message into quarantine, once.
func (b *batch) aside(m *message, reason string, kind AlarmKind, detail string) error {
	known, err := b.t.quarantined(m.key, m.digest)
	if err != nil {
		return err
	}
	if known {
		b.duplicates++
		return nil
	}
	if err := b.alarm(kind, m.key, detail); err != nil {
		return err
	}
	messages, bytes, err := b.t.quarantineSize(m.key.Station)
	if err != nil {
		return err
	}
	if messages >= b.r.quarantineMessages || bytes+int64(len(m.bytes)) > b.r.quarantineBytes {
		if err := b.t.quarantineBeyond(m.key.Station); err != nil {
			return err
		}
		return raise(b.t, alarmRow{kind: AlarmQuarantine, station: m.key.Station, at: b.now,
			detail: "Quarantine of this station has reached its bound; further messages are counted and not kept."})
	}
	return b.t.quarantine(quarantineRow{m.key, m.digest, reason, m.receivedAt, m.bytes})
}

func (b *batch) alarm(kind AlarmKind, key border.Key, detail string) error {
	if key.Seq > 0 {
		detail = fmt.Sprintf("%s. Last: event %d of epoch %s.", detail, key.Seq, key.Epoch)
	}
	return raise(b.t, alarmRow{kind: kind, station: key.Station, detail: detail, at: b.now})
}

func (b *batch) end() error {
	for _, e := range b.epochs {
		if err := b.t.saveEpoch(*e); err != nil {
			return err
		}
	}
	for s, at := range b.seen {
		if err := b.t.saw(s, at); err != nil {
			return err
		}
	}
	return b.t.addMeta("duplicates", b.duplicates)
}
