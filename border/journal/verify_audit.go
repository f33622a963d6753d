package journal

import (
	"context"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
)

// AuditReport says how a journal stands to the checkpoints that were cosigned of it.
type AuditReport struct {
	OK      bool             `json:"ok"`
	Station border.StationID `json:"station"`
	Journal Report           `json:"journal"`
	// Log are the findings about the kept checkpoints and those that were given.
	Log checkpoint.Findings `json:"log"`
	// Uncovered counts the events behind the last agreed checkpoint of each epoch: of them only the
	// hub, and the epochs that continue them, can tell.
	Uncovered int64 `json:"uncovered"`
	// Witness counts the hub's own checkpoints that were kept.
	Witness int64 `json:"witness"`
}

// VerifyAudit checks the journal at path as [Verify] does, and makes its log again from the events to
// hold it against every cosigned checkpoint: the kept ones, and others that were kept elsewhere.
// The keys of station and hub check the signatures; without any, nobody's are checked. It writes
// nothing.
func VerifyAudit(ctx context.Context, path string, others [][]byte, keys ...note.Verifier) (AuditReport, error) {
	report, err := Verify(ctx, path)
	r := AuditReport{Journal: report}
	if err != nil {
		return r, err
	}
	v := &verifier{report: &Report{Projections: map[string]string{}}, epochs: map[int64]epochRow{}, ids: map[border.Epoch]int64{}, wrong: map[string]int64{},
		cursors: map[string]map[int64]uint64{"crossing_count": {}, "document": {}}, counts: map[Count]int64{}, states: map[string]int64{}, last: map[string]int64{}}
	if err := v.open(ctx, path); err != nil {
		return r, err
	}
	defer v.close()
	c := checkpoint.NewComparison(keys...)
	hub := checkpoint.NewComparison(keys...)
	for _, n := range others {
		c.Add("given", n, false)
	}
	for _, step := range []func(context.Context) error{v.begin,
		func(ctx context.Context) error { return v.readCheckpoints(ctx, c, hub, &r) },
		func(ctx context.Context) error { return v.logs(ctx, c) }} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil || !isDamage(err) {
				return r, &border.Error{Code: border.Internal, Op: "verify the audit", Err: err}
			}
			r.Journal.OK = false
			r.Journal.Faults = append(r.Journal.Faults, "a page of the file cannot be read: "+err.Error())
		}
	}
	r.Station = v.station
	r.Log = c.Conclude()
	if w := hub.Conclude(); w.Faults > 0 {
		r.Log.Faults += w.Faults
		r.Log.Words = append(r.Log.Words, w.Words...)
	}
	r.Uncovered = r.Journal.Events - int64(min(r.Log.Covered, uint64(r.Journal.Events)))
	r.OK = r.Journal.OK && r.Log.Faults == 0
	return r, nil
}

// readCheckpoints takes the kept checkpoints, and the hub's own that came with them: within one epoch
// of the hub they only grow.
func (v *verifier) readCheckpoints(ctx context.Context, c, hub *checkpoint.Comparison, r *AuditReport) error {
	if !v.hasLog() {
		return nil
	}
	rows, err := v.db.QueryContext(ctx, `SELECT ordinal, size, note, hub FROM checkpoint ORDER BY n`)
	if err != nil {
		return err
	}
	defer rows.Close()
	last := map[border.Epoch]uint64{}
	for rows.Next() {
		var ordinal, size int64
		var msg, own []byte
		if err := rows.Scan(&ordinal, &size, &msg, &own); err != nil {
			return err
		}
		c.Add("kept at the station", msg, true)
		if s, err := checkpoint.Claims(msg); err != nil || s.Size != uint64(size) || s.Epoch != v.epochs[ordinal].id || s.Station != v.station {
			c.Fault("kept at the station: a row names another checkpoint than it holds")
		}
		if len(own) == 0 {
			continue
		}
		r.Witness++
		hub.Add("the hub's own, kept at the station", own, false)
		if s, err := checkpoint.Claims(own); err == nil {
			if s.Size < last[s.Epoch] {
				hub.Fault("the hub's own, kept at the station: the hub's log went back from event %d to %d", last[s.Epoch], s.Size)
			}
			last[s.Epoch] = max(last[s.Epoch], s.Size)
		}
	}
	return rows.Err()
}

// logs makes the log of each epoch again, of the hashes that its sound events have.
func (v *verifier) logs(ctx context.Context, c *checkpoint.Comparison) error {
	ordinal, sound := int64(-1), false
	var tree checkpoint.Tree
	var sizes []uint64
	for after := int64(-1 << 63); ; {
		page, err := v.page(ctx, after)
		if err != nil || len(page) == 0 {
			for _, e := range v.epochs { // those without events, too
				c.Sizes(v.station, e.id)
			}
			return err
		}
		for _, p := range page {
			after = p.pos
			epoch, known := v.epochs[ordinalOf(p.pos)]
			if ordinalOf(p.pos) != ordinal {
				ordinal, sound, tree = ordinalOf(p.pos), known, checkpoint.Tree{}
				sizes = c.Sizes(v.station, epoch.id)
			}
			ev, err := soundRecord(p.pos, p.record, v.station)
			if sound = sound && err == nil && ev.Key.Epoch == epoch.id && seqOf(p.pos) == tree.Size()+1; !sound {
				continue
			}
			tree.Add(nil, ev.Hash)
			if len(sizes) > 0 && sizes[0] == tree.Size() {
				sizes = sizes[1:]
				c.At(checkpoint.State{Station: v.station, Epoch: epoch.id, Size: tree.Size(), Root: tree.Root()})
			}
		}
	}
}
