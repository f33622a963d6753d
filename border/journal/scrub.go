package journal

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"garita/border"
	"garita/border/checkpoint"
)

// What is looked at whenever a journal is opened: the last events, and a sample of all.
const (
	lookLast   = 512
	lookSample = 256
)

// Scrubbed says what a scrubbing found.
type Scrubbed struct {
	Events  int64 `json:"events"`  // read
	Damaged int64 `json:"damaged"` // do not fit their hash or their place, or cannot be read
	Missing int64 `json:"missing"`
	Broken  int64 `json:"broken"` // sound, and yet not what the event before says
	Mended  int64 `json:"mended"` // rows of which only the log's nodes had changed; they are made again
}

// Scrub reads the whole journal and checks every event against its hash, its place and the one before
// it, and the log against the events. What is damaged or missing is noted, see [Journal.Damaged]. The
// reading takes at most that share of the time (0 to 1); the rest of it Scrub rests.
func (j *Journal) Scrub(ctx context.Context, share float64) (Scrubbed, error) {
	const op = "scrub the journal"
	s := scrub{j: j}
	extents, err := j.Extents(ctx)
	if err != nil {
		return s.found, err
	}
	share = min(max(share, 0.01), 1)
	for i, x := range extents {
		s.begin(int64(i)+1, x)
		for s.seq < x.Last {
			began := time.Now() //nolint:forbidigo // how long the disk took, not a time of record
			if err := s.page(ctx, x.Last); err != nil {
				return s.found, err
			}
			if share < 1 {
				rest := time.NewTimer(time.Duration(float64(time.Since(began)) * (1 - share) / share))
				select {
				case <-rest.C:
				case <-ctx.Done():
					rest.Stop()
				}
			}
			if err := ctx.Err(); err != nil {
				return s.found, &border.Error{Code: border.Unavailable, Op: op, Err: err}
			}
		}
	}
	return s.found, nil
}

// scrub is one reading of the whole journal.
type scrub struct {
	j     *Journal
	found Scrubbed

	ordinal int64
	seq     uint64        // the last one looked at
	hash    border.Digest // of the event there
	known   bool          // hash is that of a sound event
	tree    checkpoint.Tree
	whole   bool // tree holds all events up to seq
	nodes   []byte
}

// begin goes on to an epoch. Ordinals have no gaps: an epoch is never deleted.
func (s *scrub) begin(ordinal int64, x border.Extent) {
	*s = scrub{j: s.j, found: s.found, ordinal: ordinal, hash: x.Parent.Hash, known: true, whole: true, nodes: s.nodes}
}

// page looks at the next events of an epoch.
func (s *scrub) page(ctx context.Context, last uint64) error {
	const op = "scrub the journal"
	upto := min(s.seq+scanPage, last)
	rows, err := s.j.rowsWithLog(ctx, op, posOf(s.ordinal, s.seq+1), posOf(s.ordinal, upto))
	if err != nil {
		if ctx.Err() != nil || border.CodeOf(err) == border.Unavailable || !isDamage(errors.Unwrap(err)) {
			return err
		}
		rows = s.one(ctx, upto) // a page of the file is damaged: what else is there is found by itself
	}
	for _, p := range rows {
		s.missing(seqOf(p.pos))
		s.event(ctx, p)
	}
	s.missing(upto + 1)
	return ctx.Err()
}

// one reads events one by one, where reading many failed.
func (s *scrub) one(ctx context.Context, upto uint64) (out []pendingEvent) {
	for seq := s.seq + 1; seq <= upto && ctx.Err() == nil; seq++ {
		pos := posOf(s.ordinal, seq)
		if rows, err := s.j.rowsWithLog(ctx, "scrub the journal", pos, pos); err == nil {
			out = append(out, rows...)
		}
	}
	return out
}

// missing notes the events before a seq that are not there.
func (s *scrub) missing(next uint64) {
	for s.seq+1 < next {
		s.seq++
		s.known, s.whole = false, false
		s.found.Missing++
		s.j.noteDamage(posOf(s.ordinal, s.seq))
	}
}

func (s *scrub) event(ctx context.Context, p pendingEvent) {
	s.found.Events++
	s.seq = seqOf(p.pos)
	ev, err := s.j.checkRecord(p.pos, p.record)
	if err != nil {
		s.known, s.whole = false, false
		s.found.Damaged++
		return
	}
	if s.known && ev.Prev != s.hash {
		s.found.Broken++
	}
	s.hash, s.known = ev.Hash, true
	if !s.whole {
		return
	}
	s.nodes = s.tree.Add(s.nodes[:0], ev.Hash)
	if p.tree == nil || !bytes.Equal(s.nodes, p.tree) {
		nodes := append([]byte{}, s.nodes...)
		err := s.j.submit(ctx, &job{op: "mend the log", do: func(t *transaction) error { return t.w.store.exec(t.w.store.putTree, nodes, p.pos) }})
		if err == nil {
			s.found.Mended++
		}
	}
}

// rowsWithLog reads events with the nodes of their rows.
func (j *Journal) rowsWithLog(ctx context.Context, op string, from, upto int64) ([]pendingEvent, error) {
	return j.rowsOf(ctx, op, `SELECT pos, record, tree FROM event WHERE pos BETWEEN ? AND ? ORDER BY pos`, from, upto)
}

// lookAtStart checks the last events and a sample of the others, and says so in the log. It is quick,
// and finds at once what has gone wrong at large; the whole is for [Journal.Scrub].
func (j *Journal) lookAtStart(ctx context.Context) {
	extents, err := j.Extents(ctx)
	total := uint64(0)
	for _, x := range extents {
		total += x.Last
	}
	looked := 0
	if err == nil {
		var rows []pendingEvent
		rows, err = j.rowsOf(ctx, "look at the journal", `SELECT pos, record FROM event ORDER BY pos DESC LIMIT ?`, lookLast)
		looked = len(rows)
		j.sound(rows)
	}
	rng := rand.New(rand.NewPCG(total, uint64(len(extents)))) //nolint:gosec // a sample, not a secret
	for n := 0; n < lookSample && total > lookLast && err == nil; n++ {
		at := rng.Uint64N(total)
		for i, x := range extents {
			if at >= x.Last {
				at -= x.Last
				continue
			}
			pos := posOf(int64(i)+1, at+1)
			rows, readErr := j.rowsOf(ctx, "look at the journal", `SELECT pos, record FROM event WHERE pos = ?`, pos)
			if readErr != nil || len(rows) == 0 {
				j.noteDamage(pos)
			}
			j.sound(rows)
			looked++
			break
		}
	}
	j.mu.Lock()
	damaged := len(j.damaged)
	j.mu.Unlock()
	if border.CodeOf(err) == border.Unavailable {
		return // the disk is full, or the caller has gone
	}
	if err != nil || damaged > 0 {
		j.cfg.Log.Error("journal: damage found at the start; run garita verify journal", "looked_at", looked, "of", total, "damaged", damaged, "error", err)
		return
	}
	j.cfg.Log.Info("journal: the last events and a sample are sound", "looked_at", looked, "of", total)
}
