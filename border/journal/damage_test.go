package journal_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
)

// damagedRig is a journal of three epochs, closed, and what the hub holds of it.
func damagedRig(t *testing.T) (*rig, map[border.Position][]byte) {
	t.Helper()
	r := newRig(t)
	hub := map[border.Position][]byte{}
	for range 3 {
		j := r.open()
		r.append(j, 20)
		xs, err := j.Extents(t.Context())
		check(t, err)
		for _, x := range xs {
			all, err := j.Read(t.Context(), x.Epoch, 0, 1000)
			check(t, err)
			for i, b := range all {
				hub[border.Position{Epoch: x.Epoch, Seq: uint64(i) + 1}] = b
			}
		}
		check(t, j.Close())
	}
	return r, hub
}

// TestMend: whatever has become of an event on the disk, the hub's bytes make it whole.
func TestMend(t *testing.T) {
	flip := `record = CAST(substr(record, 1, 300) || x'00' || substr(record, 302) AS BLOB)`
	for name, c := range map[string]struct {
		damage string
		want   int
	}{
		"one event":                {`UPDATE event SET ` + flip + ` WHERE pos = (1 << 40) + 5`, 1},
		"one sealed byte":          {`UPDATE event SET record = CAST(substr(record, 1, 900) || x'00' || substr(record, 902) AS BLOB) WHERE pos = (1 << 40) + 5`, 1},
		"first of an epoch":        {`UPDATE event SET ` + flip + ` WHERE pos = (2 << 40) + 1`, 1},
		"last of an epoch":         {`UPDATE event SET ` + flip + ` WHERE pos = (1 << 40) + 21`, 1},
		"a run":                    {`UPDATE event SET ` + flip + ` WHERE pos BETWEEN (1 << 40) + 5 AND (1 << 40) + 9`, 5},
		"a run gone":               {`DELETE FROM event WHERE pos BETWEEN (1 << 40) + 5 AND (1 << 40) + 9`, 5},
		"a run and its log gone":   {`DELETE FROM event WHERE pos BETWEEN (1 << 40) + 5 AND (1 << 40) + 9; UPDATE event SET tree = NULL WHERE pos < 2 << 40`, 5},
		"rows of the index, too":   {`DELETE FROM crossing WHERE pos = (1 << 40) + 5; DELETE FROM event WHERE pos = (1 << 40) + 5`, 1},
		"emptied":                  {`UPDATE event SET record = x'' WHERE pos = (1 << 40) + 5`, 1},
		"another one in its place": {`UPDATE event SET record = (SELECT record FROM event WHERE pos = (1 << 40) + 7) WHERE pos = (1 << 40) + 5`, 1},
		"last of all":              {`UPDATE event SET ` + flip + ` WHERE pos = (SELECT max(pos) FROM event)`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, hub := damagedRig(t)
			run(t, r.path(), c.damage)
			j := r.open() // a damaged event stops nothing
			found, err := j.Scrub(t.Context(), 1)
			check(t, err)
			at, err := j.Damaged(t.Context())
			check(t, err)
			if len(at) != c.want || int(found.Damaged+found.Missing) != c.want {
				t.Fatalf("scrubbing found %+v, damaged %v", found, at)
			}
			var events [][]byte
			for _, p := range at {
				events = append(events, hub[p])
			}
			check(t, j.Mend(t.Context(), events))
			if at, err = j.Damaged(t.Context()); err != nil || len(at) != 0 {
				t.Fatalf("still damaged: %v, %v", at, err)
			}
			if found, err = j.Scrub(t.Context(), 1); err != nil || found.Damaged+found.Missing+found.Broken != 0 {
				t.Fatalf("scrubbing finds %+v, %v", found, err)
			}
			for p, want := range hub {
				got, err := j.Read(t.Context(), p.Epoch, p.Seq-1, 1)
				check(t, err)
				if len(got) != 1 || string(got[0]) != string(want) {
					t.Fatalf("event %v is not what it was", p)
				}
			}
			check(t, j.Close())
			r.sound()
		})
	}
}

// TestMendRefuses what does not belong there, and leaves what is sound alone.
func TestMendRefuses(t *testing.T) {
	r, hub := damagedRig(t)
	j := r.open()
	xs, err := j.Extents(t.Context())
	check(t, err)
	epoch := xs[0].Epoch
	at := func(seq uint64) []byte { return hub[border.Position{Epoch: epoch, Seq: seq}] }
	check(t, j.Mend(t.Context(), [][]byte{at(5), at(6)})) // held and sound
	forged, err := border.DecodeEvent(append([]byte(nil), at(5)...))
	check(t, err)
	forged.Header = []byte(string(forged.Header[:len(forged.Header)-1]) + `,"outcome":"refused"}`)
	forged.Hash = forged.ComputeHash()
	wantCode(t, j.Mend(t.Context(), [][]byte{forged.Encode()}), border.Conflict)
	run(t, r.path(), `UPDATE event SET record = x'' WHERE pos BETWEEN (1 << 40) + 5 AND (1 << 40) + 7`)
	wantCode(t, j.Mend(t.Context(), [][]byte{forged.Encode()}), border.Invalid) // nothing is left that says what stood there
	wantCode(t, j.Mend(t.Context(), [][]byte{at(6)}), border.Invalid)
	wantCode(t, j.Mend(t.Context(), [][]byte{at(5), at(7), forged.Encode()}), border.Invalid)
	stranger := bordertest.NewChain(station, bordertest.EpochNo(9), border.Parent{})
	stranger.Add(1)
	wantCode(t, j.Mend(t.Context(), stranger.Encoded()), border.Invalid)
	wantCode(t, j.Mend(t.Context(), [][]byte{[]byte("no event")}), border.Invalid)
	check(t, j.Restore(t.Context(), [][]byte{at(5), at(6), at(7)})) // what the hub gives back mends, too
	found, err := j.Scrub(t.Context(), 0.5)
	check(t, err)
	if diff := cmp.Diff(journal.Scrubbed{Events: 64}, found); diff != "" {
		t.Error(diff)
	}
}

