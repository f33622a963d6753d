package register

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"time"

	"garita/border"
)

// projectionVersion is the version of everything this file and its neighbours derive
// from raw events. A register with another one is rebuilt when it is opened.
const projectionVersion = 9

const (
	projectBatch  = 2000 // raw events in one transaction
	followBatches = 3    // batches that one Store does at most, so that it ends soon
)

// follow brings the projections up to date after something was stored. It never fails:
// the raw events are safe and a later call tries again; a failure raises an alarm as
// soon as one can be written, makes AskDocument unavailable and is logged once.
//
// come are messages that were stored just now, which need not be decoded again.
func (r *Register) follow(announced []stationEpoch, come []message) {
	if r.rebuilding.Load() {
		return // the rebuild sees everything that was stored
	}
	ctx := context.Background()
	was := r.behind.Load()
	done, err := r.project(ctx, followBatches, announced, come)
	if err == nil && was {
		err = r.retryPending(ctx)
	}
	r.behind.Store(err != nil || !done)
	r.report(ctx, err)
}

// report logs a failure of the projections and its end, and raises the alarm.
func (r *Register) report(ctx context.Context, err error) {
	if failed := err != nil; r.failing.Swap(failed) != failed {
		if !failed {
			r.log.Info("the register's projections work again")
			return
		}
		r.log.Error("the register's projections failed; raw events are safe", "error", err)
	}
	if err != nil && !r.closed.Load() {
		// If this fails too, the log has said it.
		_ = r.write(ctx, "raise an alarm", func(t tx) error {
			return raise(t, alarmRow{kind: AlarmProjection, at: r.clock.Now(),
				detail: "Events are stored, but the register could not be brought up to date with them. The log says why."})
		})
	}
}

