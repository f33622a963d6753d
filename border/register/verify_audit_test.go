package register

import (
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"crypto/ed25519"

	"garita/border"
	"garita/border/checkpoint"
)

// TestVerifyAudit: what is done to the hub's own database is found, by what was cosigned or by what
// the stations kept of it.
func TestVerifyAudit(t *testing.T) {
	tr := newTrust(t)
	w := newWorld(t, tr.config)
	var kept [][]byte
	stations := []border.StationID{"PUT-1", "PUT-2"}
	keys := []note.Verifier{tr.hub}
	for i, s := range stations {
		k := tr.enrol(s, string(s))
		v, err := checkpoint.NewVerifier(checkpoint.Name(s), k.Public().(ed25519.PublicKey))
		w.must(err)
		keys = append(keys, v)
		events := w.epochOf(s, 1+i, 30)
		in := signAll(k, sent(events...))
		for _, n := range []int{10, 25} {
			w.store(in[:n]...)
			c, err := w.reg.Cosign(t.Context(), s, tr.checkpointOf(s, k, events[:n]))
			w.must(err)
			kept = append(kept, c.Note)
		}
		w.store(in...)
	}
	w.store(sent(w.epochOf("PUT-3", 9, 1)...)...) // in quarantine
	putBack := w.copyFiles()
	file := filepath.Join(w.dir, FileName)
	for name, c := range map[string]struct {
		query     string
		elsewhere bool // found only by what the stations kept
		nothing   bool
	}{
		"nothing":            {`SELECT 1`, false, true},
		"edited":             {`UPDATE raw_event SET bytes = CAST(substr(bytes, 1, 100) || x'00' || substr(bytes, 102) AS BLOB) WHERE epoch_no = 1 AND seq = 5`, false, false},
		"deleted":            {`DELETE FROM raw_event WHERE epoch_no = 1 AND seq = 5`, false, false},
		"swapped":            {`UPDATE raw_event SET seq = 1000 + seq WHERE epoch_no = 1 AND seq IN (5, 6); UPDATE raw_event SET seq = 1011 - seq WHERE seq > 1000`, false, false},
		"truncated":          {`DELETE FROM raw_event WHERE epoch_no = 2 AND seq > 20`, false, false},
		"truncated politely": {`DELETE FROM raw_event WHERE epoch_no = 2 AND seq > 20; UPDATE epoch SET held = 20, highest = 20 WHERE no = 2; DELETE FROM checkpoint WHERE epoch_no = 2 AND size > 20; DELETE FROM log WHERE epoch_no = 2`, true, false},
		"an epoch gone":      {`DELETE FROM raw_event WHERE epoch_no = 2; DELETE FROM checkpoint WHERE epoch_no = 2; DELETE FROM log WHERE epoch_no = 2; DELETE FROM lineage; DELETE FROM epoch WHERE no = 2; INSERT INTO epoch (station, epoch) VALUES ('PUT-2', randomblob(16))`, true, false},
		"tree edited":        {`UPDATE log SET edge = zeroblob(length(edge)) WHERE epoch_no = 1`, false, false},
		"checkpoint edited":  {`UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), '25', '26') AS BLOB) WHERE epoch_no = 1`, false, false},
		"checkpoint of another place": {`UPDATE checkpoint SET note = (SELECT note FROM checkpoint AS other WHERE other.epoch_no = 2 AND size = 25) WHERE epoch_no = 1 AND size = 25;
			UPDATE log SET edge = (SELECT edge FROM log AS other WHERE other.epoch_no = 2) WHERE epoch_no = 1`, false, false},
		"quarantine edited": {`UPDATE quarantine SET bytes = x'00'`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			putBack()
			_, err := w.reg.store.(*sqliteStore).w.conn.ExecContext(t.Context(), `PRAGMA foreign_keys = OFF; `+c.query)
			w.must(err)
			alone, err := VerifyAudit(t.Context(), file, nil, keys...)
			w.must(err)
			both, err := VerifyAudit(t.Context(), file, kept, keys...)
			w.must(err)
			if c.nothing {
				if !alone.OK || !both.OK || alone.Log.Agreed != 4 || alone.Log.Covered != 50 || alone.Quarantined != 1 || both.Log.Agreed != 8 {
					t.Fatalf("nothing was done, and yet: %+v, %+v", alone, both)
				}
				return
			}
			if both.OK || len(both.Words)+len(both.Log.Words) == 0 {
				t.Errorf("not found: %+v", both)
			}
			if alone.OK != c.elsewhere {
				t.Errorf("by itself: %+v", alone)
			}
		})
	}
	if _, err := VerifyAudit(t.Context(), filepath.Join(w.dir, "none.db"), nil); border.CodeOf(err) != border.NotFound {
		t.Errorf("no file: %v", err)
	}
}