// TestDamagedEventStopsNothing: a crossing that cannot be believed is said to be damaged, the others
// are found, recording goes on, and what the uplink reads comes as it lies there.
func TestDamagedEventStopsNothing(t *testing.T) {
	r := newRig(t)
	j := r.open()
	ids := r.append(j, 10)
	check(t, j.Close())
	run(t, r.path(), `UPDATE event SET record = CAST(substr(record, 1, 900) || x'00' || substr(record, 902) AS BLOB) WHERE pos = (1 << 40) + 4`)
	j = r.open()
	if at, err := j.Damaged(t.Context()); err != nil || fmt.Sprint(at) == "[]" {
		t.Fatalf("the start found %v, %v", at, err)
	}
	newest, err := j.Newest(t.Context(), 100)
	check(t, err)
	if len(newest) != 9 {
		t.Errorf("%d crossings are found", len(newest))
	}
	damaged := 0
	for _, rc := range ids {
		if _, err := j.Crossing(t.Context(), *rc.Header.Crossing); err != nil {
			wantCode(t, err, border.Internal)
			damaged++
		}
	}
	if damaged != 1 {
		t.Errorf("%d crossings are said to be damaged", damaged)
	}
	n := 0
	check(t, j.Scan(t.Context(), border.Position{}, func(border.Event) error { n++; return nil }))
	if n != 11 { // the two openings and nine crossings
		t.Errorf("%d events are scanned", n)
	}
	xs, err := j.Extents(t.Context())
	check(t, err)
	all, err := j.Read(t.Context(), xs[0].Epoch, 0, 100)
	check(t, err)
	if len(all) != 11 {
		t.Errorf("%d events are read for the hub", len(all))
	}
	r.append(j, 1)
}

// TestMendFrom fetches only what is damaged, in runs, and leaves what the hub does not hold.
func TestMendFrom(t *testing.T) {
	r, hub := damagedRig(t)
	run(t, r.path(), `UPDATE event SET record = x'' WHERE pos IN ((1 << 40) + 3, (1 << 40) + 5, (1 << 40) + 6, (2 << 40) + 1, (3 << 40) + 8);
		DELETE FROM event WHERE pos IN ((2 << 40) + 2, (2 << 40) + 3)`)
	j := r.open()
	_, err := j.Scrub(t.Context(), 1)
	check(t, err)
	at, err := j.Damaged(t.Context())
	check(t, err)
	delete(hub, at[len(at)-1]) // the hub never got this one
	fetched := 0
	n, err := j.MendFrom(t.Context(), func(_ context.Context, epoch border.Epoch, after uint64, limit int) (out [][]byte, err error) {
		for seq := after + 1; seq <= after+uint64(limit); seq++ {
			if b, ok := hub[border.Position{Epoch: epoch, Seq: seq}]; ok {
				out = append(out, b)
			}
		}
		fetched += len(out)
		return out, nil
	})
	check(t, err)
	left, err := j.Damaged(t.Context())
	check(t, err)
	if len(at) != 7 || n != 6 || fetched != 6 || len(left) != 1 || left[0] != at[6] {
		t.Fatalf("damaged %v; %d fetched, %d mended, left %v", at, fetched, n, left)
	}
}

// TestMendBelievesNoDamagedRowAlone: a row that was made to name a forged event does not bring it in,
// for its neighbours know better.
func TestMendBelievesNoDamagedRowAlone(t *testing.T) {
	for name, forge := range map[string]func(*border.Event){
		"continues another one":    func(e *border.Event) { e.Prev[0]++ },
		"is not the one continued": func(*border.Event) {},
	} {
		t.Run(name, func(t *testing.T) {
			r, hub := damagedRig(t)
			j := r.open()
			xs, err := j.Extents(t.Context())
			check(t, err)
			seq := uint64(5)
			if name == "continues another one" {
				seq = xs[0].Last // nothing behind it could say more
			}
			ev, err := border.DecodeEvent(append([]byte(nil), hub[border.Position{Epoch: xs[0].Epoch, Seq: seq}]...))
			check(t, err)
			ev.Header = append(ev.Header[:len(ev.Header)-1:len(ev.Header)-1], `,"ground":"x"}`...)
			forge(&ev)
			ev.Hash = ev.ComputeHash()
			forged := ev.Encode()
			run(t, r.path(), fmt.Sprintf(`UPDATE event SET record = x'%x' WHERE pos = (1 << 40) + %d; DELETE FROM event WHERE pos = (2 << 40) + 1;
				UPDATE epoch SET parent_seq = 0 WHERE ordinal = 2`, append(forged[:len(forged)-1:len(forged)-1], forged[len(forged)-1]^1), seq))
			wantCode(t, j.Mend(t.Context(), [][]byte{forged}), border.Invalid)
		})
	}
}