// catchUp projects all raw events that the projections have not seen.
func (r *Register) catchUp(ctx context.Context) error {
	for {
		done, err := r.project(ctx, 1, nil, nil)
		if err != nil || done {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// project handles up to n batches; done says that nothing is left.
func (r *Register) project(ctx context.Context, n int, announced []stationEpoch, come []message) (done bool, err error) {
	decoded := make(map[rawKey]*message, len(come))
	for i := range come {
		decoded[rawKey{come[i].epochNo, come[i].key.Seq}] = &come[i]
	}
	for i := 0; i < n && !done; i++ {
		err = r.write(ctx, "project events", func(t tx) error {
			p := r.newProjection(t)
			p.decoded = decoded
			for _, k := range announced {
				p.epochs[k] = 0
			}
			done, err = p.next()
			return err
		})
		if err != nil {
			return false, err
		}
		announced = nil
	}
	return done, nil
}

// Rebuild makes all projections anew from the raw events. Until it ends AskDocument is
// unavailable; storing goes on. Interrupted, it starts again at the next opening.
func (r *Register) Rebuild(ctx context.Context) error {
	const op = "rebuild the register"
	if r.rebuilding.Swap(true) {
		return &border.Error{Code: border.Conflict, Op: op, Message: "A rebuild is running already."}
	}
	defer r.rebuilding.Store(false)
	r.behind.Store(true)
	err := r.write(ctx, op, func(t tx) error {
		if err := t.setMeta("projection_version", 0); err != nil {
			return err
		}
		return t.clearProjections()
	})
	if err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	err = r.write(ctx, op, func(t tx) error {
		p := r.newProjection(t)
		for { // what came since the last batch, so that the end is the end
			done, err := p.next()
			if err != nil {
				return err
			}
			if done {
				break
			}
		}
		if err := p.allLineages(false); err != nil {
			return err
		}
		if err := t.dropUnfounded(); err != nil {
			return err
		}
		return t.setMeta("projection_version", projectionVersion)
	})
	if err != nil {
		return err
	}
	// What was stored after that transaction and left to the rebuild is seen to now.
	r.doubts.forget()
	r.rebuilding.Store(false)
	r.follow(nil, nil)
	r.changed()
	return nil
}

// projection is the work of one transaction.
type projection struct {
	r     *Register
	t     tx
	now   time.Time
	quiet bool

	raw     map[rawKey]*rawRow     // of this batch
	decoded map[rawKey]*message    // those of them that were decoded when they came
	epochs  map[stationEpoch]int64 // touched; the value is epoch.no, 0 if not known
	highest map[int64]uint64       // by epoch.no, asked once
	flows   map[flowKey]int64      // changes, like the next two
	counts  map[countKey]int64
	crosses map[crossKey]int64
	touched map[border.BlindIndex]place // documents to fold again, from where
	noKey   map[rawPart]bool            // asked in vain in this transaction
	added   int64                       // change of the number of crossings
	inside  Inside                      // change of the number of open stays
}

type rawKey struct {
	epochNo int64
	seq     uint64
}

type rawPart struct {
	station border.StationID
	keyID   string
}

func (r *Register) newProjection(t tx) *projection {
	return &projection{r: r, t: t, now: r.clock.Now(), quiet: r.rebuilding.Load(),
		epochs: map[stationEpoch]int64{}, touched: map[border.BlindIndex]place{},
		flows: map[flowKey]int64{}, counts: map[countKey]int64{}, crosses: map[crossKey]int64{}, noKey: map[rawPart]bool{}}
}

// next projects one batch of raw events.
func (p *projection) next() (done bool, err error) {
	cursor, err := p.t.meta("projection_cursor")
	if err != nil {
		return false, err
	}
	rows, err := p.t.rawAfter(cursor, projectBatch)
	if err != nil {
		return false, err
	}
	p.raw, p.highest = make(map[rawKey]*rawRow, len(rows)), map[int64]uint64{}
	for i := range rows {
		p.raw[rawKey{rows[i].epochNo, rows[i].key.Seq}] = &rows[i]
	}
	for i := range rows {
		if err := p.event(&rows[i]); err != nil {
			return false, err
		}
		cursor = rows[i].arrival
	}
	if err := p.finish(); err != nil {
		return false, err
	}
	return len(rows) < projectBatch, p.t.setMeta("projection_cursor", cursor)
}

// event projects one raw event. What it says never makes it fail.
func (p *projection) event(r *rawRow) error {
	p.epochs[stationEpoch{r.key.Station, r.key.Epoch}] = r.epochNo
	if r.state == stateMalformed {
		return nil
	}
	if err := p.chain(r); err != nil {
		return err
	}
	e, ok := p.decode(r)
	if !ok {
		return p.uninterpretable(r, "has changed on the disk")
	}
	if r.state == stateUnknown && known(e.Type) { // an older version stored it
		if err := p.t.learn(r.arrival); err != nil {
			return err
		}
	}
	if err := p.review(r, e); err != nil {
		return err
	}
	switch e.Type {
	case border.TypeEpochOpened:
		return p.opened(r, e)
	case border.TypeCrossingRecorded:
		return p.crossing(r, e)
	case border.TypeCrossingCorrected:
		return p.amend(r, e, amendCorrection)
	case border.TypeStayExtended:
		return p.amend(r, e, amendExtension)
	case border.TypeAudit:
		return p.act(r, e)
	}
	if trace(e.Type) {
		return nil
	}
	return p.raise(alarmRow{kind: AlarmUnknownType, station: r.key.Station, subject: safeType(e.Type),
		detail: "Events of a type that this hub does not know are held for a newer hub. Upgrade the hub."})
}

// decode returns the event of a row, or false if it is no longer what was stored.
func (p *projection) decode(r *rawRow) (*border.Event, bool) {
	if m := p.decoded[rawKey{r.epochNo, r.key.Seq}]; m != nil && m.state != stateMalformed && bytes.Equal(m.bytes, r.bytes) {
		return &m.event, true
	}
	e, err := border.DecodeEvent(r.bytes)
	return &e, err == nil && sha256.Sum256(r.bytes) == r.digest
}

func (p *projection) raise(a alarmRow) error {
	a.at, a.quiet = p.now, p.quiet
	return raise(p.t, a)
}

func (p *projection) uninterpretable(r *rawRow, what string) error {
	return p.raise(alarmRow{kind: AlarmUninterpretable, station: r.key.Station,
		detail: "An event is held but cannot be used: it " + what + "."})
}

// finish writes what the batch has gathered.
func (p *projection) finish() error {
	if err := p.counted(); err != nil {
		return err
	}
	if err := p.documents(); err != nil {
		return err
	}
	if err := errors.Join(p.t.addMeta("crossings", p.added), p.t.addMeta("inside", p.inside.Certain),
		p.t.addMeta("inside_uncertain", p.inside.Uncertain)); err != nil {
		return err
	}
	err := p.lineages()
	clear(p.touched)
	clear(p.epochs)
	p.added, p.inside = 0, Inside{}
	return err
}

// documents folds what was touched. It goes through the documents in their order, so that
// neighbours in the database are changed together.
func (p *projection) documents() error {
	known := make(map[border.BlindIndex]documentRow, len(p.touched))
	for _, d := range p.inOrder() { // linked ones join
		row, err := p.t.document(d)
		if err != nil {
			return err
		}
		known[d] = row
		if row.linked {
			if err := p.connected(d); err != nil {
				return err
			}
		}
	}
	all := p.inOrder()
	unpaired := make([][]loose, len(all))
	for i, d := range all {
		row, ok := known[d]
		var err error
		if !ok {
			if row, err = p.t.document(d); err != nil {
				return err
			}
			known[d] = row
		}
		var change Inside
		if unpaired[i], change, err = fold(p.t, d, p.touched[d], row); err != nil {
			return err
		}
		p.inside.Certain, p.inside.Uncertain = p.inside.Certain+change.Certain, p.inside.Uncertain+change.Uncertain
	}
	for i, d := range all {
		if err := p.propose(d, known[d].proposed, unpaired[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) inOrder() []border.BlindIndex {
	return slices.SortedFunc(maps.Keys(p.touched), func(a, b border.BlindIndex) int { return bytes.Compare(a[:], b[:]) })
}

// chain compares an event with its neighbours. Each pair is compared once: when the
// later of the two to arrive is projected.
func (p *projection) chain(r *rawRow) error {
	broken := false
	if r.key.Seq > 1 {
		before, err := p.neighbour(r, r.key.Seq-1)
		if err != nil {
			return err
		}
		broken = before != nil && before.hash != r.prev
	}
	highest, ok := p.highest[r.epochNo]
	if !ok {
		e, _, err := p.t.epoch(r.key.Station, r.key.Epoch)
		if err != nil {
			return err
		}
		highest = e.Highest
		p.highest[r.epochNo] = highest
	}
	if highest > r.key.Seq {
		after, err := p.neighbour(r, r.key.Seq+1)
		if err != nil {
			return err
		}
		if after != nil && after.prev != r.hash {
			if err := p.broken(r); err != nil {
				return err
			}
		}
	}
	if broken {
		return p.broken(r)
	}
	return nil
}

// neighbour returns the event at seq in r's epoch if it is sound and came before r.
func (p *projection) neighbour(r *rawRow, seq uint64) (*rawRow, error) {
	n := p.raw[rawKey{r.epochNo, seq}]
	if n == nil {
		row, ok, err := p.t.rawAt(r.epochNo, seq, false)
		if err != nil || !ok {
			return nil, err
		}
		n = &row
	}
	if n.arrival > r.arrival || n.state == stateMalformed {
		return nil, nil
	}
	return n, nil
}

func (p *projection) broken(r *rawRow) error {
	return p.raise(alarmRow{kind: AlarmChainBroken, station: r.key.Station, subject: r.key.Epoch.String(),
		detail: "The hash chain of this epoch is broken: an event does not follow the one before it."})
}
