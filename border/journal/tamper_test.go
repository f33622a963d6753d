package journal_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/journal"
)

// cosignedRig is a closed journal of three epochs, of which each was cosigned after its 10th and its
// 25th crossing, and went on for a few more.
func cosignedRig(t *testing.T) (r *rig, kept [][]byte, keys []note.Verifier) {
	t.Helper()
	r = newRig(t)
	sign, hub := r.signing()
	_, hubVerifier := pair(t, "garita/HUB")
	for range 3 {
		j := r.open(sign)
		for _, n := range []int{10, 15} {
			r.append(j, n)
			c, err := j.Checkpoint(t.Context())
			check(t, err)
			c = hub.sign(c)
			check(t, j.Cosigned(t.Context(), c))
			kept = append(kept, c.Note)
		}
		r.append(j, 4)
		check(t, j.Close())
	}
	return r, kept, []note.Verifier{hub.station, hubVerifier}
}

// rechain writes the whole journal anew with every hash made again, as somebody would who knows all
// about it but has no key: only what was signed can tell.
func rechain(t *testing.T, path string, change func(*border.Event) (keep bool)) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	check(t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT pos, record FROM event ORDER BY pos`)
	check(t, err)
	type row struct {
		pos int64
		ev  border.Event
	}
	var all []row
	for rows.Next() {
		var p int64
		var b []byte
		check(t, rows.Scan(&p, &b))
		ev, err := border.DecodeEvent(b)
		check(t, err)
		all = append(all, row{p, ev})
	}
	check(t, rows.Err())
	check(t, rows.Close())
	_, err = db.Exec(`DELETE FROM event`)
	check(t, err)
	hashes := map[border.Digest]border.Digest{{}: {}} // old to new
	ends := map[int64]struct {
		hash border.Digest
		seq  uint64
	}{}
	trees := map[int64]*checkpoint.Tree{}
	for _, x := range all {
		ordinal := x.pos >> 40
		old := x.ev.Hash
		if !change(&x.ev) {
			continue
		}
		end := ends[ordinal]
		seq := end.seq + 1
		if x.ev.Type == border.TypeEpochOpened {
			parent := ends[ordinal-1]
			h, err := x.ev.ReadHeader()
			check(t, err)
			if ordinal > 1 {
				x.ev.Header = []byte(strings.Replace(strings.Replace(string(x.ev.Header), h.Parent.Hash.String(), parent.hash.String(), 1),
					`"parent":{"epoch":"`+h.Parent.Epoch.String()+`","seq":`+strconv.FormatUint(h.Parent.Seq, 10), `"parent":{"epoch":"`+h.Parent.Epoch.String()+`","seq":`+strconv.FormatUint(parent.seq, 10), 1))
				_, err = db.Exec(`UPDATE epoch SET parent_hash = ?, parent_seq = ? WHERE ordinal = ?`, parent.hash[:], int64(parent.seq), ordinal)
				check(t, err)
			}
			x.ev.Prev = parent.hash
		} else {
			x.ev.Prev = end.hash
		}
		x.ev.Header = []byte(strings.Replace(string(x.ev.Header), `"seq":`+strconv.FormatUint(x.ev.Key.Seq, 10), `"seq":`+strconv.FormatUint(seq, 10), 1))
		x.ev.Hash = x.ev.ComputeHash()
		hashes[old] = x.ev.Hash
		if trees[ordinal] == nil {
			trees[ordinal] = &checkpoint.Tree{}
		}
		nodes := trees[ordinal].Add([]byte{}, x.ev.Hash)
		_, err := db.Exec(`INSERT INTO event (pos, record, tree) VALUES (?, ?, ?)`, ordinal<<40+int64(seq), x.ev.Encode(), nodes)
		check(t, err)
		end.hash, end.seq = x.ev.Hash, seq
		ends[ordinal] = end
	}
}

// rebuilt makes the projections fit again, with the program's own means.
func rebuilt(t *testing.T, r *rig) {
	t.Helper()
	j := r.open()
	check(t, j.Rebuild(t.Context()))
	check(t, j.Close())
}

// TestTampering: whatever is done to a journal by somebody who can write all of it, but holds neither
// the station's key nor the hub's, what was cosigned tells.
func TestTampering(t *testing.T) {
	type given struct {
		path string
		r    *rig
	}
	exec := func(q string) func(*testing.T, given) {
		return func(t *testing.T, g given) { run(t, g.path, q) }
	}
	const swap = `UPDATE event SET pos = -pos WHERE pos IN ((1 << 40) + 6, (1 << 40) + 7); UPDATE event SET pos = (2 << 40) + 13 + pos WHERE pos < 0`
	for name, c := range map[string]struct {
		tamper    func(*testing.T, given)
		elsewhere bool // found only by checkpoints that were kept elsewhere
		nothing   bool // the control: nothing was done
	}{
		"nothing":          {func(*testing.T, given) {}, false, true},
		"only opened":      {func(t *testing.T, g given) { rebuilt(t, g.r) }, false, true},
		"edited":           {exec(`UPDATE event SET record = CAST(replace(CAST(record AS TEXT), 'admitted', 'departed') AS BLOB) WHERE pos = (1 << 40) + 6`), false, false},
		"deleted":          {exec(`DELETE FROM event WHERE pos = (1 << 40) + 6`), false, false},
		"swapped":          {exec(swap), false, false},
		"truncated":        {exec(`DELETE FROM event WHERE pos > (3 << 40) + 20`), false, false},
		"an epoch cut off": {exec(`DELETE FROM event WHERE pos > 3 << 40; DELETE FROM epoch WHERE ordinal = 3`), false, false},
		"truncated with its checkpoints": {exec(`DELETE FROM event WHERE pos > (3 << 40) + 20; DELETE FROM checkpoint WHERE ordinal = 3;
			DELETE FROM crossing WHERE pos > (3 << 40) + 20; DELETE FROM document; UPDATE checksum SET sum = zeroblob(32); DELETE FROM cursor; DELETE FROM crossing_count`), true, false},
		"rolled back by a day": {exec(`DELETE FROM event WHERE pos > 3 << 40; DELETE FROM epoch WHERE ordinal = 3; DELETE FROM checkpoint WHERE ordinal = 3;
			DELETE FROM crossing WHERE pos > 3 << 40; DELETE FROM state; DELETE FROM document; UPDATE checksum SET sum = zeroblob(32); DELETE FROM cursor; DELETE FROM crossing_count`), true, false},
		"written anew without an event": {func(t *testing.T, g given) {
			n := 0
			rechain(t, g.path, func(*border.Event) bool { n++; return n != 6 })
			rebuilt(t, g.r)
		}, false, false},
		"written anew with another outcome": {func(t *testing.T, g given) {
			n := 0
			rechain(t, g.path, func(ev *border.Event) bool {
				if n++; n == 6 {
					ev.Header = []byte(strings.Replace(string(ev.Header), "admitted", "departed", 1))
				}
				return true
			})
			rebuilt(t, g.r)
		}, false, false},
		"written anew, and no checkpoints": {func(t *testing.T, g given) {
			n := 0
			rechain(t, g.path, func(*border.Event) bool { n++; return n != 6 })
			run(t, g.path, `DELETE FROM checkpoint`)
			rebuilt(t, g.r)
		}, true, false},
		"a checkpoint's root edited": {exec(`UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'garita', 'garitb') AS BLOB) WHERE n = 2`), false, false},
		"a checkpoint moved":         {exec(`UPDATE checkpoint SET size = size + 1 WHERE n = 2`), false, false},
		"the hub's own edited":       {exec(`UPDATE checkpoint SET hub = CAST(replace(CAST(hub AS TEXT), 'HUB', 'HUC') AS BLOB) WHERE n = 2`), false, false},
		"a forged checkpoint": {func(t *testing.T, g given) {
			forger, _ := pair(t, "forger")
			msg, err := checkpoint.Sign(checkpoint.State{Station: station, Epoch: border.Epoch{9}, Size: 4}, forger)
			check(t, err)
			run(t, g.path, fmt.Sprintf(`INSERT INTO checkpoint (ordinal, size, note, hub) VALUES (1, 4, x'%x', x'')`, msg))
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, kept, keys := cosignedRig(t)
			c.tamper(t, given{r.path(), r})
			alone, err := journal.VerifyAudit(t.Context(), r.path(), nil, keys...)
			check(t, err)
			both, err := journal.VerifyAudit(t.Context(), r.path(), kept, keys...)
			check(t, err)
			if c.nothing {
				if !alone.OK || !both.OK || alone.Log.Agreed != 6 || alone.Log.Covered != 3*26 || alone.Witness != 6 || both.Log.Agreed != 12 {
					t.Fatalf("nothing was done, and yet: %+v, %+v", alone, both)
				}
				return
			}
			if both.OK || len(both.Log.Words)+len(both.Journal.Faults) == 0 {
				t.Errorf("not found with the checkpoints that were kept elsewhere: %+v", both)
			}
			if anew := strings.HasPrefix(name, "written anew"); anew && !both.Journal.OK {
				t.Errorf("it was not written anew well enough to deceive the chain: %+v", both.Journal)
			}
			if alone.OK != c.elsewhere {
				t.Errorf("by itself: %+v", alone)
			}
		})
	}
}

// dumpAll gives all that a journal's file says to whoever reads it by SQL, or an error.
func dumpAll(path string) (string, error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&immutable=1")
	if err != nil {
		return "", err
	}
	defer db.Close()
	var out strings.Builder
	for _, q := range []string{`SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY name`,
		`SELECT pos, hex(record), hex(tree) FROM event ORDER BY pos`, `SELECT *, hex(id), hex(parent_id), hex(parent_hash) FROM epoch ORDER BY ordinal`,
		`SELECT id FROM station`, `SELECT hex(id), pos FROM crossing ORDER BY id`, `SELECT hex(blind), pos FROM document ORDER BY blind, pos`,
		`SELECT name, pos FROM state ORDER BY name`, `SELECT hex(crossing), pos FROM change ORDER BY crossing, pos`, `SELECT projection, hex(sum) FROM checksum`, `SELECT * FROM cursor ORDER BY projection, ordinal`,
		`SELECT * FROM crossing_count ORDER BY day, counter, direction, outcome`, `SELECT hex(encounter), counter, key_id, hex(sealed) FROM draft ORDER BY encounter`,
		`SELECT n, ordinal, size, hex(note), hex(hub) FROM checkpoint ORDER BY n`} {
		rows, err := db.Query(q)
		if err != nil {
			return "", err
		}
		cols, err := rows.Columns()
		if err != nil {
			return "", err
		}
		vals, at := make([]any, len(cols)), make([]any, len(cols))
		for i := range vals {
			at[i] = &vals[i]
		}
		for rows.Next() {
			if err := rows.Scan(at...); err != nil {
				rows.Close()
				return "", err
			}
			fmt.Fprintln(&out, vals...)
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
		rows.Close()
	}
	return out.String(), nil
}

// TestBitFlips flips single bits all over the file. Of those that change what it says, nearly all must
// be found without any key but the two that check signatures. GARITA_SOAK=1 flips 10,000.
func TestBitFlips(t *testing.T) {
	flips := 150
	if os.Getenv("GARITA_SOAK") != "" {
		flips = 10_000
	}
	seed := rand.Uint64()
	if s := os.Getenv("GARITA_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		check(t, err)
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	r, _, keys := cosignedRig(t)
	good, err := os.ReadFile(r.path())
	check(t, err)
	truth, err := dumpAll(r.path())
	check(t, err)
	path := filepath.Join(t.TempDir(), journal.FileName)
	changed, found, harmless, integrity := 0, 0, 0, 0
	var missed []string
	for range flips {
		bad := slices.Clone(good)
		at, bit := rng.IntN(len(bad)), rng.IntN(8)
		bad[at] ^= 1 << bit
		check(t, os.WriteFile(path, bad, 0o600))
		now, readErr := dumpAll(path)
		if readErr == nil && now == truth {
			harmless++
			continue
		}
		changed++
		if !sqliteSays(path) {
			integrity++
		}
		rep, err := journal.VerifyAudit(t.Context(), path, nil, keys...)
		if err != nil || !rep.OK {
			found++
		} else {
			missed = append(missed, fmt.Sprintf("bit %d of byte %d (%v): %s", bit, at, readErr, firstDifference(truth, now)))
		}
		for _, side := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + side)
		}
	}
	t.Logf("%d flips in a file of %d bytes: %d changed what it says, %d of them found (%.2f %%), SQLite's own check finds %d; %d harmless",
		flips, len(good), changed, found, 100*float64(found)/float64(max(changed, 1)), integrity, harmless)
	for _, m := range missed {
		t.Log("missed: " + m)
	}
	if changed < flips/3 {
		t.Errorf("only %d of %d flips changed anything: the test looks in the wrong place", changed, flips)
	}
	if float64(found) < 0.999*float64(changed) {
		t.Errorf("%d of %d were found", found, changed)
	}
}

// sqliteSays reports what SQLite itself thinks of a file.
func sqliteSays(path string) bool {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&immutable=1")
	if err != nil {
		return false
	}
	defer db.Close()
	var ok string
	return db.QueryRow(`PRAGMA integrity_check(1)`).Scan(&ok) == nil && ok == "ok"
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("%.120q is %.120q", x[i], y[i])
		}
	}
	return "lines are missing"
}
